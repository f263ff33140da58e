"""Stores for tests, and fleets with all that names may hold."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from vendash.filters import Query
from vendash.models import (
    Accepted,
    Capacities,
    Location,
    Refused,
    RegistrationStatus,
    Resource,
    ResourceType,
    ResourceWork,
    Selection,
    VtnState,
)
from vendash.store import SqliteStore, open_store

PENDING = RegistrationStatus.PENDING
APPROVED = RegistrationStatus.APPROVED
SUSPENDED = RegistrationStatus.SUSPENDED
ANY = frozenset(RegistrationStatus)
VTN = "http://vtn.example:8000"

_WORDS = (
    "Nytorv", "nytorv", "Ærø", "ærø", "Østerå", "Århus", "100%", "a_b", "x*y", "O'Hara", '"Q"',
    "[bold]", "Café", "ﬁsk", "STRASSE", "straße", "北京", "🍺", "\\back", "line\nbreak", "",
)  # fmt: skip
_SUB_TYPES = ("Hotels", "hotels", "Bars", "Chargingstations", None, "Svømmehaller")
_VENS = ("Aalborg", "aalborg", "Køge", "Nykøbing Falster", "100%", None, "")


def wild_fleet(seed: int, number: int) -> list[Resource]:
    """Resources of every type and VEN, with names that provoke."""
    chance = random.Random(seed)
    return [
        Resource(
            resource_id=str(UUID(int=chance.getrandbits(128), version=4)),
            resource_name=" ".join(chance.choices(_WORDS, k=2)),
            resource_type=chance.choice(list(ResourceType)),
            resource_sub_type=chance.choice(_SUB_TYPES),
            meter_point_id=f"5713{chance.randrange(10**13):014d}",
            capacities=Capacities(
                p_max_kw=chance.choice([0.0, 11.0, 22.0, 22.5, 400.0]), p_min_kw=-5.0
            ),
            location=Location(chance.uniform(54, 58), chance.uniform(8, 13)),
            address=chance.choice([None, "Torvet 1, 7400 Herning", "Ågade 7%"]),
            ven=chance.choice(_VENS),
            enabled=chance.random() < 0.9,
            registration_status=chance.choice(list(RegistrationStatus)),
        )
        for _ in range(number)
    ]


async def filled(path: Path, resources: Sequence[Resource]) -> SqliteStore:
    """A new store with these resources, open."""
    store = await open_store(path, create=True)
    await store.import_resources(resources, actor="test")
    return store


async def everything(store: SqliteStore, ven: str | None = None) -> Selection:
    """All resources, or those of one VEN, as a selection."""
    return await store.select(await store.keys(Query(ven=ven)))


async def register(store: SqliteStore, ven: str | None = None) -> list[ResourceWork]:
    """Want all of them at the VTN, and let it accept them; what was sent."""
    await store.use_vtn(VTN, "3.1")
    await store.want_at_vtn((await everything(store, ven)).keys, True, actor="test")
    return await accept_due(store)


async def accept_due(store: SqliteStore) -> list[ResourceWork]:
    """Let the VTN accept everything that is due; which resources those were."""
    for ven in await store.due_vens(1000):
        await store.complete([Accepted(item=ven, remote_id=f"ven-{ven.name}", already=False)])
    work = await store.due_resources(100_000)
    await store.complete(
        [
            Accepted(
                item=item, remote_id=f"remote-{item.key}" if item.wanted else "", already=False
            )
            for item in work
        ]
    )
    return work


def refused(
    item: ResourceWork, state: VtnState, reason: str = "no", status: int | None = None
) -> Refused:
    """The VTN, or the way there, said no."""
    return Refused(item=item, state=state, reason=reason, http_status=status)


@contextmanager
def other_program(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection as a program that knows nothing of vendash has one; commits at the end."""
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def ask(path: Path, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    """The answer to a query, asked past the store."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql, parameters).fetchall()
