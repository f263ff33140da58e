"""A pane beside a wide list: all about the row that the cursor rests on."""

from __future__ import annotations

import logging
from typing import Generic, TypeVar

from textual.containers import Horizontal
from textual.timer import Timer
from textual.widget import Widget

from vendash.screens.console import Console
from vendash.screens.lists import ListScreen
from vendash.widgets.palette import Words
from vendash.widgets.panel import Panel

R = TypeVar("R")

WIDE = 118
"""From so many cells on there is room for a pane."""
PANE_CELLS = 38
REST_SECONDS = 0.4
"""The cursor rests when it has not moved for so long: moving on stays cheap."""

log = logging.getLogger(__name__)


class WithPane(ListScreen[R], Generic[R]):
    """A list with such a pane. Subclasses say `about`."""

    DEFAULT_CSS = f"""
    WithPane #pane {{ display: none; width: {PANE_CELLS}; margin: 0 0 0 2; }}
    WithPane.wide #pane {{ display: block; }}
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._make_room(self.app.size.width)  # now, so that its styles are found once
        self._pane = Panel(id="pane")
        self._rest: Timer | None = None

    async def about(self, row: R, width: int) -> list[Words]:
        """What is known of a row, in lines of at most so many cells."""
        raise NotImplementedError

    def body(self) -> list[Widget]:
        """The filter, and under it the table with the pane at its right."""
        filter_line, table = super().body()
        return [filter_line, Horizontal(table, self._pane)]

    def show_body(self) -> None:
        """As every list; the pane only where there is room."""
        self._make_room(self.size.width)
        super().show_body()

    def _make_room(self, cells: int) -> None:
        self.set_class(cells >= WIDE, "wide", update=self.is_mounted)

    def moved(self) -> None:
        """Fill the pane once the cursor rests."""
        super().moved()
        self.rest()

    def rows_shown(self) -> None:
        """The rows have come: the pane follows."""
        self.rest()

    def rest(self) -> None:
        """Fill the pane in a moment, unless the cursor moves on."""
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_SECONDS, self.fill_pane)

    async def fill_pane(self) -> None:
        """Say all about the row under the cursor."""
        row = self.table.cursor_row
        if not self.has_class("wide"):
            return
        try:
            self._pane.say([] if row is None else await self.about(row, PANE_CELLS))
        except Exception as error:  # the list lives on without its pane
            self.failed(error)
