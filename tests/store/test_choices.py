"""Choices that others have come in between, and those that make no sense."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.fleets import fleet
from tests.store.making import ANY, APPROVED, SUSPENDED, ask, filled, other_program, register
from tests.store.test_drift import (
    ADOPT,
    FORGET,
    OURS,
    THEIRS,
    different,
    due,
    named,
    only_there,
    seen_at_vtn,
    states,
    survey,
)
from vendash.models import Accepted, DriftChoice, DriftItem, DriftKind, VtnState
from vendash.store import SqliteStore
from vendash.store.choices import choices_for

ANYWAY = frozenset({OURS, FORGET})


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """Six resources in two VENs, all at the VTN."""
    async with await filled(path, fleet({"Herning": 4, "Køge": 2})) as store:
        await register(store)
        yield store


async def unregistered(store: SqliteStore, key: int) -> str:
    """Its name, when it is not at the VTN any more."""
    ((_, resource),) = await store.resources([key])
    await store.want_at_vtn([key], False, actor="anna")
    for work in await due(store):
        await store.complete([Accepted(item=work, remote_id="", already=False)])
    return resource.resource_id


def doubles(name: str, key: int) -> list[DriftItem]:
    """Two objects of one name."""
    return [
        DriftItem(kind=DriftKind.DOUBLE, what="resource", key=key, name=name, ven="Herning",
                  remote_id=remote_id, ven_remote_id="ven-Herning")
        for remote_id in ("remote-1", "twin")
    ]  # fmt: skip


# --- which make sense ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [DriftKind.ONLY_THERE, DriftKind.DIFFERENT, DriftKind.DOUBLE])
@pytest.mark.parametrize("choice", [THEIRS, ADOPT])
async def test_of_a_ven_nothing_can_be_taken_over_or_adopted(
    store: SqliteStore, kind: DriftKind, choice: DriftChoice
) -> None:
    """It is here only as the name that its resources carry."""
    (resource,) = fleet({"Odense": 1})
    ven = DriftItem(kind=kind, what="ven", name="Herning", ven="Herning", remote_id="v7",
                    fields=(("DESCRIPTION", "", "Theirs"),), resource=resource)  # fmt: skip
    assert choices_for(ven) == ANYWAY
    await survey(store, [ven])
    outcome = await store.settle_drift([ven], choice, actor="anna")
    assert (outcome.changed, outcome.skipped) == (0, 1)
    assert len(await store.drift()) == 1


async def test_the_choices_of_a_resource_follow_from_what_is_known_of_it(
    store: SqliteStore,
) -> None:
    item, stranger = await different(store, 1), only_there()
    (resource,) = fleet({"Odense": 1})
    assert choices_for(item) == ANYWAY | {THEIRS}
    assert choices_for(msgspec.structs.replace(item, fields=(("colour", "", "red"),))) == ANYWAY
    assert choices_for(msgspec.structs.replace(item, resource=None)) == ANYWAY
    assert choices_for(msgspec.structs.replace(item, again=True)) == frozenset()
    assert choices_for(stranger) == ANYWAY
    assert choices_for(msgspec.structs.replace(stranger, key=1)) == ANYWAY | {ADOPT}
    assert choices_for(msgspec.structs.replace(stranger, resource=resource)) == ANYWAY | {ADOPT}
    homeless = msgspec.structs.replace(resource, ven=None)
    assert choices_for(msgspec.structs.replace(stranger, resource=homeless)) == ANYWAY
    assert choices_for(doubles("x", 1)[0]) == ANYWAY


async def test_a_ven_that_differs_is_sent_again_and_taken_back(store: SqliteStore) -> None:
    ven = DriftItem(
        kind=DriftKind.DIFFERENT, what="ven", name="Herning", ven="Herning", remote_id="v7"
    )
    await survey(store, [ven])
    assert (await store.settle_drift([ven], OURS, actor="anna")).changed == 1
    assert [each.name for each in await store.due_vens(9, hold=3.0)] == []
    assert (await store.undo(actor="anna")).changed == 1
    assert await store.due_vens(9) == []
    assert len(await store.drift()) == 1


async def test_what_has_no_ven_here_is_not_adopted(store: SqliteStore, path: Path) -> None:
    """It would wait for ever."""
    name = await unregistered(store, 1)
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET ven = NULL WHERE id = 1")
    await survey(store, [only_there(name)])
    assert (await store.settle_drift([only_there(name)], ADOPT, actor="anna")).skipped == 1


async def test_what_went_from_here_since_is_not_adopted(store: SqliteStore, path: Path) -> None:
    name = await unregistered(store, 1)
    await survey(store, [only_there(name)])
    with other_program(path) as connection:
        connection.execute("DELETE FROM resources WHERE id = 1")
    assert (await store.settle_drift([only_there(name)], ADOPT, actor="anna")).skipped == 1
    assert ask(path, "SELECT count(*) FROM vendash_observations") == [(5,)]


async def test_of_doubles_none_goes_before_it_is_known_which_is_ours(
    store: SqliteStore, path: Path
) -> None:
    (work,) = await named(store, 1)
    items = doubles(work.resource.resource_id, 1)
    await survey(store, items)
    with other_program(path) as connection:
        connection.execute(
            "UPDATE vendash_observations SET remote_id = NULL, doubtful = 1, state = 'waiting'"
            " WHERE key = 1"
        )
    assert (await store.settle_drift(items, OURS, actor="anna")).skipped == 2


# --- what came in between ------------------------------------------------------------------------


async def test_an_unregistration_since_is_not_undone_with_the_choice(store: SqliteStore) -> None:
    item = await different(store, 1)
    await survey(store, [item])
    chosen = await store.settle_drift([item], OURS, actor="anna")
    await store.want_at_vtn([1], False, actor="anna")
    outcome = await store.undo(actor="anna", sequence=chosen.sequence)
    assert (outcome.changed, outcome.skipped) == (0, 1)
    assert [work.wanted for work in await due(store)] == [False]


async def test_a_decision_that_waits_is_told_also_after_theirs_was_undone(
    store: SqliteStore, path: Path
) -> None:
    item = await different(store, 1)
    await survey(store, [item])
    await store.set_status([1], ANY, SUSPENDED, actor="anna")
    await store.settle_drift([item], THEIRS, actor="anna")
    assert (await store.undo(actor="anna")).changed == 1
    assert ask(path, "SELECT told FROM vendash_observations WHERE key = 1") == [("PENDING",)]
    assert [work.resource.registration_status for work in await due(store)] == [SUSPENDED]


@pytest.mark.parametrize("choice", [OURS, FORGET])
async def test_a_choice_about_one_vtn_is_not_done_again_at_another(
    store: SqliteStore, path: Path, choice: DriftChoice
) -> None:
    """Its ids stand for something else there."""
    await survey(store, [only_there()])
    await store.settle_drift([only_there()], choice, actor="anna")
    undone = await store.undo(actor="anna")
    await store.use_vtn("http://other.example")
    await survey(store, [only_there()], [])
    outcome = await store.undo(actor="anna", sequence=undone.sequence)
    assert (outcome.changed, outcome.skipped) == (0, 1)
    assert ask(path, "SELECT count(*) FROM vendash_removals") == [(0,)]
    assert len(await store.drift()) == 1


async def test_an_adopted_resource_that_was_changed_since_stays(store: SqliteStore) -> None:
    (resource,) = fleet({"Odense": 1})
    item = msgspec.structs.replace(only_there(resource.resource_id), resource=resource)
    await survey(store, [item])
    adopted = await store.settle_drift([item], ADOPT, actor="anna")
    (key,) = (await store.find([resource.resource_id])).values()
    await store.set_status([key], ANY, APPROVED, actor="ben")
    assert (await store.undo(actor="anna", sequence=adopted.sequence)).skipped == 1
    assert len(await store.find([resource.resource_id])) == 1
    await store.undo(actor="ben")
    assert (await store.undo(actor="anna", sequence=adopted.sequence)).changed == 1
    assert await store.find([resource.resource_id]) == {}


async def test_what_was_forgotten_and_is_gone_there_cannot_be_remembered(
    store: SqliteStore,
) -> None:
    await survey(store, [only_there()])
    await store.settle_drift([only_there()], FORGET, actor="anna")
    await survey(store)
    outcome = await store.undo(actor="anna")
    assert (outcome.sequence, outcome.changed, outcome.skipped) == (None, 0, 1)


async def test_values_that_changed_there_since_are_not_taken_again(store: SqliteStore) -> None:
    item = await different(store, 1)
    await survey(store, [item])
    await store.settle_drift([item], THEIRS, actor="anna")
    assert (await store.undo(actor="anna")).changed == 1
    await survey(store, [msgspec.structs.replace(item, stamp="2026-05-01T")])
    assert (await store.undo(actor="anna")).skipped == 1
    assert len(await store.drift()) == 1


async def test_theirs_that_was_accepted_is_open_again_when_undone(store: SqliteStore) -> None:
    item = await different(store, 1)
    await survey(store, [item])
    await store.settle_drift([item], THEIRS, actor="anna")
    for work in await due(store):
        await store.complete([Accepted(item=work, remote_id="remote-1", already=True)])
    assert await store.drift() == []
    await store.undo(actor="anna")
    assert [each.key for each in await store.drift()] == [1]
    assert (await states(store))[1] is VtnState.DIFFERENT


async def test_a_double_is_different_also_after_ours_was_accepted(store: SqliteStore) -> None:
    (work,) = await named(store, 1)
    await survey(store, doubles(work.resource.resource_id, 1))
    await store.set_status([1], ANY, APPROVED, actor="anna")
    for work in await due(store):
        await store.complete([Accepted(item=work, remote_id="remote-1", already=True)])
    assert len(await store.drift()) == 2
    assert (await states(store))[1] is VtnState.DIFFERENT


async def test_what_was_to_be_deleted_there_and_turns_out_to_be_ours_stays(
    store: SqliteStore,
) -> None:
    name = await unregistered(store, 1)
    item = only_there(name)
    await survey(store, [item], await seen_at_vtn(store, without=[1]))
    await store.settle_drift([item], OURS, actor="anna")
    await store.want_at_vtn([1], True, actor="anna")
    (work,) = await due(store)
    assert (work.key, work.doubtful, work.wanted) == (1, True, True)
    await store.complete([Accepted(item=work, remote_id="x1", already=True)])
    assert await due(store) == []
