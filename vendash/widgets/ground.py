"""The ground that everything is painted on, so that it reads the same in any terminal."""

from __future__ import annotations

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from vendash.widgets.palette import palette


class Grounded(Widget):
    """A widget whose `render_line` says what is on it; the theme says what is under it."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines with the theme's ground under whatever has none of its own."""
        ground = palette(self.app.theme).ground
        strips = super().render_lines(crop)
        return strips if not ground else [strip.apply_style(ground) for strip in strips]
