"""One line of the screen that repaints only when what it says has changed."""

from __future__ import annotations

from rich.segment import Segment
from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip

from vendash.widgets.ground import Grounded
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


class Line(Grounded):
    """Words at the left and at the right; the right ones win when there is no room for both."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left: Words = []
        self._right: Words = []
        self._shown: Words = []

    def say(self, left: Words, right: Words | None = None) -> None:
        """Show these words from now on; only those that differ are painted again."""
        right = right or []
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self._arrange()

    @property
    def text(self) -> str:
        """What the line says, without styles."""
        return "  ".join("".join(text for text, _ in part) for part in (self._left, self._right))

    def on_resize(self, _event: Resize) -> None:
        """Fit the words anew."""
        self._arrange()

    def _arrange(self) -> None:
        cells = self.size.width
        right = cut(self._right, cells)
        room = cells - width(right)
        left = cut(self._left, max(0, room - 1) if right else room)
        before = self._shown
        self._shown = [*left, (" " * (room - width(left)), "text"), *right]
        start, end = changed_cells(before, self._shown)
        if start < end:
            self.refresh(Region(start, 0, end - start, 1))

    def render_line(self, y: int) -> Strip:
        """The line, exactly as wide as the widget."""
        styles = palette(self.app.theme)
        return Strip(segments(self._shown, styles)).adjust_cell_length(self.size.width)


def changed_cells(before: Words, after: Words) -> tuple[int, int]:
    """From which cell to which the words differ; two equal numbers where they do not."""
    same_start = 0
    while before[same_start : same_start + 1] == after[same_start : same_start + 1] != []:
        same_start += 1
    if same_start == len(before) == len(after):
        return 0, 0
    same_end = 0
    most = min(len(before), len(after)) - same_start
    while same_end < most and before[-1 - same_end] == after[-1 - same_end]:
        same_end += 1
    longest = max(width(before), width(after))
    if width(before) != width(after):
        same_end = 0  # what is the same stands in other cells
    return width(after[:same_start]), longest - width(after[len(after) - same_end :])
