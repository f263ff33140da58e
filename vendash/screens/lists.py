"""What the screens with a list have in common: loading, filter, order, cursor and marks."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.containers import Horizontal
from textual.widget import Widget

from vendash import actions
from vendash.filters import Filter, FilterError, parse_filter
from vendash.screens import completing
from vendash.screens.asking import Typing
from vendash.screens.console import Console
from vendash.screens.loading import LoadingScreen
from vendash.widgets.clipboard import copy_sequence
from vendash.widgets.keys import slices
from vendash.widgets.line import Line
from vendash.widgets.palette import Words
from vendash.widgets.text import thousands, visible

R = TypeVar("R")


class ListScreen(LoadingScreen[R], Generic[R]):
    """A list that can be filtered, ordered, marked and copied."""

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
        self._typed = Line(id="typed")
        self._place = Line(id="place")
        self._filters: list[str] = []

    # --- what a subclass says ---------------------------------------------------------------

    def check_filter(self, parsed: Filter) -> None:
        """Raise `FilterError` where this list cannot be filtered so."""

    def nothing(self) -> list[Words]:
        """What is said where there are no rows at all."""
        return []

    def row_text(self, row: R) -> str:
        """A row as it is copied: fields with tabs between them."""
        raise NotImplementedError

    # --- lines ------------------------------------------------------------------------------

    def body(self) -> list[Widget]:
        """The filter line and the table."""
        return [Horizontal(self._typed, self._place, id="filter"), self.table]

    def show_body(self) -> None:
        """The filter line, and what is said where there are no rows."""
        shown = self._shown()
        if isinstance(self.asking, Typing) and self.asking.in_filter_line:
            left = self.asking.words(self.size.width)
            shown = [] if self.asking.wrong else shown
        else:
            left = [(f"/{visible(self.filter_text)}", "key")] if self.filter_text else []
        self._typed.say(left, shown)
        self._place.say([], self._row_number())
        if not self.table.keys and (self.is_loading or self.is_settled):
            self.table.say(self._instead_of_rows())

    def _shown(self) -> Words:
        arrow = "▴" if self.descending else "▾"
        sort: Words = [(f"   sort: {self.sort} {arrow}", "dim")]
        if self.is_loading:
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
        if self.error:
            return [[(self.error, "trouble")]]
        if self.is_loading:
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
            previewer=self.console.previewer is not None,
        )

    # --- moving -----------------------------------------------------------------------------

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
        """Type a new filter, which is applied with every letter; nothing takes the old one away."""
        if argument:
            self.set_filter(argument)
            return
        before = self.filter_text
        self.asking = Typing(
            lead="/",
            accept=self._accept_filter,
            drop=lambda: self.set_filter(before),
            change=self._try_filter,
            history=self._filters,
            complete=self._complete_filter,
            in_filter_line=True,
        )

    async def _complete_filter(self, text: str) -> Sequence[str]:
        return completing.filters(text, self.NAME, await self.ven_names())

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
            self.follows_row = True
            self.set_filter("")
        elif len(self.table.marks):
            self.table.marks.clear()
            self.hidden_marks = 0
            self.table.refresh()
        else:
            await super().action_back()

    async def count(self) -> None:
        """How many marks the filter hides; subclasses count their rows too."""
        marks = self.table.marks
        shown = 0
        if len(marks):
            async for part in slices(self.table.keys):
                shown += len(marks.among(part))
        self.hidden_marks = len(marks) - shown

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
