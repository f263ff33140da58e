"""The Live screen, as an operator uses it."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from textual.app import App

from tests.screens.fleet import ACTOR, NOON, decide
from tests.screens.frozen import FrozenReader
from tests.screens.operator import Operator, at_console
from tests.screens.pty import Terminal
from vendash.models import RegistrationStatus, ResourceRow, SimulationSettings
from vendash.screens.live import SORT_SECONDS
from vendash.telemetry.live import LiveReader, LiveWriter
from vendash.telemetry.status import EngineStatus, ServiceStatus, write_status
from vendash.telemetry.ticks import Quality
from vendash.widgets.palette import THEMES, palette

pytestmark = pytest.mark.usefixtures("copenhagen")

Picture = Callable[[App[Any]], None]

BYTES_PER_SECOND = 3000
"""What the whole screen may write at 80x24 over SSH."""


def engine_runs(folder: Path) -> None:
    """Leave the status of an engine that is well, and stays so for the whole test."""
    write_status(
        folder,
        EngineStatus(
            pid=1,
            started=0.0,
            beat=time.monotonic() + 3600,
            vtn=ServiceStatus(health="ok", text="3.1"),
            simulation=ServiceStatus(health="ok"),
        ),
    )


@dataclass
class Watch:
    """The Live screen, its reader, and the operator's clock."""

    operator: Operator
    live: FrozenReader
    now: datetime = NOON

    async def second(self, *, without_tick: int = 0) -> None:
        """A second later, with a new tick; or so many seconds later without one."""
        self.now += timedelta(seconds=without_tick or 1)
        self.live.at += 0 if without_tick else 1
        self.operator.app.second()
        await self.operator.idle()

    @property
    def cursor(self) -> str:
        """The row that the cursor is on."""
        return next(line for line in self.operator.lines if "▸" in line)[38:]

    @property
    def vens(self) -> list[list[str]]:
        """The rows of the list of VENs, a word each."""
        lines = self.operator.lines
        heading = next(place for place, line in enumerate(lines) if "kW now  VEN" in line)
        rows = (line[38:].lstrip("▸ ").split() for line in lines[heading + 1 : -2])
        return [row for row in rows if row]


@asynccontextmanager
async def at_live(
    folder: Path,
    *,
    simulates: bool = True,
    stale: tuple[str, ...] = (),
    rows: Callable[[Sequence[ResourceRow]], Sequence[ResourceRow]] = lambda rows: rows,
    **options: Any,  # noqa: ANN401 (those of `at_console`)
) -> AsyncIterator[Watch]:
    """The Live screen over the small fleet, in which twelve resources are approved."""
    engine_runs(folder)
    live = FrozenReader(NOON.timestamp())
    watch: list[Watch] = []
    clock = lambda: watch[0].now if watch else NOON  # noqa: E731
    async with at_console(folder, live=live, clock=clock, **options) as operator:
        watch.append(Watch(operator, live))
        live.take(rows(await operator.rows()), stale=stale)
        await operator.store.set_simulation(SimulationSettings(on=simulates), actor="cli")
        await operator.press("3")
        await operator.wait(lambda: "approved" in operator.work, "the second line")
        await operator.idle()
        yield watch[0]


def in_four_vens(rows: Sequence[ResourceRow]) -> Sequence[ResourceRow]:
    """The approved ones spread over VENs whose names are wide, marked up, or dangerous."""
    names = ("北京 [b]bold[/b]", "Løgstør 🍺", "Herning", "Aal\x1b[31mborg")
    approved = [row for row in rows if row.status is RegistrationStatus.APPROVED]
    return [replace(row, ven=names[place % 4]) for place, row in enumerate(approved)]


def style_of(operator: Operator, text: str) -> str:
    """The name of the palette's style in which a text is painted."""
    styles = palette(THEMES[0])
    for strip in operator.app.screen._compositor.render_strips():
        for segment in strip:
            if text in segment.text and segment.style is not None:
                found = [
                    name
                    for name in ("text", "strong", "dim", "trouble")
                    if getattr(styles, name).color == segment.style.color
                ]
                return found[0]
    raise AssertionError(f"{text!r} is not on the screen")


# --- what it says ------------------------------------------------------------------------------


async def test_the_second_line_says_how_many_are_approved_and_read(tmp_path: Path) -> None:
    """A stale reading is counted apart and never among those that are read."""
    async with at_live(tmp_path, stale=("Kennedy Arkaden 7",)) as watch:
        assert watch.operator.work.startswith("12 approved  11 readings/s  1 stale")
        assert watch.operator.work.endswith("last 14:03:20")


