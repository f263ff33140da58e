"""Putting a row together from as few segments as can be: each sends its colours anew."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style

from vendash.widgets.palette import Palette, over
from vendash.widgets.text import fit


class Brush:
    """Collects segments, joining neighbours of one look."""

    def __init__(self, styles: Palette, ground: Style | None) -> None:
        self._styles = styles
        self._ground = ground
        self._segments: list[Segment] = []
        self._text = ""
        self._style = self._look("text")

    def put(self, text: str, style: str) -> None:
        """Add text. Blanks take the look of their neighbours."""
        look = self._style if text.isspace() else self._look(style)
        if text and look != self._style:
            if not self._text.isspace():
                self.cut()
            self._style = look
        self._text += text

    def _look(self, style: str) -> Style:
        found: Style = getattr(self._styles, style)
        if self._ground is None:
            return found
        stale_here = style == "dim" and self._ground == self._styles.cursor
        return over(found, self._styles.cursor_dim if stale_here else self._ground)

    def cut(self) -> None:
        """End the segment here, so that what is before it can be painted alone."""
        if self._text:
            self._segments.append(Segment(self._text, self._style))
            self._text = ""

    def filled(self, width: int) -> list[Segment]:
        """All of it, and blanks up to this width."""
        room = width - sum(segment.cell_length for segment in self._segments)
        self._text = fit(self._text, room)
        self.cut()
        return self._segments
