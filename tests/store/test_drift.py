"""A comparison with the VTN: what follows by itself, and what the operator chooses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest

from tests.fleets import fleet
from tests.store.making import (
    ANY,
    APPROVED,
    PENDING,
    ask,
    everything,
    filled,
    other_program,
    register,
)
from vendash.errors import VendashError
from vendash.models import (
    Accepted,
    DriftChoice,
    DriftItem,
    DriftKind,
    ResourceWork,
    Seen,
    SurveyOutcome,
    VtnState,
)
from vendash.store import SqliteStore, ledger

OLD, KEPT, NEW = "2026-01-01T00:00:00.000000Z", "2026-02-01T00:00:00.000000Z", "2026-03-01T"
OURS, THEIRS = DriftChoice.OURS, DriftChoice.THEIRS
ADOPT, FORGET = DriftChoice.ADOPT, DriftChoice.FORGET


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """Six resources in two VENs, all at the VTN, accepted at KEPT."""
    async with await filled(path, fleet({"Herning": 4, "Køge": 2})) as store:
        await register(store)
        with other_program(path) as connection:
            connection.execute("UPDATE vendash_observations SET stamp = ?", (KEPT,))
        yield store


async def seen_at_vtn(store: SqliteStore, without: Sequence[int] = ()) -> list[Seen]:
    """What a VTN shows that holds everything as it should, but for some resources."""
    vens = [
        Seen(what="ven", name=ven.name, remote_id=ven.remote_id or "") for ven in await store.vens()
    ]
    keys = (await everything(store)).keys
    work = await store.resources_named([r.resource_id for _, r in await store.resources(keys)])
    return vens + [
        Seen(what="resource", name=each.resource.resource_id, remote_id=each.remote_id or "",
             ven_remote_id=each.ven_remote_id, stamp=KEPT)
        for each in work if each.key not in without
    ]  # fmt: skip


async def survey(
    store: SqliteStore, items: Sequence[DriftItem] = (), seen: Sequence[Seen] | None = None
) -> SurveyOutcome:
    """One whole survey."""
    await store.begin_survey()
    await store.record_survey(items, await seen_at_vtn(store) if seen is None else seen)
    return await store.end_survey()


async def different(store: SqliteStore, key: int, stamp: str = NEW) -> DriftItem:
    """The VTN holds another name and another decision of this resource."""
    (work,) = await named(store, key)
    ours = work.resource
    theirs = msgspec.structs.replace(ours, resource_name="Theirs", registration_status=APPROVED)
    return DriftItem(
        kind=DriftKind.DIFFERENT, what="resource", key=key, name=ours.resource_id,
        ven=ours.ven or "", remote_id=work.remote_id or "", ven_remote_id=work.ven_remote_id,
        fields=(("DESCRIPTION", ours.resource_name, "Theirs"),
                ("prequalification", "PENDING", "APPROVED"), ("colour", "", "red")),
        stamp=stamp, body="{}", resource=theirs,
    )  # fmt: skip


async def named(store: SqliteStore, key: int) -> list[ResourceWork]:
    """What is known of one resource."""
    return await store.resources_named([r.resource_id for _, r in await store.resources([key])])


def only_there(name: str = "stranger", remote_id: str = "x1") -> DriftItem:
    """A resource that the VTN holds under Herning."""
    return DriftItem(
        kind=DriftKind.ONLY_THERE, what="resource", name=name, ven="Herning",
        remote_id=remote_id, ven_remote_id="ven-Herning", stamp=OLD, body='{"id": "x1"}',
    )  # fmt: skip


async def states(store: SqliteStore) -> dict[int, VtnState]:
    """How every resource stands with the VTN."""
    return {row.key: row.vtn for row in await store.rows((await everything(store)).keys)}


async def due(store: SqliteStore) -> list[ResourceWork]:
    """What would leave now; nothing is held back."""
    return await store.due_resources(99)


# --- what follows by itself ----------------------------------------------------------------------


async def test_where_everything_agrees_nothing_is_found_and_nothing_sent(
    store: SqliteStore,
) -> None:
    assert await store.surveyed() is None
    assert await survey(store) == SurveyOutcome(open=0, again=0, adopted=0, forgotten=0)
    assert await store.drift() == []
    assert set((await store.drift_counts()).values()) == {0}
    assert (await store.surveyed() or 0) > 1e9
    assert (await due(store), await store.due_vens(9)) == ([], [])


async def test_what_is_missing_there_is_due_again_and_looked_up(store: SqliteStore) -> None:
    outcome = await survey(store, seen=await seen_at_vtn(store, without=[2]))
    assert outcome == SurveyOutcome(open=0, again=1, adopted=0, forgotten=0)
    (item,) = await store.drift()
    assert (item.kind, item.key, item.again) == (DriftKind.ONLY_HERE, 2, True)
    assert item.remote_id == "remote-2"
    (work,) = await due(store)
    assert (work.key, work.remote_id, work.doubtful) == (2, None, True)
    await store.complete([Accepted(item=work, remote_id="again", already=False)])
    assert await store.drift() == []
    assert (await states(store))[2] is VtnState.OK


async def test_a_missing_ven_is_due_again_and_then_its_resources(store: SqliteStore) -> None:
    seen = [one for one in await seen_at_vtn(store) if one.name != "Herning"]
    assert (await survey(store, seen=seen)).again == 1
    (ven,) = await store.due_vens(9)
    assert (ven.name, ven.remote_id, ven.doubtful) == ("Herning", None, True)
    await store.complete([Accepted(item=ven, remote_id="v2", already=False)])
    assert {work.resource.ven for work in await due(store)} == {"Herning"}


async def test_an_emptied_vtn_gets_everything_again(store: SqliteStore) -> None:
    outcome = await survey(store, seen=[])
    assert outcome.again == 8
    for ven in await store.due_vens(9):
        await store.complete([Accepted(item=ven, remote_id=f"v-{ven.name}", already=False)])
    work = await due(store)
    assert len(work) == 6
    assert all(item.doubtful and item.remote_id is None for item in work)


async def test_an_id_that_changed_there_is_adopted(store: SqliteStore) -> None:
    seen = [
        msgspec.structs.replace(one, remote_id="other") if one.remote_id == "remote-3" else one
        for one in await seen_at_vtn(store)
    ]
    assert (await survey(store, seen=seen)).adopted == 1
    detail = await store.detail(3)
    assert detail is not None
    assert (detail.remote_id, detail.row.vtn) == ("other", VtnState.OK)
    assert await due(store) == []


async def test_ids_of_a_ven_and_of_all_under_it_are_adopted_together(store: SqliteStore) -> None:
    seen = [
        msgspec.structs.replace(one, remote_id="v9") if one.name == "Herning"
        else msgspec.structs.replace(one, remote_id=f"{one.remote_id}-b", ven_remote_id="v9")
        if one.ven_remote_id == "ven-Herning" else one
        for one in await seen_at_vtn(store)
    ]  # fmt: skip
    assert (await survey(store, seen=seen)).adopted == 5
    await store.set_status([1], ANY, APPROVED, actor="anna")
    (work,) = await due(store)
    assert (work.remote_id, work.ven_remote_id, work.held_under) == ("remote-1-b", "v9", None)


async def test_what_has_two_ids_there_is_not_adopted(store: SqliteStore) -> None:
    seen = await seen_at_vtn(store)
    twin = msgspec.structs.replace(seen[-1], remote_id="twin")
    assert (await survey(store, seen=[*seen, twin])).adopted == 0


async def test_what_is_older_there_than_what_it_took_of_us_is_sent_again(
    store: SqliteStore,
) -> None:
    items = [await different(store, 1, OLD), await different(store, 2, NEW),
             await different(store, 3, "")]  # fmt: skip
    outcome = await survey(store, items)
    assert (outcome.again, outcome.open) == (1, 2)
    (work,) = await due(store)
    assert (work.key, work.remote_id) == (1, "remote-1")
    found = await states(store)
    assert (found[2], found[3]) == (VtnState.DIFFERENT, VtnState.DIFFERENT)
    assert {item.key: item.again for item in await store.drift()} == {1: True, 2: False, 3: False}
    assert (await store.work()).different == 2


async def test_what_changed_during_the_survey_is_left_to_the_registrar(
    store: SqliteStore,
) -> None:
    items = [await different(store, 1), await different(store, 2)]
    await store.begin_survey()
    await store.record_survey(items, await seen_at_vtn(store, without=[1, 2, 3]))
    await store.set_status([1, 2, 3], ANY, APPROVED, actor="anna")
    for work in await store.due_resources(2):
        await store.complete([Accepted(item=work, remote_id=f"remote-{work.key}", already=True)])
    outcome = await store.end_survey()
    assert (outcome.open, outcome.again) == (0, 0)
    found = await states(store)
    assert (found[1], found[2], found[3]) == (VtnState.OK, VtnState.OK, VtnState.WAITING)


async def test_a_survey_that_was_not_ended_leaves_no_trace(store: SqliteStore, path: Path) -> None:
    await survey(store, [await different(store, 1)])
    before = await store.drift()
    await store.begin_survey()
    await store.record_survey([only_there()], [])
    assert await store.drift() == before
    await store.begin_survey()
    await store.record_survey([], await seen_at_vtn(store))
    assert (await store.end_survey()).open == 0
    assert (await states(store))[1] is VtnState.OK


async def test_a_survey_of_another_vtn_is_refused(store: SqliteStore) -> None:
    with pytest.raises(VendashError, match="begin one"):
        await store.end_survey()
    await store.begin_survey()
    await store.use_vtn("http://other.example")
    with pytest.raises(VendashError, match="compare again"):
        await store.record_survey([], [])


async def test_what_is_found_belongs_to_its_vtn(store: SqliteStore) -> None:
    await survey(store, [only_there()])
    await store.use_vtn("http://other.example")
    assert await store.drift() == []


async def test_what_is_only_there_is_told_by_its_resource_here(store: SqliteStore) -> None:
    (_, mine), = await store.resources([1])  # fmt: skip
    await store.want_at_vtn([1], False, actor="anna")
    for work in await due(store):
        await store.complete([Accepted(item=work, remote_id="", already=False)])
    await survey(store, [only_there(mine.resource_id)], await seen_at_vtn(store, without=[1]))
    (item,) = await store.drift()
    assert (item.kind, item.key, item.body) == (DriftKind.ONLY_THERE, 1, '{"id": "x1"}')


@pytest.mark.parametrize("wanted_first", [True, False])
async def test_what_was_never_sent_and_was_seen_there_is_looked_up_and_not_posted(
    path: Path, wanted_first: bool
) -> None:
    """A VTN that lets a name be taken twice would have it twice."""
    async with await filled(path, fleet({"Herning": 2})) as store:
        await store.use_vtn("http://vtn.example:8000", "3.1")
        ((_, mine),) = await store.resources([1])
        if wanted_first:
            await store.want_at_vtn([1, 2], True, actor="anna")
        await survey(
            store,
            [] if wanted_first else [only_there(mine.resource_id)],
            [Seen(what="resource", name=mine.resource_id, remote_id="x1")],
        )
        assert len(await store.drift()) == (0 if wanted_first else 1)
        await store.want_at_vtn([1, 2], True, actor="anna")
        await accept_vens(store)
        work = await due(store)
        assert {each.key: each.doubtful for each in work} == {1: True, 2: False}
        found = [Accepted(item=each, remote_id=f"x{each.key}", already=True) for each in work]
        await store.complete(found)
        assert await store.drift() == []


async def test_what_was_never_sent_and_is_not_wanted_any_more_stays_there(path: Path) -> None:
    """Having seen it there gives no leave to delete it."""
    async with await filled(path, fleet({"Herning": 1})) as store:
        await store.use_vtn("http://vtn.example:8000", "3.1")
        ((_, mine),) = await store.resources([1])
        await store.want_at_vtn([1], True, actor="anna")
        await survey(store, [], [Seen(what="resource", name=mine.resource_id, remote_id="x1")])
        await store.undo(actor="anna")
        await accept_vens(store)
        assert await due(store) == []


async def accept_vens(store: SqliteStore) -> None:
    """The VTN takes the VENs."""
    vens = await store.due_vens(9)
    await store.complete([Accepted(item=v, remote_id=v.name, already=False) for v in vens])


# --- what the operator chooses -------------------------------------------------------------------


async def test_ours_is_sent_again_and_taken_back_before_it_left(store: SqliteStore) -> None:
    item = await different(store, 1)
    await survey(store, [item])
    outcome = await store.settle_drift([item], OURS, actor="anna")
    assert (outcome.verb, outcome.changed, outcome.skipped) == ("ours", 1, 0)
    assert await store.drift() == []
    assert (await states(store))[1] is VtnState.WAITING
    assert await store.due_resources(9, hold=3.0) == []
    assert (await store.undo(actor="anna")).changed == 1
    assert (await states(store))[1] is VtnState.DIFFERENT
    assert [each.key for each in await store.drift()] == [1]
    assert await due(store) == []
    assert (await store.undo(actor="anna")).changed == 1  # and again
    assert [work.remote_id for work in await due(store)] == ["remote-1"]
    assert (await store.undo(actor="anna")).changed == 0  # it is on its way
    assert await store.verify_audit() is None


async def test_theirs_is_taken_over_field_by_field_with_the_decision(
    store: SqliteStore, path: Path
) -> None:
    with other_program(path) as connection:
        connection.execute("UPDATE connections SET password = 'hunter2'")
    item = await different(store, 1)
    await survey(store, [item])
    (before,) = await store.rows([1])
    assert (await store.settle_drift([item], THEIRS, actor="anna")).changed == 1
    (row,) = await store.rows([1])
    assert (row.name, row.status, row.address) == ("Theirs", APPROVED, before.address)
    assert await store.due_resources(9, hold=3.0) == []
    assert (await store.undo(actor="anna")).changed == 1
    (row,) = await store.rows([1])
    assert (row.name, row.status) == (before.name, PENDING)
    assert row.vtn is VtnState.DIFFERENT
    assert await due(store) == []
    assert "hunter2" not in str(ask(path, "SELECT * FROM vendash_drift"))


async def test_theirs_is_looked_at_once_more_and_can_be_undone_after(store: SqliteStore) -> None:
    item = await different(store, 1)
    await survey(store, [item])
    await store.settle_drift([item], THEIRS, actor="anna")
    (work,) = await due(store)
    assert work.resource.resource_name == "Theirs"
    await store.complete([Accepted(item=work, remote_id="remote-1", already=True)])
    assert (await states(store))[1] is VtnState.OK
    assert (await store.undo(actor="anna")).changed == 1
    assert (await states(store))[1] is VtnState.DIFFERENT
    assert await due(store) == []


async def test_another_change_is_not_lost_by_taking_theirs(store: SqliteStore, path: Path) -> None:
    item = await different(store, 1)
    await survey(store, [item])
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET address = 'else' WHERE id = 1")
    await store.settle_drift([item], THEIRS, actor="anna")
    await store.undo(actor="anna")
    (work,) = await due(store)
    assert work.resource.address == "else"


async def test_what_changed_here_since_is_not_undone(store: SqliteStore, path: Path) -> None:
    item = await different(store, 1)
    await survey(store, [item])
    await store.settle_drift([item], THEIRS, actor="anna")
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET resource_name = 'Mine' WHERE id = 1")
    outcome = await store.undo(actor="anna")
    assert (outcome.changed, outcome.skipped) == (0, 1)


async def test_what_is_only_there_is_deleted_there_when_ours_is_kept(store: SqliteStore) -> None:
    item = only_there()
    await survey(store, [item])
    await store.settle_drift([item], OURS, actor="anna")
    assert await store.drift() == []
    await store.undo(actor="anna")
    assert await store.drift() == [item]
    assert await due(store) == []
    await store.settle_drift([item], OURS, actor="anna")
    await survey(store, [item])
    assert await store.drift() == []  # its deletion is wanted already
    (work,) = await due(store)
    assert (work.wanted, work.remote_id, work.ven_remote_id) == (False, "x1", "ven-Herning")
    await store.complete([Accepted(item=work, remote_id="", already=False)])
    assert await due(store) == []


async def test_a_ven_only_there_is_deleted_after_what_is_under_it(store: SqliteStore) -> None:
    ven = DriftItem(kind=DriftKind.ONLY_THERE, what="ven", name="Odd", ven="Odd", remote_id="v7")
    below = msgspec.structs.replace(only_there(), ven="Odd", ven_remote_id="v7")
    await survey(store, [ven, below])
    await store.settle_drift([ven, below], OURS, actor="anna")
    assert await store.due_vens(9) == []
    (work,) = await due(store)
    await store.complete([Accepted(item=work, remote_id="", already=False)])
    (gone,) = await store.due_vens(9)
    assert (gone.name, gone.remote_id, gone.wanted) == ("Odd", "v7", False)
    await store.complete([Accepted(item=gone, remote_id="", already=False)])
    assert await store.due_vens(9) == []
    assert await store.registration_progress() == (8, 8, 0)


async def test_a_double_of_a_ven_that_went_after_the_disk_failed_does_not_take_ours_with_it(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours without an id would be sent as if it had never been: a third one at some VTNs."""
    doubles = [
        DriftItem(kind=DriftKind.DOUBLE, what="ven", name="Herning", ven="Herning", remote_id=one)
        for one in ("ven-Herning", "twin")
    ]
    await survey(store, doubles)
    await store.settle_drift(doubles, OURS, actor="anna")
    (twin,) = [ven for ven in await store.due_vens(9) if not ven.wanted]
    gone = [Accepted(item=twin, remote_id="", already=False)]
    with monkeypatch.context() as broken:
        broken.setattr(ledger, "settle", _fail)
        with pytest.raises(VendashError, match="full"):
            await store.complete(gone)
    await store.complete(gone)
    (ours,) = await store.vens_named(["Herning"])
    assert (ours.remote_id, ours.wanted) == ("ven-Herning", True)
    assert [ven.remote_id for ven in await store.due_vens(9) if not ven.wanted] == ["twin"]


