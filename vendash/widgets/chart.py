"""A chart of kW over the last minutes, drawn with braille dots: two by four in a cell.

The first half is pure: arrays in, lines of text out. Time is cut at whole multiples of a dot's
width, so that from one second to the next only the last dots change, and the axis keeps its bounds
while the curve fits: a line of text that is the same as before is not sent again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from textual.events import Resize

from vendash.widgets.panel import Panel

SECONDS = 900.0
"""What a chart spans, left to right."""
BRIDGED_SECONDS = 5.0
"""Readings further apart than this are not joined: a gap stays a gap."""
LABEL_WIDTH = 8
"""Cells for the labels of the y axis at the least, so that more digits do not move the curve."""
MINIMUM_ROWS = 4
"""Rows of text for a curve with an axis; with fewer nothing is drawn."""

Numbers = NDArray[np.floating[Any]]

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bit of a dot in its braille cell, by column and row (Unicode, Braille Patterns)."""
_KEPT_WHILE = 2.5
"""An axis is kept until it is so many times longer than its curve would need."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The scale of a chart of so many rows of text: labels stand at even rows, on round numbers."""

    low: float
    """kW of the lowest label, which stands at the last row."""
    step: float
    """kW from label to label."""
    every: int
    """Rows from label to label."""
    rows: int

    @property
    def high(self) -> float:
        """The value of the first row, in kW; not always a round one."""
        return self.low + self.step * (self.rows - 1) / self.every

    def labels(self) -> dict[int, str]:
        """What stands at which row, 0 at the top."""
        digits = max(0, -math.floor(math.log10(self.step)))
        rows = range(self.rows - 1, -1, -self.every)
        # + 0.0 because a negative zero would be labelled -0.
        values = (round(self.low + place * self.step, digits) + 0.0 for place in range(len(rows)))
        return {row: f"{value:,.{digits}f}" for row, value in zip(rows, values, strict=True)}

    def dots(self, kw: Numbers) -> NDArray[np.int64]:
        """The rows of dots, four in a row of text and 0 at the top, of these values.

        A labelled value is the third dot of its row, level with the middle of the digits.
        """
        rows = self.rows - 1 - (kw - self.low) / self.step * self.every
        dots: NDArray[np.int64] = np.round(rows * 4).astype(np.int64) + 2
        return np.clip(dots, 0, 4 * self.rows - 1)


def fit_axis(low: float, high: float, rows: int, previous: Axis | None = None) -> Axis:
    """The axis for values between `low` and `high` kW on so many rows of text.

    `previous` is kept while the values lie in it and need a fair part of it, so that the scale of
    a live chart rests. A flat line is shown flat: a tenth of its value is the least that is drawn.
    """
    fitted = _new_axis(*_widened(low, high), rows)
    if previous is None or previous.rows != rows or low < previous.low or high > previous.high:
        return fitted
    too_long = previous.high - previous.low > _KEPT_WHILE * (fitted.high - fitted.low)
    return fitted if too_long else previous


def _new_axis(low: float, high: float, rows: int) -> Axis:
    """Of the round scales that hold these values, the one that shows them largest."""
    power = 10.0 ** math.floor(math.log10((high - low) / rows))
    scales = [
        Axis(math.floor(low / step) * step, step, every, rows)
        for every in (2, 3, 4)
        if every < rows
        for step in (factor * power for factor in (1, 2, 5, 10, 20, 50, 100))
    ]
    fitting = [axis for axis in scales if high <= axis.high]
    return min(fitting, key=lambda axis: axis.step / axis.every)


