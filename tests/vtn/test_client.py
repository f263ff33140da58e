"""What a bad line and a bad VTN do to the client: one typed error, one sentence, always an end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.vtn.ledger import fleet
from tests.vtn.scripted import Asked, Handler, Say, listening, scripted, vtn_like
from vendash.models import ResourceWork
from vendash.vtn import lists
from vendash.vtn.answers import Reply, words
from vendash.vtn.auth import Credentials
from vendash.vtn.client import Connection, Vtn
from vendash.vtn.dialects.base import Request, name_of
from vendash.vtn.errors import (
    VtnAnswerError,
    VtnAuthError,
    VtnBusyError,
    VtnError,
    VtnSilentError,
    VtnUnreachableError,
    VtnUntrustedError,
)
from vendash.vtn.exchange import carry_out
from vendash.vtn.moves import (
    Create,
    Delete,
    Held,
    LookUp,
    Lost,
    Missing,
    Others,
    Read,
    Rejected,
    Replace,
    Taken,
    Unsent,
    VenGone,
)
from vendash.vtn.server import vtn_server

WORK = ResourceWork(
    key=1,
    resource=fleet(1, 1)[0],
    revision=1,
    ven_remote_id="v1",
    client_id="vendash-town0",
    remote_id=None,
    doubtful=False,
)
NAME = WORK.resource.resource_id
HTML = Say(200, b"<!doctype html><html>Log in</html>", {"content-type": "text/html"})


@asynccontextmanager
async def connected(handler: Handler, *, dialect: str = "3.1") -> AsyncIterator[Connection]:
    """A connection to a VTN whose objects are answered by the handler."""
    async with (
        scripted(vtn_like(handler)) as server,
        Vtn(server.url, timeout=5.0, dialect=dialect).connect() as connection,
    ):
        yield connection


async def greeting_error(handler: Handler) -> VtnError:
    """What greeting a server says that answers everything so."""
    async with (
        scripted(handler) as server,
        Vtn(server.url, timeout=5.0).connect() as connection,
    ):
        with pytest.raises(VtnError) as error:
            await connection.greet()
    return error.value


@pytest.mark.parametrize(
    ("say", "kind", "sentence"),
    [
        (HTML, VtnAnswerError, "a web page"),
        (Say(200, {"status": 500, "title": "Oops"}), VtnAnswerError, "'Oops'"),
        (Say(200, b"hello"), VtnAnswerError, "'hello'"),
        (Say(200, b""), VtnAnswerError, "nothing"),
        (Say(301, b"", {"location": "https://x.example/"}), VtnAnswerError, "https://x.example/"),
        (Say(404, {"title": "Not Found"}), VtnAnswerError, "check its path"),
        (Say(401), VtnAuthError, "OAUTH_CLIENT_ID"),
        (Say(403), VtnAuthError, "read_all"),
        (Say(500, {"detail": "disk full"}), VtnBusyError, "disk full"),
        (Say(418, {"detail": "tea"}), VtnAnswerError, "tea"),
    ],
)
async def test_what_is_no_vtn_is_said_in_one_sentence(
    say: Say, kind: type[VtnError], sentence: str
) -> None:
    error = await greeting_error(lambda asked: say if asked.path == "/vens" else Say(404))
    assert type(error) is kind
    assert sentence in str(error)
    assert str(error).endswith(".")


async def test_a_web_page_for_everything_is_not_taken_for_a_dialect() -> None:
    assert "a web page" in str(await greeting_error(lambda _: HTML))


async def test_redirects_are_not_followed() -> None:
    async with scripted(lambda _: Say(200, [])) as other:
        error = await greeting_error(lambda _: Say(302, b"", {"location": other.url}))
        assert "sends us on" in str(error)
        assert other.asked == []


async def test_a_refused_connection_and_an_unknown_host_are_told_apart() -> None:
    async with scripted(lambda _: Say()) as server:
        gone = server.url
    for url, sentence in (
        (gone, "refuses the connection"),
        ("http://nowhere.localhost:9", "nowhere.localhost"),
        ("https://vtn.invalid", "The host vtn.invalid of the VTN is not known"),
        ("https://xn--.invalid", "The host xn--.invalid of the VTN is not known"),
        ("https://a..invalid", "The host a..invalid of the VTN is not known"),
    ):
        async with Vtn(url, timeout=5.0).connect() as connection:
            with pytest.raises(VtnUnreachableError) as error:
                await connection.greet()
        assert sentence in str(error.value)


async def test_https_to_a_port_that_speaks_http_says_so() -> None:
    async with vtn_server() as server:
        vtn = Vtn(server.url.replace("http:", "https:"), timeout=5.0)
        async with vtn.connect() as connection:
            with pytest.raises(VtnUntrustedError, match="does not speak TLS"):
                await connection.greet()


async def test_a_ca_file_that_is_none_is_named() -> None:
    with pytest.raises(VtnUntrustedError, match=r"nothing-there\.pem"):
        async with Vtn("https://localhost", ca_file="/nothing-there.pem").connect():
            pass


async def test_a_slow_drip_of_bytes_ends_with_the_timeout() -> None:
    """Httpx itself would read on for ever, because every byte comes in time."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with listening(drip) as url, Vtn(url, timeout=0.3).connect() as connection:
        with pytest.raises(VtnSilentError, match="did not answer"):
            await connection.greet()


