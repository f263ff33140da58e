"""What the Live screen says of a tick: pure sums over its arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vendash.filters import fold
from vendash.telemetry.ticks import TYPES, Quality, Roster, Sums, Tick

STALE_SECONDS = 3.0
"""A tick older than this is not live any more, whatever its qualities say."""


@dataclass(frozen=True, slots=True)
class Group:
    """The readings of one type or one VEN."""

    name: str
    kw: float
    """Sum of all values, stale ones included; NaN where there is none."""
    readings: int
    """How many good ones."""
    stale: int


@dataclass(frozen=True, slots=True)
class Figures:
    """One tick in numbers."""

    at: float
    """Unix time of the tick."""
    age: float
    """Seconds between the tick and now, in either direction: a clock may have been set."""
    simulated: bool
    readings: int
    stale: int
    kw: float
    """Sum of all values; NaN where there is none."""
    export_kw: float
    """Sum of the negative ones; never above 0."""
    types: tuple[Group, ...]
    """In the order of `TYPES`."""
    vens: tuple[Group, ...]
    """Those with a value, in the order of the roster."""

    @property
    def fresh(self) -> bool:
        """Whether the tick may be shown as live."""
        return self.age <= STALE_SECONDS


@dataclass(frozen=True, slots=True)
class Load:
    """The load over the last minutes."""

    at: NDArray[np.float64]
    kw: NDArray[np.float64]
    """Sum over all types; NaN where nothing was."""
    peak: float
    mean: float


class Order(StrEnum):
    """The orders of the list of VENs."""

    POWER = "kW"
    NAME = "name"
    STALE = "stale"


NO_LOAD = Load(np.empty(0), np.empty(0), math.nan, math.nan)


def figures(roster: Roster, tick: Tick, *, now: float) -> Figures:
    """The numbers of a tick at this Unix time. `tick` belongs to `roster`."""
    held = np.isfinite(tick.kw)
    kw = np.where(held, tick.kw, 0.0).astype(np.float64)
    good = held & (tick.quality == Quality.GOOD)
    stale = (tick.quality == Quality.STALE) | (tick.quality == Quality.BAD)
    types = _groups(roster.types, TYPES, kw, held, good, stale)
    vens = _groups(roster.vens, roster.ven_names, kw, held, good, stale)
    return Figures(
        at=tick.at,
        age=abs(now - tick.at),
        simulated=tick.simulated,
        readings=int(good.sum()),
        stale=int(stale.sum()),
        kw=float(kw.sum()) if held.any() else math.nan,
        export_kw=float(np.minimum(kw, 0.0).sum()) + 0.0,
        types=types,
        vens=tuple(ven for ven in vens if ven.readings or ven.stale),
    )


def _groups(
    places: NDArray[np.integer[Any]],
    names: tuple[str, ...],
    kw: NDArray[np.float64],
    held: NDArray[np.bool_],
    good: NDArray[np.bool_],
    stale: NDArray[np.bool_],
) -> tuple[Group, ...]:
    def count(which: NDArray[np.bool_]) -> list[int]:
        return list(np.bincount(places[which], minlength=len(names)))

    power = np.bincount(places, weights=kw, minlength=len(names))
    power[np.bincount(places[held], minlength=len(names)) == 0] = np.nan
    return tuple(map(Group, names, power.tolist(), count(good), count(stale)))


def load(sums: Sums | None) -> Load:
    """The total load over time, with its peak and its mean."""
    if sums is None or len(sums.at) == 0:
        return NO_LOAD
    held = np.isfinite(sums.by_type)
    kw = np.where(held, sums.by_type, 0.0).sum(axis=1, dtype=np.float64)
    kw[~held.any(axis=1)] = np.nan
    values = kw[np.isfinite(kw)]
    if len(values) == 0:
        return Load(sums.at, kw, math.nan, math.nan)
    return Load(sums.at, kw, float(values.max()), float(values.mean()))


def listed(vens: tuple[Group, ...], text: str, order: Order, *, reverse: bool) -> list[Group]:
    """The VENs whose name contains every word of `text`, in this order, then by name."""
    words = fold(text).split()
    found = [ven for ven in vens if all(word in fold(ven.name) for word in words)]
    return sorted(found, key=lambda ven: (_rank(ven, order), fold(ven.name)), reverse=reverse)


def _rank(ven: Group, order: Order) -> float:
    if order is Order.POWER:
        return math.inf if math.isnan(ven.kw) else -ven.kw
    return -ven.stale if order is Order.STALE else 0