def _fail(*_: object) -> None:
    raise VendashError("The disk is full: make room.")


async def test_of_doubles_the_one_that_is_known_stays(store: SqliteStore) -> None:
    (work,) = await named(store, 1)
    doubles = [
        DriftItem(
            kind=DriftKind.DOUBLE, what="resource", key=1, name=work.resource.resource_id,
            ven="Herning", remote_id=remote_id, ven_remote_id="ven-Herning",
        )
        for remote_id in ("remote-1", "twin")
    ]  # fmt: skip
    assert (await survey(store, doubles)).open == 2
    assert (await states(store))[1] is VtnState.DIFFERENT
    outcome = await store.settle_drift(doubles, OURS, actor="anna")
    assert outcome.changed == 2
    (gone,) = await due(store)
    assert (gone.remote_id, gone.wanted) == ("twin", False)


async def test_what_is_only_there_is_adopted_by_the_resource_of_its_name(
    store: SqliteStore,
) -> None:
    ((_, mine),) = await store.resources([1])
    await store.want_at_vtn([1], False, actor="anna")
    for work in await due(store):
        await store.complete([Accepted(item=work, remote_id="", already=False)])
    item = only_there(mine.resource_id)
    await survey(store, [item])
    assert (await store.settle_drift([item], ADOPT, actor="anna")).changed == 1
    (work,) = await store.due_resources(9)
    assert (work.remote_id, work.wanted, work.held_under) == ("x1", True, None)
    await store.complete([Accepted(item=work, remote_id="x1", already=True)])
    assert (await states(store))[1] is VtnState.OK
    assert (await store.undo(actor="anna")).changed == 1
    assert (await states(store))[1] is VtnState.UNWANTED
    assert await due(store) == []


