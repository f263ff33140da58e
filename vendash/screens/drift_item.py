"""One object about which the VTN disagrees, on a screen of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from vendash.screens.console import Console
from vendash.screens.drift_text import DriftRow, drift_lines
from vendash.screens.scrolled import ScrolledScreen
from vendash.widgets.palette import Words


class DriftItemScreen(ScrolledScreen):
    """One item, with what the VTN sent."""

    NAME: ClassVar[str] = "detail"

    def __init__(self, console: Console, row: DriftRow) -> None:
        super().__init__(console)
        self._row = row

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return f"Drift › {self._row.title}"

    def work_line(self) -> tuple[Words, Words]:
        """How far it was read, where it is long."""
        return [], [(self.seen(), "dim")]

    def text_lines(self, width: int) -> Sequence[Words]:
        """All about it."""
        return drift_lines(self._row, width, body=True)
