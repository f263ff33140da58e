"""How credentials become a token at every kind of VTN, and that no secret ever shows."""

from __future__ import annotations

import asyncio
import base64
import logging
import math
from pathlib import Path
from urllib.parse import parse_qs, quote_plus

import pytest

from tests.vtn.ledger import fleet
from tests.vtn.scripted import Asked, Handler, Say, scripted
from vendash.filters import Query
from vendash.store import open_store
from vendash.vtn.answers import Reply
from vendash.vtn.auth import LONGEST_TOKEN, Credentials, Token, Tokens, is_token, read_token
from vendash.vtn.client import Vtn
from vendash.vtn.dialects.base import Request
from vendash.vtn.driver import Registrar
from vendash.vtn.errors import VtnAuthError, VtnError, VtnUntrustedError

SECRET = "hunter2/is+the secret"
TOKEN = "the-bearer-token-itself"
CREDENTIALS = Credentials("console", SECRET)
BASIC = "Basic " + base64.b64encode(f"console:{SECRET}".encode()).decode()
VENS = Request("GET", "/vens")


def tokens_by(style: str, refusal: int = 401) -> Handler:
    """A VTN whose tokens are given for one way of asking only."""

    def handler(asked: Asked) -> Say:
        if asked.path == "/auth/token":
            fields = parse_qs(asked.body.decode())
            basic = asked.headers.get("authorization") == BASIC
            form = fields.get("client_secret") == [SECRET]
            assert fields["grant_type"] == ["client_credentials"]
            if (basic, form) == (style == "basic", style == "form") != (False, False):
                return Say(200, {"access_token": TOKEN})
            return Say(refusal, {"error": "invalid_client"})
        return Say(404) if asked.path == "/auth/server" else Say(200, [])

    return handler


async def ask(vtn: Vtn, times: int = 1) -> list[int | str]:
    """So many at the same moment, each on a connection of its own."""
    together = asyncio.Barrier(times)

    async def one() -> int | str:
        async with vtn.connect() as connection:
            await together.wait()
            try:
                return (await connection.send(VENS)).status
            except VtnError as error:
                return str(error)

    return list(await asyncio.gather(*(one() for _ in range(times))))


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize(
    ("style", "auth", "refusal", "calls"),
    [
        ("form", "auto", 401, 1),
        ("form", "form", 401, 1),
        ("basic", "basic", 401, 1),
        ("basic", "auto", 401, 2),
        ("basic", "auto", 400, 2),
        ("basic", "auto", 422, 2),
    ],
)
async def test_the_form_comes_first_and_basic_once_where_it_is_refused(
    style: str, auth: str, refusal: int, calls: int
) -> None:
    async with scripted(tokens_by(style, refusal)) as server:
        vtn = Vtn(server.url, credentials=CREDENTIALS, auth=auth)  # type: ignore[arg-type]
        assert await ask(vtn, 32) == [200] * 32
        assert server.count("POST /auth/token") == calls
        assert vtn.styles() == (style,)


async def test_energydesk_takes_basic_only_and_its_jwt_comes_first() -> None:
    def handler(asked: Asked) -> Say:
        if asked.path != "/tokens":
            return Say(200 if asked.headers["authorization"] == f"Bearer {TOKEN}" else 401, [])
        assert (asked.headers["authorization"], asked.body) == (
            BASIC, b"grant_type=client_credentials",
        )  # fmt: skip
        return Say(200, {"access_token": "another", "access_token_jwt": TOKEN})

    async with scripted(handler) as server:
        vtn = Vtn(
            server.url,
            credentials=CREDENTIALS,
            dialect="energydesk",
            token_url=f"{server.url}/tokens",
        )
        assert await ask(vtn) == [200]
        assert [asked.what for asked in server.asked] == ["POST /tokens", "GET /vens"]


async def test_32_requests_whose_credentials_are_wrong_ask_once_in_each_way() -> None:
    """Each of them is told, and the next request asks again."""
    async with scripted(tokens_by("none")) as server:
        vtn = Vtn(server.url, credentials=CREDENTIALS)
        said = await ask(vtn, 32)
        assert len(set(said)) == 1
        assert "refuses the client id or secret (invalid_client)" in str(said[0])
        assert server.count("POST /auth/token") == 2
        await ask(vtn)
        assert server.count("POST /auth/token") == 4


@pytest.mark.parametrize("status", [401, 403])
async def test_a_token_that_the_vtn_forgot_is_renewed_once_for_32_requests(status: int) -> None:
    """Some VTNs say 403 to a bad token."""
    given = iter(range(100))
    forgotten: set[str] = set()

    def handler(asked: Asked) -> Say:
        if asked.path == "/auth/token":
            return Say(200, {"access_token": f"token-number-{next(given)}"})
        bad = asked.headers.get("authorization") in forgotten
        return Say(404) if asked.path == "/auth/server" else Say(status if bad else 200, [])

    async with scripted(handler) as server:
        vtn = Vtn(server.url, credentials=CREDENTIALS)
        assert await ask(vtn, 32) == [200] * 32
        forgotten.add("Bearer token-number-0")
        assert await ask(vtn, 32) == [200] * 32
        assert server.count("POST /auth/token") == 2


