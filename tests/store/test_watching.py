"""Whoever watches is told of every change, of this program and of others."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.store import original_program as original
from tests.store.making import ANY, APPROVED, PENDING, ask, everything, other_program
from vendash.filters import Query
from vendash.models import StatusCounts
from vendash.store import SqliteStore, open_store
from vendash.store.watching import POLL_SECONDS, QUIET_SECONDS


async def _next(watching: object, within: float = 10.0) -> None:
    async with asyncio.timeout(within):
        await anext(watching)  # type: ignore[call-overload]


async def test_a_change_before_the_first_look_is_not_lost(store: SqliteStore) -> None:
    await store.set_status([1], ANY, APPROVED, actor="a")
    await _next(store.changes())


async def test_an_own_change_is_told_at_once(store: SqliteStore) -> None:
    watching = store.changes()
    await _next(watching)
    waiting = asyncio.create_task(_next(watching))
    await asyncio.sleep(QUIET_SECONDS + 0.02)
    began = time.monotonic()
    await store.set_status([1], ANY, APPROVED, actor="a")
    await waiting
    assert time.monotonic() - began < POLL_SECONDS


async def test_a_change_of_another_program_is_told_and_its_facts_made(
    store: SqliteStore, path: Path
) -> None:
    watching = store.changes()
    await _next(watching)
    with other_program(path) as connection:
        original.insert(connection, 99)
        original.update_status(connection, 99, "nonsense")
    await _next(watching)
    assert ask(path, "SELECT count(*) FROM vendash_stale") == [(0,)]
    assert await store.counts(Query(ven="Herning")) == StatusCounts(pending=5)
    assert (await store.actions())[0].verb == "normalise"


async def test_every_store_on_a_file_is_told_and_quiet_ones_stay_quiet(
    store: SqliteStore, path: Path
) -> None:
    async with (
        await open_store(path) as second,
        await open_store(path, read_only=True) as third,
    ):
        watchers = [each.changes() for each in (second, third)]
        waiting = [asyncio.create_task(_next(each)) for each in watchers]
        done, _ = await asyncio.wait(waiting, timeout=2 * POLL_SECONDS)
        assert not done, "nothing has changed yet"
        await store.set_status([1], ANY, APPROVED, actor="a")
        await asyncio.gather(*waiting)
        assert (await third.rows([1]))[0].status is APPROVED


async def test_a_storm_of_changes_is_told_as_a_few(store: SqliteStore) -> None:
    told = 0

    async def listen() -> None:
        nonlocal told
        async for _ in store.changes():
            told += 1

    async with asyncio.TaskGroup() as group:
        listening = group.create_task(listen())
        keys = (await everything(store)).keys
        began = time.monotonic()
        for number in range(60):
            await store.set_status(keys, ANY, (APPROVED, PENDING)[number % 2], actor="a")
        seconds = time.monotonic() - began
        await asyncio.sleep(2 * QUIET_SECONDS)
        listening.cancel()
    assert 1 <= told <= 3 + (seconds + 2 * QUIET_SECONDS) / QUIET_SECONDS


async def test_nothing_is_asked_of_the_file_while_nobody_listens(store: SqliteStore) -> None:
    watching = store.changes()
    await _next_or_nothing(watching)
    assert len(store._watch._events) == 1
    await watching.aclose()  # type: ignore[attr-defined]
    assert not store._watch._events


async def _next_or_nothing(watching: object) -> None:
    try:
        await _next(watching, 0.05)
    except TimeoutError:
        return
