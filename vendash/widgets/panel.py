"""Some lines of words in a box; only what changed in them is painted again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from textual.geometry import Region
from textual.strip import Strip

from vendash.widgets.ground import Grounded
from vendash.widgets.line import changed_cells, cut, segments
from vendash.widgets.palette import Words, palette


class Panel(Grounded):
    """Lines of words from the top down; what does not fit is cut."""

    DEFAULT_CSS = "Panel { height: 1fr; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[Words] = []

    @property
    def text(self) -> str:
        """What it says, without styles."""
        return "\n".join("".join(text for text, _ in line) for line in self._lines)

    def say(self, lines: Sequence[Words]) -> None:
        """Show these lines from now on; those that are there already cost nothing."""
        before, self._lines = self._lines, list(lines)
        nothing: Words = []
        for y, (old, new) in enumerate(zip_longest(before, self._lines, fillvalue=nothing)):
            start, end = changed_cells(old, new)
            if start < end:
                self.refresh(Region(start, y, end - start, 1))

    def render_line(self, y: int) -> Strip:
        """One line, exactly as wide as the widget."""
        words = cut(self._lines[y], self.size.width) if y < len(self._lines) else []
        strip = Strip(segments(words, palette(self.app.theme)))
        return strip.adjust_cell_length(self.size.width)
