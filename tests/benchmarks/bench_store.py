"""The store against bare SQL that leaves the same rows behind."""

from __future__ import annotations

import asyncio
import gc
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.ratio import Ratio
from vendash.models import RegistrationStatus, Resource
from vendash.sample import sample_assets
from vendash.store import open_store
from vendash.store.assets import read_assets
from vendash.store.values import IMPORTED, values_of

ROUNDS = 7
_CONNECTION = "type, actortype, host, port, topic, file, username, password"


def run() -> list[Ratio]:
    """Import the sample fleet, and approve all of it."""
    resources = read_assets(sample_assets()).resources
    with tempfile.TemporaryDirectory() as folder:
        return [
            _import(Path(folder), list(resources)),
            _approve(Path(folder), list(resources)),
        ]


def _import(folder: Path, resources: list[Resource]) -> Ratio:
    """Floor: executemany of the same rows into the same two tables and indexes, one commit."""
    connections: list[tuple[object, ...]] = [
        (each.connection.type.value, each.connection.actortype.value, *[None] * 6)
        for each in resources
    ]
    rows: list[tuple[object, ...]] = [
        (each.resource_id, number, int(each.enabled), "PENDING", *values_of(each))
        for number, each in enumerate(resources, start=1)
    ]
    template = folder / "empty.db"
    asyncio.run(_create(template))
    bare = folder / "bare.db"
    shutil.copy(template, bare)
    _drop_triggers(bare)
    ours, floor = [], []
    for number in range(ROUNDS):
        path = folder / f"import-{number}.db"
        shutil.copy(template, path)
        ours.append(asyncio.run(_import_ours(path, resources)))
        path = folder / f"bare-{number}.db"
        shutil.copy(bare, path)
        floor.append(_bare(path, lambda c: _insert_bare(c, connections, rows)))
    return _ratio(f"import {len(resources):,} resources", ours, floor)


def _approve(folder: Path, resources: list[Resource]) -> Ratio:
    """Floor: INSERT ... SELECT of the items and UPDATE, over the same tables, one commit."""
    full = folder / "full.db"
    asyncio.run(_fill(full, resources))
    bare = folder / "full-bare.db"
    shutil.copy(full, bare)
    _drop_triggers(bare)
    ours, floor = [], []
    for number in range(ROUNDS):
        path = folder / f"approve-{number}.db"
        shutil.copy(full, path)
        ours.append(asyncio.run(_approve_ours(path)))
        shutil.copy(bare, path)
        floor.append(_bare(path, _approve_bare))
    return _ratio(f"approve {len(resources):,} resources with audit", ours, floor)


def _ratio(name: str, ours: list[float], floor: list[float]) -> Ratio:
    return Ratio(
        name=name,
        ours=statistics.median(ours) * 1000,
        floor=statistics.median(floor) * 1000,
        goal=1.5,
        unit="ms",
    )


async def _create(path: Path) -> None:
    async with await open_store(path, create=True):
        pass


async def _fill(path: Path, resources: list[Resource]) -> None:
    async with await open_store(path, create=True) as store:
        await store.import_resources(resources, actor="bench")


async def _import_ours(path: Path, resources: list[Resource]) -> float:
    async with await open_store(path) as store:
        gc.collect()
        began = time.perf_counter()
        outcome = await store.import_resources(resources, actor="bench")
        seconds = time.perf_counter() - began
        assert outcome.added == len(resources)
        return seconds


async def _approve_ours(path: Path) -> float:
    async with await open_store(path) as store:
        keys = range(1, (await store.work()).total + 1)
        gc.collect()
        began = time.perf_counter()
        outcome = await store.set_status(
            keys, frozenset(RegistrationStatus), RegistrationStatus.APPROVED, actor="bench"
        )
        seconds = time.perf_counter() - began
        assert outcome.changed == len(keys)
        return seconds


def _drop_triggers(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f"DROP TRIGGER {name}")
    connection.close()


def _bare(path: Path, work: Callable[[sqlite3.Connection], None]) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    gc.collect()
    began = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    work(connection)
    connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def _insert_bare(
    connection: sqlite3.Connection,
    connections: list[tuple[object, ...]],
    rows: list[tuple[object, ...]],
) -> None:
    connection.executemany(
        f"INSERT INTO connections ({_CONNECTION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", connections
    )
    connection.executemany(
        f"INSERT INTO resources (resource_id, connection_id, enabled, registration_status,"
        f" {IMPORTED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def _approve_bare(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO vendash_items SELECT 99, id, resource_id, resource_name, ven,"
        " registration_status, 'APPROVED' FROM resources WHERE registration_status <> 'APPROVED'"
    )
    connection.execute(
        "UPDATE resources SET registration_status = 'APPROVED', updated_at = CURRENT_TIMESTAMP"
        " WHERE registration_status <> 'APPROVED'"
    )