async def test_a_refused_bearer_token_is_said_to_be_one() -> None:
    async with scripted(lambda _: Say(401)) as server:
        vtn = Vtn(server.url, bearer_token=TOKEN, dialect="3.1")
        (said,) = await ask(vtn)
        assert "give another bearer token" in str(said)
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "named",
    [
        "https://tokens.example.com/auth",
        "http://localhost.example.com/auth",
        "//elsewhere.example.com/t",
        "http://[::1",
        "ftp://127.0.0.1/t",
        "http://a:b@127.0.0.1/t",
        "http://127.0.0.1/\n\x1b",
    ],
)
async def test_a_token_url_on_another_host_or_none_at_all_gets_no_secret(named: str) -> None:
    async with scripted(lambda _: Say(200, {"tokenURL": named})) as server:
        vtn = Vtn(server.url, credentials=CREDENTIALS)
        async with vtn.connect() as connection:
            with pytest.raises(VtnUntrustedError, match="set token_url") as error:
                await connection.access_token()
        assert [asked.what for asked in server.asked] == ["GET /auth/server"]
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ('"read_all write_vens"', ("read_all", "write_vens")),
        ('["read_all", 7, "x\\u001b"]', ("read_all", "x\\x1b")),
        ("null", None),
        ("7", None),
    ],
)
def test_scopes_come_as_words_or_as_a_list(scope: str, scopes: tuple[str, ...] | None) -> None:
    reply = Reply(200, f'{{"access_token": "t", "scope": {scope}}}'.encode())
    assert read_token(reply, "").scopes == scopes


def test_an_answer_without_an_access_token_is_told_by_its_fields_not_their_values() -> None:
    reply = Reply(200, f'{{"jwt": "{TOKEN}", "expires_in": 1}}'.encode())
    with pytest.raises(VtnError) as error:
        read_token(reply, "http://localhost/auth/token")
    assert "an object of jwt, expires_in and not with an access_token" in str(error.value)
    assert "(token_url)" in str(error.value)
    assert TOKEN not in str(error.value)


def test_where_there_are_no_tokens_it_is_said_which_address_may_be_wrong() -> None:
    with pytest.raises(VtnError, match=r"base path .*vendash doctor .* or token_url") as error:
        read_token(Reply(404), "http://localhost/auth/token")
    assert "There are no tokens at http://localhost/auth/token (404)" in str(error.value)


async def test_no_secret_is_in_a_log_an_error_a_repr_or_the_database(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the VTN repeats all that it was sent in every refusal."""
    caplog.set_level(logging.DEBUG)
    phase = iter([*([401] * 4), *([200] * 1000)])
    statuses = iter([400, 500, 409, 403, 422, 503, 429, 404, 201] * 200)

    def handler(asked: Asked) -> Say:
        echo = f"{asked.headers} {asked.body!r}"
        if asked.path == "/auth/server":
            return Say(404)
        if asked.path == "/auth/token":
            status = next(phase)
            good = {"access_token": TOKEN}
            return Say(status, good if status == 200 else {"error_description": echo})
        if asked.method == "GET":
            return Say(200, [])
        return Say(next(statuses), {"detail": echo, "title": echo})

    said: list[str] = []
    async with scripted(handler) as server, await open_store(tmp_path / "x.db", create=True) as db:
        await db.import_resources(fleet(4, 6), actor="test")
        await db.use_vtn(server.url)
        await db.want_at_vtn(list(await db.keys(Query())), True, actor="test")
        vtn = Vtn(server.url, credentials=CREDENTIALS, dialect="3.1", timeout=5.0)
        for _ in range(3):
            try:
                async with vtn.connect() as connection:
                    await connection.greet()
            except VtnAuthError as error:
                said.append(str(error))
        summary = await Registrar(db, vtn, patience=1.0).settle()
        said += [repr(summary), repr(vtn), repr(vtn.vitals.snapshot()), repr(vars(vtn.vitals))]
        said += [row.vtn_error for row in await db.vens()]
    everything = "\n".join([*said, caplog.text]).encode() + contents(tmp_path)
    assert any("refuses" in one for one in said)
    for secret in (SECRET, quote_plus(SECRET), BASIC.removeprefix("Basic "), TOKEN):
        assert secret.encode() not in everything


@pytest.mark.parametrize(
    "body",
    [
        f'"{TOKEN}"'.encode(),
        f'["{TOKEN}"]'.encode(),
        f"access_token={TOKEN}&token_type=bearer".encode(),
        f'{{"access_token": "{TOKEN}"'.encode(),
    ],
)
def test_an_answer_that_is_no_object_is_not_repeated_since_it_may_be_the_token(body: bytes) -> None:
    with pytest.raises(VtnError, match="answers with something else") as caught:
        read_token(Reply(200, body), "http://localhost/token")
    assert TOKEN not in str(caught.value)


def test_a_life_beyond_all_measure_is_no_end() -> None:
    body = b'{"access_token": "t", "expires_in": ' + b"9" * 400 + b"}"
    assert read_token(Reply(200, body), "http://localhost/token").expires_at == math.inf


def test_a_token_too_long_for_any_header_is_none() -> None:
    assert is_token("t" * LONGEST_TOKEN)
    assert not is_token("t" * (LONGEST_TOKEN + 1))


async def test_who_waited_for_a_fetch_that_was_cancelled_asks_anew() -> None:
    """And hears nothing of a refusal that is long past."""
    tokens = Tokens()
    waits = asyncio.Event()
    answers = iter(["refuse", "wait", "give"])

    async def fetch() -> Token:
        match next(answers):
            case "refuse":
                raise VtnAuthError("refused")
            case "wait":
                waits.set()
                await asyncio.sleep(60)
        return Token(TOKEN, math.inf)

    with pytest.raises(VtnAuthError):
        await tokens.current(fetch)
    first = asyncio.create_task(tokens.current(fetch))
    await waits.wait()
    second = asyncio.create_task(tokens.current(fetch))
    await asyncio.sleep(0)  # it waits for the first
    first.cancel()
    assert await second == TOKEN
