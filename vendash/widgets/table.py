"""A list of any length: ordered keys, a cache of rows, and paint for what is seen.

The cursor and the marks belong to keys, never to places. Rows are fetched in pages around what is
seen, so that a million rows cost as much to show as fifty.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip

from vendash.widgets.brush import Brush
from vendash.widgets.cells import heading, live_cells, live_width, put_cells
from vendash.widgets.columns import Cell, Column, lay_out
from vendash.widgets.ground import Grounded
from vendash.widgets.marks import Marks
from vendash.widgets.palette import Palette, Words, palette
from vendash.widgets.rows import RowCache

R = TypeVar("R")


class Table(Grounded, Generic[R]):
    """The rows of `keys`, with a cursor, marks and an open range."""

    DEFAULT_CSS = "Table { height: 1fr; width: 1fr; }"

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        key_of: Callable[[R], int],
        fetch: Callable[[Sequence[int]], Awaitable[Sequence[R]]],
        failed: Callable[[Exception], None],
        moved: Callable[[], None],
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.columns = columns
        self.keys: Sequence[int] = array("q")
        self.cursor = 0
        self.top = 0
        self._rest_top = 0
        """`top` as the operator left it: a terminal made small and large again shows the same."""
        self.range_from: int | None = None
        """Where an open range begins."""
        self.marks = Marks()
        self.cache: RowCache[R] = RowCache()
        self._message: list[Words] = []
        self._key_of = key_of
        self._fetch = fetch
        self._failed = failed
        self._moved = moved
        self._wanted = asyncio.Event()
        self._loaded = asyncio.Event()
        self._layout: list[tuple[Column[R], int]] = []
        self._laid_out_in = 0
        self._live_painted: dict[int, tuple[int, tuple[Cell, ...]]] = {}

    # --- what is shown ----------------------------------------------------------------------

    @property
    def page(self) -> int:
        """How many rows fit."""
        return max(1, self.size.height - 1)

    @property
    def cursor_key(self) -> int | None:
        """The key under the cursor; None when there are no rows."""
        return self.keys[self.cursor] if self.cursor < len(self.keys) else None

    @property
    def cursor_row(self) -> R | None:
        """The row under the cursor, as far as it is known."""
        key = self.cursor_key
        return None if key is None else self.cache.get(key)

    @property
    def range_key(self) -> int | None:
        """The key at which an open range begins; None where none is open."""
        return None if self.range_from is None else self.keys[self.range_from]

    def show_keys(self, keys: Sequence[int], cursor: int, *, range_from: int | None = None) -> None:
        """Show these rows with the cursor at this place, on the same line of the screen.

        `range_from` is where an open range begins in them; without it the range is closed.
        """
        before = (self.keys, self.cursor, self.range_from)
        if before == (keys, cursor, range_from) and len(keys) > 0:
            self._need_rows()
            return
        line = self.cursor - self.top
        self.keys = keys
        self.range_from = range_from
        self.cursor = max(0, min(cursor, len(keys) - 1))
        self.top = self.cursor - line
        self._message = []
        self._keep_in_view()
        self._rest_top = self.top
        self._need_rows()
        self.refresh()

    def remember(self, rows: Sequence[R]) -> None:
        """Keep rows that came another way."""
        for row in rows:
            self.cache.put(self._key_of(row), row)

    def say(self, lines: list[Words]) -> None:
        """Show these lines where rows would be; only while there are none."""
        if lines != self._message:
            self._message = lines
            self.refresh()

    def renew(self) -> None:
        """Read the rows that are seen again, and paint those that differ."""
        self.cache.age()
        self._need_rows()

    def refresh_live(self) -> None:
        """Paint the live cells that have changed, and nothing else."""
        width = live_width(self._layout)
        for line, (key, before) in list(self._live_painted.items()):
            row = self.cache.get(key)
            if row is not None and live_cells(row, self._layout) != before:
                self.refresh(Region(0, line, width, 1))

    def refresh_row(self, index: int) -> None:
        """Paint one row again, where it is seen."""
        line = 1 + index - self.top
        if 1 <= line < self.size.height:
            self.refresh(Region(0, line, self.size.width, 1))

    async def loaded(self) -> None:
        """Returns when all rows that are seen have been read."""
        await self._loaded.wait()

    # --- moving -----------------------------------------------------------------------------

    def move_to(self, index: int) -> None:
        """Put the cursor there, as far as there are rows; `moved` is told even where it cannot."""
        index = max(0, min(index, len(self.keys) - 1))
        if index == self.cursor:
            self._moved()
            return
        before, top = self.cursor, self.top
        self.cursor = index
        self._keep_in_view()
        self._rest_top = self.top
        if self.top != top:
            self._need_rows()
            self.refresh()
        elif self.range_from is not None:
            low, high = sorted((before, index))
            for place in range(low, high + 1):
                self.refresh_row(place)
        else:
            self.refresh_row(before)
            self.refresh_row(index)
        self._moved()

    def move_by(self, rows: int) -> None:
        """Move the cursor so many rows down."""
        self.move_to(self.cursor + rows)

    def _keep_in_view(self) -> None:
        page = self.page
        self.top = max(self.cursor - page + 1, min(self.top, self.cursor))
        self.top = max(0, min(self.top, len(self.keys) - page))

    # --- marks ------------------------------------------------------------------------------

    def in_range(self, index: int) -> bool:
        """Whether the row at this place is in the open range."""
        if self.range_from is None:
            return False
        low, high = sorted((self.range_from, self.cursor))
        return low <= index <= high

    def begin_range(self) -> None:
        """Open a range at the cursor."""
        self.range_from = self.cursor
        self.refresh_row(self.cursor)

    def end_range(self, *, mark: bool) -> None:
        """Close the range, marking its rows or not."""
        if self.range_from is None:
            return
        low, high = sorted((self.range_from, self.cursor))
        if mark:
            self.marks.add(self.keys[low : high + 1])
        self.range_from = None
        self.refresh()

    # --- rows -------------------------------------------------------------------------------

    def _need_rows(self) -> None:
        self._loaded.clear()
        self._wanted.set()

    def on_mount(self) -> None:
        """Begin to fetch what is seen."""
        self.run_worker(self._fetch_what_is_seen(), group="rows")

    async def _fetch_what_is_seen(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                for start, end in self._spans():
                    missing = [k for k in self.keys[start:end] if not self.cache.is_fresh(k)]
                    if missing:
                        self._receive(missing, await self._fetch(missing))
                    if not self._wanted.is_set():
                        self._loaded.set()
            except Exception as error:
                self._failed(error)
                self._loaded.set()

    def _spans(self) -> tuple[tuple[int, int], ...]:
        """What is seen first, then a page on either side of it."""
        page = self.page
        low, high = max(0, self.top), self.top + page
        return ((low, high), (max(0, low - page), high + page))

    def _receive(self, wanted: Sequence[int], rows: Sequence[R]) -> None:
        before = {key: self.cache.get(key) for key in wanted}
        self.remember(rows)
        found = {self._key_of(row) for row in rows}
        for place in range(self.top, min(self.top + self.page, len(self.keys))):
            key = self.keys[place]
            if key in found and before.get(key) != self.cache.get(key):
                self.refresh_row(place)

    # --- paint ------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        """Lay the columns out anew."""
        self._live_painted.clear()
        self.top = self._rest_top
        self._keep_in_view()
        self._need_rows()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The heading, a row, or what is said instead of rows."""
        width = self.size.width
        if width != self._laid_out_in:  # here, for the first paint comes before the first resize
            self._layout, self._laid_out_in = lay_out(self.columns, width), width
        styles = palette(self.app.theme)
        if y == 0:
            return Strip([Segment(heading(self._layout), styles.heading)]).adjust_cell_length(width)
        place = self.top + y - 1
        if place < len(self.keys):
            segments = self._row(place, y, styles)
        else:
            self._live_painted.pop(y, None)
            segments = self._said(y, styles)
        return Strip(segments).adjust_cell_length(width, styles.text)

    def _said(self, y: int, styles: Palette) -> list[Segment]:
        line = y - 2
        if self.keys or not 0 <= line < len(self._message):
            return []
        return [Segment("  ")] + [
            Segment(text, getattr(styles, style)) for text, style in self._message[line]
        ]

    def _row(self, place: int, line: int, styles: Palette) -> list[Segment]:
        key = self.keys[place]
        row = self.cache.get(key)
        here = place == self.cursor
        ground: Style | None = None
        if here:
            ground = styles.cursor
        elif self.in_range(place):
            ground = styles.range
        paint = Brush(styles, ground)
        paint.put("▸ " if here else "  ", "text")
        if row is None:
            self._live_painted.pop(line, None)
            paint.put("…", "dim")
        else:
            self._live_painted[line] = (key, live_cells(row, self._layout))
            put_cells(row, self._layout, paint, marked=key in self.marks)
        return paint.filled(self.size.width)