async def test_the_figures_are_those_of_the_curve(tmp_path: Path) -> None:
    """now, peak, mean and export stand beside the curve, in kW."""
    async with at_live(tmp_path) as watch:
        good = watch.live.kw[np.isfinite(watch.live.kw)]
        sums = watch.live.sums()
        assert sums is not None
        load = sums.by_type.sum(axis=1)
        figures = dict(line.split()[-2:] for line in watch.operator.lines[2:6])
        assert figures == {
            "now": f"{good.sum():,.1f}",
            "peak": f"{np.nanmax(load):,.1f}",
            "mean": f"{np.nanmean(load):,.1f}",
            "export": f"{good[good < 0].sum():,.1f}",
        }


async def test_the_types_add_up_to_the_load(tmp_path: Path) -> None:
    async with at_live(tmp_path) as watch:
        rows = {
            words[1]: (float(words[0]), int(words[2]))
            for line in watch.operator.lines
            if len(words := line[:38].split()) == 4 and words[1] in {"DSR", "BATTERY", "PV", "EV"}
        }
        assert sum(kw for kw, _ in rows.values()) == pytest.approx(
            float(np.nansum(watch.live.kw)), abs=0.2
        )
        assert sum(readings for _, readings in rows.values()) == 12


async def test_a_second_later_everything_is_a_second_newer(tmp_path: Path) -> None:
    async with at_live(tmp_path) as watch:
        watch.live.kw = watch.live.kw + np.float32(100.0)
        await watch.second()
        assert "last 14:03:21" in watch.operator.work
        assert f"{np.nansum(watch.live.kw):,.1f}" in watch.operator.text


async def test_a_value_that_is_not_new_is_never_shown_as_live(tmp_path: Path) -> None:
    """After five seconds without a tick every number is dimmed and its age is said."""
    async with at_live(tmp_path) as watch:
        now = f"{np.nansum(watch.live.kw):,.1f}"
        assert style_of(watch.operator, now) == "strong"
        await watch.second(without_tick=12)
        assert style_of(watch.operator, now) == "dim"
        assert style_of(watch.operator, "DSR") == "dim"
        assert "! stale for 12 s" in watch.operator.work
        assert "readings/s" not in watch.operator.text
        await watch.second()
        watch.live.at = watch.now.timestamp()
        await watch.second()
        assert style_of(watch.operator, now) == "strong"


async def test_a_dead_engine_is_named_where_its_last_values_stand(tmp_path: Path) -> None:
    """What to do fits beside the age at 80 columns."""
    async with at_live(tmp_path) as watch:
        (tmp_path / "status.json").unlink()
        await watch.second(without_tick=12)
        end = "! stale for 12 s: no engine runs; vendash run starts one."
        assert watch.operator.work.endswith(end)


async def test_when_nothing_is_read_any_more_there_is_no_row_to_open(tmp_path: Path) -> None:
    async with at_live(tmp_path) as watch:
        watch.live.forget()
        await watch.second(without_tick=8)
        assert "enter:open" not in watch.operator.footer


async def test_the_curve_has_a_hole_where_nothing_was_read(tmp_path: Path) -> None:
    async with at_live(tmp_path) as watch:
        curve = [line[:58].ljust(58)[9:] for line in watch.operator.lines[3:11]]
        columns = ["".join(column).strip() for column in zip(*curve, strict=True)]
        assert "" in columns[20:35]
        assert all(columns[:20])


# --- where there is nothing ---------------------------------------------------------------------


async def test_without_an_engine_it_says_how_to_start_one(tmp_path: Path) -> None:
    async with at_console(tmp_path) as operator:
        await operator.press("3")
        await operator.see("No engine runs; vendash run starts one.")


async def test_with_the_simulation_off_it_says_how_to_start_it(tmp_path: Path) -> None:
    """What it says to type works as it is said."""
    engine_runs(tmp_path)
    async with at_console(tmp_path) as operator:
        await operator.press("3")
        await operator.see("The simulation is off; :simulate on starts it.")
        await operator.type(":simulate on\r")
        await operator.see("The first one will be here soon.")
        assert (await operator.store.simulation()).on


async def test_with_nothing_approved_it_says_what_to_approve(tmp_path: Path) -> None:
    engine_runs(tmp_path)
    async with at_console(tmp_path) as operator:
        keys = [row.key for row in await operator.rows()]
        await decide(operator.store, keys, RegistrationStatus.PENDING, actor=ACTOR)
        await operator.press("3")
        await operator.see("Nothing is approved yet; approve a VEN with a on screen 1.")


