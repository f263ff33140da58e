"""The VENs: one row each, with the work there is to do in it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec.structs import replace

from vendash import actions
from vendash.filters import Field, Filter, FilterError, Query, fold, parse_filter
from vendash.models import RegistrationStatus, VenRow, WorkCounts
from vendash.screens.acting import ActsOnResources, Target
from vendash.screens.console import Console
from vendash.screens.deciding import Verb, vens_words
from vendash.screens.detail import ven_lines
from vendash.screens.pane import WithPane
from vendash.screens.readings import Readings
from vendash.screens.ven_rows import (
    ORDERS,
    counted,
    in_trouble,
    matches,
    trouble_words,
    vtn_cell,
)
from vendash.screens.work import work_words
from vendash.widgets.columns import Cell, Column
from vendash.widgets.line import width
from vendash.widgets.palette import Words
from vendash.widgets.text import visible


class VensScreen(ActsOnResources, WithPane[VenRow]):
    """All VENs are in memory, a row each; filter and order are done here."""

    NAME: ClassVar[str] = "vens"
    SORTS: ClassVar[tuple[str, ...]] = tuple(ORDERS)

    def __init__(self, console: Console) -> None:
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._vens: dict[int, VenRow] = {}
        self._fleet_work: WorkCounts | None = None
        self._power: Mapping[str, float] = {}
        """The sum of P_max by VEN in kW, which comes after the rows."""
        self._readings = Readings(console.live)
        super().__init__(console)
        if at_hand := console.vens_at_hand():
            self.table.remember(at_hand)
            self.table.show_keys(self._arranged(at_hand), 0)

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return "VENs"

    # --- rows -------------------------------------------------------------------------------

    def columns(self) -> Sequence[Column[VenRow]]:
        """Power at the left, because it changes every second."""
        return (
            Column(title="kW now", width=8, right=True, live=True, cell=self._kw),
            Column(title="VEN", width=16, flex=1, marker=True, cell=lambda ven: ven.name),
            Column(title="decide", width=6, right=True, gap=1, cell=counted("decide", "pending")),
            Column(title="unsent", width=6, right=True, cell=counted("unsent")),
            Column(title="approved", width=8, right=True, cell=counted("approved")),
            Column(title="susp.", width=5, right=True, gap=1, cell=counted("suspended")),
            Column(title="≠", width=3, gap=1, right=True, cell=counted("different", "different")),
            Column(title="!", width=3, gap=1, right=True, cell=counted("trouble", "trouble")),
            Column(title="VTN", width=11, flex=1, cell=vtn_cell),
        )

    def _kw(self, ven: VenRow) -> Cell:
        reading = self._readings.of_ven(ven.name)
        return ("-", "dim") if reading is None else reading.power_cell()

    def key_of(self, row: VenRow) -> int:
        """A number for each name, given when it is first seen and kept from then on."""
        number = self._numbers.get(row.name)
        if number is None:
            number = self._numbers[row.name] = len(self._names)
            self._names.append(row.name)
        return number

    async def first(self, limit: int) -> Sequence[VenRow]:
        """None sooner than the others: they come all at once."""
        return ()

    async def find(self) -> Sequence[int]:
        """All VENs that match, in order."""
        rows = await self.console.vens()
        if any(term.field is Field.POWER for term in self.filter.terms):
            self._power = await self.console.fleet.reader.ven_power()
        return self._arranged(rows)

    def _arranged(self, rows: Sequence[VenRow]) -> Sequence[int]:
        self._vens = {self.key_of(row): row for row in rows}
        shown = [row for row in rows if matches(row, self.filter, self._power)]
        shown.sort(key=lambda ven: fold(ven.name))
        shown.sort(key=ORDERS[self.sort])
        if self.descending:
            shown.reverse()
        return array("q", map(self.key_of, shown))

    async def fetch(self, keys: Sequence[int]) -> Sequence[VenRow]:
        """Rows that are in memory."""
        return [self._vens[key] for key in keys if key in self._vens]

    async def count(self) -> None:
        """The work over the whole fleet."""
        if self.stays:  # the order stays, but the rows are to be the new ones
            rows = await self.console.fleet.reader.vens()
            self._vens = {self.key_of(row): row for row in rows}
            self.table.renew()
        self.total = len(self._vens)
        self._fleet_work = await self.console.fleet.reader.work()
        await super().count()
        self._power = await self.console.fleet.reader.ven_power()

    async def about(self, row: VenRow, width: int) -> list[Words]:
        """A VEN, for the pane."""
        return ven_lines(row, width, self._power.get(row.name), self.console.clock().timestamp())

    def check_filter(self, parsed: Filter) -> None:
        """A VEN has a name and a power, and no type or status."""
        known = {Field.TEXT, Field.VEN, Field.POWER}
        for term in parsed.terms:
            if term.field not in known:
                raise FilterError(f"{term.field.value}: filters resources; VENs by text and p>100")

    def row_text(self, row: VenRow) -> str:
        """Name, clientID and counts."""
        work = row.work
        counts = (work.decide, work.unsent, work.approved, work.suspended, work.different)
        return "\t".join([visible(row.name), row.client_id, *map(str, counts), str(work.trouble)])

    # --- lines ------------------------------------------------------------------------------

    def work_line(self) -> tuple[Words, Words]:
        """The work to do; the first four numbers add up to the fleet."""
        marks = self.marks_words()
        if self._fleet_work is None:
            return [], marks
        return work_words(self._fleet_work, self.size.width - width(marks)), marks

    def news(self) -> Words:
        """As everywhere; in a quiet moment how many approved ones the VTN does not hold."""
        news = super().news()
        waits = self._approved_here_alone()
        if news or not waits:
            return news
        return [
            (f"{waits:,} approved here are not at the VTN yet: ", "dim"),
            ("r", "key"),
            (" registers", "dim"),
        ]

    def _approved_here_alone(self) -> int:
        if self._fleet_work is None:
            return 0
        decided = sum(ven.decisions.approved for ven in self._vens.values())
        return max(0, decided - self._fleet_work.approved)

    def waiting(self) -> int | None:
        """What is sent by itself when the VTN can be reached."""
        return sum(
            ven.wanted - ven.accepted - ven.work.trouble - ven.work.different
            for ven in self._vens.values()
        )

    def nothing(self) -> list[Words]:
        """How to get a fleet."""
        return no_fleet(can_import=self.console.importer is not None)

    def situation(self) -> actions.Situation:
        """As in every list, and whether anything needs a person."""
        return replace(super().situation(), trouble=any(map(in_trouble, self._vens.values())))

    def on_second(self) -> None:
        """The newest sums by VEN."""
        self._readings.update(self.console.clock().timestamp(), vens=True)
        super().on_second()

    # --- actions ----------------------------------------------------------------------------

    async def action_open(self, argument: str = "") -> None:
        """The resources of the VEN."""
        key = self.table.cursor_key
        if key is not None:
            await self.open_ven(self._names[key])

    async def chosen_rows(self) -> tuple[Sequence[VenRow], Sequence[int], int | None]:
        """The marked VENs that are shown, else the one under the cursor, with their resources."""
        vens = [self._vens[number] for number in await self.chosen()]
        keys = array("q")
        for ven in vens:
            keys.extend(await self.console.fleet.reader.keys(Query(ven=ven.name)))
        return vens, keys, None

    async def target(self, verb: Verb) -> Target:
        """The resources of the chosen VENs that the verb would change."""
        return await self._target(verb, await self.chosen(), self.hidden_marks)

    async def hidden_too(self, verb: Verb) -> Target:
        """The same of all marked VENs."""
        return await self._target(verb, array("q", self.table.marks), 0)

    async def _target(self, verb: Verb, numbers: Sequence[int], hidden: int) -> Target:
        names = [self._names[number] for number in numbers]
        reader = self.console.fleet.reader
        changed = parse_filter(f"!{verb.leaves}" if verb.leaves else "")
        keys = array("q")
        for name in names:
            for status in _changes(verb):
                keys.extend(await reader.keys(Query(ven=name, status=status, filter=changed)))
        selection = await reader.select(keys)
        decisions = [self._vens[self._numbers[name]].decisions for name in names]
        stay = 0
        if verb.id == "approve":
            stay = sum(one.suspended for one in decisions)
        elif verb.leaves:
            stay = sum(one.total for one in decisions) - len(keys)
        chosen = " ".join(f"--ven {_quoted(name)}" for name in names[:3])
        return Target(
            selection=selection,
            words=vens_words(verb, names, selection, stay),
            where=names[0] if len(names) == 1 else f"{len(names):,} VENs",
            options=chosen,
            hidden=hidden,
        )

    async def _go_to_trouble(self, step: int) -> None:
        """The next VEN, from the cursor on, that needs a person; a filter that hides it goes."""
        if not self._troubled():
            self.set_filter("")
            await self.settled()
        here, places = self.table.cursor, self._troubled()
        if not places:  # any more
            self.console.say("nothing is ≠ or !")
            return
        if step > 0:
            place = next((one for one in places if one > here), places[0])
        else:
            place = next((one for one in reversed(places) if one < here), places[-1])
        self.table.move_to(place)
        now = self.console.clock().timestamp()
        self.console.say(trouble_words(self._vens[self.table.keys[place]], now))

    def _troubled(self) -> list[int]:
        """The places of the VENs shown that need a person."""
        vens = map(self._vens.get, self.table.keys)
        return [place for place, ven in enumerate(vens) if ven is not None and in_trouble(ven)]

    async def action_next_trouble(self, argument: str = "") -> None:
        """To the next VEN that needs a person."""
        await self._go_to_trouble(1)

    async def action_previous_trouble(self, argument: str = "") -> None:
        """To the previous one."""
        await self._go_to_trouble(-1)


def _quoted(name: str) -> str:
    return f"'{name}'" if " " in name else name


def _changes(verb: Verb) -> tuple[RegistrationStatus | None, ...]:
    """The decisions of the rows that a verb changes on a whole VEN; None for whatever decision."""
    if verb.becomes is None:
        return (None,)
    if verb.becomes is RegistrationStatus.APPROVED:
        return (RegistrationStatus.PENDING,)  # what was suspended stays suspended
    return tuple(status for status in RegistrationStatus if status is not verb.becomes)


def no_fleet(*, can_import: bool) -> list[Words]:
    """What an empty database says."""
    words: Words = [("No resources yet. ", "text"), ("vendash prepare --sample", "key")]
    if can_import:
        words += [(", or ", "text"), (":import FOLDER", "key")]
    return [words]
