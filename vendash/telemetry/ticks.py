"""A tick is a frozen set of arrays over a roster; nobody makes an object per reading.

Producers (the simulation, meters) make ticks; the live ring and, later, the journal keep them;
screens read them through `TickReader` and do not know which of the two they look at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

TYPES = ("DSR", "BATTERY", "PV", "EV")
"""The resource types, in the order of `Roster.types`."""


class Quality(IntEnum):
    """What a value is worth. A stale value is never reported as live."""

    NONE = 0
    """No reading: not approved, disabled, or nothing heard yet."""
    GOOD = 1
    STALE = 2
    BAD = 3


@dataclass(frozen=True, slots=True, eq=False)
class Roster:
    """Which resource stands at which place of a tick. All arrays have length n."""

    generation: int
    """Increases whenever the roster is another one."""
    keys: NDArray[np.int64]
    """`resources.id`, ascending."""
    types: NDArray[np.uint8]
    """Index into `TYPES`."""
    vens: NDArray[np.int32]
    """Index into `ven_names`."""
    ven_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.keys)

    def places(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place of each key, -1 where the key is not in the roster."""
        if len(self.keys) == 0:
            return np.full(len(keys), -1, dtype=np.int64)
        found = np.searchsorted(self.keys, keys)
        found[found == len(self.keys)] = 0
        return np.where(self.keys[found] == keys, found, -1).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """One reading, or none, for every place of a roster. The arrays are read-only."""

    sequence: int
    """Rises by one a tick; order comes from here, never from the clock."""
    at: float
    """Unix time, UTC seconds, of the readings."""
    generation: int
    """Of the roster it belongs to."""
    kw: NDArray[np.float32]
    """Power, consumption positive; NaN where there is no reading."""
    quality: NDArray[np.uint8]
    """A `Quality` for each place."""
    simulated: bool


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sums of kW over time, oldest first, one row a second at most, NaN where nothing was."""

    at: NDArray[np.float64]
    """Unix time, shape (t,)."""
    by_type: NDArray[np.float32]
    """kW, shape (t, len(TYPES))."""
    by_ven: NDArray[np.float32]
    """kW, shape (t, number of VENs), in the order of `ven_names`."""
    readings: NDArray[np.int32]
    """How many readings each sum is made of, shape (t,)."""
    ven_names: tuple[str, ...]


class TickReader(Protocol):
    """What the live ring and the journal both offer to a screen. Never blocks, never waits."""

    def roster(self) -> Roster | None:
        """The newest roster; None while nothing has been written."""

    def latest(self) -> Tick | None:
        """The newest whole tick, of the newest roster; None while there is none."""

    def sums(self, seconds: float = 900.0) -> Sums | None:
        """Sums of the last so many seconds."""
