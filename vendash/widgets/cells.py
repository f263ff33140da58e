"""The cells of a row, as its columns lay them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from vendash.widgets.brush import Brush
from vendash.widgets.columns import GUTTER, Cell, Column
from vendash.widgets.text import fit, visible

R = TypeVar("R")

Layout = Sequence[tuple[Column[R], int]]
"""The columns that are shown, with the cells that each has."""


def heading(layout: Layout[R]) -> str:
    """The titles over the columns."""
    text = " " * GUTTER
    for place, (column, width) in enumerate(layout):
        gap = column.gap if place else 0
        text += " " * gap + fit(column.title, width, right=column.right)
    return text


def put_cells(row: R, layout: Layout[R], paint: Brush, *, marked: bool) -> None:
    """Paint a row; what lives is a segment of its own, so that it can be painted alone."""
    live = max((place for place, (column, _) in enumerate(layout) if column.live), default=-1)
    for place, (column, width) in enumerate(layout):
        cell = column.cell(row)
        text, style = cell if isinstance(cell, tuple) else (cell, "text")
        gap = column.gap if place else 0
        if column.marker:
            paint.put(" " * (gap - 1), "text")
            paint.put("*" if marked else " ", "mark")
        else:
            paint.put(" " * gap, "text")
        paint.put(fit(visible(text), width, right=column.right), style)
        if place == live:
            paint.cut()


def live_cells(row: R, layout: Layout[R]) -> tuple[Cell, ...]:
    """What lives of a row."""
    return tuple(column.cell(row) for column, _ in layout if column.live)


def live_width(layout: Layout[R]) -> int:
    """How many cells, from the left edge, what lives takes."""
    return GUTTER + sum(
        width + (column.gap if place else 0)
        for place, (column, width) in enumerate(layout)
        if column.live
    )
