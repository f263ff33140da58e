"""Where the VTN holds something else, as an operator looks at it and decides."""

from __future__ import annotations

import asyncio
import gc
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.app import App

from tests.screens.drifted import drifted_fleet, seen_there
from tests.screens.operator import Operator, at_console
from tests.screens.test_anywhere import second, status
from tests.screens.test_pictures import rest
from vendash.filters import Query
from vendash.models import DriftItem, DriftKind, VtnState
from vendash.screens.drift_text import DriftRow, difference_cell, drift_lines
from vendash.store import SqliteStore
from vendash.telemetry.status import ServiceStatus

pytestmark = pytest.mark.usefixtures("copenhagen")

Picture = Callable[[App[Any]], None]
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])

STATES = {
    "drift": "",
    "drift_marked_prompt": "Aw",
    "drift_theirs_prompt": "t",
    "drift_filter": "/there\r",
    "drift_item": "\r",
    "drift_settled": "fy",
}


@asynccontextmanager
async def at_drift(
    folder: Path, *, size: tuple[int, int] = (80, 24), read_only: bool = False
) -> AsyncIterator[Operator]:
    await drifted_fleet(folder / "fleet.db")
    async with at_console(folder, size=size, read_only=read_only) as operator:
        await second(operator, folder, status())
        await operator.press("6")
        yield operator


async def kinds(operator: Operator) -> list[str]:
    """What is left to decide."""
    return [item.kind.value for item in await operator.store.drift() if not item.again]


@SIZES
@pytest.mark.parametrize("state", STATES)
async def test_picture(tmp_path: Path, size: tuple[int, int], state: str, picture: Picture) -> None:
    async with at_drift(tmp_path, size=size) as operator:
        await operator.type(STATES[state])
        await rest(operator)
        picture(operator.app)


@SIZES
async def test_picture_of_nothing(tmp_path: Path, size: tuple[int, int], picture: Picture) -> None:
    """Nobody has compared yet."""
    async with at_console(tmp_path, size=size) as operator:
        await second(operator, tmp_path, status())
        await operator.type(":drift\r")
        picture(operator.app)


async def test_what_differs_stands_first_and_what_goes_by_itself_last(tmp_path: Path) -> None:
    async with at_drift(tmp_path) as operator:
        first = [line.lstrip("▸ ").split()[0] for line in operator.lines[4:11]]
        assert first == ["different", "different", "double", "double", "only", "only", "only"]
        assert "sent again" in operator.lines[10]
        assert operator.work.startswith("compared 13:06  different 2  double 2  only there 2")
        await operator.press("o")
        assert "sort: VEN" in operator.text
        await operator.press("O", "o")
        assert "sort: name ▴" in operator.text


async def test_the_filter_finds_kinds_names_vens_and_values(tmp_path: Path) -> None:
    """And fields, as they are shown and as the VTN names them."""
    async with at_drift(tmp_path) as operator:
        for text, shown in (
            ("double", 2),
            ("!different", 5),
            ("suspended", 1),
            ("decision", 1),
            ("prequalification", 1),
            ("ven:aal*", 6),
            ("zürich", 1),
        ):
            await operator.type(f"/{text}\r")
            assert f"{shown} of 7 shown" in operator.text, text
            await operator.press("escape")
        await operator.type("/type:ev")
        assert "Drift is filtered by text" in operator.text


async def test_ours_is_sent_again(tmp_path: Path) -> None:
    """The choice and its reason are in the audit log, and `u` takes it back."""
    async with at_drift(tmp_path) as operator:
        await operator.type(":ours they were wrong\r")
        assert operator.reserved.startswith("KEEP OURS of ")
        assert "sends 1" in operator.reserved
        await operator.press("y")
        assert operator.reserved == "kept ours of 1; u undoes"
        assert (await kinds(operator)).count("different") == 1
        (done,) = await operator.store.actions(limit=1)
        assert (done.verb, done.reason) == ("ours", "they were wrong")
        await operator.type("uy")
        assert (await kinds(operator)).count("different") == 2


async def test_what_was_acted_on_stays_until_the_cursor_moves(tmp_path: Path) -> None:
    """So that the next key does not hit its neighbour; a second time it does nothing."""
    async with at_drift(tmp_path) as operator:
        await operator.type("fy")
        await operator.see("settled")
        assert "settled" in operator.cursor
        assert "different 1" in operator.work
        await operator.type("f")
        assert operator.reserved == "forget: makes no sense for this one"
        await operator.press("j")
        await operator.see("6 of 6 shown")
        assert not any("settled" in line for line in operator.lines[:-2])


