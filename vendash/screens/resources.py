"""The resources of a VEN, or of all: by decision, with their live kW."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import replace

from vendash import actions
from vendash.filters import Query, Sort, parse_filter
from vendash.models import (
    NO_VEN,
    RegistrationStatus,
    ResourceRow,
    StatusCounts,
    VenRow,
    VtnState,
)
from vendash.screens.acting import ActsOnResources, Target
from vendash.screens.console import Console
from vendash.screens.deciding import Verb, rows_words
from vendash.screens.detail import DetailScreen, lasting, resource_lines, wrong
from vendash.screens.pane import WithPane
from vendash.screens.readings import Readings
from vendash.screens.resource_cells import (
    GLYPHS,
    TABS,
    TITLES,
    count_of,
    name_cell,
    p_max_cell,
    type_cell,
    vtn_cell,
)
from vendash.screens.vens import no_fleet
from vendash.widgets.columns import Cell, Column
from vendash.widgets.keys import without
from vendash.widgets.palette import Words
from vendash.widgets.text import visible

_TROUBLE = frozenset({VtnState.FAILED, VtnState.CONFLICT, VtnState.DIFFERENT})
_MOST_TROUBLES = 1000
"""How far `n` looks; whoever has more needs a filter (`vtn:failed`)."""


class ResourcesScreen(ActsOnResources, WithPane[ResourceRow]):
    """The resources of one VEN, or with `ven=None` of all."""

    NAME: ClassVar[str] = "resources"
    SORTS: ClassVar[tuple[str, ...]] = (
        Sort.TROUBLE.value,
        Sort.NAME.value,
        Sort.STATUS.value,
        Sort.TYPE.value,
        Sort.SUB_TYPE.value,
        Sort.VEN.value,
        Sort.POWER.value,
        Sort.CHANGED.value,
    )

    def __init__(self, console: Console, *, ven: str | None = None, above: str = "VENs") -> None:
        self.ven = ven
        self._above = above
        self.status: RegistrationStatus | None = None
        self._counts: StatusCounts | None = None
        self._any_trouble = False
        self._readings = Readings(console.live)
        super().__init__(console)

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return "Resources" if self.ven is None else f"{self._above} › {self.ven}"

    # --- rows -------------------------------------------------------------------------------

    @property
    def asked(self) -> Query:
        """What is asked for."""
        return Query(
            ven=self.ven,
            status=self.status,
            filter=self.filter,
            sort=Sort(self.sort),
            descending=self.descending,
        )

    def columns(self) -> Sequence[Column[ResourceRow]]:
        """Power and age at the left, because they change every second."""
        every: list[Column[ResourceRow]] = [
            Column(title="kW now", width=8, right=True, live=True, cell=self._kw),
            Column(title="age", width=4, gap=1, right=True, live=True, cell=self._age),
            Column(title="", width=1, marker=True, cell=lambda row: GLYPHS[row.status]),
            Column(title="Resource", width=20, flex=3, gap=1, cell=name_cell),
            Column(title="Type", width=4, cell=lambda row: type_cell(row.type)),
            Column(title="Sub type", width=9, flex=1, cell=lambda row: row.sub_type),
            Column(title="P max kW", width=8, gap=1, right=True, cell=p_max_cell),
            Column(title="VTN", width=12, flex=1, cell=vtn_cell),
            Column(title="Address", width=20, flex=2, from_width=116, cell=lambda row: row.address),
            Column(
                title="Meter point", width=18, from_width=116, cell=lambda row: row.meter_point_id
            ),
            Column(title="Changed", width=16, from_width=140, cell=lambda row: row.changed[:16]),
        ]
        if self.ven is None:
            every.insert(4, Column(title="VEN", width=10, flex=1, cell=lambda row: row.ven))
            every[6] = replace(every[6], from_width=95)
        return every

    def _kw(self, row: ResourceRow) -> Cell:
        reading = self._readings.of(row.key)
        return ("-", "dim") if reading is None else reading.power_cell()

    def _age(self, row: ResourceRow) -> Cell:
        reading = self._readings.of(row.key)
        return "" if reading is None else reading.age_cell()

    def key_of(self, row: ResourceRow) -> int:
        """`resources.id`."""
        return row.key

    async def first(self, limit: int) -> Sequence[ResourceRow]:
        """The first rows, without finding all."""
        return await self.console.fleet.reader.first_rows(self.asked, limit)

    async def find(self) -> Sequence[int]:
        """All keys in order."""
        return await self.console.fleet.reader.keys(self.asked)

    async def fetch(self, keys: Sequence[int]) -> Sequence[ResourceRow]:
        """A page of rows."""
        return await self.console.fleet.reader.rows(keys)

    async def count(self) -> None:
        """How many carry each decision, with and without the filter."""
        reader = self.console.fleet.reader
        self._counts = await reader.counts(Query(ven=self.ven))
        self.total = count_of(self._counts, self.status)
        self._any_trouble = len(await self._troubles(1)) > 0
        await super().count()

    async def about(self, row: ResourceRow, width: int) -> list[Words]:
        """A resource, for the pane."""
        detail = await self.console.fleet.reader.detail(row.key)
        return (
            []
            if detail is None
            else resource_lines(detail, width, self.console.clock().timestamp())
        )

    def row_text(self, row: ResourceRow) -> str:
        """Name, id, meter point, VEN, type, decision, P_max, address."""
        fields = (row.name, row.resource_id, row.meter_point_id, row.ven, row.type.value)
        more = (row.status.value, f"{row.p_max_kw:g}", row.address)
        return "\t".join(visible(field) for field in (*fields, *more))

    # --- lines ------------------------------------------------------------------------------

    def work_line(self) -> tuple[Words, Words]:
        """A tab for each decision with its count; the active one stands in brackets."""
        words: Words = []
        for tab in TABS:
            glyph, style = GLYPHS[tab] if tab is not None else ("", "text")
            title = TITLES[tab]
            count = "" if self._counts is None else f" {count_of(self._counts, tab):,}"
            left, right = ("[", "]") if tab is self.status else (" ", " ")
            active = "strong" if tab is self.status else "text"
            words += [(left, active), (f"{glyph} " if glyph else "", style)]
            words += [(f"{title}{count}{right} ", active)]
        return words, self.marks_words()

    def nothing(self) -> list[Words]:
        """What an empty tab, an empty VEN and an empty fleet say."""
        if self._counts is not None and self._counts.total:
            others = ", ".join(
                f"{count_of(self._counts, tab):,} {tab.value.lower()}"
                for tab in RegistrationStatus
                if tab is not self.status and count_of(self._counts, tab)
            )
            return [[(f"None here; {others}. ", "text"), ("tab", "key"), (" shows them.", "text")]]
        if self.ven is None:
            return no_fleet(can_import=self.console.importer is not None)
        return [[(f"{visible(self.ven)} has no resources.", "text")]]

    def on_second(self) -> None:
        """The newest tick."""
        self._readings.update(self.console.clock().timestamp(), vens=False)
        super().on_second()

    # --- actions ----------------------------------------------------------------------------

    async def action_open(self, argument: str = "") -> None:
        """All that is known of the resource."""
        key = self.table.cursor_key
        if key is not None:
            await self.app.push_screen(DetailScreen(self.console, key=key, above=self.breadcrumb()))

    async def action_next_tab(self, argument: str = "") -> None:
        """The next decision."""
        self._turn(1)

    async def action_previous_tab(self, argument: str = "") -> None:
        """The previous one."""
        self._turn(-1)

    def _turn(self, step: int) -> None:
        self.status = TABS[(TABS.index(self.status) + step) % len(TABS)]
        self.ask_rows()

    async def chosen_rows(self) -> tuple[Sequence[VenRow], Sequence[int], int | None]:
        """The marked rows that are shown, else the row under the cursor."""
        keys = await self.chosen()
        reader = self.console.fleet.reader
        names = {row.ven for row in await reader.rows(keys)}
        here = self.table.cursor_key
        vens = [ven for ven in await reader.vens() if ven.name in names]
        return vens, keys, here if here in keys or not keys else keys[0]

    async def target(self, verb: Verb) -> Target:
        """The marked rows that are shown, else the row under the cursor."""
        return await self._target(verb, await self.chosen(), self.hidden_marks)

    async def hidden_too(self, verb: Verb) -> Target:
        """All marked rows."""
        return await self._target(verb, array("q", self.table.marks), 0)

    async def _target(self, verb: Verb, keys: Sequence[int], hidden: int) -> Target:
        reader = self.console.fleet.reader
        chosen = len(keys)
        if verb.leaves:
            left = await reader.keys(Query(ven=self.ven, filter=parse_filter(verb.leaves)))
            keys = await without(keys, left)
        selection = await reader.select(keys)
        rows = await reader.rows(keys[:1])
        one = rows[0] if rows else None
        options = one.resource_id if len(keys) == 1 and one is not None else self._options()
        return Target(
            selection=selection,
            words=rows_words(verb, selection, one.name if one else "", chosen - len(keys)),
            where=self.ven or (one.ven if len(keys) == 1 and one is not None else ""),
            options=options,
            hidden=hidden,
        )

    def _options(self) -> str:
        parts = [f"--ven '{self.ven}'"] if self.ven is not None else []
        parts += [f"--filter '{self.filter_text}'"] if self.filter_text else []
        return " ".join([*parts, "ID..."])

    # --- trouble ----------------------------------------------------------------------------

    async def action_next_trouble(self, argument: str = "") -> None:
        """To the next row that needs a person, also in another VEN."""
        await self._go_to_trouble(1)

    async def action_previous_trouble(self, argument: str = "") -> None:
        """To the previous one."""
        await self._go_to_trouble(-1)

    async def _go_to_trouble(self, step: int) -> None:
        troubles = await self._troubles(_MOST_TROUBLES)
        if not troubles:  # any more
            self.console.say("nothing is ≠ or !")
            return
        places = {row.key: place for place, row in enumerate(troubles)}
        here = self.table.cursor_key
        place = places.get(-1 if here is None else here)
        start = (-1 if step > 0 else 0) if place is None else place
        row = troubles[(start + step) % len(troubles)]
        await self._show_row(row)
        now = self.console.clock().timestamp()
        self.console.say(f"{row.ven}: {row.name}: {wrong(row)}{lasting(row.vtn_since, now)}")

    async def _troubles(self, limit: int) -> Sequence[ResourceRow]:
        """The first rows that need a person, of all VENs."""
        first = await self.console.fleet.reader.first_rows(Query(sort=Sort.TROUBLE), limit)
        return [row for row in first if row.vtn in _TROUBLE]

    async def _show_row(self, row: ResourceRow) -> None:
        """Bring the cursor to this row, showing what has to be shown for that."""
        if self.ven is not None and row.ven != self.ven:
            self.ven = row.ven or NO_VEN
            self.table.marks.clear()
        if row.key not in self.table.keys:
            self.status = None
            self.set_filter("")
            self.ask_rows()
            await self.settled()
        if row.key in self.table.keys:
            self.table.move_to(self.table.keys.index(row.key))

    def situation(self) -> actions.Situation:
        """As in every list, and whether anything needs a person."""
        return replace(super().situation(), trouble=self._any_trouble)
