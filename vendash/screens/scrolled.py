"""A screen of text that may be longer than the terminal is high."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget

from vendash.screens.base import BaseScreen
from vendash.screens.console import Console
from vendash.widgets.palette import Words
from vendash.widgets.panel import Panel


class ScrolledScreen(BaseScreen):
    """Subclasses say `text_lines`."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._panel = Panel(id="text")
        self._text: Sequence[Words] = ()
        self._top = 0

    def text_lines(self, width: int) -> Sequence[Words]:
        """The whole text, in lines of at most so many cells."""
        raise NotImplementedError

    def body(self) -> list[Widget]:
        """The text."""
        return [self._panel]

    def show_body(self) -> None:
        """The part of the text that is in view."""
        self._text = self.text_lines(self._panel.size.width)
        self._top = max(0, min(self._top, len(self._text) - self._page))
        self._panel.say(self._text[self._top : self._top + self._page])

    def seen(self) -> str:
        """How far the text was read; empty when all of it is in view."""
        if len(self._text) <= self._page:
            return ""
        return f"{min(self._top + self._page, len(self._text))} of {len(self._text)} lines"

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
        self._scroll(-len(self._text))

    async def action_last(self, argument: str = "") -> None:
        """To the end."""
        self._scroll(len(self._text))