async def test_a_new_roster_without_a_tick_yet_does_not_empty_the_screen(tmp_path: Path) -> None:
    """Between a change of the fleet and the next tick the last one stays, for five seconds."""
    async with at_live(tmp_path) as watch:
        watch.live.forget()
        await watch.second()
        assert "Aalborg" in watch.cursor
        await watch.second(without_tick=6)
        assert "Aalborg" not in watch.operator.text
        assert watch.operator.work.endswith("no readings")


def drawn(operator: Operator) -> int:
    """How many cells of the chart the curve takes."""
    return sum("\u2800" < cell <= "\u28ff" for line in operator.lines[3:11] for cell in line)


async def test_the_curve_so_far_stays_when_the_readings_end(tmp_path: Path) -> None:
    """An engine that starts again begins with an empty ring; what was known is shown on."""
    async with at_live(tmp_path) as watch:
        before = drawn(watch.operator)
        watch.live.forget()
        await watch.second(without_tick=6)
        assert drawn(watch.operator) == pytest.approx(before, rel=0.1)
        assert "peak" in watch.operator.text


# --- the list of VENs ---------------------------------------------------------------------------


async def test_enter_opens_the_resources_of_the_ven(tmp_path: Path) -> None:
    async with at_live(tmp_path) as watch:
        await watch.operator.press("enter")
        assert "Live › Aalborg" in watch.operator.header
        await watch.operator.press("escape")
        assert watch.operator.header.startswith("nord@pi3  Live")


async def test_a_filter_shows_only_vens_of_that_name(tmp_path: Path) -> None:
    async with at_live(tmp_path, rows=in_four_vens) as watch:
        await watch.operator.type("/herning\r")
        assert [row[1] for row in watch.vens] == ["Herning"]
        assert "1 of 4 shown" in watch.operator.text
        await watch.operator.press("escape")
        assert len(watch.vens) == 4


async def test_a_filter_that_no_ven_matches_says_how_many_it_hides(tmp_path: Path) -> None:
    async with at_live(tmp_path) as watch:
        await watch.operator.type("/zzz\r")
        assert "Nothing matches /zzz: it hides 1." in watch.operator.text


async def test_a_filter_about_resources_says_so_while_it_is_typed(tmp_path: Path) -> None:
    async with at_live(tmp_path) as watch:
        await watch.operator.type("/type:ev")
        assert "VENs are filtered by name here" in watch.operator.text


async def test_vens_are_sorted_by_power_and_o_sorts_by_name(tmp_path: Path) -> None:
    async with at_live(tmp_path, rows=in_four_vens) as watch:
        power = [float(row[0]) for row in watch.vens]
        assert power == sorted(power, reverse=True)
        await watch.operator.press("o")
        assert "sort: name" in watch.operator.text
        assert [row[1][0] for row in watch.vens] == ["A", "H", "L", "北"]


async def test_the_cursor_stays_on_its_ven_when_the_order_changes(tmp_path: Path) -> None:
    """Enter opens what the operator looks at, not what moved there; rows move every 5 s at most."""
    async with at_live(tmp_path, rows=in_four_vens) as watch:
        await watch.operator.press("down")
        name = watch.vens[1][1]
        watch.live.kw = -watch.live.kw
        for _ in range(SORT_SECONDS):
            await watch.second()
        assert watch.vens[1][1] != name
        assert name in watch.cursor


async def test_rows_do_not_change_places_every_second(tmp_path: Path) -> None:
    """What jumps cannot be read: in ten seconds the order changes twice at most."""
    async with at_live(tmp_path, rows=in_four_vens) as watch:
        orders = []
        for _ in range(10):
            watch.live.kw = -watch.live.kw
            await watch.second()
            orders.append([row[1] for row in watch.vens])
        changes = sum(before != after for before, after in pairwise(orders))
        assert 1 <= changes <= 2


async def test_a_ven_that_reads_no_more_leaves_the_list(tmp_path: Path) -> None:
    """Under the cursor it stays until the cursor moves, without the value it had."""
    async with at_live(tmp_path, rows=in_four_vens) as watch:
        first = watch.vens[0]
        roster = watch.live.roster()
        assert roster is not None
        gone = roster.ven_names.index(next(n for n in roster.ven_names if first[1] in n))
        watch.live.kw[roster.vens == gone] = np.nan
        watch.live.quality[roster.vens == gone] = Quality.NONE
        await watch.second()
        assert watch.vens[0][:2] == ["-", first[1]]
        await watch.operator.press("down")
        assert first[1] not in [row[1] for row in watch.vens]


