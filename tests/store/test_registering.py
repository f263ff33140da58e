"""The ledger of what a VTN holds: nothing is forgotten, and nothing is sent twice unseen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from sqlite3 import Connection

import pytest
from msgspec.structs import replace

from tests.fleets import fleet
from tests.store.making import (
    ANY,
    APPROVED,
    PENDING,
    SUSPENDED,
    VTN,
    accept_due,
    everything,
    filled,
    other_program,
    refused,
    register,
)
from vendash.errors import VendashError
from vendash.models import Accepted, ActionOutcome, Refused, ResourceWork, VtnState, WorkCounts
from vendash.store import SqliteStore, leasing, open_store
from vendash.store.leases import Leases


async def _states(store: SqliteStore) -> set[VtnState]:
    return {row.vtn for row in await store.rows((await everything(store)).keys)}


async def _wanted(store: SqliteStore) -> Sequence[int]:
    """Everything wanted, its VENs known at the VTN, and nothing sent yet."""
    keys = (await everything(store)).keys
    await store.use_vtn(VTN)
    await store.want_at_vtn(keys, True, actor="anna")
    await store.complete(
        [Accepted(item=ven, remote_id=ven.name, already=False) for ven in await store.due_vens(99)]
    )
    return keys


async def test_wanting_is_recorded_and_counted(store: SqliteStore, path: Path) -> None:
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET ven = NULL WHERE id = 1")
        connection.execute("UPDATE resources SET ven = '' WHERE id = 2")
    keys = (await everything(store)).keys
    outcome = await store.want_at_vtn(keys, True, actor="anna", subject="all")
    assert outcome == ActionOutcome(sequence=2, verb="register", changed=10, skipped=2)
    again = await store.want_at_vtn(keys, True, actor="anna")
    assert again == ActionOutcome(
        sequence=None, verb="register", changed=0, unchanged=10, skipped=2
    )
    item = (await store.action_items(2))[0]
    assert (item.before, item.after) == ("unwanted", "wanted")


async def test_nothing_is_due_before_it_is_wanted(store: SqliteStore) -> None:
    await store.use_vtn(VTN)
    await store.set_status((await everything(store)).keys, ANY, APPROVED, actor="anna")
    assert await store.due_vens(10) == []
    assert await store.due_resources(10) == []


async def test_resources_are_due_when_their_ven_is_known_at_the_vtn(store: SqliteStore) -> None:
    await store.use_vtn(VTN)
    await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
    assert await store.due_resources(100) == []
    vens = await store.due_vens(100)
    assert [(ven.name, ven.client_id, ven.remote_id) for ven in vens] == [
        ("Aalborg", "vendash-aalborg", None),
        ("Herning", "vendash-herning", None),
        ("Køge", "vendash-koege", None),
    ]
    await store.complete([Accepted(item=vens[0], remote_id="ven-1", already=False)])
    work = await store.due_resources(100)
    assert {item.resource.ven for item in work} == {"Aalborg"}
    assert {item.ven_remote_id for item in work} == {"ven-1"}
    assert {item.client_id for item in work} == {"vendash-aalborg"}
    assert not any(item.doubtful for item in work)


async def test_what_is_leased_is_not_handed_out_again_by_this_process(store: SqliteStore) -> None:
    await _wanted(store)
    first = await store.due_resources(7)
    second = await store.due_resources(7)
    assert len({item.key for item in first + second}) == 12
    assert await store.due_resources(7) == []
    assert VtnState.SENDING in await _states(store)


async def test_a_new_process_finds_leased_items_doubtful(store: SqliteStore, path: Path) -> None:
    await _wanted(store)
    await store.due_resources(5)
    async with await open_store(path) as successor:
        work = await successor.due_resources(100)
        assert [item.doubtful for item in work].count(True) == 5
    async with await open_store(path) as successor:
        assert all(item.doubtful for item in await successor.due_resources(100))


async def test_an_accepted_item_is_there_and_not_due(store: SqliteStore) -> None:
    keys = await _wanted(store)
    await accept_due(store)
    assert await store.work() == WorkCounts(decide=12)
    assert await _states(store) == {VtnState.OK}
    assert await store.registration_progress() == (15, 15, 0)
    detail = await store.detail(keys[0])
    assert detail is not None
    assert (detail.remote_id, detail.accepted_revision) == (f"remote-{keys[0]}", detail.revision)
    assert await store.due_resources(10) == []


async def test_a_decision_makes_what_is_there_due_and_nothing_else(store: SqliteStore) -> None:
    await register(store, "Herning")
    await store.set_status((await everything(store)).keys, ANY, APPROVED, actor="anna")
    work = await store.due_resources(100)
    assert len(work) == 4
    assert {item.resource.registration_status for item in work} == {APPROVED}
    assert all(item.remote_id for item in work)


async def test_a_change_by_another_program_makes_what_is_there_due(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET resource_name = 'New' WHERE id = 1")
        connection.execute("UPDATE resources SET registration_status = 'APPROVED' WHERE id = 2")
        connection.execute("UPDATE resources SET updated_at = CURRENT_TIMESTAMP WHERE id = 3")
        connection.execute("UPDATE resources SET resource_name = resource_name WHERE id = 4")
    assert {item.key for item in await store.due_resources(100)} == {1, 2}


async def test_what_changed_while_it_was_sent_is_due_again(store: SqliteStore, path: Path) -> None:
    await _wanted(store)
    work = {item.key: item for item in await store.due_resources(100)}
    await store.set_status([1], ANY, APPROVED, actor="anna")
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET address = 'else' WHERE id = 2")
    await store.set_status([3], ANY, APPROVED, actor="anna")
    outcomes: list[Accepted | Refused] = [
        Accepted(item=item, remote_id=f"r{key}", already=False)
        for key, item in work.items()
        if key != 3
    ]
    await store.complete([*outcomes, refused(work[3], VtnState.FAILED)])
    again = await store.due_resources(100)
    assert [(item.key, item.remote_id) for item in again] == [(1, "r1"), (2, "r2"), (3, None)]
    assert [item.doubtful for item in again] == [False, False, True]


async def test_a_decision_taken_and_taken_back_while_sending_is_told_as_it_is(
    store: SqliteStore,
) -> None:
    await _wanted(store)
    work = await store.due_resources(1)
    await store.set_status([work[0].key], ANY, APPROVED, actor="anna")
    await store.set_status([work[0].key], ANY, PENDING, actor="anna")
    await store.complete([Accepted(item=work[0], remote_id="r", already=False)])
    (row,) = await store.rows([work[0].key])
    assert row.vtn is VtnState.OK


@pytest.mark.parametrize(
    ("state", "shown", "due", "doubtful"),
    [
        (VtnState.WAITING, VtnState.WAITING, True, False),
        (VtnState.SENDING, VtnState.SENDING, True, True),
        (VtnState.FAILED, VtnState.FAILED, False, True),
        (VtnState.CONFLICT, VtnState.CONFLICT, False, True),
    ],
)
async def test_a_refusal_is_shown_and_only_some_are_tried_again_by_themselves(
    store: SqliteStore, path: Path, state: VtnState, shown: VtnState, due: bool, doubtful: bool
) -> None:
    await _wanted(store)
    (item,) = await store.due_resources(1)
    await store.complete([refused(item, state, "name taken", 409)])
    (row,) = await store.rows([item.key])
    detail = await store.detail(item.key)
    assert detail is not None
    assert (row.vtn, row.vtn_error, detail.vtn_http_status) == (shown, "name taken", 409)
    assert (item.key in {each.key for each in await store.due_resources(100)}) is due
    outcome = await store.want_at_vtn([item.key], True, actor="anna")
    assert outcome.changed == (0 if due else 1)
    async with await open_store(path) as successor:
        (again,) = [each for each in await successor.due_resources(100) if each.key == item.key]
    assert again.doubtful is (doubtful or due)


async def test_the_work_names_failed_and_conflicting_items_as_trouble(store: SqliteStore) -> None:
    await _wanted(store)
    a, b, *rest = await store.due_resources(100)
    await store.complete([refused(a, VtnState.FAILED), refused(b, VtnState.CONFLICT)])
    await store.complete([Accepted(item=item, remote_id="r", already=True) for item in rest])
    assert await store.work() == WorkCounts(decide=10, unsent=2, trouble=2)
    assert await store.registration_progress() == (13, 15, 2)


async def test_a_refused_item_is_due_again_when_it_changes(store: SqliteStore) -> None:
    await _wanted(store)
    work = await store.due_resources(100)
    await store.complete([refused(item, VtnState.CONFLICT) for item in work])
    await store.set_status([work[0].key], ANY, SUSPENDED, actor="anna")
    assert [item.key for item in await store.due_resources(100)] == [work[0].key]


async def test_wanting_again_retries_a_failed_ven(store: SqliteStore) -> None:
    await store.use_vtn(VTN)
    keys = (await everything(store, "Herning")).keys
    await store.want_at_vtn(keys, True, actor="anna")
    (ven,) = await store.due_vens(9)
    await store.complete(
        [Refused(item=ven, state=VtnState.FAILED, reason="forbidden", http_status=403)]
    )
    shown = {row.name: row for row in await store.vens()}["Herning"]
    assert (shown.vtn, shown.vtn_error) == (VtnState.FAILED, "forbidden")
    assert await store.due_vens(9) == []
    assert (await store.want_at_vtn(keys, True, actor="anna")).changed == 4
    (again,) = await store.due_vens(9)
    assert again.doubtful


async def test_unregistering_forgets_what_was_never_sent_and_deletes_what_is_there(
    store: SqliteStore,
) -> None:
    await register(store, "Herning")
    keys = (await everything(store)).keys
    await store.want_at_vtn(keys, True, actor="anna")
    outcome = await store.want_at_vtn(keys, False, actor="anna")
    assert outcome.changed == 12
    work = await store.due_resources(100)
    assert {(item.resource.ven, item.wanted) for item in work} == {("Herning", False)}
    assert all(item.remote_id for item in work)
    await store.complete([Accepted(item=item, remote_id="", already=False) for item in work])
    assert await _states(store) == {VtnState.UNWANTED}
    assert await store.work() == WorkCounts(unsent=12)
    assert [(ven.name, ven.wanted) for ven in await store.due_vens(9)] == [("Herning", False)]


async def test_unregistering_what_may_have_arrived_is_looked_up_first(store: SqliteStore) -> None:
    keys = await _wanted(store)
    work = await store.due_resources(100)
    await store.want_at_vtn(keys, False, actor="anna")
    await store.complete(
        [
            refused(work[0], VtnState.SENDING),
            refused(work[1], VtnState.WAITING),
            Accepted(item=work[2], remote_id="r", already=False),
            refused(work[3], VtnState.FAILED),
        ]
    )
    due = {item.key: item for item in await store.due_resources(100)}
    assert set(due) == {work[0].key, work[2].key, work[3].key}
    assert not any(item.wanted for item in due.values())
    assert due[work[0].key].doubtful
    assert due[work[2].key].remote_id == "r"


async def test_wanted_again_while_it_is_deleted_is_sent_again(store: SqliteStore) -> None:
    await register(store)
    keys = (await everything(store)).keys
    await store.want_at_vtn(keys[:1], False, actor="anna")
    (item,) = await store.due_resources(9)
    await store.want_at_vtn(keys[:1], True, actor="anna")
    await store.complete([Accepted(item=item, remote_id="", already=False)])
    (again,) = await store.due_resources(9)
    assert (again.wanted, again.remote_id, again.doubtful) == (True, None, False)


async def test_a_clash_of_client_ids_is_a_conflict_of_both_before_anything_is_sent(
    path: Path,
) -> None:
    async with await filled(path, fleet({"Århus": 1, "Aarhus": 1, "Herning": 1})) as store:
        await store.use_vtn(VTN)
        await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
        assert [ven.name for ven in await store.due_vens(9)] == ["Herning"]
        rows = {row.name: row for row in await store.vens()}
        for name, other in (("Århus", "Aarhus"), ("Aarhus", "Århus")):
            assert rows[name].vtn is VtnState.CONFLICT
            assert f"vendash-aarhus, as {other}" in rows[name].vtn_error
        for _ in range(2):  # asked again, it is found again
            await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
            assert await store.due_vens(9) == []


async def test_a_ven_that_is_there_already_is_not_drawn_into_a_clash(path: Path) -> None:
    async with await filled(path, fleet({"Århus": 1, "Aarhus": 1})) as store:
        await register(store, "Århus")
        await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
        assert await store.due_vens(9) == []
        assert {row.name: row.vtn for row in await store.vens()} == {
            "Aarhus": VtnState.CONFLICT,
            "Århus": VtnState.OK,
        }


async def test_what_one_vtn_holds_is_kept_while_another_is_current(store: SqliteStore) -> None:
    await register(store, "Herning")
    assert await store.vtn() == (VTN, "3.1")
    await store.use_vtn("http://other.example/")
    assert await store.vtn() == ("http://other.example", "")
    assert await store.work() == WorkCounts(unsent=12)
    await store.want_at_vtn((await everything(store, "Køge")).keys, True, actor="anna")
    assert [ven.name for ven in await store.due_vens(9)] == ["Køge"]
    await store.use_vtn(VTN + "/")
    assert await store.vtn() == (VTN, "3.1")
    assert await store.work() == WorkCounts(decide=4, unsent=8)
    assert await store.due_resources(99) == []
    await store.use_vtn("http://other.example", "3.0.1")
    assert await store.vtn() == ("http://other.example", "3.0.1")
    assert sum(ven.wanted for ven in await store.vens()) == 3


async def test_what_changed_while_another_vtn_was_current_is_due_at_its_return(
    store: SqliteStore,
) -> None:
    await register(store)
    await store.use_vtn("http://other.example")
    await store.set_status([1, 2], ANY, APPROVED, actor="anna")
    await store.use_vtn(VTN)
    assert [item.key for item in await store.due_resources(99)] == [1, 2]


async def test_an_answer_of_a_vtn_that_is_no_longer_current_never_lands_at_another(
    store: SqliteStore,
) -> None:
    keys = await _wanted(store)
    work = await store.due_resources(99)
    await store.use_vtn("http://other.example")
    await store.want_at_vtn(keys, True, actor="anna")
    await store.complete([Accepted(item=item, remote_id="r", already=False) for item in work])
    assert await store.work() == WorkCounts(unsent=12)
    await store.use_vtn(VTN)
    assert all(item.doubtful for item in await store.due_resources(99))


async def test_what_was_wanted_before_any_vtn_was_named_goes_to_the_first(
    store: SqliteStore,
) -> None:
    assert await store.vtn() is None
    await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
    await store.use_vtn(VTN)
    assert len(await store.due_vens(9)) == 3


async def test_a_vtn_that_moved_is_the_same_one(store: SqliteStore) -> None:
    await register(store)
    await store.use_vtn("http://old.example")
    await store.use_vtn(VTN)
    await store.move_vtn("http://old.example/")
    assert await store.vtn() == ("http://old.example", "3.1")
    assert await store.work() == WorkCounts(decide=12)


async def test_resources_that_come_back_are_known_to_be_at_the_vtn(
    store: SqliteStore, path: Path
) -> None:
    """Reset and import again, or the original's INSERT OR REPLACE: never registered twice."""
    await register(store)
    given = [resource for _, resource in await store.resources((await everything(store)).keys)]
    with other_program(path) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(resources)")][1:]
        names = ", ".join(columns)
        connection.execute(
            f"INSERT OR REPLACE INTO resources ({names}) SELECT {names} FROM resources WHERE id = 1"
        )
        connection.execute("DELETE FROM resources WHERE id > 1 AND id < 13")
    await store.import_resources(given, actor="test")
    assert await store.work() == WorkCounts(decide=12)
    work = await store.due_resources(99)
    assert len(work) == 12
    assert {item.remote_id for item in work} == {f"remote-{key}" for key in range(1, 13)}


