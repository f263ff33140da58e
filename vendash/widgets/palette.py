"""The looks: every style of the console by what it means, in four themes.

Colours are those of the 256-colour cube, so that they arrive as they are over SSH. Nothing is
said by colour alone: each has a glyph or a word beside it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import msgspec
from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """One style for each meaning. The fields are the names that `Words` use."""

    ground: Style
    """Under everything."""
    text: Style
    dim: Style
    strong: Style
    heading: Style
    cursor: Style
    """Laid over the row that the cursor is on."""
    cursor_dim: Style
    """Laid over what is dim there: a stale value looks stale under the cursor too."""
    range: Style
    """Laid over the rows of an open range."""
    mark: Style
    pending: Style
    approved: Style
    suspended: Style
    trouble: Style
    different: Style
    badge: Style
    """READ-ONLY, SIM: reverse video."""
    prompt: Style
    caret: Style
    key: Style
    bar: Style


Words = list[tuple[str, str]]
"""Text in pieces, each with the name of a `Palette` style."""


_LOOKS: dict[str, dict[str, str]] = {
    "vendash": {
        "ground": "on #121212",
        "text": "#d0d0d0",
        "dim": "#808080",
        "strong": "bold #eeeeee",
        "heading": "#87afd7",
        "cursor": "#ffffff on #005f87",
        "cursor_dim": "not bold #87afaf on #005f87",
        "range": "on #3a3a3a",
        "mark": "bold #ffd75f",
        "pending": "#d7af5f",
        "approved": "#87d787",
        "suspended": "#af87d7",
        "trouble": "bold #ff5f5f",
        "different": "bold #ff87d7",
        "badge": "bold reverse",
        "prompt": "bold #ffffff on #5f0000",
        "caret": "reverse",
        "key": "#87afd7",
        "bar": "#5fafd7",
    },
    "contrast": {
        "ground": "on #000000",
        "text": "#ffffff",
        "dim": "#c6c6c6",
        "strong": "bold #ffffff",
        "heading": "bold underline #ffffff",
        "cursor": "bold #000000 on #ffff00",
        "cursor_dim": "not bold italic #5f5f00 on #ffff00",
        "range": "on #444444",
        "mark": "bold #ffff00",
        "pending": "#ffffff",
        "approved": "bold #00ff00",
        "suspended": "bold #ffff00",
        "trouble": "bold #ff8787",
        "different": "bold #ffaf00",
        "badge": "bold reverse",
        "prompt": "bold #000000 on #ffffff",
        "caret": "reverse",
        "key": "bold #ffff00",
        "bar": "#ffffff",
    },
    "colour-blind": {
        "ground": "on #121212",
        "text": "#d0d0d0",
        "dim": "#8a8a8a",
        "strong": "bold #eeeeee",
        "heading": "#afd7ff",
        "cursor": "#ffffff on #005faf",
        "cursor_dim": "not bold #87afd7 on #005faf",
        "range": "on #3a3a3a",
        "mark": "bold #ffffff",
        "pending": "#bcbcbc",
        "approved": "#5fafff",
        "suspended": "#ff8700",
        "trouble": "bold #ffd700",
        "different": "bold #ffaf5f",
        "badge": "bold reverse",
        "prompt": "bold #ffffff on #0000af",
        "caret": "reverse",
        "key": "#5fafff",
        "bar": "#5fafff",
    },
    "ansi": {
        "ground": "",
        "text": "default",
        "dim": "dim",
        "strong": "bold",
        "heading": "bold",
        "cursor": "reverse",
        "cursor_dim": "reverse dim",
        "range": "underline",
        "mark": "bold yellow",
        "pending": "yellow",
        "approved": "green",
        "suspended": "magenta",
        "trouble": "bold red",
        "different": "bold magenta",
        "badge": "bold reverse",
        "prompt": "bold reverse",
        "caret": "underline",
        "key": "cyan",
        "bar": "cyan",
    },
}

_GROUNDS = {"vendash": "#121212", "contrast": "#000000", "colour-blind": "#121212"}

THEMES = tuple(_LOOKS)
"""The names of the themes; the first is the default."""


def textual_themes() -> list[Theme]:
    """The themes as Textual knows them: only foreground and ground, the rest is `Palette`."""
    themes = [
        Theme(
            name=name,
            primary="#87afd7",
            foreground="#d0d0d0",
            background=ground,
            surface=ground,
            panel=ground,
            dark=True,
        )
        for name, ground in _GROUNDS.items()
    ]
    ansi = replace(BUILTIN_THEMES["ansi-dark"], name="ansi")
    return [*themes, ansi]


@lru_cache
def palette(theme: str) -> Palette:
    """The styles of a theme; of the default one for a name that is not ours."""
    look = _LOOKS.get(theme, _LOOKS[THEMES[0]])
    return Palette(**{name: Style.parse(style) for name, style in look.items()})


@lru_cache(maxsize=1024)
def over(style: Style, ground: Style) -> Style:
    """A cell's style on a row that is highlighted: the row's colours, the cell's weight."""
    return style + ground