@pytest.mark.parametrize(
    "cut",
    [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[", b"no HTTP at all\r\n\r\n"],
    ids=["closed", "short body", "not HTTP"],
)
async def test_an_answer_that_breaks_off_leaves_a_doubt(cut: bytes) -> None:
    async with connected(lambda asked: cut if asked.method == "POST" else Say(404)) as connection:
        event = await carry_out(connection, WORK, Create())
    assert isinstance(event, Lost)
    assert event.status is None


async def test_an_object_of_more_than_5_mb_is_not_read() -> None:
    async with connected(lambda _: Say(200, b" " * 6_000_000)) as connection:
        event = await carry_out(connection, WORK, Read("r1"))
    assert isinstance(event, Lost)
    assert "5 MB" in event.reason


@pytest.mark.parametrize(
    ("say", "event"),
    [
        (Say(201, {"id": "r1"}), Held("r1")),
        (Say(201, {"id": 7}), Held("7")),
        (Say(409, []), Taken()),
        (Say(409, {"id": "x"}), Taken()),
        (Say(404), VenGone()),
    ],
)
async def test_the_answer_to_a_post_becomes_an_event(say: Say, event: object) -> None:
    async with connected(lambda _: say) as connection:
        assert await carry_out(connection, WORK, Create()) == event


@pytest.mark.parametrize(
    ("say", "kind"),
    [
        (Say(201, {"status": 201}), Lost),
        (Say(201, {"id": ".."}), Lost),
        (HTML, Lost),
        (Say(500), Lost),
        (Say(503, None, {"retry-after": "7"}), Lost),
        (Say(429, None, {"retry-after": "7"}), Unsent),
        (Say(400, {"detail": "no\x1b[2J"}), Rejected),
        (Say(403), Rejected),
        (Say(307), Rejected),
    ],
)
async def test_a_useless_answer_to_a_post_is_a_doubt_and_a_refusal_is_none(
    say: Say, kind: type[Lost | Unsent | Rejected]
) -> None:
    async with connected(lambda _: say) as connection:
        event = await carry_out(connection, WORK, Create())
    assert isinstance(event, kind)
    assert event.reason.isprintable()
    if "retry-after" in say.headers and isinstance(event, Lost | Unsent):
        assert event.retry_after == 7.0


async def test_retry_after_as_a_date_is_read_by_the_clock_of_the_vtn() -> None:
    headers = {
        "date": "Sun, 22 Nov 2026 10:00:00 GMT",
        "retry-after": "Sun, 22 Nov 2026 10:00:09 GMT",
    }
    async with connected(lambda _: Say(503, None, headers)) as connection:
        event = await carry_out(connection, WORK, Create())
    assert isinstance(event, Lost)
    assert event.retry_after == 9.0


async def test_204_to_a_put_and_a_delete_is_done() -> None:
    def answer(asked: Asked) -> Say:
        ours = {"id": "r1", "resourceName": name_of(WORK)}
        return Say(200, ours) if asked.method == "GET" else Say(204, b"")

    async with connected(answer) as connection:
        assert await carry_out(connection, WORK, Replace("r1", Others())) == Held("r1")
        assert isinstance(await carry_out(connection, WORK, Delete("r1")), Held)


@pytest.mark.parametrize(
    "others",
    [
        [{"id": "x", "resourceName": NAME, "venID": "other"}],
        [{"id": "x", "resourceName": NAME + " ", "venID": "v1"}],
        [{"id": "x", "resourceName": NAME + "0"}],
        [],
    ],
)
async def test_a_look_up_compares_names_itself(others: list[object]) -> None:
    """Some VTNs ignore a filter that they do not know."""
    async with connected(lambda _: Say(200, others)) as connection:
        assert await carry_out(connection, WORK, LookUp()) == Missing()


def paged(total: int, *, most: int = 50, ignore_skip: bool = False) -> Handler:
    """A VTN with so many resources, of which the last is ours."""
    names = [*(f"other{n}" for n in range(total - 1)), NAME]
    things = [{"id": f"id{n}", "resourceName": name, "venID": "v1"} for n, name in enumerate(names)]

    def handler(asked: Asked) -> Say:
        if asked.path != "/resources":
            return Say(404)
        skip = 0 if ignore_skip else int(asked.query["skip"][0])
        assert asked.query["limit"] in (["50"], ["1"])
        return Say(200, things[skip : skip + most])

    return handler


@pytest.mark.parametrize("total", [1, 49, 50, 51, 100, 101])
async def test_a_look_up_reads_on_until_a_short_page(total: int) -> None:
    async with connected(paged(total)) as connection:
        event = await carry_out(connection, WORK, LookUp())
    assert isinstance(event, Held)
    assert event.remote_id == f"id{total - 1}"


async def test_a_look_up_finds_what_moved_to_a_page_that_was_read() -> None:
    """An object is deleted between two pages, and the filter for the name is ignored."""
    things = [{"id": f"i{n}", "resourceName": f"other{n}", "venID": "v1"} for n in range(50)]
    things += [{"id": "i50", "resourceName": NAME, "venID": "v1"}]
    things += [{"id": f"i{n}", "resourceName": f"other{n}", "venID": "v1"} for n in range(51, 70)]

    def handler(asked: Asked) -> Say:
        skip = int(asked.query["skip"][0])
        page = things[skip : skip + 50]
        if len(things) == 70:
            del things[3]
        return Say(200, page)

    async with connected(handler) as connection:
        assert isinstance(await carry_out(connection, WORK, LookUp()), Held)


async def test_a_look_up_reads_on_though_another_list_came_whole() -> None:
    resources = paged(60)

    def handler(asked: Asked) -> Say:
        if asked.path == "/vens":
            return Say(200, [{"id": f"v{n}", "venName": f"V{n}"} for n in range(158)])
        return resources(asked)  # type: ignore[return-value]

    async with connected(handler) as connection:
        assert sum([len(page) async for page in connection.pages("/vens")]) == 158
        assert isinstance(await carry_out(connection, WORK, LookUp()), Held)


async def test_a_vtn_that_ignores_the_limit_is_read_once() -> None:
    async with connected(paged(120, most=1000)) as connection:
        assert isinstance(await carry_out(connection, WORK, LookUp()), Held)


@pytest.mark.parametrize("most", [1, 7, 20, 50, 100])
@pytest.mark.parametrize("total", [1, 20, 60, 100, 101])
async def test_a_list_is_read_to_its_end_however_many_the_vtn_gives_at_once(
    most: int, total: int
) -> None:
    async with connected(paged(total, most=most)) as connection:
        found = [one async for page in connection.pages("/resources") for one in page]
    assert len(found) == total


async def test_a_page_shorter_than_another_is_the_last_and_a_look_up_takes_one_request() -> None:
    sizes = {"/vens": 60, "/resources": 30, "/resources?name": 1}

    def handler(asked: Asked) -> Say:
        path = asked.path + ("?name" if "resourceName" in asked.query else "")
        first = int(asked.query["skip"][0])
        last = min(sizes[path], first + 50)
        return Say(200, [{"id": f"i{n}", "resourceName": NAME} for n in range(first, last)])

    async with (
        scripted(handler) as server,
        Vtn(server.url, dialect="3.1").connect() as connection,
    ):
        assert isinstance(await carry_out(connection, WORK, LookUp()), Held)
        sizes["/resources?name"] = 0
        assert await carry_out(connection, WORK, LookUp()) == Missing()
        assert server.count("GET /resources") == 2
        assert await connection.count() == (60, 30)
        assert (server.count("GET /vens"), server.count("GET /resources")) == (2, 3)


async def test_a_vtn_that_knows_no_pages_is_asked_for_more_only_once() -> None:
    async with (
        scripted(paged(120, most=1000, ignore_skip=True)) as server,
        Vtn(server.url, dialect="3.1").connect() as connection,
    ):
        for _ in range(3):
            found = [one async for page in connection.pages("/resources") for one in page]
            assert len(found) == 120
        assert len(server.asked) == 2 + 1 + 1


async def test_a_vtn_that_always_sends_the_same_full_page_is_left() -> None:
    async with connected(paged(120, ignore_skip=True)) as connection:
        assert await carry_out(connection, WORK, LookUp()) == Missing()


@pytest.mark.parametrize("largest", [20, 50])
async def test_where_only_the_first_page_can_be_seen_nothing_is_taken_for_missing(
    largest: int,
) -> None:
    """The VTN knows `limit` and not `skip`; ours comes after the page that it always sends."""
    names = [*(f"other{n}" for n in range(70)), NAME]
    things = [{"id": f"id{n}", "resourceName": name, "venID": "v1"} for n, name in enumerate(names)]

    def handler(asked: Asked) -> Say:
        return Say(200, things[: min(largest, int(asked.query["limit"][0]))])

    async with connected(handler) as connection:
        event = await carry_out(connection, WORK, LookUp())
        assert isinstance(event, Lost)
        assert "has to know 'skip'" in event.reason
        del things[2:]
        assert isinstance(await carry_out(connection, WORK, LookUp()), Missing)


async def test_a_list_without_an_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_PAGES", 5)

    def handler(asked: Asked) -> Say:
        skip = int(asked.query["skip"][0])
        return Say(200, [{"id": f"i{skip + n}", "resourceName": "x"} for n in range(50)])

    async with connected(handler) as connection:
        event = await carry_out(connection, WORK, LookUp())
        assert isinstance(event, Lost)
        assert "no end" in event.reason


async def test_a_list_of_more_than_any_fleet_has_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_LISTED", 120)
    async with connected(paged(1000)) as connection:
        with pytest.raises(VtnAnswerError, match="more than 120 objects"):
            [page async for page in connection.pages("/resources")]


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
async def test_counting_reads_all_vens_and_resources_once(dialect: str) -> None:
    """Pages may overlap while others write; nothing is counted twice."""
    pages = {"/vens": [f"v{n}" for n in range(60)], "/resources": [f"r{n}" for n in range(70)]}
    pages |= {f"/vens/v{n}/resources": [f"v{n}r{m}" for m in range(3)] for n in range(60)}

    def handler(asked: Asked) -> Say:
        if asked.path not in pages:
            return Say(404)
        skip = max(0, int(asked.query["skip"][0]) - 2)
        return Say(200, [{"id": i} for i in pages[asked.path][skip : skip + 50]])

    async with connected(handler, dialect=dialect) as connection:
        assert await connection.count() == (60, 70 if dialect == "3.1" else 180)


@pytest.mark.parametrize(("dialect", "found"), [("3.1", "3.1"), ("3.0.1", "3.0.1")])
@pytest.mark.parametrize("prefix", ["", "/openadr3/3.1.0"])
async def test_the_dialect_is_found_out_by_reading_only(
    dialect: str, found: str, prefix: str
) -> None:
    if dialect == "3.0.1" and prefix:
        prefix = "/openadr3/3.0.1"
    async with vtn_server(dialect=dialect, auth=False) as server:  # type: ignore[arg-type]
        vtn = Vtn(server.url + prefix)
        async with vtn.connect() as connection:
            assert await connection.greet() == found
    assert vtn.dialect == found


OURS = [{"id": "r", "resource_name": "Bar", "ven_name": "Aarhus"}]
THEIRS = [{"id": "r", "resourceName": "bar", "venID": "v"}]


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"/auth/server": Say(200, {"tokenURL": "/auth/token"})}, "3.1"),
        ({"/auth/server": Say(200, {})}, "3.1"),
        ({}, "3.0.1"),
        ({"/resources": Say(405)}, "3.0.1"),
        ({"/resources": Say(200, OURS)}, "energydesk"),
        ({"/resources": Say(200, THEIRS)}, "3.1"),
        ({"/resources": Say(200, [{"id": "r"}])}, "3.1"),
        ({"/resources": Say(200, []), "/openapi.json": Say(200, {"openapi": "3"})}, "energydesk"),
        ({"/resources": Say(200, [])}, "3.1"),
        ({"/resources": Say(200, []), "/openapi.json": Say(403)}, "3.1"),
    ],
)
async def test_detection_only_reads_and_knows_every_dialect(
    answers: dict[str, Say], found: str
) -> None:
    def handler(asked: Asked) -> Say:
        return answers.get(asked.path) or Say(404)

    async with scripted(handler) as server:
        vtn = Vtn(server.url, bearer_token="t")
        async with vtn.connect() as connection:
            assert (await connection.dialect()).name == found
            before = len(server.asked)
            await connection.dialect()
        assert len(server.asked) == before
        assert {asked.method for asked in server.asked} == {"GET"}
        assert vtn.dialect == found


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"/auth/server": Say(503)}, VtnBusyError),
        ({"/auth/server": HTML}, VtnAnswerError),
        ({"/auth/server": Say(302, b"", {"location": "/login"})}, VtnAnswerError),
        ({"/resources": Say(503)}, VtnBusyError),
        ({"/resources": Say(403)}, VtnAuthError),
        ({"/resources": Say(401)}, VtnAuthError),
        ({"/resources": HTML}, VtnAnswerError),
        ({"/resources": Say(200, {"error": "none"})}, VtnAnswerError),
        ({"/resources": Say(200, [7])}, VtnAnswerError),
        ({"/resources": Say(200, []), "/openapi.json": HTML}, VtnAnswerError),
        ({"/resources": Say(200, []), "/openapi.json": Say(502)}, VtnBusyError),
    ],
)
async def test_what_says_nothing_of_a_dialect_is_not_taken_for_one(
    answers: dict[str, Say], kind: type[VtnError]
) -> None:
    async with scripted(lambda asked: answers.get(asked.path) or Say(404)) as server:
        vtn = Vtn(server.url, bearer_token="t")
        async with vtn.connect() as connection:
            with pytest.raises(kind):
                await connection.dialect()
        assert vtn.dialect == ""


