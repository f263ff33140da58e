"""Tokens: one for everybody, renewed in time and after a refusal; secrets stay inside."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from tests.vtn.scripted import Asked, Say, scripted
from vendash.vtn.answers import Reply
from vendash.vtn.auth import Credentials, Token, Tokens, read_token
from vendash.vtn.client import Vtn
from vendash.vtn.dialects.base import Request
from vendash.vtn.errors import VtnAnswerError, VtnAuthError, VtnError, VtnUntrustedError
from vendash.vtn.server import vtn_server

SECRET = "hunter2-is-the-secret"
CREDENTIALS = Credentials("console", SECRET)
VENS = Request("GET", "/vens")


async def ask(vtn: Vtn, times: int = 1) -> list[int]:
    """So many connections ask at the same time; their statuses."""

    async def one() -> int:
        async with vtn.connect() as connection:
            return (await connection.send(VENS)).status

    return list(await asyncio.gather(*(one() for _ in range(times))))


async def test_32_requests_at_once_cost_one_token_call() -> None:
    """Cold, and again when the VTN has forgotten the token."""
    forgotten: set[str] = set()
    given = iter(range(100))

    def handler(asked: Asked) -> Say:
        if asked.path == "/auth/token":
            return Say(200, {"access_token": f"t{next(given)}", "expires_in": 3600})
        if asked.headers.get("authorization", "") in forgotten:
            return Say(401, {"title": "Unauthorized"})
        return Say(404) if asked.path == "/auth/server" else Say(200, [])

    async with scripted(handler) as server:
        vtn = Vtn(server.url, credentials=CREDENTIALS)
        assert await ask(vtn, 32) == [200] * 32
        assert server.count("POST /auth/token") == 1
        forgotten.add("Bearer t0")
        assert await ask(vtn, 32) == [200] * 32
        assert server.count("POST /auth/token") == 2


async def test_a_token_is_renewed_at_80_percent_of_its_life(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Measured on the monotonic clock."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    tokens, fetched = Tokens(), 0

    async def fetch() -> Token:
        nonlocal fetched
        fetched += 1
        return read_token(Reply(200, b'{"access_token": "t", "expires_in": 100}'), "")

    await tokens.current(fetch)
    now += 79.0
    await tokens.current(fetch)
    assert fetched == 1
    now += 2.0
    await tokens.current(fetch)
    assert fetched == 2


@pytest.mark.parametrize("status", [401, 403])
async def test_a_vtn_that_refuses_every_token_is_asked_twice_and_then_said_so(status: int) -> None:
    def handler(asked: Asked) -> Say:
        if asked.path == "/auth/token":
            return Say(200, {"access_token": "t"})
        return Say(404) if asked.path == "/auth/server" else Say(status)

    async with scripted(handler) as server:
        vtn = Vtn(server.url, credentials=CREDENTIALS, dialect="3.1")
        async with vtn.connect() as connection:
            with pytest.raises(VtnAuthError):
                await connection.greet()
        assert server.count("GET /vens") == 2
        assert server.count("POST /auth/token") == 2


async def test_a_missing_right_does_not_fetch_a_token_for_every_403() -> None:
    def handler(asked: Asked) -> Say:
        if asked.path == "/auth/token":
            return Say(200, {"access_token": "t"})
        return Say(404) if asked.path == "/auth/server" else Say(403)

    async with scripted(handler) as server:
        vtn = Vtn(server.url, credentials=CREDENTIALS)
        assert await ask(vtn, 20) == [403] * 20
        assert server.count("POST /auth/token") <= 2


async def test_a_real_vtn_that_restarts_makes_us_fetch_one_new_token() -> None:
    async with vtn_server() as server:
        vtn = Vtn(server.url, credentials=Credentials(server.client_id, server.client_secret))
        assert await ask(vtn) == [200]
        server.revoke_tokens()
        assert await ask(vtn, 8) == [200] * 8


async def test_a_bearer_token_goes_out_as_it_is_and_none_where_there_is_none() -> None:
    async with scripted(lambda _: Say(200, [])) as server:
        await ask(Vtn(server.url, bearer_token="mine", dialect="3.0.1"))
        await ask(Vtn(server.url, dialect="3.0.1"))
    sent = [asked.headers.get("authorization") for asked in server.asked if asked.path == "/vens"]
    assert sent == ["Bearer mine", None]
    with pytest.raises(VtnAuthError):
        Vtn("http://localhost", bearer_token="two\nlines")


async def test_a_wrong_secret_is_one_sentence_about_the_two_variables() -> None:
    async with vtn_server() as server:
        vtn = Vtn(server.url, credentials=Credentials(server.client_id, "wrong"))
        async with vtn.connect() as connection:
            with pytest.raises(VtnAuthError, match="refuses the client id or secret") as error:
                await connection.greet()
    assert "OAUTH_CLIENT_SECRET" in str(error.value)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(400, b'{"error": "invalid_client"}'), VtnAuthError),
        (Reply(401), VtnAuthError),
        (Reply(404), VtnAnswerError),
        (Reply(302, location="http://elsewhere"), VtnAnswerError),
        (Reply(200, b"<html>login</html>", "text/html"), VtnAnswerError),
        (Reply(200, b'{"token": "t"}'), VtnAnswerError),
        (Reply(200, b'{"access_token": "a\\nb"}'), VtnAnswerError),
        (Reply(200, b'{"access_token": 1}'), VtnAnswerError),
        (Reply(200, b"[" * 100_000), VtnAnswerError),
        (Reply(503), VtnError),
    ],
)
def test_an_answer_without_a_token_says_what_it_is(reply: Reply, error: type[VtnError]) -> None:
    with pytest.raises(error):
        read_token(reply, "http://localhost/auth/token")


@pytest.mark.parametrize("life", ["", ', "expires_in": null', ', "expires_in": "soon"'])
def test_a_token_without_a_life_lives_until_it_is_refused(life: str) -> None:
    reply = Reply(200, f'{{"access_token": "t"{life}}}'.encode())
    assert read_token(reply, "").renew_at == float("inf")


async def test_the_secret_is_not_sent_to_another_host() -> None:
    def handler(asked: Asked) -> Say:
        return Say(200, {"tokenURL": "https://tokens.example.com/auth"})

    async with scripted(handler) as server:
        vtn = Vtn(server.url, credentials=CREDENTIALS)
        async with vtn.connect() as connection:
            with pytest.raises(VtnUntrustedError, match="not on its own host"):
                await connection.greet()
        assert all(SECRET.encode() not in asked.body for asked in server.asked)


async def test_the_token_url_that_the_vtn_names_is_used() -> None:
    def handler(asked: Asked) -> Say:
        if asked.path == "/auth/server":
            return Say(200, {"tokenURL": f"http://{asked.headers['host']}/tokens"})
        return Say(200, {"access_token": "t"}) if asked.path == "/tokens" else Say(200, [])

    async with scripted(handler) as server:
        vtn = Vtn(server.url, credentials=CREDENTIALS)
        assert await ask(vtn) == [200]
        assert server.count("POST /tokens") == 1
        assert vtn.dialect == "3.1"


def test_plain_http_goes_to_this_machine_only_unless_the_user_says_otherwise() -> None:
    with pytest.raises(VtnUntrustedError, match="https"):
        Vtn("http://vtn.example.com", credentials=CREDENTIALS)
    Vtn("http://vtn.example.com", credentials=CREDENTIALS, insecure=True)


async def test_secrets_are_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with vtn_server(clients={"console": (SECRET, frozenset())}) as server:
        vtn = Vtn(server.url, credentials=CREDENTIALS)
        assert await ask(vtn) == [403]
        token = await vtn.tokens.current(None)
    assert SECRET not in f"{CREDENTIALS!r} {vtn!r} {Token('t0ken', 1)!r} {token!r} {caplog.text}"
    assert "t0ken" not in repr(Token("t0ken", 1))
