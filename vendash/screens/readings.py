"""Live numbers as lists show them, by key and by VEN: looks into arrays, without waiting."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from vendash.widgets.columns import Cell

if TYPE_CHECKING:
    from vendash.telemetry.ticks import Roster, Sums, Tick, TickReader

FRESH_SECONDS = 5.0
"""A reading older than this is shown as stale, whatever its quality says."""
_GOOD = 1
"""`Quality.GOOD`, spelled here so that numpy is not imported before there is a tick."""


class Reading(msgspec.Struct, frozen=True):
    """One value in kW, how old it is in seconds, and whether it is worth showing as live."""

    kw: float
    age: float
    fresh: bool

    def power_cell(self) -> Cell:
        """The value, dimmed when it is stale."""
        return f"{self.kw:,.1f}", "text" if self.fresh else "dim"

    def age_cell(self) -> Cell:
        """Its age (`1s`, `4m`); a stale one never looks like a live one."""
        return short_age(self.age), "text" if self.fresh else "dim"


def short_age(seconds: float) -> str:
    """An age in at most four cells (`1s`, `4m`, `3h`, `9d`)."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(0.0, seconds):.0f}s"


class Readings:
    """The newest tick and sums of a reader."""

    def __init__(self, reader: TickReader) -> None:
        self._reader = reader
        self._roster: Roster | None = None
        self._tick: Tick | None = None
        self._sums: Sums | None = None
        self._vens: dict[str, int] = {}
        self._now = 0.0

    def update(self, now: float, *, vens: bool) -> None:
        """Take the newest tick, or the newest sums by VEN; `now` in Unix seconds."""
        self._now = now
        if vens:
            self._take_sums()
            return
        roster, tick = self._reader.roster(), self._reader.latest()
        matches = roster is not None and tick is not None and tick.generation == roster.generation
        self._roster, self._tick = (roster, tick) if matches else (None, None)

    def _take_sums(self) -> None:
        before = () if self._sums is None else self._sums.ven_names
        self._sums = self._reader.sums(FRESH_SECONDS)
        if self._sums is not None and self._sums.ven_names != before:
            self._vens = {name: place for place, name in enumerate(self._sums.ven_names)}

    def of(self, key: int) -> Reading | None:
        """The reading of a resource; None where it has none."""
        if self._roster is None or self._tick is None or not len(self._roster):
            return None
        keys = self._roster.keys
        place = int(keys.searchsorted(key))
        if place >= len(keys) or int(keys[place]) != key:
            return None
        kw = float(self._tick.kw[place])
        if math.isnan(kw):
            return None
        age = abs(self._now - self._tick.at)  # a clock that was set back makes nothing fresh
        good = int(self._tick.quality[place]) == _GOOD
        return Reading(kw, age, fresh=good and age <= FRESH_SECONDS)

    def of_ven(self, name: str) -> Reading | None:
        """The sum of the readings of a VEN; None where it has none."""
        sums = self._sums
        place = self._vens.get(name)
        if sums is None or place is None or not len(sums.at):
            return None
        kw = float(sums.by_ven[-1][place])
        if math.isnan(kw):
            return None
        age = abs(self._now - float(sums.at[-1]))
        return Reading(kw, age, fresh=age <= FRESH_SECONDS)