async def test_many_who_ask_for_the_dialect_find_it_out_once() -> None:
    async with scripted(vtn_like(lambda _: Say(200, OURS))) as server:
        vtn = Vtn(server.url, credentials=Credentials("me", "the-secret"))

        async def one() -> str:
            async with vtn.connect() as connection:
                return (await connection.dialect()).name

        assert await asyncio.gather(*(one() for _ in range(16))) == ["energydesk"] * 16
        assert (server.count("GET /auth/server"), server.count("GET /resources")) == (1, 1)


async def test_a_vtn_that_ignores_the_limit_is_known_by_its_first_resource_of_many() -> None:
    many = [{"id": f"r{n}", "resource_name": "x" * 600} for n in range(10_000)]
    async with (
        scripted(lambda asked: Say(200, many) if "res" in asked.path else Say(404)) as server,
        Vtn(server.url).connect() as connection,
    ):
        assert (await connection.dialect()).name == "energydesk"


async def test_a_configured_dialect_is_not_asked_for() -> None:
    async with scripted(lambda _: Say(200, [])) as server:
        async with Vtn(server.url, dialect="energydesk").connect() as connection:
            assert await connection.greet() == "energydesk"
        assert [asked.what for asked in server.asked] == ["GET /programs"]


async def test_a_vtn_that_cannot_answer_now_is_not_taken_for_3_0_1() -> None:
    error = await greeting_error(lambda _: Say(503))
    assert isinstance(error, VtnBusyError)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'{"title": "Bad", "detail": "venName\\u0000 is\\u001b[2J taken"}',
            "venName is [2J taken",
        ),
        (b'{"error": "invalid_client", "error_description": ""}', "invalid_client"),
        (b'{"detail": [{"msg": "field required"}]}', "field required"),
        (b"[]", ""),
        (b"plain words\r\n", "plain words"),
        (b"<html>x", "a web page"),
        (b"\xff\xfe", "��"),
    ],
)
def test_the_words_of_a_vtn_are_one_safe_line(body: bytes, said: str) -> None:
    assert words(Reply(400, body)) == said


def test_long_words_are_cut() -> None:
    assert len(words(Reply(400, b'{"detail": "' + b"x" * 5000 + b'"}'))) <= 160


def test_httpx_is_loaded_on_first_use_only() -> None:
    """It costs a tenth of a second."""
    program = (
        "import sys; import vendash.vtn.driver, vendash.vtn.address;"
        "print([m for m in ('httpx', 'httpcore', 'starlette') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert found.stdout.strip() == b"[]"


async def test_no_compression_is_asked_for() -> None:
    """What comes is read as it is, and what a compressed answer would grow to is never met."""
    seen: list[str | None] = []

    def answer(asked: Asked) -> Say:
        seen.append(asked.headers.get("accept-encoding"))
        return Say(200, [])

    async with connected(answer) as connection:
        await connection.send(Request("GET", "/vens"))
    assert set(seen) == {"identity"}
