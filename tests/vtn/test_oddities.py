"""Every habit of a VTN that was seen in the wild: the whole job is done all the same.

Each runs the registration of a fleet, with answers lost so that look-ups happen, and an approval.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.vtn.ledger import MemoryLedger, fleet
from vendash.models import RegistrationStatus, ResourceWork, VenWork, VtnState
from vendash.vtn.answers import Reply, words
from vendash.vtn.auth import Credentials
from vendash.vtn.client import Vtn
from vendash.vtn.diagnosis import diagnose
from vendash.vtn.dialects import DIALECTS, dialect_named
from vendash.vtn.driver import Registrar
from vendash.vtn.registrar import Others
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


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1", "energydesk"])
async def test_a_list_of_more_than_five_megabytes_may_come_at_once(dialect: Dialect) -> None:
    """As from a VTN that ignores the limit; nothing but a list may be so long."""
    note = b', "note": "' + b"x" * 100_000 + b'"}'
    async with vtn_server(dialect=dialect, auth=False, faults=Faults(limits="ignored")) as server:
        ledger = MemoryLedger(fleet(1, 60))
        await Registrar(ledger, Vtn(server.url, dialect=dialect)).settle()
        held = server.state.snapshot()
        server.state.restore([replace(one, json=one.json[:-1] + note) for one in held])
        async with Vtn(server.url, dialect=dialect).connect() as connection:
            await connection.greet()
            assert await connection.count() == (1, 60)
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


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("item", [VEN, RESOURCE], ids=["VEN", "resource"])
def test_no_null_is_ever_sent_also_where_nothing_is_known(
    dialect: str, item: VenWork | ResourceWork
) -> None:
    """A null is 400 on the reference VTN."""
    speaks = dialect_named(dialect)
    for request in (speaks.create(item), speaks.replace(item, "r", Others())):
        assert request.body is not None
        assert "null" not in json.dumps(json.loads(request.body))
