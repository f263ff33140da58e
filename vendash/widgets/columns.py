"""The columns of a table, and how they share its cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

R = TypeVar("R")

Cell = str | tuple[str, str]
"""Text, in the style `text` or in a named style of the palette."""

GUTTER = 2
"""Cells at the left for the glyph of the cursor."""


class Column(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """One column. Live columns come first: what ticks repaints its row from the left edge."""

    title: str
    cell: Callable[[R], Cell]
    width: int
    """Cells, the least where `flex` is set."""
    flex: int = 0
    """Share of the cells that are left over."""
    right: bool = False
    gap: int = 2
    """Cells before it."""
    live: bool = False
    marker: bool = False
    """The mark of a row stands before this column, in its gap."""
    from_width: int = 0
    """Shown when the table is at least so wide."""
    below_width: int = 10_000
    """Shown when the table is narrower than this."""


def lay_out(columns: Sequence[Column[R]], width: int) -> list[tuple[Column[R], int]]:
    """The columns for a table so wide, with the cells that each gets."""
    shown = [one for one in columns if one.from_width <= width < one.below_width]
    while (used := _least(shown)) > width and shown[-1].from_width:
        shown.pop()
    left = max(0, width - used)
    shares = sum(one.flex for one in shown)
    laid = []
    for one in shown:
        extra = left * one.flex // shares if shares else 0
        left, shares = left - extra, shares - one.flex
        laid.append((one, one.width + extra))
    return laid


def _least(columns: Sequence[Column[R]]) -> int:
    return GUTTER + sum(one.width for one in columns) + sum(one.gap for one in columns[1:])