def _widened(low: float, high: float) -> tuple[float, float]:
    span = max(high - low, 0.1 * max(abs(low), abs(high)), 1.0)
    padding = (span - (high - low)) / 2
    wide_low, wide_high = low - padding, high + padding
    if low >= 0 and wide_low < span:
        return 0.0, wide_high
    if high <= 0 and wide_high > -span:
        return wide_low, 0.0
    return wide_low, wide_high


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart."""

    lines: list[str]
    """Heading, rows of the curve, time axis."""
    margin: int
    """Cells of the labels and the blank after them."""
    axis: Axis | None
    """Its scale; None while no value was ever in sight."""


def draw_chart(
    at: Numbers,
    kw: Numbers,
    *,
    now: float,
    width: int,
    height: int,
    axis: Axis | None = None,
    seconds: float = SECONDS,
) -> Chart:
    """The chart as `height` lines of at most `width` cells; empty lines where it has no room.

    Args:
        at: Unix times, ascending, shape (t,).
        kw: Power at these times, NaN where there was none, shape (t,).
        now: Unix time of the right edge.
        width: Cells of the whole chart, labels included.
        height: Lines of the whole chart, the heading and the time axis included.
        axis: The scale of the chart before this one, kept while it fits.
        seconds: What the chart spans.
    """
    rows = height - 2
    if rows < MINIMUM_ROWS or width < 2 * LABEL_WIDTH:
        return Chart([""] * height, 0, axis)
    shown = np.isfinite(kw) & (at > now - seconds) & (at <= now)
    if shown.any():
        axis = fit_axis(float(kw[shown].min()), float(kw[shown].max()), rows, axis)
    elif axis is not None and axis.rows != rows:
        axis = None
    labels = axis.labels() if axis else {}
    margin = max([LABEL_WIDTH, *map(len, labels.values())])
    cells = width - margin - 1
    canvas = _Canvas(cells, rows)
    if axis is not None:
        canvas.draw(at[shown], axis.dots(kw[shown]), now=now, seconds=seconds)
        if axis.low < 0 <= axis.high:
            canvas.draw_level(int(axis.dots(np.zeros(1))[0]))
    curve = (
        f"{labels.get(row, ''):>{margin}} {line}".rstrip()
        for row, line in enumerate(canvas.lines())
    )
    start = f"-{seconds / 60:.0f} min"
    time_axis = f"{'':{margin}} {start}{'now':>{cells - len(start)}}"
    return Chart([f"{'kW':>{margin}}", *curve, time_axis], margin + 1, axis)


class _Canvas:
    """Dots, two across and four down in a cell."""

    def __init__(self, cells: int, rows: int) -> None:
        self._cells = [[0] * cells for _ in range(rows)]
        self._columns = 2 * cells

    def draw(self, at: Numbers, dots: NDArray[np.int64], *, now: float, seconds: float) -> None:
        """The curve: in each column all that happened in it, joined to its neighbours."""
        width = seconds / self._columns
        columns = np.floor(at / width).astype(np.int64) - math.floor(now / width)
        columns += self._columns - 1
        joined = np.diff(at, prepend=-math.inf) <= BRIDGED_SECONDS
        moved = (np.diff(columns, prepend=-1) != 0) | (np.diff(dots, prepend=-1) != 0)
        drawn = moved & (columns >= 0) & (columns < self._columns)
        before = (int(columns[drawn][0]), int(dots[drawn][0])) if drawn.any() else (0, 0)
        for column, dot, bridged in zip(
            columns[drawn].tolist(), dots[drawn].tolist(), joined[drawn].tolist(), strict=True
        ):
            here = column, dot
            self._line(before if bridged else here, here)
            before = here

    def _line(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        (column, dot), (to_column, to_dot) = start, end
        steps = max(abs(to_column - column), abs(to_dot - dot), 1)
        for step in range(steps + 1):
            self._set(
                column + round((to_column - column) * step / steps),
                dot + round((to_dot - dot) * step / steps),
            )

    def _set(self, column: int, dot: int) -> None:
        self._cells[dot // 4][column // 2] |= _DOTS[column % 2][dot % 4]

    def draw_level(self, dot: int) -> None:
        """A dotted line across, in the cells that the curve leaves free."""
        bits = _DOTS[0][dot % 4]
        self._cells[dot // 4] = [cell or bits for cell in self._cells[dot // 4]]

    def lines(self) -> list[str]:
        """The rows as text; an empty cell is a blank, one byte where a braille blank is three."""
        return ["".join(chr(0x2800 + bits) if bits else " " for bits in row) for row in self._cells]


class LoadChart(Panel):
    """The chart as a widget in one colour."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._at: Numbers = np.empty(0)
        self._kw: Numbers = np.empty(0)
        self._now = 0.0
        self._axis: Axis | None = None

    def show(self, at: Numbers, kw: Numbers, *, now: float) -> None:
        """Show these readings (see `draw_chart`)."""
        self._at, self._kw, self._now = at, kw, now
        self._draw()

    def on_resize(self, _event: Resize) -> None:
        """Draw for the new size."""
        self._draw()

    def _draw(self) -> None:
        width, height = self.size
        chart = draw_chart(
            self._at, self._kw, now=self._now, width=width, height=height, axis=self._axis
        )
        self._axis = chart.axis
        inner = range(1, height - 1)
        self.say(
            [
                [
                    (line[: chart.margin], "dim"),
                    (line[chart.margin :], "bar" if y in inner else "dim"),
                ]
                for y, line in enumerate(chart.lines)
            ]
        )