async def test_names_are_data_and_keep_their_columns(tmp_path: Path) -> None:
    """No name is markup or an escape sequence, and wide ones move no column."""
    async with at_live(tmp_path, rows=in_four_vens) as watch:
        lines = [line for line in watch.operator.lines if line.endswith(" 3     0")]
        assert len(lines) == 4
        assert {cell_len(line) for line in lines} == {80}
        assert "[b]bold" in watch.operator.text
        assert "\x1b" not in watch.operator.text


async def test_nothing_is_read_while_another_screen_is_shown(tmp_path: Path) -> None:
    async with at_live(tmp_path) as watch:
        await watch.operator.press("4")
        before = watch.live.reads
        await watch.second()
        assert watch.live.reads == before
        await watch.operator.press("3")
        assert watch.live.reads > before


async def test_what_is_approved_elsewhere_is_counted_here(tmp_path: Path) -> None:
    async with at_live(tmp_path) as watch:
        keys = [row.key for row in await watch.operator.rows("Herning")]
        await decide(watch.operator.store, keys, RegistrationStatus.APPROVED, actor="bo@pi4")
        await watch.operator.see("24 approved")


# --- with the real ring, and on a real terminal -------------------------------------------------


async def test_it_shows_what_the_engine_writes_into_the_ring(tmp_path: Path) -> None:
    """Readings appear with the first tick that is written."""
    engine_runs(tmp_path)
    source = FrozenReader(NOON.timestamp())
    writer = LiveWriter(tmp_path)
    async with at_console(tmp_path, live=LiveReader(tmp_path)) as operator:
        await operator.store.set_simulation(SimulationSettings(on=True), actor="cli")
        await operator.press("3")
        await operator.see("The first one will be here soon.")
        source.take(await operator.rows())
        roster, tick = source.roster(), source.latest()
        assert roster is not None
        assert tick is not None
        writer.publish_roster(roster)
        writer.publish(tick)
        operator.app.second()
        await operator.see("12 readings/s")
        await operator.see(f"{np.nansum(tick.kw):,.1f}")
        writer.close()


def test_a_second_of_the_live_screen_is_cheap_over_ssh(tmp_path: Path) -> None:
    """At 80x24 with 158 VENs a second costs less than 3,000 bytes, chart and all."""
    command = [sys.executable, "-m", "tests.screens.live_console", str(tmp_path)]
    with Terminal(command, environment={"SSH_TTY": "/dev/pts/9"}) as terminal:
        terminal.wait("158 of 158 shown")
        terminal.listen(1.0)
        with terminal.counted() as count:
            terminal.listen(6.0)
        assert 200 < count.bytes / 6 < BYTES_PER_SECOND


# --- pictures -----------------------------------------------------------------------------------

SIZES = [pytest.param((80, 24), id="80x24"), pytest.param((120, 40), id="120x40")]


@pytest.mark.parametrize("size", SIZES)
async def test_picture_running(tmp_path: Path, picture: Picture, size: tuple[int, int]) -> None:
    async with at_live(tmp_path, rows=in_four_vens, size=size) as watch:
        picture(watch.operator.app)


@pytest.mark.parametrize("size", SIZES)
async def test_picture_stale(tmp_path: Path, picture: Picture, size: tuple[int, int]) -> None:
    async with at_live(tmp_path, stale=("Kennedy Arkaden 7",), size=size) as watch:
        await watch.second(without_tick=12)
        picture(watch.operator.app)


@pytest.mark.parametrize("size", SIZES)
async def test_picture_filtered(tmp_path: Path, picture: Picture, size: tuple[int, int]) -> None:
    async with at_live(tmp_path, rows=in_four_vens, size=size) as watch:
        await watch.operator.type("/ø")
        picture(watch.operator.app)


@pytest.mark.parametrize("size", SIZES)
async def test_picture_without_an_engine(
    tmp_path: Path, picture: Picture, size: tuple[int, int]
) -> None:
    async with at_console(tmp_path, size=size) as operator:
        await operator.press("3")
        await operator.see("No engine runs")
        picture(operator.app)


@pytest.mark.parametrize("size", SIZES)
async def test_picture_simulation_off(
    tmp_path: Path, picture: Picture, size: tuple[int, int]
) -> None:
    engine_runs(tmp_path)
    async with at_console(tmp_path, size=size) as operator:
        await operator.press("3")
        await operator.see("The simulation is off")
        picture(operator.app)
