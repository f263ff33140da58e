"""What the Live screen says of a tick: pure sums over its arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vendash.filters import Field, Filter, FilterError, Term, fold
from vendash.screens.readings import FRESH_SECONDS
from vendash.telemetry.ticks import TYPES, Quality, Roster, Sums, Tick

STALE_SECONDS = FRESH_SECONDS
"""A tick older than this is not live any more, whatever its qualities say."""


@dataclass(frozen=True, slots=True)
class Group:
    """The readings of one type or one VEN."""

    name: str
    kw: float
    """Sum of the good values; where all are stale, of these; NaN where there is none."""
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
    """Sum of the good values, as in the chart: a stale one is not what flows now.

    Where all are stale, the sum of these, which is not to be shown as live; NaN where none is.
    """
    export_kw: float
    """Sum of the negative ones of these; never above 0."""
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
    interval: float
    """Whole seconds from one sum to the next, of late; 1 at the least."""


ORDERS = ("kW", "name", "stale")
"""The orders of the list of VENs."""

NO_LOAD = Load(np.empty(0), np.empty(0), math.nan, math.nan, 1.0)


def figures(roster: Roster, tick: Tick, *, now: float) -> Figures:
    """The numbers of a tick at this Unix time; in an old tick every value is stale.

    `tick` belongs to `roster`.
    """
    age = abs(now - tick.at)
    held = np.isfinite(tick.kw)
    good = held & (tick.quality == Quality.GOOD) & (age <= STALE_SECONDS)
    stale = (tick.quality != Quality.NONE) & ~good
    places = _Places(np.where(held, tick.kw, 0.0), good, held, stale)
    counted = tick.kw[good if good.any() else held].astype(np.float64)
    return Figures(
        at=tick.at,
        age=age,
        simulated=tick.simulated,
        readings=int(good.sum()),
        stale=int(stale.sum()),
        kw=float(counted.sum()) if len(counted) else math.nan,
        export_kw=float(counted[counted < 0].sum()),
        types=places.grouped(roster.types, TYPES),
        vens=tuple(
            ven
            for ven in places.grouped(roster.vens, roster.ven_names)
            if ven.readings or ven.stale
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """The places of a roster; all of the same length."""

    kw: NDArray[np.floating[Any]]
    good: NDArray[np.bool_]
    held: NDArray[np.bool_]
    stale: NDArray[np.bool_]

    def grouped(self, by: NDArray[np.integer[Any]], names: tuple[str, ...]) -> tuple[Group, ...]:
        readings, held, stale = (
            np.bincount(by[which], minlength=len(names))
            for which in (self.good, self.held, self.stale)
        )
        good_kw = np.bincount(by, weights=self.kw * self.good, minlength=len(names))
        last_kw = np.bincount(by, weights=self.kw, minlength=len(names))
        power = np.where(readings > 0, good_kw, np.where(held > 0, last_kw, np.nan))
        columns = power.tolist(), readings.tolist(), stale.tolist()
        return tuple(map(Group, names, *columns))


def load(sums: Sums | None) -> Load:
    """The total load over time, with its peak and its mean."""
    if sums is None or len(sums.at) == 0:
        return NO_LOAD
    held = np.isfinite(sums.by_type)
    kw = np.where(held, sums.by_type, 0.0).sum(axis=1, dtype=np.float64)
    kw[~held.any(axis=1)] = np.nan
    intervals = np.diff(sums.at[-10:])
    interval = max(1.0, round(float(np.median(intervals)))) if len(intervals) else 1.0
    return _load(sums.at, kw, interval)


def _load(at: NDArray[np.float64], kw: NDArray[np.float64], interval: float) -> Load:
    values = kw[np.isfinite(kw)]
    peak, mean = (values.max(), values.mean()) if len(values) else (math.nan, math.nan)
    return Load(at, kw, float(peak), float(mean), interval)


def joined(before: Load, newer: Load, *, now: float, seconds: float = 900.0) -> Load:
    """What was known before a new beginning, and what has come since; the gap stays a gap.

    An engine that starts again, and a simulation that is switched on, begin with nothing.
    """
    begins = newer.at[0] if len(newer.at) else now
    kept = (before.at < begins) & (before.at > now - seconds)
    if not kept.any():
        return newer
    at = np.concatenate((before.at[kept], newer.at))
    return _load(at, np.concatenate((before.kw[kept], newer.kw)), newer.interval)


def check_terms(wanted: Filter) -> None:
    """Raises `FilterError` for a term that says nothing about a VEN's name."""
    for term in wanted.terms:
        if term.field not in (Field.TEXT, Field.VEN):
            raise FilterError("VENs are filtered by name here, as in her* or !aarhus.")


def listed(vens: Iterable[Group], wanted: Filter, order: str, *, reverse: bool) -> list[Group]:
    """The VENs that match, in one of the `ORDERS`, then by name."""
    found = [ven for ven in vens if _matches(fold(ven.name), wanted)]
    return sorted(found, key=lambda ven: (_rank(ven, order), fold(ven.name)), reverse=reverse)


def _matches(name: str, wanted: Filter) -> bool:
    return all(_holds(name, term) != term.negated for term in wanted.terms)


def _holds(name: str, term: Term) -> bool:
    value = str(term.value)
    return fnmatchcase(name, _literal(value if term.field is Field.VEN else f"*{value}*"))


def _literal(pattern: str) -> str:
    """Only `*` is a wildcard of ours."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


def _rank(ven: Group, order: str) -> float:
    if order == "kW":
        return math.inf if math.isnan(ven.kw) else -ven.kw
    return -ven.stale if order == "stale" else 0
