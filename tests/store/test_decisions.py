"""Decisions, their audit records, and undoing them."""

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
from vendash.errors import VendashError
from vendash.models import Accepted, ActionOutcome, ResourceRow, SimulationSettings, VtnState
from vendash.store import SqliteStore


async def _statuses(store: SqliteStore) -> list[str]:
    return [row.status for row in await store.rows((await everything(store)).keys)]


async def _row(store: SqliteStore, key: int) -> ResourceRow:
    (row,) = await store.rows([key])
    return row


async def test_a_decision_changes_what_it_names_and_says_what_it_did(store: SqliteStore) -> None:
    keys = list((await everything(store)).keys)
    await store.set_status(keys[:1], ANY, APPROVED, actor="bo")
    await store.set_status(keys[1:3], ANY, SUSPENDED, actor="bo")
    outcome = await store.set_status(
        [*keys[:5], 99_999], frozenset({PENDING}), APPROVED, actor="anna", reason="r", subject="s"
    )
    assert outcome == ActionOutcome(sequence=4, verb="approve", changed=2, unchanged=1, skipped=3)
    (action,) = await store.actions(limit=1)
    assert (action.sequence, action.actor, action.verb, action.reason, action.subject) == (
        4, "anna", "approve", "r", "s",
    )  # fmt: skip
    assert action.count == 2
    items = await store.action_items(4)
    assert [(item.key, item.before, item.after) for item in items] == [
        (key, "PENDING", "APPROVED") for key in sorted(keys[3:5])
    ]


async def test_nothing_changed_is_not_recorded(store: SqliteStore) -> None:
    keys = (await everything(store)).keys
    before = await store.actions()
    outcome = await store.set_status(keys, ANY, PENDING, actor="anna")
    assert outcome == ActionOutcome(sequence=None, verb="pend", changed=0, unchanged=12)
    assert await store.actions() == before


async def test_every_transition_is_legal(store: SqliteStore) -> None:
    (key,) = (await everything(store)).keys[:1]
    for new in (APPROVED, SUSPENDED, APPROVED, PENDING, SUSPENDED, PENDING):
        assert (await store.set_status([key], ANY, new, actor="a")).changed == 1
        assert (await _row(store, key)).status is new


async def test_a_decision_writes_the_originals_columns(store: SqliteStore, path: Path) -> None:
    keys = (await everything(store)).keys
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET updated_at = '2020-01-01 00:00:00'")
    await store.set_status(keys[:2], ANY, APPROVED, actor="a")
    changed = ask(
        path, "SELECT id FROM resources WHERE updated_at > '2021-01-01 00:00:00' ORDER BY id"
    )
    assert [key for (key,) in changed] == sorted(keys[:2])


async def test_undo_takes_back_the_actors_last_action_as_one(store: SqliteStore) -> None:
    keys = (await everything(store)).keys
    await store.set_status(keys[:3], ANY, SUSPENDED, actor="anna")
    await store.set_status(keys[:6], ANY, APPROVED, actor="anna", subject="Aalborg")
    await store.set_status(keys[11:], ANY, APPROVED, actor="bo")
    outcome = await store.undo(actor="anna")
    assert (outcome.verb, outcome.changed, outcome.skipped) == ("undo", 6, 0)
    statuses = await _statuses(store)
    assert statuses == [SUSPENDED] * 3 + [PENDING] * 8 + [APPROVED]
    newest, _, undone = await store.actions(limit=3)
    assert (newest.verb, newest.undoes, newest.subject) == ("undo", undone.sequence, "Aalborg")
    assert undone.undone_by == newest.sequence


async def test_redo_is_undo_of_the_undo(store: SqliteStore) -> None:
    keys = (await everything(store)).keys
    await store.set_status(keys, ANY, APPROVED, actor="anna")
    for expected in (PENDING, APPROVED, PENDING):
        await store.undo(actor="anna")
        assert await _statuses(store) == [expected] * 12


async def test_undo_leaves_alone_what_somebody_changed_since(
    store: SqliteStore, path: Path
) -> None:
    keys = (await everything(store)).keys
    done = await store.set_status(keys[:4], ANY, APPROVED, actor="anna")
    await store.set_status(keys[:1], ANY, SUSPENDED, actor="bo")
    with other_program(path) as connection:
        connection.execute("DELETE FROM resources WHERE id = ?", (keys[1],))
    outcome = await store.undo(actor="anna", sequence=done.sequence)
    assert (outcome.changed, outcome.skipped) == (2, 2)
    assert (await _row(store, keys[0])).status is SUSPENDED


