"""Every habit of a VTN that was seen in the wild: the whole job is done all the same.

Each runs the registration of a fleet, with answers lost so that look-ups happen, and an approval.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from tests.vtn.ledger import MemoryLedger, fleet
from tests.vtn.scripted import Asked, Say, scripted
from vendash.models import RegistrationStatus, ResourceWork, VenWork, VtnState
from vendash.vtn.answers import Reply, words
from vendash.vtn.auth import Credentials
from vendash.vtn.client import Vtn
from vendash.vtn.diagnosis import diagnose
from vendash.vtn.dialects import DIALECTS, dialect_named
from vendash.vtn.dialects.reading import stamp_of
from vendash.vtn.driver import Registrar
from vendash.vtn.moves import Others
from vendash.vtn.server import Dialect, Faults, vtn_server

LOSSES: dict[str, Any] = {"fail_after_write": 0.2, "reset_after_write": 0.1}


# Together they hold every habit once; which of them breaks something is said by its name.
HABITS: dict[str, dict[str, Any]] = {
    "terse": {
        "body_409": "list",
        "problem_status": "text",
        "dates": "spaced",
        "object_type": "absent",
        "scope": "list",
        "order": "newest",
    },
    "careless": {
        "body_409": "id",
        "problem_status": "name",
        "dates": "time",
        "limits": "ignored",
        "filters": "ignored",
        "expires_in": "absent",
        "order": "random",
    },
    "old": {"body_409": "problem", "dates": "absent", "reject_token_403": True},
}


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
@pytest.mark.parametrize("kind", HABITS)
async def test_a_fleet_is_registered_and_approved_whatever_the_habits_of_the_vtn(
    dialect: Dialect, kind: str
) -> None:
    async with vtn_server(dialect=dialect, faults=Faults(**LOSSES, **HABITS[kind])) as server:
        who = Credentials(server.client_id, server.client_secret)
        vtn = Vtn(server.url, credentials=who, timeout=5.0)
        ledger = MemoryLedger(fleet(2, 30))
        await Registrar(ledger, vtn).settle()
        server.revoke_tokens()
        for key in (1, 9, 16, 60):
            ledger.decide(key, RegistrationStatus.APPROVED)
        await Registrar(ledger, vtn).settle()
        assert ledger.states() == {VtnState.OK}
        async with vtn.connect() as connection:
            assert await connection.count() == (2, 60)


@pytest.mark.parametrize("order", ["oldest", "newest"])
@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
async def test_nothing_is_twice_where_no_filter_helps_pages_are_small_and_names_may_be_had_twice(
    dialect: Dialect, order: str
) -> None:
    """Pages shift, since other workers write while one looks up what it is in doubt about."""
    faults = Faults(**LOSSES, filters="ignored", largest_page=7, order=order, resource_names="any")  # type: ignore[arg-type]
    async with vtn_server(dialect=dialect, auth=False, faults=faults) as server:
        ledger = MemoryLedger(fleet(2, 30))
        await Registrar(ledger, Vtn(server.url, timeout=5.0), workers=8).settle()
        assert ledger.states() == {VtnState.OK}
        server.faults = Faults()
        async with Vtn(server.url).connect() as connection:
            assert await connection.count() == (2, 60)


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1", "energydesk"])
async def test_a_list_of_more_than_five_megabytes_may_come_at_once(dialect: Dialect) -> None:
    """As from a VTN that ignores the limit; nothing but a list may be so long."""
    note = b', "note": "%s"}' % (b"x" * 3_000_000)
    async with vtn_server(dialect=dialect, auth=False, faults=Faults(limits="ignored")) as server:
        ledger = MemoryLedger(fleet(2, 1))
        await Registrar(ledger, Vtn(server.url, dialect=dialect)).settle()
        held = server.state.snapshot()
        server.state.restore([replace(one, json=one.json[:-1] + note) for one in held])
        async with Vtn(server.url, dialect=dialect).connect() as connection:
            await connection.greet()
            assert await connection.count() == (2, 2)
        found = await diagnose(Vtn(server.url), believed="", clients={})
        assert [one.text for one in found if one.state == "wrong"] == []


@pytest.mark.parametrize("status", [b"404", b'"404"', b'"HTTPStatus.NOT_FOUND"', b"null", b"[]"])
def test_the_words_of_a_problem_do_not_depend_on_how_it_writes_its_status(status: bytes) -> None:
    body = b'{"title": "Not Found", "detail": "no such VEN", "status": ' + status + b"}"
    assert words(Reply(404, body)) == "no such VEN"


VEN = VenWork(name="Køge", client_id="c", revision=1, remote_id=None, doubtful=False)
BARE = replace(fleet(1, 1)[0], address=None, resource_sub_type=None, ven=None)
RESOURCE = ResourceWork(
    key=1,
    resource=BARE,
    revision=1,
    ven_remote_id="v",
    client_id="c",
    remote_id=None,
    doubtful=False,
)


LOADED = json.dumps(
    {
        "id": "r",
        "objectType": None,
        "targets": ["a", None],
        "attributes": [
            {"type": "AREA", "values": [5, None], "unit": None},
            {"type": "odd", "values": [{"x": None, "y": [None]}]},
        ],
    }
).encode()
"""What a VTN shows of an object: others have written into it, and it holds nulls."""


def bodies(dialect: str, item: VenWork | ResourceWork) -> list[bytes]:
    """All bodies that can be sent of an item."""
    speaks = dialect_named(dialect)
    held = speaks.compared(item, LOADED)
    requests = [
        speaks.create(item),
        *(speaks.replace(item, "r", o) for o in (Others(), held.others)),
    ]
    return [request.body for request in requests if request.body is not None]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("item", [VEN, RESOURCE], ids=["VEN", "resource"])
def test_no_null_is_ever_sent_also_where_nothing_is_known_or_the_vtn_shows_nulls(
    dialect: str, item: VenWork | ResourceWork
) -> None:
    """A null is 400 on the reference VTN."""
    sent = bodies(dialect, item)
    assert len(sent) == 3
    assert [body for body in sent if "null" in json.dumps(json.loads(body))] == []


def test_what_others_have_written_goes_back_but_for_its_nulls() -> None:
    body = json.loads(bodies("3.1", RESOURCE)[2])
    assert body["targets"] == ["a"]
    assert body["attributes"][-2:] == [
        {"type": "AREA", "values": [5]},
        {"type": "odd", "values": [{"y": []}]},
    ]


def texts(value: object) -> Iterator[str]:
    """All that is text in some JSON, names of fields among it."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("item", [VEN, RESOURCE], ids=["VEN", "resource"])
