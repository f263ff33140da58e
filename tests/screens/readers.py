"""Readers of live numbers for tests: one that has nothing, one whose ticks are made by rule."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self

import numpy as np

from vendash.filters import Query
from vendash.models import RegistrationStatus, ResourceRow
from vendash.store.protocol import FleetReader
from vendash.telemetry.ticks import TYPES, Quality, Roster, Sums, Tick


class NoReader:
    """Nothing was ever written."""

    def roster(self) -> Roster | None:
        """None."""
        return None

    def latest(self) -> Tick | None:
        """None."""
        return None

    def sums(self, seconds: float = 900.0) -> Sums | None:
        """None."""
        return None


class SteadyReader:
    """A tick a second for the approved resources: key + seconds in kW, every tenth one stale."""

    def __init__(self, rows: list[ResourceRow], clock: Callable[[], float] = time.time) -> None:
        rows = sorted(rows, key=lambda row: row.key)
        self._clock = clock
        names = tuple(sorted({row.ven for row in rows}))
        self._roster = Roster(
            generation=1,
            keys=np.array([row.key for row in rows], dtype=np.int64),
            types=np.array([TYPES.index(row.type.value) for row in rows], dtype=np.uint8),
            vens=np.array([names.index(row.ven) for row in rows], dtype=np.int32),
            ven_names=names,
        )

    @classmethod
    async def of(cls, store: FleetReader, clock: Callable[[], float] = time.time) -> Self:
        """Of the approved resources of a store."""
        keys = await store.keys(Query(status=RegistrationStatus.APPROVED))
        return cls(await store.rows(keys), clock)

    def roster(self) -> Roster | None:
        """Always the same one."""
        return self._roster

    def latest(self) -> Tick | None:
        """The tick of this second."""
        second = int(self._clock())
        keys = self._roster.keys
        return Tick(
            sequence=second,
            at=float(second),
            generation=1,
            kw=(keys + second % 10).astype(np.float32),
            quality=np.where(keys % 10 == 0, Quality.STALE, Quality.GOOD).astype(np.uint8),
            simulated=True,
        )

    def sums(self, seconds: float = 900.0) -> Sums | None:
        """The last second only."""
        tick = self.latest()
        if tick is None:
            return None
        roster = self._roster
        by_ven = np.bincount(roster.vens, weights=tick.kw, minlength=len(roster.ven_names))
        by_type = np.bincount(roster.types, weights=tick.kw, minlength=len(TYPES))
        return Sums(
            at=np.array([tick.at]),
            by_type=by_type[None].astype(np.float32),
            by_ven=by_ven[None].astype(np.float32),
            readings=np.array([len(roster)], dtype=np.int32),
            ven_names=roster.ven_names,
        )
