"""Whatever answers, in any dialect: a typed result or a typed error, and always an end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.vtn.ledger import fleet
from tests.vtn.scripted import Asked, Say, listening, scripted
from vendash.models import ResourceWork, VenWork
from vendash.text import first_control
from vendash.vtn import connection as connection_module
from vendash.vtn import lists
from vendash.vtn.answers import UnexpectedReplyError
from vendash.vtn.auth import Credentials
from vendash.vtn.client import Connection, Vtn
from vendash.vtn.dialects import DIALECTS
from vendash.vtn.errors import VtnAnswerError, VtnError, VtnSilentError
from vendash.vtn.exchange import carry_out
from vendash.vtn.moves import (
    Command,
    Create,
    Delete,
    Event,
    LookUp,
    Others,
    Read,
    Replace,
)

RESOURCE = ResourceWork(
    key=1,
    resource=fleet(1, 1)[0],
    revision=1,
    ven_remote_id="v1",
    client_id="vendash-town0",
    remote_id=None,
    doubtful=False,
)
VEN = VenWork(name="Town0", client_id="c", revision=1, remote_id=None, doubtful=False)
NAME = RESOURCE.resource.resource_id
COMMANDS: list[Command] = [LookUp(), Read("r"), Create(), Replace("r", Others()), Delete("r")]

KEYS = [
    "id", "resourceName", "venName", "venID", "clientID", "attributes", "targets", "type",
    "values", "modificationDateTime", "resource_name", "ven_name", "attribute_name",
    "attribute_values", "auth_token", "access_token", "access_token_jwt", "expires_in", "scope",
    "tokenURL", "status", "title", "detail", "error", "intervals",
]  # fmt: skip
TEXTS = [NAME, "Town0", "r", "v1", "prequalification", "status", "2026-11-22T10:00:00Z", ".."]
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(TEXTS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=20,
)
objects = st.dictionaries(st.sampled_from(KEYS), anything, max_size=8)
bodies = anything | objects | st.lists(objects, max_size=3) | st.binary(max_size=40)
headers = st.fixed_dictionaries(
    {},
    optional={
        "content-type": st.sampled_from(["text/html", "application/problem+json", "x"]),
        "retry-after": st.sampled_from(["1", "-5", "nan", "inf", "soon", "1e999", ""]),
        "date": st.sampled_from(["yesterday", "Sun, 22 Nov 2026 10:00:00 GMT", "", "0"]),
        "location": st.sampled_from(["http://x.example", "\x7f", "//", ""]),
    },
)
statuses = st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 405, 409, 422, 429, 500, 503])


async def everything(connection: Connection) -> None:
    """All that a connection can be asked for; only typed errors may come of it."""
    work: list[tuple[ResourceWork | VenWork, Command]] = [(RESOURCE, one) for one in COMMANDS]
    for item, command in [*work, (VEN, LookUp()), (VEN, Create())]:
        with suppress(VtnError):
            assert isinstance(await carry_out(connection, item, command), Event)
    for path in ("/vens", "/resources"):
        with suppress(VtnError, UnexpectedReplyError):
            async for page in connection.pages(path):
                assert all(one.id.isprintable() for one in page)
    for ask in (connection.greet, connection.count, connection.dialect):
        with suppress(VtnError):
            await ask()


def said_always(say: Say, dialect: str, credentials: Credentials | None) -> None:
    """Ask everything of a VTN that answers everything so, objects and tokens."""

    async def run() -> None:
        async with scripted(lambda _: say) as server:
            vtn = Vtn(
                server.url,
                credentials=credentials,
                dialect=dialect,
                token_url=f"{server.url}/t" if dialect == "energydesk" else "",
                timeout=5.0,
            )
            async with vtn.connect() as connection:
                await everything(connection)
            facts = vtn.vitals.snapshot()
            assert first_control(facts.error) is None
            assert all(first_control(sentence) is None for sentence in facts.warnings())

    asyncio.run(run())


# Every example runs a server: making a failing one smaller would take minutes.
QUICK = settings(max_examples=15, phases=[Phase.explicit, Phase.generate])


@QUICK
@pytest.mark.parametrize("dialect", ["", *DIALECTS])
@given(body=bodies, status=statuses, more=headers, known=st.booleans())
def test_any_answer_is_a_typed_result_or_a_typed_error(
    dialect: str, body: object, status: int, more: Mapping[str, str], known: bool
) -> None:
    credentials = Credentials("me", "the-secret") if known else None
    said_always(Say(status, body, dict(more)), dialect, credentials)


@QUICK
@given(reply=st.binary(max_size=120))
def test_any_bytes_instead_of_http_are_a_typed_error(reply: bytes) -> None:
    async def run() -> None:
        async with (
            scripted(lambda _: reply) as server,
            Vtn(server.url, dialect="3.1", timeout=1.0).connect() as connection,
        ):
            for command in COMMANDS:
                with suppress(VtnError):
                    assert isinstance(await carry_out(connection, RESOURCE, command), Event)

    asyncio.run(run())


# --- lists that have no end, or are too large ----------------------------------------------------


def full_page(skip: int) -> list[dict[str, str]]:
    return [
        {"id": f"i{n}", "resourceName": f"x{n}", "venName": "y"} for n in range(skip, skip + 50)
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("same", [True, False], ids=["the same page", "always a new page"])
async def test_a_list_of_full_pages_for_ever_is_left(
    monkeypatch: pytest.MonkeyPatch, dialect: str, same: bool
) -> None:
    monkeypatch.setattr(lists, "MOST_PAGES", 7)

    def handler(asked: Asked) -> Say:
        skip = int(asked.query.get("skip", ["0"])[0])
        return Say(200, full_page(0 if same else skip))

    async with (
        scripted(handler) as server,
        Vtn(server.url, dialect=dialect, timeout=5.0).connect() as connection,
    ):
        with suppress(VtnError):
            assert await connection.count() == (50, 50 * (1 if dialect != "3.0.1" else 50))
            assert same or dialect == "energydesk"
        assert len(server.asked) <= 3 * (1 + 50)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_answer_of_more_than_10_mb_is_not_read(
    monkeypatch: pytest.MonkeyPatch, dialect: str
) -> None:
    monkeypatch.setattr(connection_module, "LARGEST_LIST", 10_000_000)
    size = 11_000_000

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {size * 10}\r\n\r\n["
        writer.write(head.encode())
        while True:
            writer.write(b" " * 100_000)
            await writer.drain()

    async with (
        listening(endless) as url,
        Vtn(url, dialect=dialect, timeout=20.0).connect() as connection,
    ):
        with pytest.raises(VtnAnswerError, match="larger than"):
            await connection.count()


@pytest.mark.parametrize("dialect", ["", *DIALECTS])
async def test_a_slow_drip_of_bytes_ends_with_the_timeout(
    monkeypatch: pytest.MonkeyPatch, dialect: str
) -> None:
    monkeypatch.setattr(connection_module, "LIST_PATIENCE", 1.5)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n[")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with listening(drip) as url:
        vtn = Vtn(url, dialect=dialect, timeout=0.3)
        async with vtn.connect() as connection:
            with pytest.raises(VtnSilentError, match="did not answer within"):
                await connection.count()