def test_no_date_is_ever_sent_so_that_none_is_in_a_form_that_a_vtn_does_not_know(
    dialect: str, item: VenWork | ResourceWork
) -> None:
    """Whoever adds one has to write it as RFC 3339 in UTC with a Z, and to say so here."""
    for body in bodies(dialect, item):
        said = list(texts(json.loads(body)))
        assert [text for text in said if stamp_of(text) or "DateTime" in text] == []


# --- a write whose answer says nothing, or says no -----------------------------------------------


@pytest.mark.parametrize("kind", ["problem", "list", "id"])
@pytest.mark.parametrize("what", ["client id", "name in another VEN"])
async def test_a_409_without_such_a_name_is_for_the_operator_and_is_never_sent_again(
    what: str,
    kind: Any,  # noqa: ANN401 (a literal)
) -> None:
    """Also where the 409 gives an id: it is that of another's object."""
    ledger = MemoryLedger(fleet(1, 1))
    faults = Faults(body_409=kind, resource_names="vtn")
    name = ledger.resources[1].resource_id
    client = "vendash-town0" if what == "client id" else "theirs"
    ven = {"objectType": "BL_VEN_REQUEST", "clientID": client, "venName": "Theirs"}
    async with (
        vtn_server(dialect="3.1", auth=False, faults=faults) as server,
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        made = (await http.post("/vens", json=ven)).raise_for_status().json()
        if what != "client id":
            resource = {"objectType": "BL_RESOURCE_REQUEST", "clientID": client,
                        "venID": made["id"], "resourceName": name}  # fmt: skip
            (await http.post("/resources", json=resource)).raise_for_status()
        asked = []
        for _ in range(2):
            await Registrar(ledger, Vtn(server.url)).settle()
            asked.append(server.counters.requests.total())
    refused = ledger.vens["Town0"] if what == "client id" else ledger.rows[1]
    assert (refused.state, refused.remote_id) == (VtnState.CONFLICT, None)
    assert asked[1] - asked[0] <= 2  # greeted, and no more


@pytest.mark.parametrize(
    "lost", ["timeout", "reset", "500", "502", "409", "empty 201", "201 as text"]
)
async def test_after_an_answer_that_tells_nothing_the_object_is_looked_up_and_adopted(
    lost: str,
) -> None:
    """One POST, one GET by its name; a PUT only of what is there otherwise than we want it."""
    ledger = MemoryLedger(fleet(1, 2))
    held: dict[str, dict[str, Any]] = {}
    over = asyncio.Event()
    answers: dict[str, Say | bytes] = {
        "reset": b"", "500": Say(500, {"title": "no"}), "502": Say(502, b"<html>bad gateway"),
        "409": Say(409, []), "empty 201": Say(201, b""), "201 as text": Say(201, b"created"),
    }  # fmt: skip

    async def handler(asked: Asked) -> Say | bytes:
        kind, _, one = asked.path[1:].partition("/")
        if asked.method == "GET":
            objects = [held[one]] if one else [x for x in held.values() if x["kind"] == kind]
            return Say(200, held[one] if one else objects)
        if asked.method == "PUT":
            held[one] |= json.loads(asked.body)
            return Say(200, held[one])
        made = json.loads(asked.body) | {"id": f"i{len(held)}", "kind": kind}
        held[made["id"]] = made
        if kind == "resources" and len(held) == 2:
            made["attributes"] = made["attributes"][:3]  # the first resource: something is lost
        if kind == "vens":
            return Say(201, made)
        if lost == "timeout":
            await over.wait()
        return answers.get(lost, b"")

    async with scripted(handler) as server:
        vtn = Vtn(server.url, dialect="3.1", timeout=0.5)
        async with asyncio.timeout(20):
            await Registrar(ledger, vtn, workers=1).settle()
        over.set()
        assert ledger.states() == {VtnState.OK}
        assert server.count("POST /resources") == len(held) - 1 == 2
        assert sum(asked.method == "PUT" for asked in server.asked) == 1
