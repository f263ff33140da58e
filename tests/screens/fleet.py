"""A small fleet in a real database, the same every time, with names as they occur in the wild."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from msgspec.structs import replace

from vendash.models import (
    Accepted,
    Capacities,
    Location,
    Refused,
    RegistrationStatus,
    Resource,
    ResourceType,
    VtnState,
)
from vendash.store import SqliteStore, open_store

ACTOR = "anna@pi3 pts/3"
NOON = datetime(2026, 6, 1, 14, 3, 20)

VENS = {"Aabenraa": 4, "Aalborg": 24, "Aarhus": 14, "Herning": 12, "Nykøbing Falster": 5}
"""How many resources each VEN has; one more has none."""

_NAMES = (
    "Nytorv lader",
    "Gammel Skagen Ladepark",
    "Hotel Phønix, Vesterbro",
    'Skole [nord] "A"',
    "Café 🍺 Ølhallen",
    "Svømmehal \x1b[31mrød\x07",
    "北京飯店",
    "Kennedy Arkaden",
)
_KINDS = (
    (ResourceType.EV, "chargingstations", 22.0, 0.0),
    (ResourceType.DSR, "hotels", 60.0, -30.0),
    (ResourceType.PV, "solarparks", 0.0, -30.0),
    (ResourceType.BATTERY, "batteries", 50.0, -50.0),
)
_TROUBLED = {
    "Aalborg": {3: "name taken"},
    "Aarhus": {1: "refused: P_max missing", 5: "name taken"},
}


def resources() -> list[Resource]:
    """Sixty resources in five VENs, and one without a VEN."""
    made = [_resource(ven, number) for ven, count in VENS.items() for number in range(1, count + 1)]
    return [*made, replace(made[0], resource_id=_id("none", 0), resource_name="Alone", ven=None)]


def _id(ven: str, number: int) -> str:
    return str(uuid5(NAMESPACE_URL, f"{ven}/{number}"))


def _resource(ven: str, number: int) -> Resource:
    kind, sub_type, p_max, p_min = _KINDS[number % len(_KINDS)]
    return Resource(
        resource_id=_id(ven, number),
        resource_name=f"{_NAMES[number % len(_NAMES)]} {number}",
        resource_type=kind,
        resource_sub_type=sub_type,
        meter_point_id=f"57131317550000{number:04d}",
        capacities=Capacities(p_max_kw=p_max, p_min_kw=p_min),
        location=Location(57.05, 9.92),
        address=f"Nytorv {number}, {ven}",
        ven=ven,
    )


async def open_fleet(path: Path, *, filled: bool = True, read_only: bool = False) -> SqliteStore:
    """The database at this path, made when it is not there; `filled` with the fleet."""
    if filled:
        await asyncio.to_thread(_copy, await _whole_fleet(path.with_name("new.db")), path)
    return await open_store(path, read_only=read_only, create=True)


_made: list[bytes] = []


async def _whole_fleet(draft: Path) -> bytes:
    """The file of the fleet, made once in a process."""
    if not _made:
        async with await open_store(draft, create=True) as store:
            await _fill(store)
        await asyncio.to_thread(_at_eleven, draft)
        _made.append(await asyncio.to_thread(draft.read_bytes))
    return _made[0]


def _copy(fleet: bytes, path: Path) -> None:
    if not path.exists():
        path.write_bytes(fleet)


async def _fill(store: SqliteStore) -> None:
    await store.import_resources(resources(), actor="cli")
    await store.use_vtn("http://localhost:8000", "3.1")
    found = await store.find([resource.resource_id for resource in resources()])
    for ven, many in (("Aalborg", 24), ("Aarhus", 8)):
        keys = [found[_id(ven, number)] for number in range(1, many + 1)]
        await store.want_at_vtn(keys, True, actor="cli", subject=ven)
    await _answer(store)
    decided = {
        RegistrationStatus.APPROVED: [("Aalborg", n) for n in range(5, 17)],
        RegistrationStatus.SUSPENDED: [("Aalborg", n) for n in (17, 18)] + [("Aarhus", 2)],
    }
    for status, items in decided.items():
        chosen = [found[_id(ven, number)] for ven, number in items]
        await decide(store, chosen, status, actor="cli")
    await _answer(store)


async def _answer(store: SqliteStore) -> None:
    """What a VTN would answer to all that is due: yes, but for the troubled ones."""
    while vens := await store.due_vens(50):
        await store.complete(
            [Accepted(item=v, remote_id=f"v-{v.name}", already=False) for v in vens]
        )
    while due := await store.due_resources(100):
        outcomes: list[Accepted | Refused] = []
        for work in due:
            ven, number = work.resource.ven or "", int(work.resource.meter_point_id[-4:])
            reason = _TROUBLED.get(ven, {}).get(number)
            if reason is None:
                outcomes.append(Accepted(item=work, remote_id=f"r-{work.key}", already=False))
            else:
                outcomes.append(
                    Refused(item=work, state=VtnState.CONFLICT, reason=reason, http_status=409)
                )
        await store.complete(outcomes)


def _at_eleven(path: Path) -> None:
    """Whatever was done was done at 11:00 UTC, so that a picture is the same on any day."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE resources SET updated_at = '2026-06-01 11:00:00'")
        connection.execute("UPDATE vendash_actions SET at = '2026-06-01T11:00:00.000+00:00'")
        for table in ("vendash_observations", "vendash_vens"):
            connection.execute(f"UPDATE {table} SET since = 1780311600.0")
    connection.close()


async def decide(
    store: SqliteStore, keys: Sequence[int], status: RegistrationStatus, *, actor: str
) -> None:
    """Set the decision of these rows, as another operator would."""
    await store.set_status(keys, frozenset(RegistrationStatus), status, actor=actor)