async def test_a_stranger_whose_attributes_allow_it_becomes_a_resource_here(
    store: SqliteStore,
) -> None:
    (resource,) = fleet({"Odense": 1})
    item = msgspec.structs.replace(only_there(resource.resource_id), resource=resource)
    await survey(store, [item])
    assert (await store.settle_drift([item], ADOPT, actor="anna")).changed == 1
    found = await store.find([resource.resource_id])
    (row,) = await store.rows(list(found.values()))
    assert (row.name, row.ven, row.vtn) == (resource.resource_name, "Odense", VtnState.WAITING)
    assert [ven.name for ven in await store.due_vens(9, hold=3.0)] == []
    assert (await store.undo(actor="anna")).changed == 1
    assert await store.find([resource.resource_id]) == {}
    assert await store.orphans() == []
    assert await store.due_vens(9) == []
    assert (await store.undo(actor="anna")).changed == 1  # and again
    assert len(await store.find([resource.resource_id])) == 1
    assert [ven.name for ven in await store.due_vens(9)] == ["Odense"]
    assert not any("onnection" in sentence for sentence in await store.check())


async def test_what_is_forgotten_is_not_shown_until_it_changes_there(store: SqliteStore) -> None:
    item, stranger = await different(store, 1), only_there()
    await survey(store, [item, stranger])
    assert (await store.settle_drift([item, stranger], FORGET, actor="anna")).changed == 2
    assert (await states(store))[1] is VtnState.OK
    assert (await survey(store, [item, stranger])).forgotten == 2
    assert await store.drift() == []
    assert (await states(store))[1] is VtnState.OK
    newer = msgspec.structs.replace(item, stamp="2026-04-01T")
    await survey(store, [newer, stranger])
    assert [each.stamp for each in await store.drift()] == ["2026-04-01T"]
    assert (await states(store))[1] is VtnState.DIFFERENT


