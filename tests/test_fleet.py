"""The operator's verbs where a VTN is concerned: who decides, and what it holds otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fleets import all_of, make_database
from vendash.errors import ReadOnlyError
from vendash.fleet import Fleet
from vendash.models import Accepted, Authority, DriftChoice, DriftItem, DriftKind
from vendash.models import RegistrationStatus as Status
from vendash.store import SqliteStore, open_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Four resources at the VTN, and two that are not wanted there."""
    path = await make_database(tmp_path / "fleet.db", {"Herning": 4, "Køge": 2})
    async with await open_store(path) as opened:
        await opened.use_vtn("http://localhost")
        await Fleet(opened, actor="anna").register(await all_of(opened, "Herning"))
        for work in await opened.due_vens(9):
            await opened.complete([Accepted(item=work, remote_id="v", already=False)])
        await opened.complete(
            [
                Accepted(item=work, remote_id=f"r{work.key}", already=False)
                for work in await opened.due_resources(9)
            ]
        )
        yield opened


async def statuses(store: SqliteStore) -> list[str]:
    """The decisions, by key; what is asked for in small letters."""
    rows = await store.rows(sorted((await all_of(store)).keys))
    return [row.vtn_requested.lower() if row.vtn_requested else row.status for row in rows]


async def test_where_the_vtn_decides_each_decision_is_a_request_for_what_is_there(
    store: SqliteStore,
) -> None:
    fleet = Fleet(store, actor="anna")
    await fleet.suspend(await store.select([1]))
    await fleet.set_authority(Authority.VTN)
    outcome = await fleet.approve(await all_of(store), suspended=False, subject="Herning")
    assert (outcome.verb, outcome.changed, outcome.skipped) == ("request", 3, 2)
    expected = [Status.SUSPENDED, *["approved"] * 3, *[Status.PENDING] * 2]
    assert await statuses(store) == expected
    await fleet.undo()
    assert await statuses(store) == [Status.SUSPENDED, *[Status.PENDING] * 5]
    assert (await fleet.suspend(await store.select([2]))).verb == "request"
    assert (await fleet.pend(await store.select([1]))).verb == "request"


async def test_who_decides_can_be_undone_and_so_be_decided_here_again(store: SqliteStore) -> None:
    fleet = Fleet(store, actor="anna")
    await fleet.set_authority(Authority.VTN)
    await fleet.undo()
    assert await store.authority() is Authority.OPERATOR
    assert (await fleet.approve(await all_of(store))).verb == "approve"


async def test_a_wish_for_a_comparison_is_newer_than_any_that_was_made(store: SqliteStore) -> None:
    await store.begin_survey()
    await store.end_survey()
    wished = await Fleet(store, actor="anna").want_survey()
    assert wished == await store.survey_wanted()
    assert wished >= (await store.surveyed() or 0.0)
    await store.use_vtn("http://elsewhere")
    assert await store.survey_wanted() is None  # it was about the other VTN


async def test_read_only_refuses_every_one_of_these_verbs(store: SqliteStore) -> None:
    item = DriftItem(kind=DriftKind.ONLY_THERE, what="resource", name="x", remote_id="y")
    async with await open_store(store.path, read_only=True) as looking:
        fleet = Fleet(looking, actor="anna")
        for verb in (
            fleet.want_survey(),
            fleet.set_authority(Authority.VTN),
            fleet.settle_drift([item], DriftChoice.FORGET),
            fleet.remove_orphans(["x"]),
        ):
            with pytest.raises(ReadOnlyError):
                await verb
