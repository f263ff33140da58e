"""What each type of resource takes or gives, a frame (one simulated minute) at a time.

Power in kW, consumption positive; energy in kWh; frames count minutes since 1970, UTC. Each model
holds the resources of one type as arrays of length n and keeps none of their bounds: whoever puts
the models together clips to the capacities.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vendash.sim.chance import Keys, normal, uniform
from vendash.sim.meterfiles import MeterFile
from vendash.sim.profiles import LOCAL_TIME, UnitProfiles
from vendash.sim.replay import MeterReplay
from vendash.sim.weather import ClearSky, Clouds

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

FRAME = 60
"""Seconds of simulated time from frame to frame."""

HOUR = 3600


class Draw(IntEnum):
    """What a random number is for: one stream each."""

    NOISE = 1
    SHIFT = 2
    SHARE = 3
    METERED = 4
    METER = 5
    COMES = 6
    WHEN = 7
    DWELL = 8
    ENERGY = 9
    CAR = 10
    HABIT = 11


class Model:
    """The resources of one type. One that remembers nothing needs `power` only."""

    def settle(self, frame: int) -> None:
        """Come to a believable state at a frame, whatever was before."""

    def advance(self, frame: int) -> None:
        """Go on to a frame from the one before it."""

    def power(self, frame: int) -> Floats:
        """KW of each resource at the frame it is at, shape (n,)."""
        raise NotImplementedError


# --- DSR -----------------------------------------------------------------------------------


class DemandModel(Model):
    """Loads: P_max x share of it x unit(t + phase) x (1 + AR(1) noise).

    The unit is the standard profile of the sub type. Where a meter file is given, half of the
    resources, by their keys, replay one of its meters instead.
    """

    NOISE = 0.08
    """Standard deviation of the noise."""
    MEMORY = 300.0
    """Seconds after which 1/e of the noise is left."""
    METERED = 0.5
    SHIFTS = (-1800, -900, 0, 900, 1800)
    """Seconds by which one resource lives by the clock before or after another."""
    LEAST_SHARE = 0.6
    """The highest value of a profile is at least this share of P_max."""

    _KEEP = math.exp(-FRAME / MEMORY)
    _SETTLING = 48  # frames: what was before then counts for less than 1e-4

    def __init__(
        self,
        keys: Keys,
        sub_types: Sequence[str],
        p_max: Floats,
        profiles: UnitProfiles,
        meters: MeterFile | None,
    ) -> None:
        self._keys = keys
        self._profiles = profiles
        self._replay = MeterReplay(meters) if meters and meters.watts.size else None
        share = self.LEAST_SHARE + (1 - self.LEAST_SHARE) * uniform(keys, Draw.SHARE)
        self._scale = p_max * share.astype(np.float32)
        self._unit = self._units(sub_types)
        self._noise = np.zeros(len(keys), dtype=np.float32)

    def _units(self, sub_types: Sequence[str]) -> NDArray[np.intp]:
        """Which value of `_table` each resource follows."""
        own = {name: self._profiles.for_sub_type(name) for name in set(sub_types)}
        profile = np.fromiter((own[name] for name in sub_types), np.intp, len(sub_types))
        units = _choose(self._keys, Draw.SHIFT, len(self.SHIFTS)) * len(self._profiles.names)
        units += profile
        if self._replay is None:
            return units
        metered = uniform(self._keys, Draw.METERED) < self.METERED
        meter = _choose(self._keys, Draw.METER, self._replay.count)
        return np.where(metered, len(self.SHIFTS) * len(self._profiles.names) + meter, units)

    def _table(self, at: float) -> Floats:
        """Every profile in every shift, then every replayed meter."""
        values = [self._profiles.at(at + shift) for shift in self.SHIFTS]
        if self._replay is not None:
            values.append(self._replay.at(at))
        return np.concatenate(values)

    def settle(self, frame: int) -> None:
        """Let the noise come about over its last few memories."""
        self._noise[:] = 0
        for earlier in range(frame - self._SETTLING, frame + 1):
            self.advance(earlier)

    def advance(self, frame: int) -> None:
        """Forget some noise and add new."""
        self._noise *= np.float32(self._KEEP)
        step = self.NOISE * math.sqrt(1 - self._KEEP**2)
        self._noise += np.float32(step) * normal(self._keys, Draw.NOISE, frame)

    def power(self, frame: int) -> Floats:
        """The profile or meter of each, with its noise."""
        return self._scale * self._table(frame * FRAME)[self._unit] * (1 + self._noise)


def _choose(keys: Keys, stream: int, among: int) -> NDArray[np.intp]:
    """One of so many for each key."""
    return np.minimum(uniform(keys, stream) * among, among - 1).astype(np.intp)


# --- PV ------------------------------------------------------------------------------------


class SolarModel(Model):
    """PV plants: -P_peak x clear sky x what the clouds of the city let pass x yield of the plant.

    P_peak is the power under one sun (1 kW/m2), `-p_min`.
    """

    YIELD = 0.9
    """What inverter, wires and dirt leave."""

    def __init__(
        self,
        p_peak: Floats,
        latitude: Floats,
        longitude: Floats,
        cities: Sequence[str],
        seed: int,
    ) -> None:
        names, self._city = np.unique(np.array(cities, dtype=np.str_), return_inverse=True)
        self._clouds = Clouds(names.tolist(), seed)
        self._sky = ClearSky(latitude, longitude)
        self._scale = p_peak * np.float32(-self.YIELD)

    def power(self, frame: int) -> Floats:
        """Never above 0; remembers nothing."""
        passing = self._clouds.passing(frame * FRAME)[self._city]
        return self._scale * self._sky.irradiance(frame * FRAME) * passing


# --- BATTERY -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Storage:
    """The stores of n batteries and what they lose. Defaults are those of OpenDSS Storage."""

    p_max: Doubles
    """The most they take, kW, at least 0."""
    p_min: Doubles
    """The most they give, kW, at most 0."""
    e_max: Doubles
    e_min: Doubles
    """KWh, below `e_max`."""
    charging: float = 0.9
    """Share of what is taken that reaches the store."""
    discharging: float = 0.9
    """Share of what leaves the store that is given."""
    idling: float = 0.01
    """Share of `p_max` that the store loses at all times."""

    DERATED: ClassVar[float] = 0.05
    """The part of the store at either end in which power falls with the room that is left."""

    def run(self, energy: Doubles, wanted: Doubles, hours: float) -> tuple[Doubles, Doubles]:
        """The stores after some hours at the wanted kW, and the kW that they really took.

        E += (P_ch x eta_c - P_dis / eta_d - P_idle) dt, E within [e_min, e_max].
        """
        band = self.DERATED * (self.e_max - self.e_min)
        above, below = energy - self.e_min, self.e_max - energy
        most = np.minimum(self.p_max * np.minimum(below / band, 1), below / (self.charging * hours))
        least = np.maximum(
            self.p_min * np.minimum(above / band, 1), -above * self.discharging / hours
        )
        power = np.clip(wanted, least, most)
        stored = np.where(power > 0, power * self.charging, power / self.discharging)
        after = energy + (stored - self.idling * self.p_max) * hours
        return np.clip(after, self.e_min, self.e_max), power


class BatteryModel(Model):
    """Batteries on a daily habit: charge at night and at noon, give in the morning and evening.

    The power of a frame is held for its minute. What is read between two frames is interpolated,
    which over time comes to the same energy.
    """

    HABIT = (0, 4, 4, 4, 4, 0, -5, -5, -5, 0, 4, 4, 4, 4, 4, 0, 0, -6, -6, -6, -6, 0, 0, 0)
    """Tenths of P_max (or P_min) in each hour of the local day."""
    SPREAD = 2.0
    """Hours between the earliest and the latest battery."""
    USUAL_HOURS = 2.0
    """What fills the store at P_max, where a resource says nothing of its energy."""

    _SETTLING = 24 * HOUR // FRAME
    _SETTLING_STEP = 5

    def __init__(
        self, keys: Keys, *, p_max: Floats, p_min: Floats, e_max: Floats, e_min: Floats
    ) -> None:
        most = np.maximum(p_max, 0).astype(np.float64)
        bottom = np.maximum(e_min, 0).astype(np.float64)
        usual = bottom + np.maximum(self.USUAL_HOURS * most, 1.0)
        self._storage = Storage(
            p_max=most,
            p_min=np.minimum(p_min, 0).astype(np.float64),
            e_max=np.where(e_max > bottom, e_max, usual),
            e_min=bottom,
        )
        self._lag = self.SPREAD * (uniform(keys, Draw.HABIT).astype(np.float64) - 0.5)
        self._energy = (self._storage.e_min + self._storage.e_max) / 2
        self._kw = np.zeros(len(keys))

    def _wanted(self, frame: int) -> Doubles:
        now = datetime.fromtimestamp(frame * FRAME, LOCAL_TIME)
        hour = np.floor(now.hour + now.minute / 60 + self._lag).astype(np.intp) % 24
        tenths = np.array(self.HABIT)[hour] / 10
        return np.where(tenths > 0, self._storage.p_max, -self._storage.p_min) * tenths

    def _run(self, frame: int, frames: int) -> None:
        hours = frames * FRAME / HOUR
        self._energy, self._kw = self._storage.run(self._energy, self._wanted(frame), hours)

    def settle(self, frame: int) -> None:
        """Half full a day ago, on the habit since then."""
        self._energy = (self._storage.e_min + self._storage.e_max) / 2
        for earlier in range(frame - self._SETTLING, frame, self._SETTLING_STEP):
            self._run(earlier, self._SETTLING_STEP)
        self._run(frame, 1)

    def advance(self, frame: int) -> None:
        """Charge or give for a minute."""
        self._run(frame, 1)

    def power(self, frame: int) -> Floats:
        """What was really taken or given."""
        return self._kw.astype(np.float32)