async def test_theirs_changes_the_resource_here(tmp_path: Path) -> None:
    async with at_drift(tmp_path) as operator:
        await operator.type("/suspended\rt")
        assert "TAKE THEIRS" in operator.reserved
        assert ": 1 decision?" in operator.reserved
        await operator.press("y")
        assert operator.reserved == "took theirs of 1; u undoes"
        (row,) = [one for one in await operator.rows("Aalborg") if one.vtn is VtnState.WAITING
                  and one.status == "SUSPENDED"]  # fmt: skip
        assert row.status == "SUSPENDED"


async def test_of_many_those_are_acted_on_for_which_it_makes_sense(tmp_path: Path) -> None:
    """The prompt says how many are left out, and what would be deleted at the VTN."""
    async with at_drift(tmp_path) as operator:
        await operator.type("Aw")
        assert "KEEP OURS of 6: sends 2, deletes up to 4 there; leaves 1 out" in operator.reserved
        await operator.press("escape")
        assert operator.reserved == "nothing was done"
        await operator.type("a")
        assert operator.reserved.startswith("ADOPT Somebody's lader from the VTN")
        await operator.press("y")
        assert (await kinds(operator)).count("only there") == 1


async def test_what_makes_no_sense_is_said(tmp_path: Path) -> None:
    async with at_drift(tmp_path) as operator:
        await operator.type("a")
        assert operator.reserved == "adopt: makes no sense for this one"
        await operator.type("G")
        await operator.type("w")
        assert operator.reserved == "ours: makes no sense for this one"
        await operator.type(" w")
        assert operator.reserved == "ours: makes no sense for 1 item"


async def test_of_doubles_it_is_said_which_one_is_ours_before_one_is_deleted(
    tmp_path: Path,
) -> None:
    """By their ids nobody can tell."""
    known, other = "KEEP OURS of .*: the one we know stays", "deletes 1 there"
    async with at_drift(tmp_path) as operator:
        await operator.type("/double\rw")
        first = operator.reserved
        await operator.press("escape", "j", "w")
        asked = sorted([first, operator.reserved], key=lambda text: "deletes" in text)
        assert re.match(known, asked[0])
        assert other in asked[1]
        await operator.press("escape", "enter")
        assert "the one that we know." in " ".join(line.strip() for line in operator.lines)


async def test_comparing_is_wished_and_the_engine_does_it(tmp_path: Path) -> None:
    async with at_drift(tmp_path) as operator:
        await operator.type("S")
        assert operator.reserved == "the engine compares; what it finds comes here"
        assert await operator.store.survey_wanted() is not None
        busy = replace(status(), survey=ServiceStatus(health="busy", text="comparing"))
        await second(operator, tmp_path, busy)
        assert operator.work.startswith("comparing")
        failed = replace(status(), survey=ServiceStatus(health="trouble", text="compare"))
        await second(operator, tmp_path, failed)
        assert "! the last one failed: 7 says why" in operator.work
        unread = replace(status(), survey=ServiceStatus(health="trouble", text="decisions"))
        await second(operator, tmp_path, unread)
        assert "! its decisions were not read: 7 says why" in operator.work


async def test_that_it_is_compared_is_said_until_it_was(tmp_path: Path) -> None:
    """Not any longer beside what it found."""
    async with at_drift(tmp_path) as operator:
        await operator.type("S")
        assert operator.reserved == "the engine compares; what it finds comes here"
        await operator.store.begin_survey()
        await operator.store.end_survey()
        await operator.wait(lambda: not operator.reserved, "taking the sentence away")


async def test_without_an_engine_it_is_said_how_to_start_one(tmp_path: Path) -> None:
    async with at_console(tmp_path) as operator:
        await operator.press("6", "S")
        assert operator.reserved == "No engine runs to compare: start one with vendash run."


async def test_read_only_only_looks(tmp_path: Path) -> None:
    async with at_drift(tmp_path, read_only=True) as operator:
        for key in ("w", "t", "a", "f", "S"):
            await operator.press(key)
            assert "read-only" in operator.reserved
        await operator.press("enter")
        assert "Drift › " in operator.header
        await operator.press("escape")
        assert "Drift" in operator.header


async def test_the_item_shows_what_the_vtn_sent_and_nothing_steers(tmp_path: Path) -> None:
    async with at_drift(tmp_path, size=(100, 60)) as operator:
        await operator.type("/their\r\r")
        assert "there    Their name ␛[2J[red]" in operator.text
        assert '"targets": [' in operator.text


async def test_the_pane_offers_what_makes_sense(tmp_path: Path) -> None:
    async with at_drift(tmp_path, size=(120, 40)) as operator:
        await rest(operator)
        assert "w ours: send ours again" in operator.text
        assert "a adopt" not in operator.text


async def test_the_footer_offers_what_makes_sense_for_the_row(tmp_path: Path) -> None:
    """Of marked rows all, since each may be of another kind."""
    async with at_drift(tmp_path, size=(120, 40)) as operator:
        await operator.type("/suspended\r")
        assert "w:ours t:theirs f:forget" in operator.footer
        await operator.type("/somebody\r")
        assert "w:ours a:adopt f:forget" in operator.footer
        await operator.type(" ")
        assert "w:ours t:theirs a:adopt f:forget" in operator.footer