async def test_a_reused_row_id_does_not_inherit_what_is_known_of_another_resource(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    (stranger,) = fleet({"Odense": 1})
    with other_program(path) as connection:
        connection.execute("DELETE FROM resources")
        connection.execute("DELETE FROM sqlite_sequence")
    await store.import_resources([stranger], actor="test")
    (row,) = await store.rows((await everything(store)).keys)
    assert (row.key, row.ven, row.vtn) == (1, "Odense", VtnState.UNWANTED)


async def test_a_batch_of_outcomes_may_hold_vens_and_resources(store: SqliteStore) -> None:
    await register(store, "Herning")
    await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
    await store.set_status((await everything(store, "Herning")).keys, ANY, APPROVED, actor="a")
    vens, work = await store.due_vens(9), await store.due_resources(9)
    assert (len(vens), len(work)) == (2, 4)
    await store.complete(
        [
            *(Accepted(item=ven, remote_id=f"v-{ven.name}", already=True) for ven in vens),
            *(Accepted(item=item, remote_id="x", already=True) for item in work),
        ]
    )
    assert await store.due_vens(9) == []
    assert len(await store.due_resources(99)) == 8


def test_the_password_of_a_connection_is_not_in_the_text_of_a_work_item() -> None:
    (resource,) = fleet({"Herning": 1})
    secret = replace(resource, connection=replace(resource.connection, password="hunter2"))
    item = ResourceWork(
        key=1, resource=secret, revision=1, ven_remote_id="v", client_id="c", remote_id=None,
        doubtful=False,
    )  # fmt: skip
    assert "hunter2" not in repr(item)


async def test_a_ven_that_was_accepted_at_another_vtn_takes_no_id_away_here(
    store: SqliteStore,
) -> None:
    """The VTN was changed while it was under way: ids of two VTNs are worlds apart."""
    await register(store)
    other = "http://other.example"
    await store.use_vtn(other)
    await store.want_at_vtn((await everything(store)).keys, True, actor="anna")
    under_way = {ven.name: ven for ven in await store.due_vens(99)}
    await store.use_vtn(VTN)
    known = {row.name: row.remote_id for row in await store.vens()}
    aalborg = under_way["Aalborg"]
    await store.complete([Accepted(item=aalborg, remote_id=known["Herning"] or "", already=False)])
    assert {row.name: row.remote_id for row in await store.vens()} == known
    await store.use_vtn(other)
    there = {row.name: row.remote_id for row in await store.vens()}
    assert there["Aalborg"] == known["Herning"]


async def test_what_could_not_be_recorded_is_due_again_in_the_same_process(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was locked for too long: the engine lives on, and begins with a look-up."""
    monkeypatch.setattr("vendash.store.database.BUSY_SECONDS", 0.05)
    async with await filled(path, fleet({"Aalborg": 3})) as store:
        await _wanted(store)
        works = await store.due_resources(99)
        with other_program(path) as connection:
            connection.execute("BEGIN IMMEDIATE")
            with pytest.raises(VendashError, match="locked"):
                await store.complete([Accepted(item=works[0], remote_id="r1", already=False)])
            connection.rollback()
        again = await store.due_resources(99)
    assert {work.key for work in again} == {work.key for work in works}
    assert all(work.doubtful for work in again)


async def test_what_could_not_be_leased_durably_is_due_again_in_the_same_process(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _wanted(store)
    real = leasing.due_resources

    def failing(connection: Connection, leases: Leases, limit: int, hold: float) -> None:
        real(connection, leases, limit, hold)
        raise VendashError("The disk is full: make room.")

    with monkeypatch.context() as broken:
        broken.setattr(leasing, "due_resources", failing)
        with pytest.raises(VendashError, match="full"):
            await store.due_resources(99)
    assert len(await store.due_resources(99)) == 12
