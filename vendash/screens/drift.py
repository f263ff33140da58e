"""Where the VTN holds something else than we do, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from msgspec.structs import replace

from vendash import actions
from vendash.errors import VendashError
from vendash.filters import Field, Filter, FilterError, fold
from vendash.models import DriftChoice, DriftItem, DriftKind
from vendash.screens.console import Console
from vendash.screens.drift_item import DriftItemScreen
from vendash.screens.drift_text import (
    FAILED,
    KIND_ORDER,
    OPTIONS,
    DriftRow,
    Order,
    arranged,
    asked,
    counted,
    counts_words,
    difference_cell,
    done,
    drift_lines,
    kind_cell,
)
from vendash.screens.pane import WithPane
from vendash.widgets.columns import Column
from vendash.widgets.palette import Words
from vendash.widgets.text import plural, visible

_ORDERS: dict[str, Order] = {
    "kind": lambda row: (row.item.again, KIND_ORDER.index(row.item.kind), fold(row.item.ven)),
    "VEN": lambda row: (fold(row.item.ven), row.item.what == "resource"),
    "name": lambda row: (),
}
_COMPARES = "the engine compares; what it finds comes here"
_Identity = tuple[str, str, str, str]


class DriftScreen(WithPane[DriftRow]):
    """The last comparison with the VTN: all items are in memory, filter and order are done here.

    They may be as many as a stranger's fleet: what goes over all of them does so in a thread.
    """

    NAME: ClassVar[str] = "drift"
    SORTS: ClassVar[tuple[str, ...]] = tuple(_ORDERS)

    def __init__(self, console: Console) -> None:
        self._numbers: dict[_Identity, int] = {}
        self._rows: dict[int, DriftRow] = {}
        self._titles: dict[int, str] = {}
        """Names of resources by key, once they were needed."""
        self._counts: Counter[DriftKind | None] = Counter()
        self._changes = 1
        """Of the database, while this screen lives."""
        self._read_at = 0
        """After which of them the rows in memory were read."""
        self._surveyed: float | None = None
        self._unsent = 0
        """Resources wanted at the VTN that it has not accepted as they are."""
        super().__init__(console)

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return "Drift"

    # --- rows -------------------------------------------------------------------------------

    def columns(self) -> Sequence[Column[DriftRow]]:
        """How it disagrees, what it is, and what differs."""
        return (
            Column(title="Kind", width=10, cell=kind_cell),
            Column(title="VEN", width=12, flex=1, marker=True, cell=lambda row: row.item.ven),
            Column(title="Name", width=20, flex=2, cell=lambda row: row.title),
            Column(title="here → at the VTN", width=24, flex=4, cell=difference_cell),
        )

    def key_of(self, row: DriftRow) -> int:
        """The number of the object."""
        return row.number

    def _number(self, item: DriftItem) -> int:
        identity = (item.kind.value, item.what, item.name, item.remote_id)
        return self._numbers.setdefault(identity, len(self._numbers))

    async def first(self, limit: int) -> Sequence[DriftRow]:
        """None sooner than the others: they come all at once."""
        return ()

    async def find(self) -> Sequence[int]:
        """All items that match, in order."""
        if self._read_at != self._changes:
            await self._read()
        rows, order = list(self._rows.values()), _ORDERS[self.sort]
        return await asyncio.to_thread(
            arranged, rows, self.filter, order, descending=self.descending
        )

    def on_fleet_changed(self) -> None:
        """Read them again; a filter or an order needs no reading."""
        self._changes += 1
        super().on_fleet_changed()

    async def _read(self) -> None:
        reader = self.console.fleet.reader
        changes = self._changes
        items = await reader.drift(bodies=False)
        surveyed = await reader.surveyed()
        if surveyed != self._surveyed:
            self.console.unsay(_COMPARES)
        self._surveyed = surveyed
        self._unsent = sum(ven.wanted - ven.accepted for ven in await reader.vens())
        await self._learn_titles(items)
        self._rows = await asyncio.to_thread(self._rows_of, items)
        self._counts = await asyncio.to_thread(counted, self._rows.values())
        self._read_at = changes
        self.table.renew()

    def _rows_of(self, items: Sequence[DriftItem]) -> dict[int, DriftRow]:
        rows = (
            DriftRow(number=self._number(item), item=item, title=self._title(item))
            for item in items
        )
        return {row.number: row for row in rows}

    async def _learn_titles(self, items: Sequence[DriftItem]) -> None:
        keys = [i.key for i in items if i.key is not None and i.key not in self._titles]
        if keys:
            rows = await self.console.fleet.reader.rows(keys)
            self._titles |= {row.key: row.name for row in rows}

    def _title(self, item: DriftItem) -> str:
        """Ours, where it is here; theirs may be another one."""
        if item.key is not None and item.key in self._titles:
            return self._titles[item.key]
        return item.name if item.resource is None else item.resource.resource_name

    async def fetch(self, keys: Sequence[int]) -> Sequence[DriftRow]:
        """Rows that are in memory."""
        return [self._rows[key] for key in keys if key in self._rows]

    async def count(self) -> None:
        """How many there are; what was acted on stays in its place, and is told to be settled."""
        if self.stays:
            before = self._rows
            await self._read()
            for number in before.keys() - self._rows.keys():
                self._rows[number] = replace(before[number], settled=True)
            self._counts = await asyncio.to_thread(counted, list(self._rows.values()))
        self.total = len(self._rows)
        await super().count()

    async def about(self, row: DriftRow, width: int) -> list[Words]:
        """An item, for the pane."""
        return drift_lines(await self._closer(row), width)

    async def _closer(self, row: DriftRow) -> DriftRow:
        """Of an object that is there more than once also whether it is the one that we know."""
        item, reader = row.item, self.console.fleet.reader
        if item.kind is not DriftKind.DOUBLE:
            return row
        if item.key is None:
            ids = [ven.remote_id for ven in await reader.vens() if ven.name == item.name]
        else:
            detail = await reader.detail(item.key)
            ids = [] if detail is None else [detail.remote_id]
        return replace(row, known=item.remote_id in ids)

    def check_filter(self, parsed: Filter) -> None:
        """By text, which also finds the kind, and by VEN."""
        if any(term.field not in {Field.TEXT, Field.VEN} for term in parsed.terms):
            raise FilterError("Drift is filtered by text (also: different, there) and ven:NAME")

    def row_text(self, row: DriftRow) -> str:
        """Kind, VEN, name, ids and the fields."""
        item = row.item
        fields = "; ".join(f"{field}: {ours} -> {theirs}" for field, ours, theirs in item.fields)
        parts = (item.kind.value, item.ven, row.title, item.name, item.remote_id, fields)
        return "\t".join(map(visible, parts))

    # --- lines ------------------------------------------------------------------------------

    def work_line(self) -> tuple[Words, Words]:
        """When it was compared, and what was found."""
        if not self.is_settled and not self._rows:
            return [], []
        words = counts_words(self._counts, self._compared())
        return words, [*self._trouble(), *self.marks_words()]

    def _trouble(self) -> Words:
        status = self.console.status
        if status is None or not status.fresh or status.survey.health != "trouble":
            return []
        return [(f"! {FAILED.get(status.survey.text, status.survey.text)}  ", "trouble")]

    def _compared(self) -> str:
        status = self.console.status
        if status is not None and status.fresh and status.survey.health == "busy":
            return "comparing"
        if self._surveyed is None:
            return "never compared"
        at = datetime.fromtimestamp(self._surveyed)
        today = at.date() == self.console.clock().date()
        return f"compared {at:%H:%M}" if today else f"compared {at:%d %b %H:%M}"

    def nothing(self) -> list[Words]:
        """That all agrees, or that nobody has looked yet."""
        if self._surveyed is None:
            return [[("Never compared with the VTN. ", "text"), ("S", "key"),
                     (" compares now.", "text")]]  # fmt: skip
        if self._unsent:
            waits = f"{plural(self._unsent, 'resource')} not accepted there as now"
            return [[(f"All compared agrees, but for {waits}.", "text")]]
        return [[("The VTN holds what is here.", "text")]]

    def situation(self) -> actions.Situation:
        """As in every list, and what makes sense for the row where one is meant."""
        key = self.table.cursor_key
        row = None if key is None else self._rows.get(key)
        many = len(self.table.marks) or self.table.range_from is not None
        choices = None if row is None or many else frozenset(map(str, row.choices))
        return replace(super().situation(), choices=choices)

    # --- actions ----------------------------------------------------------------------------

    async def action_open(self, argument: str = "") -> None:
        """All about it, with what the VTN sent."""
        row = self.table.cursor_row
        if row is not None:
            body = await self.console.fleet.reader.drift_body(row.item)
            whole = replace(await self._closer(row), item=replace(row.item, body=body))
            await self.app.push_screen(DriftItemScreen(self.console, whole))

    async def action_ours(self, argument: str = "") -> None:
        """Send ours again, or delete there what is not ours."""
        await self._ask(DriftChoice.OURS, argument)

    async def action_theirs(self, argument: str = "") -> None:
        """Take their values over."""
        await self._ask(DriftChoice.THEIRS, argument)

    async def action_adopt(self, argument: str = "") -> None:
        """Want here what is only there."""
        await self._ask(DriftChoice.ADOPT, argument)

    async def action_forget(self, argument: str = "") -> None:
        """Leave it as it is."""
        await self._ask(DriftChoice.FORGET, argument)

    async def _ask(self, choice: DriftChoice, reason: str) -> None:
        rows = [self._rows[key] for key in await self.chosen() if key in self._rows]
        fitting = [row for row in rows if choice in row.choices]
        if not fitting:
            self.console.say(f"{choice.value}: makes no sense for {plural(len(rows), 'item')}")
            return
        if len(fitting) == 1:
            fitting = [await self._closer(fitting[0])]
        items = [row.item for row in fitting]
        power = await self.console.fleet.reader.select([i.key for i in items if i.key is not None])
        words = asked(choice, fitting, visible(fitting[0].title), len(rows) - len(fitting))

        async def do() -> str:
            self.held = True
            subject = items[0].ven if len(items) == 1 else plural(len(items), "item")
            outcome = await self.console.fleet.settle_drift(
                items, choice, reason=reason, subject=subject
            )
            self.console.hold(outcome, sends=choice is DriftChoice.OURS)
            return done(choice, outcome.changed, outcome.skipped)

        same = f"vendash drift {OPTIONS[choice]} {' '.join(item.name for item in items[:3])}"
        more = " ..." if len(items) > 3 else ""
        self.confirm(
            words,
            do,
            id=choice.value,
            count=len(items),
            kw=power.p_max_kw,
            same=visible(same + more),
        )

    async def action_survey(self, argument: str = "") -> None:
        """Compare everything with the VTN now."""
        await self.console.fleet.want_survey()
        status = self.console.status
        if status is None or not status.fresh:
            advice = self.console.start_advice
            raise VendashError(f"No engine runs to compare: start one with {advice}.")
        self.console.say(_COMPARES)
