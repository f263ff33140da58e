"""Adds up a tick by type and by VEN."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vendash.telemetry.ticks import TYPES, Quality, Roster, Tick

Floats = NDArray[np.float32]


def sums_of(tick: Tick, roster: Roster) -> tuple[Floats, Floats]:
    """KW by type, in the order of `TYPES`, and by VEN, in the order of `roster.ven_names`.

    Only good readings count: a stale value is not what flows now. NaN where there is none.
    """
    good = tick.quality == Quality.GOOD
    kw = np.where(good, tick.kw, np.float32(0))
    return (
        _sums(roster.types, kw, good, len(TYPES)),
        _sums(roster.vens, kw, good, len(roster.ven_names)),
    )


def readings_of(tick: Tick) -> int:
    """How many good readings a tick has."""
    return int(np.count_nonzero(tick.quality == Quality.GOOD))


def _sums(
    group: NDArray[np.uint8] | NDArray[np.int32],
    kw: Floats,
    good: NDArray[np.bool_],
    groups: int,
) -> Floats:
    heard = np.bincount(group[good], minlength=groups)
    total = np.bincount(group, weights=kw, minlength=groups).astype(np.float32)
    total[heard == 0] = np.nan
    return total
