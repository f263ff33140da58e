"""The connection to the VTN as the engine sees it, live: what to look at when it does not work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from vendash.screens.connection_text import connection_lines
from vendash.screens.scrolled import ScrolledScreen
from vendash.widgets.palette import Words


class ConnectionScreen(ScrolledScreen):
    """Lies over the screen it was asked from; only what changed of it is painted again."""

    NAME: ClassVar[str] = "connection"

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return "Connection"

    def work_line(self) -> tuple[Words, Words]:
        """Who says this, and where more is."""
        return [("as the engine sees it; vendash doctor checks the rest", "dim")], [
            (self.seen(), "dim")
        ]

    def text_lines(self, width: int) -> Sequence[Words]:
        """How it was a second ago."""
        console = self.console
        now = console.clock().timestamp()
        return connection_lines(console.status, now, width, advice=console.start_advice)

    async def action_connection(self, argument: str = "") -> None:
        """Back: the key that opened it closes it."""
        await self.action_back(argument)