@pytest.mark.parametrize("kind", list(DriftKind))
def test_a_ven_is_neither_taken_over_nor_adopted(kind: DriftKind) -> None:
    """It is here only as the name that its resources carry."""
    item = DriftItem(kind=kind, what="ven", key=None, name="Herning", fields=(("name", "a", "b"),))
    lines = drift_lines(DriftRow(number=0, item=item, title="Herning"), 80)
    shown = "\n".join("".join(text for text, _ in line) for line in lines)
    assert "w ours" in shown
    assert "f forget" in shown
    assert "t theirs" not in shown
    assert "a adopt" not in shown


async def test_ten_thousand_strangers_stop_no_key(tmp_path: Path) -> None:
    """Filter and order go over all of them beside the loop, which is busy for 25 ms at most."""
    async with at_console(tmp_path) as operator:
        await strangers(operator, 10_000)
        await operator.type(":drift\r")
        await operator.see("10,031 of 10,031")
        gc.freeze()  # as the console does after its first paint
        try:
            async with busiest() as longest:
                await operator.type("/stranger 77\r")
                await operator.see("280 of 10,031")
                await operator.type("oO")
                await operator.press("escape")
                await operator.see("10,031 of 10,031")
        finally:
            gc.unfreeze()
        assert 0 < max(longest) < 0.025
        await operator.press("enter")
        await operator.see('"venID": "v-1"')  # read when it is looked at, and not before


async def strangers(operator: Operator, number: int) -> None:
    """A survey that found so many objects of somebody else."""
    store = operator.store
    await store.begin_survey()
    items = [
        DriftItem(
            kind=DriftKind.ONLY_THERE,
            what="resource",
            name=f"Stranger {number}",
            ven="Ven",
            remote_id=f"r-{number:08d}",
            body='{"venID": "v-1"}',
        )
        for number in range(number)
    ]
    await store.record_survey(items, [])
    await store.end_survey()
    assert {item.body for item in await store.drift(bodies=False)} == {""}


@asynccontextmanager
async def busiest() -> AsyncIterator[list[float]]:
    """For how many seconds of its own work the loop came back to nobody else, each time."""
    found: list[float] = []

    async def watch() -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            found.append(now - before)
            before = now

    watching = asyncio.create_task(watch())
    try:
        yield found
    finally:
        watching.cancel()


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        ("2026-06-01T11:05:00.000000Z", "01 Jun 2026 13:05:00"),
        ("23:30:27", "23:30:27"),
        ("", None),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_a_time_of_the_vtn_is_told_as_the_clock_shows_it(stamp: str, words: str | None) -> None:
    """Where it is no time, it is told as it came; an absent one is not told."""
    item = DriftItem(kind=DriftKind.ONLY_THERE, what="ven", name="x", stamp=stamp)
    lines = drift_lines(DriftRow(number=1, item=item, title="x"), 80)
    text = "\n".join("".join(part for part, _ in line) for line in lines)
    assert (f"changed  {words}" in text) if words else ("there" in text)


def test_the_difference_that_is_told_first_fits_the_column() -> None:
    """A decision before all; else the shortest, because a place would hide what differs."""
    fields = (
        ("LOCATION", "9.392824, 55.030172", "10.892824, 55.030172"),
        ("MAX_POWER_CONSUMPTION", "25", "26.5"),
        ("p_min_kw", "-10", "-8.5"),
    )
    item = DriftItem(kind=DriftKind.DIFFERENT, what="resource", name="x", fields=fields)
    row = DriftRow(number=1, item=item, title="x")
    assert difference_cell(row) == "+2  P max kW: 25 → 26.5"
    decided = replace(item, fields=(*fields, ("prequalification", "APPROVED", "SUSPENDED")))
    assert difference_cell(replace(row, item=decided)) == "+3  approved → suspended"


async def test_what_is_on_its_way_is_no_agreement(tmp_path: Path) -> None:
    """Where all that was compared agrees, what the VTN has yet to be told is told."""
    async with at_console(tmp_path) as operator:
        await all_as_here(operator.store)
        waits = sum(ven.wanted - ven.accepted for ven in await operator.store.vens())
        assert waits > 1
        await operator.press("6")
        await operator.see(
            f"All compared agrees, but for {waits} resources not accepted there as now."
        )


async def all_as_here(store: SqliteStore) -> None:
    """A survey that found everything as it was sent."""
    rows = await store.rows(await store.keys(Query()))
    works = await store.resources_named([row.resource_id for row in rows])
    await store.begin_survey()
    await store.record_survey([], seen_there(await store.vens(), works))
    await store.end_survey()
    assert await store.drift() == []
