"""Where the VTN decides: it is followed without a word back, and an operator asks."""

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
from vendash.models import Accepted, Authority, VtnState
from vendash.store import SqliteStore


async def test_the_operator_decides_unless_it_was_said_otherwise(
    store: SqliteStore, path: Path
) -> None:
    assert await store.authority() is Authority.OPERATOR
    outcome = await store.set_authority("vtn", actor="anna")
    assert (outcome.verb, outcome.changed) == ("authority", 1)
    assert await store.authority() is Authority.VTN
    assert (await store.set_authority("vtn", actor="anna")).sequence is None
    await store.undo(actor="anna")
    assert await store.authority() is Authority.OPERATOR
    with pytest.raises(VendashError, match="say operator or vtn"):
        await store.set_authority("nobody", actor="anna")
    with other_program(path) as connection:
        connection.execute("UPDATE vendash_settings SET value = '?' WHERE name = 'authority'")
    assert await store.authority() is Authority.OPERATOR


async def test_decisions_of_the_vtn_are_taken_as_its_own_and_nothing_is_sent(
    store: SqliteStore,
) -> None:
    await register(store)
    outcome = await store.take_statuses([(1, APPROVED), (2, SUSPENDED), (3, PENDING)])
    assert (outcome.changed, outcome.unchanged, outcome.skipped) == (2, 1, 0)
    rows = await store.rows([1, 2, 3])
    assert [row.status for row in rows] == [APPROVED, SUSPENDED, PENDING]
    assert {(row.vtn, row.vtn_status) for row in rows} == {(VtnState.OK, None)}
    assert await store.due_resources(99) == []
    (action, *_) = await store.actions()
    assert (action.actor, action.verb, action.count) == ("vtn", "take", 2)
    items = await store.action_items(action.sequence)
    assert [(item.before, item.after) for item in items] == [
        ("PENDING", "APPROVED"), ("PENDING", "SUSPENDED")
    ]  # fmt: skip


async def test_control_the_same_decision_of_an_operator_is_sent(store: SqliteStore) -> None:
    await register(store)
    await store.set_status([1], ANY, APPROVED, actor="anna")
    assert len(await store.due_resources(99)) == 1


async def test_taking_the_same_twice_changes_nothing(store: SqliteStore) -> None:
    await register(store)
    await store.take_statuses([(1, APPROVED)])
    outcome = await store.take_statuses([(1, APPROVED)])
    assert (outcome.sequence, outcome.changed, outcome.unchanged) == (None, 0, 1)


async def test_what_is_not_at_the_vtn_is_not_decided_by_it(store: SqliteStore) -> None:
    await store.use_vtn(VTN)
    outcome = await store.take_statuses([(1, APPROVED), (999, APPROVED)])
    assert (outcome.changed, outcome.skipped) == (0, 2)
    (row,) = await store.rows([1])
    assert row.status is PENDING


