"""One line of the screen that repaints only when what it says has changed."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from vendash.widgets.palette import Palette, Words, palette
from vendash.widgets.text import fit, width_of


def width(words: Words) -> int:
    """How many cells the words take."""
    return sum(width_of(text) for text, _ in words)


def segments(words: Words, styles: Palette) -> list[Segment]:
    """The words as Textual paints them. Text is never markup."""
    return [Segment(text, getattr(styles, style)) for text, style in words if text]


def cut(words: Words, cells: int) -> Words:
    """The words in at most so many cells, with `…` where something was lost."""
    kept: Words = []
    for text, style in words:
        length = width_of(text)
        if length > cells:
            return [*kept, (fit(text, cells), style)] if cells > 0 else kept
        kept.append((text, style))
        cells -= length
    return kept


class Line(Widget):
    """Words at the left and at the right; the right ones win when there is no room for both."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left: Words = []
        self._right: Words = []

    def say(self, left: Words, right: Words | None = None) -> None:
        """Show these words from now on; costs nothing when they are there already."""
        right = right or []
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    @property
    def text(self) -> str:
        """What the line says, without styles."""
        return "  ".join("".join(text for text, _ in part) for part in (self._left, self._right))

    def render_line(self, y: int) -> Strip:
        """The line, exactly as wide as the widget."""
        cells = self.size.width
        right = cut(self._right, cells)
        room = cells - width(right)
        left = cut(self._left, room - 1 if right else room)
        gap = room - width(left)
        styles = palette(self.app.theme)
        words: Words = [*left, (" " * gap, "text"), *right]
        return Strip(segments(words, styles), cells)