async def test_what_cannot_be_undone_says_why(store: SqliteStore) -> None:
    keys = (await everything(store)).keys
    with pytest.raises(VendashError, match="nothing of yours"):
        await store.undo(actor="nobody")
    with pytest.raises(VendashError, match="no action 77"):
        await store.undo(actor="anna", sequence=77)
    with pytest.raises(VendashError, match=r"Action 1 \(import\) cannot be undone"):
        await store.undo(actor="test")
    done = await store.set_status(keys, ANY, APPROVED, actor="anna")
    await store.undo(actor="anna")
    with pytest.raises(VendashError, match="undone already, by action 3"):
        await store.undo(actor="anna", sequence=done.sequence)


async def test_undo_of_nothing_left_to_undo_is_not_recorded(store: SqliteStore) -> None:
    keys = (await everything(store)).keys
    await store.set_status(keys, ANY, APPROVED, actor="anna")
    await store.set_status(keys, ANY, SUSPENDED, actor="bo")
    outcome = await store.undo(actor="anna")
    assert outcome == ActionOutcome(sequence=None, verb="undo", changed=0, skipped=12)
    assert len(await store.actions()) == 3


async def test_registering_can_be_undone_and_done_again(store: SqliteStore) -> None:
    keys = (await everything(store)).keys
    await register(store, "Aalborg")
    await store.want_at_vtn(keys, True, actor="anna")
    assert (await store.undo(actor="anna")).changed == 7
    assert sum(ven.wanted for ven in await store.vens()) == 5
    assert (await store.undo(actor="anna")).changed == 7
    assert sum(ven.wanted for ven in await store.vens()) == 12


async def _failed(store: SqliteStore, ven: str) -> None:
    """All resources of this VEN are wanted, and the VTN refuses them."""
    await store.want_at_vtn((await everything(store, ven)).keys, True, actor="anna")
    for item in await store.due_vens(9):
        await store.complete([Accepted(item=item, remote_id=item.name, already=False)])
    work = await store.due_resources(99)
    await store.complete([refused(item, VtnState.FAILED) for item in work])


async def test_a_retry_is_no_change_and_undo_takes_back_the_wish(store: SqliteStore) -> None:
    await store.use_vtn(VTN)
    await _failed(store, "Herning")
    retried = await store.want_at_vtn((await everything(store, "Herning")).keys, True, actor="anna")
    assert retried.changed == 4
    with pytest.raises(VendashError, match="only tried again"):
        await store.undo(actor="anna", sequence=retried.sequence)
    outcome = await store.undo(actor="anna")
    assert (outcome.changed, outcome.unchanged, outcome.skipped) == (4, 0, 0)
    assert (await store.undo(actor="anna")).changed == 4  # and again
    assert sum(ven.wanted for ven in await store.vens()) == 4


async def test_what_an_action_tried_again_is_not_told_to_have_changed(store: SqliteStore) -> None:
    await store.use_vtn(VTN)
    await _failed(store, "Herning")
    everywhere = await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
    assert everywhere.changed == 12
    outcome = await store.undo(actor="anna")
    assert (outcome.changed, outcome.unchanged, outcome.skipped) == (8, 4, 0)
    assert sum(ven.wanted for ven in await store.vens()) == 4


async def test_undoing_an_unregistration_before_it_left_needs_no_request(
    store: SqliteStore,
) -> None:
    await register(store)
    keys = (await everything(store)).keys
    await store.want_at_vtn(keys, False, actor="anna")
    assert (await _row(store, keys[0])).vtn is VtnState.WAITING
    await store.undo(actor="anna")
    assert {row.vtn for row in await store.rows(keys)} == {VtnState.OK}
    assert await store.due_resources(100) == []


async def test_the_simulation_is_a_wanted_state_that_can_be_undone(store: SqliteStore) -> None:
    assert await store.simulation() == SimulationSettings()
    wanted = SimulationSettings(on=True, speed=60.0, seed=7)
    outcome = await store.set_simulation(wanted, actor="anna")
    assert outcome.changed == 1
    assert await store.simulation() == wanted
    assert (await store.set_simulation(wanted, actor="anna")).sequence is None
    assert (await store.actions(limit=1))[0].subject == "on, x60"
    await store.undo(actor="anna")
    assert await store.simulation() == SimulationSettings()
    await store.undo(actor="anna")
    assert await store.simulation() == wanted


async def test_a_simulation_changed_since_is_not_undone(store: SqliteStore) -> None:
    first = await store.set_simulation(SimulationSettings(on=True), actor="anna")
    await store.set_simulation(SimulationSettings(on=True, speed=2.0), actor="bo")
    outcome = await store.undo(actor="anna", sequence=first.sequence)
    assert (outcome.changed, outcome.skipped) == (0, 1)
    assert (await store.simulation()).speed == 2.0
