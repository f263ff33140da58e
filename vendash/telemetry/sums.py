"""Adds up a tick by type and by VEN."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vendash.telemetry.ticks import TYPES, Quality, Roster, Tick

Floats = NDArray[np.float32]


def sums_of(tick: Tick, roster: Roster) -> tuple[Floats, Floats]:
    """KW by type, in the order of `TYPES`, and by VEN, in the order of `roster.ven_names`.

    Only good readings count: a stale value is not what flows now. NaN where there is none.
    """
    good = tick.quality == Quality.GOOD
    kinds, vens = len(TYPES), len(roster.ven_names)
    cell = (roster.vens.astype(np.intp) * kinds + roster.types)[good]
    kw = np.bincount(cell, weights=tick.kw[good], minlength=vens * kinds).reshape(-1, kinds)
    heard = np.bincount(cell, minlength=vens * kinds).reshape(-1, kinds)
    return _sums(kw, heard, axis=0), _sums(kw, heard, axis=1)


def readings_of(tick: Tick) -> int:
    """How many good readings a tick has."""
    return int(np.count_nonzero(tick.quality == Quality.GOOD))


def _sums(kw: NDArray[Any], heard: NDArray[Any], axis: int) -> Floats:
    total: Floats = kw.sum(axis=axis).astype(np.float32)
    total[heard.sum(axis=axis) == 0] = np.nan
    return total
