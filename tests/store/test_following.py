"""The VTN follows what happens here: moves, removals; and what is left of what is gone."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.fleets import fleet
from tests.store.making import (
    ANY,
    APPROVED,
    VTN,
    ask,
    everything,
    other_program,
    refused,
    register,
)
from vendash.models import Accepted, Refused, ResourceWork, VenWork, VtnState
from vendash.store import SqliteStore, open_store


def move(path: Path, key: int, ven: str) -> None:
    """Another program gives a resource another VEN."""
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET ven = ? WHERE id = ?", (ven, key))


def lost(item: ResourceWork, state: VtnState = VtnState.FAILED) -> Refused:
    """The VTN does not know the VEN of this resource."""
    return Refused(item=item, state=state, reason="no VEN", http_status=404, ven_lost=True)


def there(item: VenWork | ResourceWork, remote_id: str, *, already: bool = False) -> Accepted:
    """The VTN holds it so."""
    return Accepted(item=item, remote_id=remote_id, already=already, stamp="2026-01-01")


async def ven_ids(store: SqliteStore) -> dict[str, str | None]:
    """What is known of the ids of the VENs."""
    return {ven.name: ven.remote_id for ven in await store.vens()}


# --- moves ---------------------------------------------------------------------------------------


async def test_a_moved_resource_says_under_which_ven_the_vtn_holds_it(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    move(path, 1, "Herning")
    (item,) = await store.due_resources(9)
    assert (item.held_under, item.ven_remote_id) == ("ven-Aalborg", "ven-Herning")
    assert (item.remote_id, item.wanted) == ("remote-1", True)
    await store.complete([there(item, "new")])
    await store.set_status([1], ANY, APPROVED, actor="anna")
    (again,) = await store.due_resources(9)
    assert (again.held_under, again.remote_id) == (None, "new")


async def test_a_resource_that_did_not_move_says_nothing(store: SqliteStore) -> None:
    await register(store)
    await store.set_status([1], ANY, APPROVED, actor="anna")
    (item,) = await store.due_resources(9)
    assert item.held_under is None


async def test_a_move_to_a_ven_that_is_not_at_the_vtn_waits_for_it(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    move(path, 1, "Odense")
    assert await store.due_resources(9) == []
    (ven,) = await store.due_vens(9)
    assert (ven.name, ven.client_id, ven.remote_id) == ("Odense", "vendash-odense", None)
    await store.complete([there(ven, "ven-Odense")])
    (item,) = await store.due_resources(9)
    assert (item.held_under, item.ven_remote_id) == ("ven-Aalborg", "ven-Odense")


async def test_a_move_that_was_interrupted_is_taken_up_as_it_was(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    move(path, 1, "Herning")
    (item,) = await store.due_resources(9)
    await store.complete([refused(item, VtnState.SENDING)])
    (again,) = await store.due_resources(9)
    assert (again.held_under, again.remote_id, again.doubtful) == ("ven-Aalborg", "remote-1", True)


async def test_what_moved_while_it_may_have_arrived_is_first_deleted_where_it_may_be(
    store: SqliteStore, path: Path
) -> None:
    """Looked up under its new VEN only, it would not be found, and be there twice."""
    await store.use_vtn(VTN)
    await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
    await store.complete([there(ven, f"ven-{ven.name}") for ven in await store.due_vens(9)])
    item, *_rest = await store.due_resources(99)
    await store.complete([refused(item, VtnState.SENDING)])
    move(path, item.key, "Herning")
    (clearing,) = await store.due_resources(99)
    assert clearing.key == item.key
    assert (clearing.wanted, clearing.ven_remote_id) == (False, "ven-Aalborg")
    assert (clearing.remote_id, clearing.doubtful) == (None, True)
    await store.complete([there(clearing, "")])
    (fresh,) = await store.due_resources(99)
    assert (fresh.wanted, fresh.ven_remote_id) == (True, "ven-Herning")
    assert (fresh.doubtful, fresh.held_under) == (False, None)


async def test_a_clearing_that_fails_waits_for_the_operator(store: SqliteStore, path: Path) -> None:
    """Else it would be tried for ever."""
    await store.use_vtn(VTN)
    await store.want_at_vtn([1, 6], True, actor="anna")
    await store.complete([there(ven, f"ven-{ven.name}") for ven in await store.due_vens(9)])
    items = {item.key: item for item in await store.due_resources(9)}
    await store.complete([refused(items[1], VtnState.SENDING), there(items[6], "r6")])
    move(path, 1, "Herning")
    (clearing,) = await store.due_resources(9)
    await store.complete([refused(clearing, VtnState.FAILED)])
    assert await store.due_resources(9) == []


async def test_what_never_left_has_nothing_to_be_cleared_when_it_moves(
    store: SqliteStore, path: Path
) -> None:
    await store.use_vtn(VTN)
    await store.want_at_vtn([1, 6], True, actor="anna")
    await store.complete([there(ven, f"ven-{ven.name}") for ven in await store.due_vens(9)])
    items = await store.due_resources(9)
    await store.complete([refused(item, VtnState.WAITING) for item in items])
    move(path, 1, "Herning")
    (item,) = [each for each in await store.due_resources(9) if each.key == 1]
    assert (item.wanted, item.ven_remote_id, item.doubtful) == (True, "ven-Herning", False)
    await store.complete([refused(item, VtnState.SENDING)])
    (again,) = [each for each in await store.due_resources(9) if each.key == 1]
    assert (again.wanted, again.ven_remote_id, again.doubtful) == (True, "ven-Herning", True)


async def test_unregistering_what_moved_deletes_it_where_it_is(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    move(path, 1, "Odense")
    await store.want_at_vtn([1], False, actor="anna")
    (item,) = await store.due_resources(9)
    assert (item.wanted, item.ven_remote_id, item.held_under) == (False, "ven-Aalborg", None)


async def test_a_ven_that_all_have_left_is_removed_after_the_last_of_them(
    store: SqliteStore, path: Path
) -> None:
    await register(store, "Herning")
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET ven = 'Viborg' WHERE ven = 'Herning'")
    (ven,) = await store.due_vens(9)
    assert (ven.name, ven.wanted) == ("Viborg", True)
    await store.complete([there(ven, "ven-Viborg")])
    *most, last = await store.due_resources(9)
    await store.complete([there(item, f"new-{item.key}") for item in most])
    assert await store.due_vens(9) == []
    await store.complete([there(last, "new")])
    (old,) = await store.due_vens(9)
    assert (old.name, old.wanted, old.remote_id) == ("Herning", False, "ven-Herning")


async def test_what_has_lost_its_ven_here_says_so_and_can_be_unregistered(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET ven = NULL WHERE id = 1")
    assert await store.due_resources(9) == []
    (row,) = await store.rows([1])
    assert (row.vtn, row.vtn_error[:30]) == (VtnState.CONFLICT, "It has no VEN any more: give i")
    assert (await store.want_at_vtn([1], True, actor="anna")).skipped == 1
    assert (await store.want_at_vtn([1], False, actor="anna")).changed == 1
    (item,) = await store.due_resources(9)
    assert (item.wanted, item.ven_remote_id, item.remote_id) == (False, "ven-Aalborg", "remote-1")


async def test_what_has_its_ven_back_is_sent_as_before(store: SqliteStore, path: Path) -> None:
    await register(store)
    for ven in (None, "Aalborg"):
        with other_program(path) as connection:
            connection.execute("UPDATE resources SET ven = ? WHERE id = 1", (ven,))
        await store.due_vens(9)
    (item,) = await store.due_resources(9)
    assert (item.wanted, item.remote_id, item.held_under) == (True, "remote-1", None)


# --- VENs that go ----------------------------------------------------------------------------


async def test_a_ven_goes_after_its_last_resource(store: SqliteStore, path: Path) -> None:
    await register(store, "Herning")
    keys = (await everything(store, "Herning")).keys
    await store.want_at_vtn(keys, False, actor="anna")
    assert await store.due_vens(9) == []
    *most, last = await store.due_resources(9)
    await store.complete([there(item, "") for item in most])
    assert await store.due_vens(9) == []
    await store.complete([there(last, "")])
    assert await store.registration_progress() == (0, 1, 0)
    (ven,) = await store.due_vens(9)
    assert (ven.name, ven.wanted, ven.remote_id) == ("Herning", False, "ven-Herning")
    await store.complete([there(ven, "")])
    assert ask(path, "SELECT state, remote_id, doubtful FROM vendash_vens") == [
        ("unwanted", None, 0)
    ]
    assert await store.due_vens(9) == []
    assert await store.registration_progress() == (0, 0, 0)


async def test_a_ven_that_is_not_let_go_is_an_outcome_and_not_tried_for_ever(
    store: SqliteStore, path: Path
) -> None:
    await register(store, "Herning")
    await store.want_at_vtn((await everything(store)).keys, False, actor="anna")
    await accept_resources(store)
    (ven,) = await store.due_vens(9)
    await store.complete([Refused(item=ven, state=VtnState.FAILED, reason="403", http_status=403)])
    assert await store.due_vens(9) == []
    assert await store.registration_progress() == (0, 1, 1)


async def accept_resources(store: SqliteStore) -> None:
    """Let the VTN accept every resource that is due."""
    work = await store.due_resources(99)
    await store.complete([there(i, f"r{i.key}" if i.wanted else "") for i in work])


async def test_a_ven_wanted_again_while_it_is_deleted_is_sent_again(store: SqliteStore) -> None:
    await register(store, "Herning")
    keys = (await everything(store, "Herning")).keys
    await store.want_at_vtn(keys, False, actor="anna")
    await accept_resources(store)
    (ven,) = await store.due_vens(9)
    await store.want_at_vtn(keys, True, actor="anna")
    assert await store.due_resources(9) == []
    await store.complete([there(ven, "")])
    (again,) = await store.due_vens(9)
    assert (again.wanted, again.remote_id, again.doubtful) == (True, None, False)


async def test_a_ven_unwanted_while_it_is_sent_is_removed_again(store: SqliteStore) -> None:
    await store.use_vtn(VTN)
    await store.want_at_vtn([1], True, actor="anna")
    (ven,) = await store.due_vens(9)
    await store.want_at_vtn([1], False, actor="anna")
    await store.complete([there(ven, "v")])
    (gone,) = await store.due_vens(9)
    assert (gone.wanted, gone.remote_id) == (False, "v")


# --- VENs that the VTN has lost --------------------------------------------------------------


async def test_a_lost_ven_is_looked_up_and_its_resources_wait_for_it(store: SqliteStore) -> None:
    await register(store, "Herning")
    await store.set_status((await everything(store, "Herning")).keys, ANY, APPROVED, actor="anna")
    first, *rest = await store.due_resources(2)
    await store.complete([lost(first)])
    assert await store.due_resources(9) == []
    assert await store.due_in(0.0) == 0.0
    (ven,) = await store.due_vens(9)
    assert (ven.name, ven.remote_id, ven.doubtful) == ("Herning", None, True)
    await store.complete([lost(rest[0])])  # found out already
    assert await store.due_resources(9) == []


@pytest.mark.parametrize(
    ("remote_id", "already", "number"),
    [("another", False, 4), ("another", True, 4), ("ven-Herning", False, 4),
     ("ven-Herning", True, 1)],
)  # fmt: skip
async def test_all_resources_are_due_and_doubtful_where_the_ven_had_to_be_made_again(
    store: SqliteStore, remote_id: str, already: bool, number: int
) -> None:
    """Also under the same id: a VTN that begins anew may count anew."""
    await register(store, "Herning")
    (key, *_) = (await everything(store, "Herning")).keys
    await store.set_status([key], ANY, APPROVED, actor="anna")
    (item,) = await store.due_resources(9)
    await store.complete([lost(item)])
    (ven,) = await store.due_vens(9)
    await store.complete([there(ven, remote_id, already=already)])
    work = await store.due_resources(9)
    assert len(work) == number
    assert all(each.doubtful and each.held_under is None for each in work)
    if number == 4:
        assert {each.remote_id for each in work} == {None}
    await store.complete([there(each, f"new-{each.key}") for each in work])
    assert await store.registration_progress() == (5, 5, 0)


async def test_what_has_lost_one_ven_is_asked_for_all_of_them(store: SqliteStore) -> None:
    """Their ids may stand for others by now."""
    await register(store)
    await store.set_status([1], ANY, APPROVED, actor="anna")
    (item,) = await store.due_resources(9)
    await store.complete([lost(item)])
    assert len(await store.due_vens(9)) == 3


async def test_an_emptied_vtn_is_filled_again_and_it_ends(store: SqliteStore) -> None:
    await register(store)
    await store.set_status([1], ANY, APPROVED, actor="anna")
    (item,) = await store.due_resources(9)
    await store.complete([lost(item)])
    for number, ven in enumerate(await store.due_vens(9)):
        await store.complete([there(ven, f"fresh-{number}")])
    work = await store.due_resources(99)
    assert len(work) == 12
    await store.complete([there(each, f"fresh-{each.key}") for each in work])
    assert await store.registration_progress() == (15, 15, 0)
    assert (await store.due_vens(9), await store.due_resources(9)) == ([], [])


async def test_an_id_that_another_ven_had_is_not_trusted_for_that_one(store: SqliteStore) -> None:
    """A VTN that lost its data and counts anew: resources would come under the wrong VEN."""
    await register(store, "Herning")
    await store.want_at_vtn([1], True, actor="anna")
    (ven,) = await store.due_vens(9)
    await store.complete([there(ven, "ven-Herning")])
    (other,) = await store.due_vens(9)
    assert (other.name, other.remote_id, other.doubtful) == ("Herning", None, True)


async def test_a_vtn_that_gives_all_vens_one_id_ends_with_the_operator(store: SqliteStore) -> None:
    await store.use_vtn(VTN)
    await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
    for _ in range(30):
        if not (vens := await store.due_vens(9)):
            break
        await store.complete([there(ven, "same") for ven in vens])
    assert await store.due_vens(9) == []
    assert VtnState.FAILED in {ven.vtn for ven in await store.vens()}


async def test_what_is_lost_is_looked_up_without_being_held_back(store: SqliteStore) -> None:
    await register(store, "Herning")
    await store.set_status([6], ANY, APPROVED, actor="anna")
    (item,) = await store.due_resources(9)
    await store.complete([lost(item)])
    (ven,) = await store.due_vens(9, hold=3.0)
    await store.complete([there(ven, "another")])
    assert len(await store.due_resources(9, hold=3.0)) == 4


async def test_a_ven_that_is_lost_again_and_again_ends_with_the_operator(
    store: SqliteStore,
) -> None:
    await register(store, "Herning")
    await store.set_status([6], ANY, APPROVED, actor="anna")
    for _ in range(20):
        if not (work := await store.due_resources(9)):
            break
        await store.complete([lost(item) for item in work])
        for ven in await store.due_vens(9):
            await store.complete([there(ven, "ven-Herning", already=True)])
    assert {ven.name: ven.vtn for ven in await store.vens()}["Herning"] is VtnState.FAILED
    assert (await store.due_vens(9), await store.due_resources(9)) == ([], [])
    await store.want_at_vtn([6], True, actor="anna")
    assert len(await store.due_vens(9)) == 1


# --- resources that are gone from here -------------------------------------------------------


async def _orphaned(store: SqliteStore, path: Path) -> list[str]:
    """Two registered resources of Herning are deleted here; their ids."""
    await register(store)
    ids = [r.resource_id for _, r in await store.resources([6, 7])]
    with other_program(path) as connection:
        connection.execute("DELETE FROM resources WHERE id IN (6, 7)")
    assert await store.due_resources(9) == []  # looks at what changed
    return ids


async def test_resources_deleted_here_are_listed_and_left_at_the_vtn(
    store: SqliteStore, path: Path
) -> None:
    ids = await _orphaned(store, path)
    orphans = await store.orphans()
    assert {orphan.resource_id for orphan in orphans} == set(ids)
    assert {orphan.remote_id for orphan in orphans} == {"remote-6", "remote-7"}
    assert {orphan.ven_remote_id for orphan in orphans} == {"ven-Herning"}
    assert {(orphan.ven, orphan.state) for orphan in orphans} == {("Herning", VtnState.OK)}
    assert all(" i Herning" in orphan.name for orphan in orphans)
    assert (await store.due_vens(9), await store.due_resources(9)) == ([], [])


async def test_orphans_are_deleted_when_confirmed(store: SqliteStore, path: Path) -> None:
    ids = await _orphaned(store, path)
    outcome = await store.remove_orphans([*ids, "unknown"], actor="anna")
    assert (outcome.verb, outcome.changed, outcome.skipped) == ("remove", 2, 1)
    assert {orphan.state for orphan in await store.orphans()} == {VtnState.WAITING}
    done, total, _ = await store.registration_progress()
    assert total - done == 2
    work = await store.due_resources(9)
    assert {(i.wanted, i.ven_remote_id, i.client_id) for i in work} == {
        (False, "ven-Herning", "vendash-herning")
    }
    assert {(i.resource.resource_id, i.remote_id) for i in work} == set(
        zip(ids, ["remote-6", "remote-7"], strict=True)
    )
    await store.complete([there(work[0], ""), refused(work[1], VtnState.CONFLICT, "no")])
    (left,) = await store.orphans()
    assert (left.state, left.error) == (VtnState.CONFLICT, "no")
    assert await store.due_resources(9) == []
    assert (await store.remove_orphans([left.resource_id], actor="anna")).changed == 1
    (again,) = await store.due_resources(9)
    await store.complete([there(again, "")])
    assert await store.orphans() == []
    assert await store.verify_audit() is None


async def test_items_without_a_resource_are_part_of_the_audit_chain(
    store: SqliteStore, path: Path
) -> None:
    ids = await _orphaned(store, path)
    await store.remove_orphans(ids, actor="anna")
    with other_program(path) as connection:
        connection.execute("UPDATE vendash_items SET after = 'x' WHERE key < 0")
    assert "items of action" in (await store.verify_audit() or "")


async def test_removing_orphans_can_be_undone_until_it_is_sent(
    store: SqliteStore, path: Path
) -> None:
    ids = await _orphaned(store, path)
    await store.remove_orphans(ids, actor="anna")
    assert (await store.undo(actor="anna")).changed == 2
    assert await store.due_resources(9) == []
    assert (await store.undo(actor="anna")).changed == 2
    assert len(await store.due_resources(1)) == 1
    assert (await store.undo(actor="anna")).changed == 1


async def test_an_orphan_that_comes_back_is_not_deleted(store: SqliteStore, path: Path) -> None:
    await register(store)
    given = [r for _, r in await store.resources([6, 7])]
    with other_program(path) as connection:
        connection.execute("DELETE FROM resources WHERE id IN (6, 7)")
    await store.remove_orphans([r.resource_id for r in given], actor="anna")
    await store.import_resources(given, actor="anna")
    work = await store.due_resources(9)
    assert {(item.wanted, item.remote_id) for item in work} == {
        (True, "remote-6"), (True, "remote-7")
    }  # fmt: skip
    assert await store.orphans() == []


async def test_a_ven_with_orphans_stays_until_they_are_gone(store: SqliteStore, path: Path) -> None:
    await register(store, "Herning")
    with other_program(path) as connection:
        connection.execute("DELETE FROM resources WHERE ven = 'Herning'")
    assert await store.due_vens(9) == []
    ids = [orphan.resource_id for orphan in await store.orphans()]
    await store.remove_orphans(ids, actor="anna")
    await accept_resources(store)
    assert [ven.wanted for ven in await store.due_vens(9)] == [False]


async def test_what_was_being_unregistered_when_it_was_deleted_here_is_still_deleted_there(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    await store.want_at_vtn([1], False, actor="anna")
    with other_program(path) as connection:
        connection.execute("DELETE FROM resources WHERE id = 1")
    (item,) = await store.due_resources(9)
    assert (item.wanted, item.remote_id) == (False, "remote-1")
    await store.complete([there(item, "")])
    assert await store.orphans() == []


async def test_a_deletion_that_may_have_arrived_is_looked_up_by_the_next_process(
    store: SqliteStore, path: Path
) -> None:
    ids = await _orphaned(store, path)
    await store.remove_orphans(ids, actor="anna")
    assert len(await store.due_resources(9)) == 2
    async with await open_store(path) as successor:
        assert [item.doubtful for item in await successor.due_resources(9)] == [True, True]


async def test_a_resource_that_is_new_under_the_name_of_an_orphan_takes_its_place(
    store: SqliteStore, path: Path
) -> None:
    ids = await _orphaned(store, path)
    (stranger,) = fleet({"Odense": 1})
    await store.import_resources(
        [msgspec.structs.replace(stranger, resource_id=ids[0])], actor="anna"
    )
    assert [orphan.resource_id for orphan in await store.orphans()] == [ids[1]]
