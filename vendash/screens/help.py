"""The Help screen: what can be done where one was, with which keys, and why something is off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from vendash.screens.base import BaseScreen
from vendash.screens.console import Console
from vendash.screens.help_text import Kind, Place, help_lines
from vendash.screens.scrolled import ScrolledScreen
from vendash.widgets.palette import Words
from vendash.widgets.text import visible

_STYLES = {Kind.HEADING: "heading", Kind.TEXT: "text", Kind.OFF: "dim"}


class HelpScreen(ScrolledScreen):
    """Lies over the screen it was asked from, and explains that one."""

    NAME: ClassVar[str] = "help"

    def __init__(self, console: Console, *, asked_from: BaseScreen) -> None:
        super().__init__(console)
        self.asked_from = asked_from

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return f"Help › {self.asked_from.breadcrumb()}"

    def work_line(self) -> tuple[Words, Words]:
        """How to read on and how to go back."""
        how = "j and k, or pgdn and pgup, to read on; esc to go back"
        return [(how, "dim")], [(self.seen(), "dim")]

    def text_lines(self, width: int) -> Sequence[Words]:
        """All keys and commands, those that are off with the reason."""
        lines = help_lines(self.asked_from.situation(), self._place(), width)
        return [[(visible(line.text), _STYLES[line.kind])] for line in lines]

    async def settled(self) -> None:
        """Returns when what it explains is settled, and with it the reasons why a key is off."""
        await self.asked_from.settled()
        self.show()

    def _place(self) -> Place:
        where = self.asked_from
        return Place(
            title=where.breadcrumb(),
            ven=getattr(where, "ven", None) or "",
            filter=getattr(where, "filter_text", ""),
        )

    async def action_help(self, argument: str = "") -> None:
        """Back: the key that opened it closes it."""
        await self.action_back(argument)
