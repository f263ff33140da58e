"""Asking a VTN for the one thing that it accepted last."""

from __future__ import annotations

import pytest

from tests.vtn.ledger import fleet
from tests.vtn.scripted import Say, scripted
from vendash.models import ResourceWork
from vendash.vtn.client import Vtn
from vendash.vtn.lastaccepted import is_lost

KEPT, OLDER = "2026-02-01T00:00:00.000000Z", "2026-01-01T00:00:00Z"
(RESOURCE,) = fleet(1, 1)
LAST = ResourceWork(
    key=1,
    resource=RESOURCE,
    revision=1,
    ven_remote_id="v1",
    client_id="c",
    remote_id="r1",
    doubtful=False,
)
HELD = {"id": "r1", "resourceName": RESOURCE.resource_id, "modificationDateTime": KEPT}
VENS = [{"id": "v1", "ven_name": RESOURCE.ven}]


@pytest.mark.parametrize(
    ("dialect", "say", "lost"),
    [
        ("3.1", Say(200, HELD), False),
        ("3.1", Say(404), True),
        ("3.0.1", Say(404), True),
        ("3.1", Say(200, {**HELD, "resourceName": "another"}), True),
        ("3.1", Say(200, {**HELD, "modificationDateTime": OLDER}), True),
        ("3.1", Say(200, {**HELD, "modificationDateTime": None}), False),
        ("3.1", Say(500), False),
        ("3.1", Say(403), False),
        ("3.1", Say(200, b"<html>"), False),
        ("energydesk", Say(200, VENS), False),
        ("energydesk", Say(200, []), True),
        ("energydesk", Say(404), False),
        ("energydesk", Say(200, b"<html>"), False),
    ],
)
async def test_it_is_lost_only_where_the_vtn_says_so(dialect: str, say: Say, lost: bool) -> None:
    async with (
        scripted(lambda _: say) as server,
        Vtn(server.url, dialect=dialect).connect() as connection,
    ):
        assert await is_lost(connection, LAST, KEPT) is lost


async def test_a_vtn_that_gives_no_stamps_has_nothing_older() -> None:
    async with (
        scripted(lambda _: Say(200, HELD)) as server,
        Vtn(server.url, dialect="3.1").connect() as connection,
    ):
        assert not await is_lost(connection, LAST, "")
