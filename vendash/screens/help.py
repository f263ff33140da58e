"""The Help screen: what can be done where one was, with which keys, and why something is off."""

from __future__ import annotations

from typing import ClassVar

from textual.widget import Widget

from vendash.screens.base import BaseScreen
from vendash.screens.console import Console
from vendash.screens.help_text import Kind, Line, Place, help_lines
from vendash.widgets.palette import Words
from vendash.widgets.panel import Panel
from vendash.widgets.text import visible

_STYLES = {Kind.HEADING: "heading", Kind.TEXT: "text", Kind.OFF: "dim"}


class HelpScreen(BaseScreen):
    """Lies over the screen it was asked from, and explains that one."""

    NAME: ClassVar[str] = "help"

    def __init__(self, console: Console, *, asked_from: BaseScreen) -> None:
        super().__init__(console)
        self.asked_from = asked_from
        self._panel = Panel(id="help")
        self._lines: list[Line] = []
        self._top = 0

    def body(self) -> list[Widget]:
        """The text."""
        return [self._panel]

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return f"Help › {self.asked_from.breadcrumb()}"

    def work_line(self) -> tuple[Words, Words]:
        """How to read on and how to go back."""
        seen = f"{min(self._top + self._page, len(self._lines))} of {len(self._lines)} lines"
        return [("j and k, or pgdn and pgup, to read on; esc to go back", "dim")], [(seen, "dim")]

    def show_body(self) -> None:
        """The part of the help that is in view."""
        self._lines = help_lines(self.asked_from.situation(), self._place(), self._panel.size.width)
        self._top = max(0, min(self._top, len(self._lines) - self._page))
        seen = self._lines[self._top : self._top + self._page]
        self._panel.say([[(visible(line.text), _STYLES[line.kind])] for line in seen])

    def _place(self) -> Place:
        where = self.asked_from
        return Place(
            title=where.breadcrumb(),
            ven=getattr(where, "ven", None) or "",
            filter=getattr(where, "filter_text", ""),
        )

    @property
    def _page(self) -> int:
        return max(1, self._panel.size.height)

    def _scroll(self, lines: int) -> None:
        self._top += lines
        self.show()

    async def action_down(self, argument: str = "") -> None:
        """One line down."""
        self._scroll(1)

    async def action_up(self, argument: str = "") -> None:
        """One line up."""
        self._scroll(-1)

    async def action_next_page(self, argument: str = "") -> None:
        """A page down, the last line staying in view."""
        self._scroll(self._page - 1)

    async def action_previous_page(self, argument: str = "") -> None:
        """A page up."""
        self._scroll(1 - self._page)

    async def action_first(self, argument: str = "") -> None:
        """To the top."""
        self._scroll(-len(self._lines))

    async def action_last(self, argument: str = "") -> None:
        """To the end."""
        self._scroll(len(self._lines))

    async def action_help(self, argument: str = "") -> None:
        """Back: the key that opened it closes it."""
        await self.action_back(argument)
