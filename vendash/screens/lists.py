"""What the screens with a list have in common: loading, filter, order, cursor and marks."""

from __future__ import annotations

import asyncio
import logging
import time
from array import array
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual.containers import Horizontal
from textual.widget import Widget

from vendash import actions
from vendash.filters import Filter, FilterError, parse_filter
from vendash.models import VendashError
from vendash.screens.asking import Confirmation, Typing
from vendash.screens.base import BaseScreen
from vendash.screens.console import Console
from vendash.widgets.clipboard import copy_sequence
from vendash.widgets.line import Line
from vendash.widgets.palette import Words
from vendash.widgets.table import Column, Table
from vendash.widgets.text import thousands, visible

R = TypeVar("R")

SETTLE_SECONDS = 10.0
"""A key that acts on rows waits so long for them, then says that they are not there."""
RENEW_SECONDS = 1.0
"""A list follows a changing database at most so often."""
PATIENCE_SECONDS = 0.05
"""When the keys take longer than this, the first rows are painted before they have come."""
_SLICE = 100_000
"""Keys looked through without letting anything else run."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the cursor was when other rows were asked for."""

    key: int | None
    index: int
    at_start: bool = False
    """At the first row, where it stays whatever comes first then."""


class ListScreen(BaseScreen, Generic[R]):
    """A list of rows with int keys. Subclasses say where the rows come from."""

    DEFAULT_CSS = """
    ListScreen #filter { height: 1; }
    ListScreen #place { width: 13; }
    """

    SORTS: ClassVar[tuple[str, ...]] = ()
    """The orders, the default one first."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.filter_text = ""
        self.filter = Filter()
        self.sort = self.SORTS[0]
        self.descending = False
        self.total: int | None = None
        """How many rows there are without the filter; None while that is not known."""
        self.hidden_marks = 0
        """Marked rows that the filter hides."""
        self.held = False
        """Rows were acted on: they stay where they are until the cursor moves."""
        self.table: Table[R] = Table(
            self.columns(),
            key_of=self.key_of,
            fetch=self.fetch,
            failed=self.failed,
            moved=self.moved,
            id="table",
        )
        self._typed = Line(id="typed")
        self._place = Line(id="place")
        self._filters: list[str] = []
        self._generation = 0
        self._wanted = asyncio.Event()
        self._seen = asyncio.Event()
        self._settled = asyncio.Event()
        self._all_counted = asyncio.Event()
        self._asked_anew = True
        """The operator asked for other rows; else the database has changed."""
        self._stale = False
        self._renewed = 0.0
        self._loading = True
        self._error = ""

    # --- what a subclass says ---------------------------------------------------------------

    def columns(self) -> Sequence[Column[R]]:
        """The columns of the table."""
        raise NotImplementedError

    def key_of(self, row: R) -> int:
        """The key of a row."""
        raise NotImplementedError

    async def first(self, limit: int) -> Sequence[R]:
        """The first rows of what is asked for, quickly."""
        raise NotImplementedError

    async def find(self) -> Sequence[int]:
        """The keys of all rows asked for, in their order."""
        raise NotImplementedError

    async def fetch(self, keys: Sequence[int]) -> Sequence[R]:
        """The rows of these keys."""
        raise NotImplementedError

    async def count(self) -> None:
        """Bring `total` and what the second line says up to date."""

    def check_filter(self, parsed: Filter) -> None:
        """Raise `FilterError` where this list cannot be filtered so."""

    def nothing(self) -> list[Words]:
        """What is said where there are no rows at all."""
        return []

    def row_text(self, row: R) -> str:
        """A row as it is copied: fields with tabs between them."""
        raise NotImplementedError

    # --- loading ----------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin to load."""
        self.run_worker(self._load_forever(), group="load")
        self.ask_rows()

    def ask_rows(self, *, anew: bool = True) -> None:
        """Load the rows: what comes for an older question is thrown away."""
        self._generation += 1
        self._asked_anew = self._asked_anew or anew
        self.held = self.held and not anew
        if anew:
            self._seen.clear()
            self._settled.clear()
            self._all_counted.clear()
        self._wanted.set()

    async def seen_first(self) -> None:
        """Returns when the first rows asked for are seen. Raises `VendashError` after 10 s."""
        await self._within_patience(self._seen)

    async def settled(self) -> None:
        """Returns when the list knows all rows asked for. Raises `VendashError` after 10 s."""
        await self._within_patience(self._settled)

    async def _within_patience(self, event: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                await event.wait()
        except TimeoutError:
            raise VendashError("The list is still loading: try again in a moment.") from None

    async def shown(self) -> None:
        """Also when the rows that are seen have been read, and all counts."""
        await self.settled()
        await self._all_counted.wait()
        await self.table.loaded()

    async def _load_forever(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            generation, anew = self._generation, self._asked_anew
            try:
                await self._load(generation, anew=anew)
                if generation == self._generation:
                    self._found()
                await self.count()
                await self._count_hidden()
            except Exception as error:  # whatever it is, the list goes on and says so
                self.failed(error)
            if generation == self._generation:
                self._found()
                self._all_counted.set()
                self.show()
                self.rows_shown()

    async def _load(self, generation: int, *, anew: bool) -> None:
        self._renewed = time.monotonic()
        self._error = ""
        if not anew:
            self.table.renew()
        if anew or not self.held:
            await self._load_keys(generation, anew=anew)

    def _found(self) -> None:
        """The rows that were asked for are there: keys may act on them."""
        self._loading = False
        self._asked_anew = False
        self._seen.set()
        self._settled.set()
        self.show()

    async def _load_keys(self, generation: int, *, anew: bool) -> None:
        table = self.table
        place = Place(table.cursor_key, table.cursor, at_start=anew and table.cursor == 0)
        finding = asyncio.ensure_future(self.find())
        try:
            if anew:
                await self._paint_first(finding, generation)
            keys = await finding
        finally:
            finding.cancel()
        if not anew or (self._seen.is_set() and table.cursor):  # it was moved meanwhile
            place = Place(table.cursor_key, table.cursor)
        cursor = await place_of(place.key, keys, near=place.index)
        begun = await place_of(table.range_key, keys, near=table.range_from or 0)
        if generation != self._generation:
            return
        if not anew and cursor is None and await self._left_behind():
            self.held = True  # the next key must not hit the row that would take its place
            return
        table.show_keys(keys, 0 if place.at_start else cursor or 0, range_from=begun)

    async def _paint_first(self, finding: asyncio.Future[Sequence[int]], generation: int) -> None:
        await asyncio.wait({finding}, timeout=PATIENCE_SECONDS)
        if finding.done():
            return
        rows = await self.first(self.table.page)
        if generation == self._generation and not finding.done():
            self.table.remember(rows)
            self.table.show_keys(array("q", map(self.key_of, rows)), 0)
            self._seen.set()

    async def _left_behind(self) -> bool:
        """Whether the row under the cursor still exists, though not in this list any more."""
        key = self.table.cursor_key
        return key is not None and len(await self.fetch((key,))) > 0

    def on_fleet_changed(self) -> None:
        """Follow, but not more often than once a second and never under a confirmation."""
        self._stale = True
        self._renew_when_due()

    def acted(self) -> None:
        """Follow at once."""
        self._renewed = 0.0
        super().acted()

    def on_second(self) -> None:
        """Follow the database, and paint the live numbers that have changed."""
        self._renew_when_due()
        self.table.refresh_live()

    def _renew_when_due(self) -> None:
        due = time.monotonic() - self._renewed >= RENEW_SECONDS
        if self._stale and due and not isinstance(self.asking, Confirmation):
            self._stale = False
            self.ask_rows(anew=False)

    def failed(self, error: Exception) -> None:
        """Say what went wrong with the reading of rows."""
        if isinstance(error, VendashError):
            self._error = str(error)
        else:
            log.error("reading rows failed", exc_info=error)
            self._error = "The rows could not be read: the log says why."
        self.console.say(self._error, trouble=True)
        self.show()

    async def _count_hidden(self) -> None:
        marks = self.table.marks
        shown = 0
        if len(marks):
            async for part in slices(self.table.keys):
                shown += len(marks.among(part))
        self.hidden_marks = len(marks) - shown

    def rows_shown(self) -> None:
        """Called when the rows that were asked for are there."""

    # --- lines ------------------------------------------------------------------------------

    def body(self) -> list[Widget]:
        """The filter line and the table."""
        return [Horizontal(self._typed, self._place, id="filter"), self.table]

    def show_body(self) -> None:
        """The filter line, and what is said where there are no rows."""
        shown = self._shown()
        if isinstance(self.asking, Typing) and self.asking.in_filter_line:
            left = self.asking.words()
            shown = [] if self.asking.wrong else shown
        else:
            left = [(f"/{visible(self.filter_text)}", "key")] if self.filter_text else []
        self._typed.say(left, shown)
        self._place.say([], self._row_number())
        if not self.table.keys and (self._loading or self._settled.is_set()):
            self.table.say(self._instead_of_rows())

    def _shown(self) -> Words:
        arrow = "▴" if self.descending else "▾"
        sort: Words = [(f"   sort: {self.sort} {arrow}", "dim")]
        if self._loading:
            return [("loading…", "dim"), *sort]
        keys = len(self.table.keys)
        total = keys if self.total is None else self.total
        shown = f"{thousands(keys)} of {thousands(total)} shown"
        if keys > total:  # held rows that belong elsewhere by now
            shown = f"{thousands(keys)} shown, {thousands(total)} now"
        return [(shown, "text"), *sort]

    def _row_number(self) -> Words:
        """Where the cursor is: a widget of its own, because it changes with every move."""
        if not self.table.keys:
            return []
        number = f"{self.table.cursor + 1:,}"
        return [(number if len(number) > 7 else f"row {number}", "dim")]

    def _instead_of_rows(self) -> list[Words]:
        if self._error:
            return [[(self._error, "trouble")]]
        if self._loading:
            return [[("loading…", "dim")]]
        if self.filter_text:
            hides = f"Nothing matches /{visible(self.filter_text)}: it hides {self.total or 0:,}."
            return [[(hides, "text")], [("esc takes the filter away.", "dim")]]
        return self.nothing()

    def situation(self) -> actions.Situation:
        """As everywhere, and whether there is a row."""
        return actions.Situation(
            screen=self.NAME,
            read_only=self.console.fleet.read_only,
            acting=self.console.acting,
            rows=len(self.table.keys) > 0,
            importer=self.console.importer is not None,
        )

    # --- moving -----------------------------------------------------------------------------

    def moved(self) -> None:
        """The cursor has moved: rows that were held may now go where they belong."""
        if self.held:
            self.held = False
            self.ask_rows(anew=False)

    async def action_down(self, argument: str = "") -> None:
        """One row down."""
        self.table.move_by(1)

    async def action_up(self, argument: str = "") -> None:
        """One row up."""
        self.table.move_by(-1)

    async def action_next_page(self, argument: str = "") -> None:
        """A page down."""
        self.table.move_by(self.table.page)

    async def action_previous_page(self, argument: str = "") -> None:
        """A page up."""
        self.table.move_by(-self.table.page)

    async def action_first(self, argument: str = "") -> None:
        """To the first row."""
        self.table.move_to(0)

    async def action_last(self, argument: str = "") -> None:
        """To the last row."""
        self.table.move_to(len(self.table.keys) - 1)

    # --- filter and order -------------------------------------------------------------------

    async def action_filter(self, argument: str = "") -> None:
        """Type a filter, which is applied with every letter."""
        if argument:
            self.set_filter(argument)
            return
        before = self.filter_text
        self.asking = Typing(
            lead="/",
            text=before,
            accept=self._accept_filter,
            drop=lambda: self.set_filter(before),
            change=self._try_filter,
            history=self._filters,
            in_filter_line=True,
        )

    async def _accept_filter(self, text: str) -> None:
        self.set_filter(text)
        if text:
            self._filters.append(text)

    def _try_filter(self, text: str) -> str:
        try:
            self.set_filter(text)
        except FilterError as error:
            return str(error)
        return ""

    def set_filter(self, text: str) -> None:
        """Show only what matches. Raises `FilterError`, leaving the list, where it is no filter."""
        parsed = parse_filter(text)
        self.check_filter(parsed)
        changed = parsed != self.filter
        self.filter, self.filter_text = parsed, text.strip()
        if changed:
            self.ask_rows()

    async def action_sort(self, argument: str = "") -> None:
        """The next order."""
        place = self.SORTS.index(self.sort)
        self.sort = self.SORTS[(place + 1) % len(self.SORTS)]
        self.ask_rows()

    async def action_reverse(self, argument: str = "") -> None:
        """The other way round."""
        self.descending = not self.descending
        self.ask_rows()

    # --- marks ------------------------------------------------------------------------------

    async def action_mark(self, argument: str = "") -> None:
        """Mark the row, or the open range, and go on to the next."""
        if self.table.range_from is not None:
            self.table.end_range(mark=True)
            return
        key = self.table.cursor_key
        if key is not None:
            self.table.marks.toggle(key)
            self.table.refresh_row(self.table.cursor)

    async def action_range(self, argument: str = "") -> None:
        """Open a range, or mark the open one."""
        if self.table.range_from is None:
            self.table.begin_range()
        else:
            self.table.end_range(mark=True)

    async def action_mark_all(self, argument: str = "") -> None:
        """Mark all shown; where all are marked already, unmark them."""
        table = self.table
        keys, before = table.keys, len(table.marks)
        async for part in slices(keys):
            table.marks.add(part)
        if len(table.marks) == before:
            async for part in slices(keys):
                table.marks.discard(part)
        table.refresh()

    async def action_back(self, argument: str = "") -> None:
        """One level back: the range, the filter, the marks, the screen."""
        if self.table.range_from is not None:
            self.table.end_range(mark=False)
        elif self.filter_text:
            self.set_filter("")
        elif len(self.table.marks):
            self.table.marks.clear()
            self.hidden_marks = 0
            self.table.refresh()
        else:
            await super().action_back()

    async def chosen(self) -> Sequence[int]:
        """The keys that an action works on: the marked rows that are shown, else the cursor's."""
        table = self.table
        table.end_range(mark=True)
        if not len(table.marks):
            return () if table.cursor_key is None else (table.cursor_key,)
        found = array("q")
        async for part in slices(table.keys):
            found.extend(table.marks.among(part))
        self.hidden_marks = len(table.marks) - len(found)
        return found

    def marks_words(self) -> Words:
        """How many are marked, and how many of them the filter hides."""
        marked = len(self.table.marks)
        if not marked:
            return []
        hidden = f", +{self.hidden_marks:,} hidden" if self.hidden_marks else ""
        return [(f"{marked - self.hidden_marks:,} marked{hidden}", "mark")]

    async def action_copy(self, argument: str = "") -> None:
        """Copy the chosen rows through the terminal, which may refuse."""
        rows = await self.fetch((await self.chosen())[:1000])
        sequence, copied = copy_sequence([self.row_text(row) for row in rows])
        driver = self.app._driver
        if driver is not None:
            driver.write(sequence)
        self.console.say(f"copied {copied:,} of {max(len(rows), len(self.table.marks)):,}")


async def place_of(key: int | None, keys: Sequence[int], *, near: int) -> int | None:
    """Where a key stands, looking near its last place first; None when it is not there."""
    if key is None:
        return None
    if near < len(keys) and keys[near] == key:
        return near
    for start in range(0, len(keys), _SLICE):
        try:
            return keys.index(key, start, start + _SLICE)
        except ValueError:
            await asyncio.sleep(0)
    return None


async def slices(keys: Sequence[int], size: int = 20_000) -> AsyncIterator[Sequence[int]]:
    """The keys in parts, letting other work run between them."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
        await asyncio.sleep(0)