async def test_forgetting_can_be_undone(store: SqliteStore) -> None:
    item = await different(store, 1)
    await survey(store, [item])
    await store.settle_drift([item], FORGET, actor="anna")
    await store.undo(actor="anna")
    assert len(await store.drift()) == 1
    assert (await states(store))[1] is VtnState.DIFFERENT


async def test_a_choice_that_makes_no_sense_is_skipped(store: SqliteStore) -> None:
    item, stranger = await different(store, 1), only_there()
    await survey(store, [item, stranger])
    for choice, which in ((THEIRS, stranger), (ADOPT, item), (ADOPT, stranger)):
        outcome = await store.settle_drift([which], choice, actor="anna")
        assert (outcome.sequence, outcome.changed, outcome.skipped) == (None, 0, 1)
    assert len(await store.drift()) == 2


async def test_what_is_settled_is_not_settled_twice(store: SqliteStore) -> None:
    item = only_there()
    await survey(store, [item])
    await store.settle_drift([item], FORGET, actor="anna")
    assert (await store.settle_drift([item], OURS, actor="ben")).skipped == 1


async def test_a_decision_taken_back_leaves_a_difference_as_it_was(store: SqliteStore) -> None:
    await survey(store, [await different(store, 1)])
    await store.set_status([1], ANY, APPROVED, actor="anna")
    await store.undo(actor="anna")
    assert (await states(store))[1] is VtnState.DIFFERENT
    assert await due(store) == []