async def test_a_change_that_waits_for_the_vtn_goes_on_waiting(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET address = 'else' WHERE id = 1")
    await store.take_statuses([(1, APPROVED)])
    (item,) = await store.due_resources(9)
    assert item.resource.registration_status is APPROVED


async def test_a_decision_taken_while_the_resource_was_sent_is_sent_with_it_again(
    store: SqliteStore,
) -> None:
    await register(store)
    await store.set_status([1], ANY, SUSPENDED, actor="anna")
    (item,) = await store.due_resources(9)
    await store.take_statuses([(1, APPROVED)])
    await store.complete([Accepted(item=item, remote_id="remote-1", already=True)])
    (again,) = await store.due_resources(9)
    assert again.resource.registration_status is APPROVED


async def test_a_request_is_shown_and_goes_with_the_resource(store: SqliteStore) -> None:
    await register(store)
    outcome = await store.request_status([1, 2], APPROVED, actor="anna", reason="tested")
    assert (outcome.verb, outcome.changed) == ("request", 2)
    rows = await store.rows([1, 2, 3])
    assert [row.vtn_requested for row in rows] == [APPROVED, APPROVED, None]
    assert {row.status for row in rows} == {PENDING}
    work = await store.due_resources(9)
    assert [(item.key, item.requested) for item in work] == [(1, APPROVED), (2, APPROVED)]
    await store.complete(
        [Accepted(item=i, remote_id=f"remote-{i.key}", already=True) for i in work]
    )
    assert await store.due_resources(9) == []
    (row,) = await store.rows([1])
    assert (row.vtn, row.vtn_requested) == (VtnState.OK, APPROVED)


async def test_a_request_ends_when_the_vtn_decides_so(store: SqliteStore) -> None:
    await register(store)
    await store.request_status([1, 2], APPROVED, actor="anna")
    work = await store.due_resources(9)
    await store.complete(
        [Accepted(item=i, remote_id=f"remote-{i.key}", already=True) for i in work]
    )
    await store.take_statuses([(1, APPROVED), (2, SUSPENDED)])
    rows = await store.rows([1, 2])
    assert [row.vtn_requested for row in rows] == [None, APPROVED]
    assert await store.due_resources(9) == []


async def test_a_request_that_is_answered_before_it_left_is_not_sent(store: SqliteStore) -> None:
    await register(store)
    await store.request_status([1], APPROVED, actor="anna")
    await store.take_statuses([(1, APPROVED)])
    (row,) = await store.rows([1])
    assert (row.vtn, row.vtn_requested) == (VtnState.OK, None)
    assert await store.due_resources(9) == []


async def test_a_request_taken_back_within_the_hold_is_never_sent(store: SqliteStore) -> None:
    await register(store)
    await store.request_status([1], APPROVED, actor="anna")
    assert await store.due_resources(9, hold=3.0) == []
    assert (await store.undo(actor="anna")).changed == 1
    (row,) = await store.rows([1])
    assert (row.vtn, row.vtn_requested) == (VtnState.OK, None)
    assert await store.due_resources(9) == []
    assert (await store.undo(actor="anna")).changed == 1  # and again
    (item,) = await store.due_resources(9)
    assert item.requested is APPROVED


async def test_a_request_taken_back_after_it_left_is_taken_back_there(store: SqliteStore) -> None:
    await register(store)
    await store.request_status([1], APPROVED, actor="anna")
    (item,) = await store.due_resources(9)
    await store.complete([Accepted(item=item, remote_id="remote-1", already=True)])
    await store.undo(actor="anna")
    (again,) = await store.due_resources(9)
    assert again.requested is None


async def test_asking_for_what_is_decided_already_takes_a_request_back(
    store: SqliteStore,
) -> None:
    await register(store)
    outcome = await store.request_status([1], PENDING, actor="anna")
    assert (outcome.sequence, outcome.unchanged) == (None, 1)
    await store.request_status([1], APPROVED, actor="anna")
    await store.request_status([1], PENDING, actor="anna")
    (row,) = await store.rows([1])
    assert (row.vtn, row.vtn_requested) == (VtnState.OK, None)


async def test_a_request_changed_while_it_was_sent_is_sent_again(store: SqliteStore) -> None:
    await register(store)
    await store.request_status([1], APPROVED, actor="anna")
    (item,) = await store.due_resources(9)
    await store.request_status([1], SUSPENDED, actor="anna")
    await store.complete([refused(item, VtnState.FAILED)])
    (again,) = await store.due_resources(9)
    assert again.requested is SUSPENDED


async def test_of_what_is_not_wanted_at_the_vtn_nothing_is_asked(store: SqliteStore) -> None:
    await store.use_vtn(VTN)
    outcome = await store.request_status([1], APPROVED, actor="anna")
    assert (outcome.changed, outcome.skipped) == (0, 1)


async def test_requests_end_when_the_operator_decides(store: SqliteStore, path: Path) -> None:
    await store.set_authority("vtn", actor="anna")
    await register(store)
    await store.request_status((await everything(store)).keys, APPROVED, actor="anna")
    await store.set_authority("operator", actor="anna")
    assert ask(path, "SELECT count(*) FROM vendash_observations WHERE requested IS NOT NULL") == [
        (0,)
    ]
