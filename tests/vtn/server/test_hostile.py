"""Whatever is sent, the answer is a 2xx or a 4xx with a problem, and the VTN goes on."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vtn.server.client import DIALECTS, Json, report, resource, ven
from tests.vtn.server.contract import check_response
from tests.vtn.server.process import running, start
from vendash.vtn.server import Dialect

LIMITS = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

Vtn = tuple[Dialect, httpx.Client, dict[str, Json]]


@pytest.fixture(scope="module", params=DIALECTS)
def vtn(request: pytest.FixtureRequest) -> Iterator[Vtn]:
    """A VTN with one program, event and VEN; the path of each collection with a good body."""
    dialect: Dialect = request.param
    with running(start(dialect=dialect)) as process, process.client() as client:

        def made(path: str, body: Json) -> Json:
            answer = client.post(path, json=body)
            assert answer.status_code == 201, answer.text
            created: Json = answer.json()
            return created

        program = made("/programs", {"programName": "P"})
        period = {"start": "2026-11-22T00:00:00Z", "duration": "PT1H"}
        payloads = [{"type": "SIMPLE", "values": [1, 2.5, True, "x", {"x": 1, "y": 2}]}]
        intervals = [{"id": 0, "intervalPeriod": period, "payloads": payloads}]
        event_body = {"programID": program["id"], "intervals": intervals, "priority": 0}
        event = made("/events", event_body)
        town = made("/vens", ven(dialect, "A"))
        resources = "/resources" if dialect == "3.1" else f"/vens/{town['id']}/resources"
        operation = {
            "objects": ["EVENT"],
            "operations": ["CREATE"],
            "callbackUrl": "https://ven.example",
        }
        yield (
            dialect,
            client,
            {
                "/programs": {"programName": "Q", "intervalPeriod": period},
                "/events": event_body,
                "/reports": report(dialect, event),
                "/subscriptions": {
                    "clientName": "x",
                    "programID": program["id"],
                    "objectOperations": [operation],
                },
                "/vens": ven(dialect, "B", attributes=payloads),
                resources: resource(dialect, "r", town["id"], attributes=payloads),
            },
        )


WHICH = st.integers(0, 5)
"""One of the collections."""
PARAMETERS = [
    *("skip", "limit", "venName", "targets", "targetType", "targetValues", "venID", "objects"),
    *("programID", "eventID", "clientName", "active", "resourceName", "unknown"),
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["", "\x00", "2026-11-22T00:00:00Z", "PT1H", "EVENT", "x" * 129, "١٢"])
)
JSON_VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


def paths_into(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
    """Where something in a JSON value could be replaced."""
    yield path
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths_into(child, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:  # noqa: ANN401
    """A copy of a JSON value with something else at `path`."""
    if not path:
        return new
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return copy


def send(vtn: Vtn, method: str, path: str, body: bytes) -> httpx.Response:
    dialect, client, _ = vtn
    headers = {"Content-Type": "application/json"}
    answer = client.request(method, path, content=body, headers=headers)
    check_response(dialect, answer)
    return answer


@given(data=st.data())
@LIMITS
def test_any_json_in_place_of_any_part_of_a_good_body(vtn: Vtn, data: st.DataObject) -> None:
    """Whatever is accepted is answered, listed and deleted within the contract."""
    _dialect, _client, bodies = vtn
    path = data.draw(st.sampled_from(sorted(bodies)))
    where = data.draw(st.sampled_from(list(paths_into(bodies[path]))))
    body = replaced(bodies[path], where, data.draw(JSON_VALUES))
    raw = json.dumps(body).encode("utf-8", "surrogatepass")
    answer = send(vtn, "POST", path, raw)
    if answer.status_code == 201:
        item = f"{path}/{answer.json()['id']}"
        assert send(vtn, "GET", item, b"").json() == answer.json()
        assert send(vtn, "PUT", item, raw).status_code == 200
        assert send(vtn, "GET", path, b"").status_code == 200
        assert send(vtn, "DELETE", item, b"").status_code == 200


@given(which=WHICH, body=st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
@LIMITS
def test_any_bytes_as_a_body(vtn: Vtn, which: int, body: bytes) -> None:
    path = list(vtn[2])[which]
    assert 400 <= send(vtn, "POST", path, body).status_code < 500


@given(
    which=WHICH,
    name=st.sampled_from(PARAMETERS),
    value=st.text(st.characters(exclude_categories=["Cs"])) | st.integers().map(str),
)
@LIMITS
def test_any_query(vtn: Vtn, which: int, name: str, value: str) -> None:
    dialect, client, bodies = vtn
    check_response(dialect, client.get(list(bodies)[which], params={name: value}))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000,
        b'{"x":' * 150_000,
        b'{"attributes":' + b"[" * 400_000,
        b'{"venName":' + b"9" * 900_000 + b"}",
        b'{"venName":"\xff\xfe"}',
        b'{"venName":"\\ud800"}',
        b"\xef\xbb\xbf{}",
        b"",
    ],
    ids=["lists", "objects", "typed lists", "digits", "not UTF-8", "surrogate", "BOM", "empty"],
)
def test_bodies_made_to_break_a_parser(vtn: Vtn, body: bytes) -> None:
    assert send(vtn, "POST", "/vens", body).status_code == 400


def test_a_body_above_a_megabyte_is_refused_also_without_a_declared_length(vtn: Vtn) -> None:
    dialect, client, _ = vtn
    assert send(vtn, "POST", "/vens", b" " * 1_000_001).status_code == 413
    headers = {"Content-Type": "application/json"}
    chunks = (b" " * 100_000 for _ in range(20))
    answer = client.post("/vens", content=chunks, headers=headers)
    check_response(dialect, answer)
    assert answer.status_code == 413


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_is_not_declared_as_json_is_a_415(vtn: Vtn, media_type: str) -> None:
    dialect, client, bodies = vtn
    content = json.dumps(bodies["/vens"]).encode()
    answer = client.post("/vens", content=content, headers={"Content-Type": media_type})
    check_response(dialect, answer)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "path", ["/vens/%00", "/vens/..%2f..", "/vens/%ff", "/", "/vens/", "//vens"]
)
def test_a_path_that_is_not_there_is_a_404(vtn: Vtn, path: str) -> None:
    dialect, client, _ = vtn
    answer = client.get(path)
    check_response(dialect, answer)
    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "OPTIONS", "X-RAY"])
def test_a_method_that_a_path_does_not_take_is_a_405_that_says_which_it_takes(
    vtn: Vtn, method: str
) -> None:
    dialect, client, _ = vtn
    answer = client.request(method, "/vens")
    check_response(dialect, answer)
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\xff\r\n\r\n",
        b"GET /vens HTTP/1.1\r\n\r\n",
        b"GET /v\xc3\xa6ns HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /auth/server HTTP/1.1\r\nHost: \x7f bad host:port/%%\r\n\r\n",
        b"GET /auth/server HTTP/1.0\r\n\r\n",
        b"POST /vens HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /auth/token HTTP/1.1\r\nHost: x\r\nAuthorization: Basic \xe6\r\n\r\n",
        b"GET /vens HTTP/1.1\r\nHost: x\r\nAuthorization: \xe6\xf8\xe5\r\n\r\n",
    ],
)
def test_bytes_that_are_hardly_http_never_make_a_500(vtn: Vtn, raw: bytes) -> None:
    _, client, _ = vtn
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=10) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while received := line.recv(65536):
            answer += received
    assert not answer.startswith(b"HTTP/1.1 5")
    assert client.get("/vens").status_code == 200


@given(form=st.binary() | st.text().map(str.encode), header=st.text(st.characters(codec="latin-1")))
@LIMITS
def test_any_credentials(vtn: Vtn, form: bytes, header: str) -> None:
    dialect, client, _ = vtn
    basic = b"Basic x" + bytes(byte for byte in header.encode("latin-1") if 33 <= byte != 127)
    media_type = b"application/x-www-form-urlencoded"
    headers = {b"Content-Type": media_type, b"Authorization": basic}
    answer = client.post("/auth/token", content=form, headers=headers)
    check_response(dialect, answer)
    assert answer.status_code in {400, 401}
