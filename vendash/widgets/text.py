"""Text from outside, made fit for a terminal cell: nothing in it moves the cursor or a column."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_MOST_MARKS = 2
"""Combining marks on one letter; more are only there to smear over the neighbouring rows."""


def _replacements() -> dict[int, str | None]:
    """What stands for the characters that act on a terminal instead of being seen."""
    table: dict[int, str | None] = {code: chr(0x2400 + code) for code in range(0x20)}
    table[0x7F] = "\N{SYMBOL FOR DELETE}"
    table |= dict.fromkeys(range(0x80, 0xA0), _UNKNOWN)  # C1: 8-bit escape sequences
    table |= dict.fromkeys((0x2028, 0x2029), "\N{SYMBOL FOR NEWLINE}")
    # Turning the direction of text would move what stands in the cells after it.
    table |= dict.fromkeys((0x061C, 0x200E, 0x200F), _UNKNOWN)
    table |= dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), _UNKNOWN)
    table |= dict.fromkeys(range(0xD800, 0xE000), _UNKNOWN)
    # Joiners, variation selectors and skin tones: terminals disagree about the width they make.
    table |= dict.fromkeys((0x00AD, 0x180E, *range(0x200B, 0x200E), 0x2060, 0xFEFF))
    table |= dict.fromkeys((*range(0xFE00, 0xFE10), *range(0xE0000, 0xE01F0)))
    table |= dict.fromkeys(range(0x1F3FB, 0x1F400))
    table |= {0x1F1E6 + letter: chr(0x41 + letter) for letter in range(26)}
    return table


_TABLE = _replacements()


@lru_cache(maxsize=8192)
def visible(text: str) -> str:
    """Text with every character that would act on a terminal shown as a symbol.

    Also brings it into NFC and cuts what terminals measure differently, so that the width of the
    result is the same everywhere.
    """
    if text.isascii() and text.isprintable():
        return text
    return _without_towers(unicodedata.normalize("NFC", text.translate(_TABLE)))


def _without_towers(text: str) -> str:
    kept = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def width_of(text: str) -> int:
    """How many cells a text takes."""
    return cell_len(text)


@lru_cache(maxsize=8192)
def fit(text: str, width: int, *, right: bool = False) -> str:
    """Exactly `width` cells: padded, or cut with `…`. Wide characters are never halved."""
    if width <= 0:
        return ""
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1) + "…"
    padding = " " * (width - cell_len(text))
    return padding + text if right else text + padding


def thousands(number: int) -> str:
    """A count as it is read (`10,562`)."""
    return f"{number:,}"


def power(kw: float) -> str:
    """A power in words, in the unit that reads best (`22 kW`, `2.5 MW`)."""
    if abs(kw) >= 1000:
        return f"{kw / 1000:,.1f} MW"
    return f"{kw:,.0f} kW" if abs(kw) >= 100 else f"{kw:,.3g} kW"


def plural(count: int, noun: str) -> str:
    """A count with its noun (`1 VEN`, `3 VENs`)."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
