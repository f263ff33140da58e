"""A change leaves a moment after it was made: taken back within it, nothing is ever sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.making import (
    ANY,
    APPROVED,
    PENDING,
    SUSPENDED,
    VTN,
    ask,
    everything,
    other_program,
    refused,
    register,
)
from vendash.models import VtnState
from vendash.store import SqliteStore, open_store

HOLD = 3.0


def age(path: Path, seconds: float) -> None:
    """Let every change be that much older, as if time had passed."""
    with other_program(path) as connection:
        for table in ("vendash_observations", "vendash_vens", "vendash_removals"):
            connection.execute(f"UPDATE {table} SET since = since - ? WHERE since > 0", (seconds,))


async def sent(store: SqliteStore) -> int:
    """How many items would leave now."""
    return len(await store.due_vens(100, hold=HOLD)) + len(
        await store.due_resources(100, hold=HOLD)
    )


async def test_a_change_leaves_after_the_hold_and_not_before(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    await store.set_status([1], ANY, APPROVED, actor="anna")
    assert await sent(store) == 0
    wait = await store.due_in(HOLD)
    assert wait is not None
    assert 0 < wait <= HOLD
    age(path, HOLD)
    assert await store.due_in(HOLD) == 0.0
    assert await sent(store) == 1
    assert await store.due_in(HOLD) is None


async def test_nothing_is_due_where_nothing_changed(store: SqliteStore) -> None:
    assert await store.due_in(HOLD) is None
    await register(store)
    assert await store.due_in(HOLD) is None


async def test_what_waits_for_its_ven_is_not_said_to_be_due(store: SqliteStore) -> None:
    """Else whoever asks would ask again at once, for ever."""
    await store.use_vtn(VTN)
    await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
    await store.due_vens(99)
    assert await store.due_in(0.0) is None


async def test_without_a_hold_a_change_leaves_at_once(store: SqliteStore) -> None:
    await register(store)
    await store.set_status([1], ANY, APPROVED, actor="anna")
    assert len(await store.due_resources(9)) == 1


async def test_every_change_begins_the_hold_anew(store: SqliteStore, path: Path) -> None:
    await register(store)
    await store.set_status([1, 2], ANY, APPROVED, actor="anna")
    age(path, HOLD)
    await store.set_status([1], ANY, SUSPENDED, actor="anna")
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET address = 'else' WHERE id = 3")
    assert [item.key for item in await store.due_resources(9, hold=HOLD)] == [2]


@pytest.mark.parametrize("by_undo", [True, False])
async def test_a_decision_taken_back_within_the_hold_is_never_sent(
    store: SqliteStore, path: Path, by_undo: bool
) -> None:
    await register(store)
    keys = (await everything(store)).keys
    await store.set_status(keys, ANY, APPROVED, actor="anna")
    assert {row.vtn for row in await store.rows(keys)} == {VtnState.WAITING}
    if by_undo:
        await store.undo(actor="anna")
    else:
        await store.set_status(keys, ANY, PENDING, actor="ben")
    assert {row.vtn for row in await store.rows(keys)} == {VtnState.OK}
    age(path, 2 * HOLD)
    assert await sent(store) == 0


async def test_control_a_decision_that_stands_is_sent(store: SqliteStore, path: Path) -> None:
    await register(store)
    await store.set_status((await everything(store)).keys, ANY, APPROVED, actor="anna")
    age(path, 2 * HOLD)
    assert await sent(store) == 12


async def test_a_decision_taken_back_by_another_program_is_never_sent(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    for status in ("APPROVED", "PENDING"):
        with other_program(path) as connection:
            connection.execute("UPDATE resources SET registration_status = ?", (status,))
    age(path, 2 * HOLD)
    assert await sent(store) == 0


async def test_a_decision_taken_back_after_another_change_is_sent(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET address = 'else' WHERE id = 1")
    await store.set_status([1], ANY, APPROVED, actor="anna")
    await store.undo(actor="anna")
    age(path, HOLD)
    assert await sent(store) == 1


async def test_registering_undone_within_the_hold_leaves_nothing(
    store: SqliteStore, path: Path
) -> None:
    await store.use_vtn(VTN)
    await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
    assert await store.due_vens(99, hold=HOLD) == []
    await store.undo(actor="anna")
    age(path, 2 * HOLD)
    assert await sent(store) == 0
    assert ask(path, "SELECT count(*) FROM vendash_observations") == [(0,)]
    assert ask(path, "SELECT DISTINCT state FROM vendash_vens") == [("unwanted",)]
    assert await store.registration_progress() == (0, 0, 0)


async def test_unregistering_undone_within_the_hold_deletes_nothing(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    keys = (await everything(store)).keys
    await store.want_at_vtn(keys, False, actor="anna")
    assert await store.due_resources(99, hold=HOLD) == []
    await store.undo(actor="anna")
    assert {row.vtn for row in await store.rows(keys)} == {VtnState.OK}
    assert {ven.vtn for ven in await store.vens()} == {VtnState.OK}
    age(path, 2 * HOLD)
    assert await sent(store) == 0


async def test_what_is_in_doubt_is_never_held_back(store: SqliteStore, path: Path) -> None:
    await register(store)
    await store.set_status([1], ANY, APPROVED, actor="anna")
    (item,) = await store.due_resources(9)
    await store.complete([refused(item, VtnState.SENDING)])
    await store.set_status([1], ANY, SUSPENDED, actor="anna")
    assert await store.due_in(HOLD) == 0.0
    async with await open_store(path) as successor:
        assert [each.doubtful for each in await successor.due_resources(9, hold=HOLD)] == [True]


async def test_a_change_from_the_future_is_due(store: SqliteStore, path: Path) -> None:
    """The clock was set back: nobody should wait until it has caught up."""
    await register(store)
    await store.set_status([1], ANY, APPROVED, actor="anna")
    age(path, -3600)
    assert await store.due_in(HOLD) == 0.0
    assert await sent(store) == 1


async def test_what_did_not_leave_is_not_held_back_twice(store: SqliteStore, path: Path) -> None:
    await register(store)
    await store.set_status([1], ANY, APPROVED, actor="anna")
    age(path, HOLD)
    (item,) = await store.due_resources(9, hold=HOLD)
    await store.complete([refused(item, VtnState.WAITING)])
    assert len(await store.due_resources(9, hold=HOLD)) == 1


async def test_it_is_known_how_long_a_row_waits_and_since_when_it_is_accepted(
    store: SqliteStore, path: Path
) -> None:
    (row,) = await store.rows([1])
    assert row.vtn_since is None
    await register(store)
    ((now,),) = ask(path, "SELECT (julianday('now') - 2440587.5) * 86400.0")
    (row,) = await store.rows([1])
    accepted = row.vtn_since
    assert accepted is not None
    assert now - 60 < accepted <= now
    age(path, 100)
    await store.set_status([1], ANY, APPROVED, actor="anna")
    (row,) = await store.rows([1])
    assert row.vtn_since is not None
    assert row.vtn_since >= accepted
    (item,) = await store.due_resources(9)
    (leased,) = await store.rows([1])
    assert leased.vtn_since == row.vtn_since
    await store.complete([refused(item, VtnState.CONFLICT)])
    (failed,) = await store.rows([1])
    assert failed.vtn_since is not None
    assert failed.vtn_since >= row.vtn_since


async def test_the_oldest_change_leaves_first(store: SqliteStore, path: Path) -> None:
    await register(store)
    for key in (3, 1, 2):
        await store.set_status([key], ANY, APPROVED, actor="anna")
        age(path, 1)
    assert [item.key for item in await store.due_resources(2)] == [3, 1]


async def test_a_decision_back_to_what_was_refused_is_sent_again(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    await store.set_status([1], ANY, APPROVED, actor="anna")
    (item,) = await store.due_resources(9)
    await store.complete([refused(item, VtnState.CONFLICT)])
    await store.set_status([1], ANY, PENDING, actor="anna")
    assert len(await store.due_resources(9)) == 1
