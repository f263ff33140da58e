"""The Live screen: what the approved resources draw now, and did in the last 15 minutes."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual.containers import Horizontal
from textual.widget import Widget

from vendash.filters import Filter, Query
from vendash.models import NO_VEN, SimulationSettings
from vendash.screens.console import Console
from vendash.screens.lists import ListScreen
from vendash.screens.live_figures import (
    NO_LOAD,
    ORDERS,
    Figures,
    Group,
    check_terms,
    figures,
    joined,
    listed,
    load,
)
from vendash.screens.live_words import (
    group_style,
    kilowatts,
    summary_lines,
    teaching_lines,
    tick_words,
    type_lines,
    why_no_readings,
    work_words,
)
from vendash.screens.resources import ResourcesScreen
from vendash.widgets.chart import LoadChart
from vendash.widgets.columns import Cell, Column
from vendash.widgets.palette import Words
from vendash.widgets.panel import Panel

SORT_SECONDS = 5
"""Rows change places at most so often: what jumps every second cannot be read."""


class LiveScreen(ListScreen[Group]):
    """Simulation and meters, once a second while it is shown. Nothing in it waits for anyone."""

    NAME: ClassVar[str] = "live"
    SORTS: ClassVar[tuple[str, ...]] = ORDERS

    DEFAULT_CSS = """
    LiveScreen #load { height: 1fr; }
    LiveScreen #figures { width: 22; }
    LiveScreen #groups { height: 1fr; }
    LiveScreen #types { width: 37; margin: 0 1 0 0; }
    LiveScreen #teach { display: none; }
    LiveScreen.empty #teach { display: block; }
    LiveScreen.empty #load, LiveScreen.empty #groups, LiveScreen.empty #filter { display: none; }
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._figures: Figures | None = None
        self._past = NO_LOAD
        self._approved: int | None = None
        self._wanted_simulation: SimulationSettings | None = None
        self._counted_epoch = -1
        self._sorted_ago = 0
        self._vens: dict[int, Group] = {}
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._chart = LoadChart(id="chart")
        self._summary = Panel(id="figures")
        self._types = Panel(id="types")
        self._teach = Panel(id="teach")

    def body(self) -> list[Widget]:
        """The chart with its figures, the filter, and the load by type and by VEN."""
        filter_line, table = super().body()
        return [
            self._teach,
            Horizontal(self._chart, self._summary, id="load"),
            filter_line,
            Horizontal(self._types, table, id="groups"),
        ]

    # --- what is read -----------------------------------------------------------------------

    def on_second(self) -> None:
        """Take the newest tick."""
        reader = self.console.live
        now = self.console.clock().timestamp()
        was_fresh = self._is_fresh
        roster, tick = reader.roster(), reader.latest()
        if roster is not None and tick is not None and tick.generation == roster.generation:
            self._figures = figures(roster, tick, now=now)
        elif self._figures is not None:  # a new roster waits for its first tick
            older = replace(self._figures, age=abs(now - self._figures.at))
            self._figures = older if older.fresh else None
        self._past = joined(self._past, load(reader.sums()), now=now)
        self._chart.show(self._past.at, self._past.kw, now=now)
        self._follow_vens(self._figures.vens if self._figures else ())
        if was_fresh != self._is_fresh:
            self.table.refresh()
        super().on_second()

    @property
    def _is_fresh(self) -> bool:
        return self._figures is not None and self._figures.fresh

    def _follow_vens(self, vens: Sequence[Group]) -> None:
        before = {key: self._ven(key) for key in self.table.keys}
        self._vens = {self._number(ven.name): ven for ven in vens}
        for place, (key, old) in enumerate(before.items()):
            new = self._ven(key)
            self.table.remember([new])
            if (old.readings, old.stale) != (new.readings, new.stale):
                self.table.refresh_row(place)
        self._sorted_ago += 1
        order, shown = self._in_order(), array("q", self.table.keys)
        if set(order) != set(shown) or (order != shown and self._sorted_ago >= SORT_SECONDS):
            self._sorted_ago = 0
            self.ask_rows(anew=False)

    def _in_order(self) -> array[int]:
        found = listed(self._vens.values(), self.filter, self.sort, reverse=self.descending)
        return array("q", (self._number(ven.name) for ven in found))

    def _number(self, name: str) -> int:
        """The key of a VEN, its own while the screen lives."""
        if name not in self._numbers:
            self._numbers[name] = len(self._names)
            self._names.append(name)
        return self._numbers[name]

    def _ven(self, key: int) -> Group:
        """The VEN of a key, without a value where it has none any more."""
        return self._vens.get(key) or Group(self._names[key], math.nan, 0, 0)

    # --- the list of VENs -------------------------------------------------------------------

    def columns(self) -> list[Column[Group]]:
        """The load of a VEN, and how much of it is read."""

        def style(ven: Group) -> str:
            return group_style(ven, self._figures) if self._figures else "dim"

        def power(ven: Group) -> Cell:
            return kilowatts(ven.kw), style(ven)

        def name(ven: Group) -> Cell:
            return ven.name, style(ven)

        def readings(ven: Group) -> Cell:
            return f"{ven.readings:,}", style(ven)

        def stale(ven: Group) -> Cell:
            return f"{ven.stale:,}", "trouble" if ven.stale else style(ven)

        return [
            Column(title="kW now", cell=power, width=10, right=True, live=True),
            Column(title="VEN", cell=name, width=12, flex=1, below_width=60),
            Column(title="VEN", cell=name, width=30, from_width=60),
            Column(title="reading", cell=readings, width=7, right=True, gap=1),
            Column(title="stale", cell=stale, width=5, right=True, gap=1),
            Column(title="", cell=lambda ven: "", width=0, gap=0, flex=1, from_width=60),
        ]

    def key_of(self, row: Group) -> int:
        """The number of the VEN."""
        return self._number(row.name)

    async def find(self) -> Sequence[int]:
        """The VENs that match, in their order."""
        return self._in_order()

    async def first(self, limit: int) -> Sequence[Group]:
        """The first of them."""
        return await self.fetch(self._in_order()[:limit])

    async def fetch(self, keys: Sequence[int]) -> Sequence[Group]:
        """The VENs with these numbers, also one that left; none when nothing is read at all."""
        return [self._ven(key) for key in keys] if self._vens else []

    async def count(self) -> None:
        """How many VENs there are; and what the database says, when it has changed."""
        self.total = len(self._vens)
        if self._counted_epoch != self.console.epoch:
            self._counted_epoch = self.console.epoch
            reader = self.console.fleet.reader
            self._approved = (await reader.counts(Query())).approved
            self._wanted_simulation = await reader.simulation()

    def check_filter(self, parsed: Filter) -> None:
        """VENs have a name only."""
        check_terms(parsed)

    def row_text(self, row: Group) -> str:
        """Name, kW, readings, stale ones."""
        return f"{row.name}\t{kilowatts(row.kw)}\t{row.readings}\t{row.stale}"

    async def action_open(self, argument: str = "") -> None:
        """To the resources of the VEN under the cursor."""
        ven = self.table.cursor_row
        if ven is not None:
            await self.app.push_screen(
                ResourcesScreen(self.console, ven=ven.name or NO_VEN, above=self.breadcrumb())
            )

    # --- what is said -----------------------------------------------------------------------

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return "Live"

    def work_line(self) -> tuple[Words, Words]:
        """How many are approved, how many of them read, and since when not."""
        words = work_words(self._figures, self._past, self._approved, self._why_no_readings())
        return words, tick_words(self._figures)

    def show_body(self) -> None:
        """The figures, the types, the filter; or what to do when there is nothing to show."""
        super().show_body()
        now = self._figures
        empty = (now is None or not now.vens) and math.isnan(self._past.peak)
        self.set_class(empty, "empty")
        self._teach.say(teaching_lines(self._why_no_readings()) if empty else [])
        self._summary.say(summary_lines(now, self._past))
        self._types.say(type_lines(now) if now else [])

    def _why_no_readings(self) -> str:
        console = self.console
        return why_no_readings(
            console.status, self._wanted_simulation, self._approved, console.start_advice
        )
