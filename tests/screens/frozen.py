"""A reader of live numbers that stand still, or go on as far as a test lets them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from vendash.models import RegistrationStatus, ResourceRow
from vendash.telemetry.ticks import TYPES, Quality, Roster, Sums, Tick

_KW = {"DSR": 80.0, "BATTERY": 12.5, "PV": -21.4, "EV": 11.0}


class FrozenReader:
    """A tick of the approved rows and 15 minutes before it, with a minute without readings.

    Everything may be set: `at` is the time of the tick, `kw` and `quality` go by place.
    """

    def __init__(self, at: float) -> None:
        self.at = at
        self.kw = np.empty(0, dtype=np.float32)
        self.quality = np.empty(0, dtype=np.uint8)
        self.reads = 0
        """How often the sums were asked for."""
        self._roster: Roster | None = None

    def take(self, rows: Sequence[ResourceRow], *, stale: Collection[str] = ()) -> None:
        """Read these rows from now on; those of these names with a stale value."""
        rows = sorted(rows, key=lambda row: row.key)
        names = tuple(sorted({row.ven for row in rows}))
        approved = [row.status is RegistrationStatus.APPROVED for row in rows]
        self._roster = Roster(
            generation=1 if self._roster is None else self._roster.generation + 1,
            keys=np.array([row.key for row in rows], dtype=np.int64),
            types=np.array([TYPES.index(row.type) for row in rows], dtype=np.uint8),
            vens=np.array([names.index(row.ven) for row in rows], dtype=np.int32),
            ven_names=names,
        )
        kw = [_KW[row.type] + row.key % 7 / 10 for row in rows]
        self.kw = np.where(approved, kw, np.nan).astype(np.float32)
        quality = [Quality.STALE if row.name in stale else Quality.GOOD for row in rows]
        self.quality = np.where(approved, quality, Quality.NONE).astype(np.uint8)

    def roster(self) -> Roster | None:
        """The roster of the rows taken."""
        return self._roster

    def latest(self) -> Tick | None:
        """The tick."""
        if self._roster is None:
            return None
        return Tick(
            sequence=int(self.at),
            at=self.at,
            generation=self._roster.generation,
            kw=self.kw,
            quality=self.quality,
            simulated=True,
        )

    def sums(self, seconds: float = 900.0) -> Sums | None:
        """A quarter of an hour that ends with the tick."""
        self.reads += 1
        roster = self._roster
        if roster is None:
            return None
        good = self.quality == Quality.GOOD
        kw = np.where(good, self.kw, 0.0)
        at = np.floor(self.at) - np.arange(seconds)[::-1]
        shape = 1.0 + 0.15 * np.sin((at - at[-1]) / 130) + 0.02 * np.sin((at - at[-1]) / 17)
        shape[(at > at[-1] - 400) & (at < at[-1] - 340)] = np.nan
        by_type = np.bincount(roster.types, weights=kw, minlength=len(TYPES))
        by_ven = np.bincount(roster.vens, weights=kw, minlength=len(roster.ven_names))
        return Sums(
            at=at,
            by_type=np.outer(shape, by_type).astype(np.float32),
            by_ven=np.outer(shape, by_ven).astype(np.float32),
            readings=np.where(np.isfinite(shape), good.sum(), 0).astype(np.int32),
            ven_names=roster.ven_names,
        )

    def forget(self) -> None:
        """No roster and no tick, as while a new ring is being written."""
        self._roster = None
