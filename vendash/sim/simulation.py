"""The readings that the meters of a fleet would give, for all resources at once.

The models make a frame, the power of every resource, at every full minute of simulated time; a
tick lies between two frames and is interpolated. So what a fleet does at a simulated time does not
depend on how long the ticks are, and a tick costs a few array operations. A jump, a tick that
spans many frames, makes only the last two whole.

What holds, given the same resources, profiles, meters and numpy:

- same seed, start, speed and calls: the same bytes, in any process and in any order of resources;
- ticks of another length: the same bytes at the same simulated time, to the rounding of the clock;
- another start or a restart: the same sun, clouds, cars and profiles at the same simulated time;
  noise and batteries come from a settling time before the start and are nearly the same;
- a resource's readings do not depend on which others are in the fleet, but on its VEN's clouds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vendash.models import NO_VEN, RegistrationStatus, Resource
from vendash.sim.chance import stable_keys
from vendash.sim.charging import ChargerModel
from vendash.sim.meterfiles import MeterFile
from vendash.sim.models import FRAME, BatteryModel, DemandModel, Floats, Model, SolarModel
from vendash.sim.profiles import UnitProfiles
from vendash.telemetry.ticks import TYPES, Quality, Roster, Tick

Mask = NDArray[np.bool_]

LONGEST = 86400
"""Seconds of simulated time that are gone through frame by frame; more is a jump."""

CALENDAR = 146_097 * 86400.0
"""Seconds of the 400 years after which the Gregorian calendar repeats, weekdays included."""

_LARGEST = 1e9
"""KW or kWh: a million times what one resource has, and exact enough as float32."""

_DSR, _BATTERY, _PV, _EV = range(len(TYPES))


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedFleet:
    """What the simulation has to know of a fleet; all of length n, in the roster's order."""

    roster: Roster
    resource_ids: Sequence[str]
    sub_types: Sequence[str]
    p_max: NDArray[np.float64]
    """KW, as are the bounds below of energy kWh; values that are not finite count as 0."""
    p_min: NDArray[np.float64]
    e_max: NDArray[np.float64]
    e_min: NDArray[np.float64]
    latitude: NDArray[np.float64]
    """WGS84 degrees."""
    longitude: NDArray[np.float64]
    reads: Mask
    """Whether a resource has readings: it is approved and enabled."""


def fleet_arrays(resources: Iterable[tuple[int, Resource]], generation: int) -> SimulatedFleet:
    """The arrays for resources with their keys, sorted by key."""
    rows = sorted(resources, key=lambda row: row[0])
    found = [resource for _, resource in rows]
    vens = [resource.ven or NO_VEN for resource in found]
    ven_names = tuple(sorted(set(vens)))
    ven_places = {name: place for place, name in enumerate(ven_names)}

    def numbers(values: Iterable[float]) -> NDArray[np.float64]:
        return np.fromiter(values, np.float64, len(found))

    roster = Roster(
        generation=generation,
        keys=np.array([key for key, _ in rows], dtype=np.int64),
        types=np.array([TYPES.index(one.resource_type) for one in found], dtype=np.uint8),
        vens=np.array([ven_places[name] for name in vens], dtype=np.int32),
        ven_names=ven_names,
    )
    return SimulatedFleet(
        roster=roster,
        resource_ids=[one.resource_id for one in found],
        sub_types=[one.resource_sub_type or "" for one in found],
        p_max=numbers(one.capacities.p_max_kw for one in found),
        p_min=numbers(one.capacities.p_min_kw for one in found),
        e_max=numbers(one.capacities.e_max_kwh for one in found),
        e_min=numbers(one.capacities.e_min_kwh for one in found),
        latitude=numbers(one.location.latitude for one in found),
        longitude=numbers(one.location.longitude for one in found),
        reads=np.array([has_readings(one) for one in found], dtype=np.bool_),
    )


def joined(parts: Sequence[SimulatedFleet], generation: int) -> SimulatedFleet:
    """One fleet of several whose keys ascend from part to part."""
    ven_names = tuple(sorted({name for part in parts for name in part.roster.ven_names}))
    places = {name: place for place, name in enumerate(ven_names)}

    def vens(roster: Roster) -> NDArray[np.int32]:
        return np.array([places[name] for name in roster.ven_names], dtype=np.int32)[roster.vens]

    roster = Roster(
        generation=generation,
        keys=np.concatenate([part.roster.keys for part in parts]),
        types=np.concatenate([part.roster.types for part in parts]),
        vens=np.concatenate([vens(part.roster) for part in parts]),
        ven_names=ven_names,
    )
    return SimulatedFleet(
        roster=roster,
        resource_ids=[one for part in parts for one in part.resource_ids],
        sub_types=[one for part in parts for one in part.sub_types],
        p_max=np.concatenate([part.p_max for part in parts]),
        p_min=np.concatenate([part.p_min for part in parts]),
        e_max=np.concatenate([part.e_max for part in parts]),
        e_min=np.concatenate([part.e_min for part in parts]),
        latitude=np.concatenate([part.latitude for part in parts]),
        longitude=np.concatenate([part.longitude for part in parts]),
        reads=np.concatenate([part.reads for part in parts]),
    )


def has_readings(resource: Resource) -> bool:
    """Whether a resource has readings: it is approved and enabled."""
    return resource.enabled and resource.registration_status is RegistrationStatus.APPROVED


class Simulation:
    """A fleet in simulated time.

    Args:
        fleet: who is in it. All of it evolves all the time; the mask says who has readings.
        seed: what is random follows from it and the resource ids.
        profiles: unit profiles of the sub types.
        meters: recorded meters, which half of the DSR resources then replay.
        start: simulated time at the beginning, unix seconds.
        speed: simulated seconds per second; may be set at any time.
    """

    def __init__(
        self,
        fleet: SimulatedFleet,
        *,
        seed: int,
        profiles: UnitProfiles,
        meters: MeterFile | None,
        start: float,
        speed: float = 1.0,
    ) -> None:
        self.roster = fleet.roster
        self.speed = speed
        self._models = _models(fleet, seed, profiles, meters)
        self._least, self._most = bounds(fleet)
        self.set_mask(fleet.reads)
        self.jump(start)

    @property
    def now(self) -> float:
        """Simulated time, unix seconds."""
        return self._now

    def set_mask(self, reads: Mask) -> None:
        """Say which resources have readings, from the next tick on; shape (n,)."""
        if reads.shape != (len(self.roster),):
            raise ValueError(f"a mask of {reads.shape} for {len(self.roster)} resources")
        self._blank = np.where(reads, np.float32(0), np.float32(np.nan))
        self._quality = np.where(reads, Quality.GOOD, Quality.NONE).astype(np.uint8)
        self._quality.flags.writeable = False

    def jump(self, to: float) -> None:
        """Be at another simulated time at once, as if started there.

        Time goes round after `CALENDAR`: at a high speed the last year that a date can have,
        9999, is only months away.
        """
        self._now = to % CALENDAR
        self._frame = self._reached = int(self._now // FRAME)
        for _, model in self._models:
            model.settle(self._frame)
        self._before = self._power_at(self._frame)
        self._after = self._power_at(self._frame + 1)

    def advance(self, seconds: float) -> None:
        """Let some seconds pass, real ones: simulated time goes on `speed` times as far.

        Steps of more than `LONGEST`, and backwards, are jumps.
        """
        self._now = (self._now + seconds * self.speed) % CALENDAR
        target = int(self._now // FRAME)
        frames = target - self._frame
        if not 0 <= frames <= LONGEST // FRAME:
            self.jump(self._now)
        elif frames:
            self._before = self._after if frames == 1 else self._power_at(target)
            self._after = self._power_at(target + 1)
            self._frame = target

    def tick(self, at: float, sequence: int) -> Tick:
        """The readings at the present simulated time, stamped with `at` (unix seconds)."""
        kw = self._after - self._before
        kw *= np.float32(self._now / FRAME - self._frame)
        kw += self._before
        np.clip(kw, self._least, self._most, out=kw)
        kw += self._blank
        kw.flags.writeable = False
        return Tick(sequence, at, self.roster.generation, kw, self._quality, simulated=True)

    def _power_at(self, frame: int) -> Floats:
        """The power of all resources in a frame that is not before the one reached."""
        while self._reached < frame:
            self._reached += 1
            for _, model in self._models:
                model.advance(self._reached)
        kw = np.zeros(len(self.roster), dtype=np.float32)
        for places, model in self._models:
            kw[places] = model.power(frame)
        return kw


def bounds(fleet: SimulatedFleet) -> tuple[Floats, Floats]:
    """The least and the most kW that each resource can have.

    A battery has [p_min, p_max] and a PV plant [p_min, 0]. A load has [0, p_max]: its negative
    p_min is how far it can be lowered, not an export; a positive one is what it always takes.
    """
    p_max, p_min = _finite(fleet.p_max), _finite(fleet.p_min)
    most, least = np.maximum(p_max, 0), np.minimum(p_min, 0)
    types = fleet.roster.types
    is_load = (types == _DSR) | (types == _EV)
    least = np.where(is_load, np.minimum(np.maximum(p_min, 0), most), least)
    return least, np.where(types == _PV, np.float32(0), most)


def _models(
    fleet: SimulatedFleet, seed: int, profiles: UnitProfiles, meters: MeterFile | None
) -> list[tuple[NDArray[np.intp], Model]]:
    """A model for each type that there is, with the places of its resources in the roster."""
    roster = fleet.roster
    keys = stable_keys(fleet.resource_ids, seed)
    p_max, p_min = _finite(fleet.p_max), _finite(fleet.p_min)
    e_max, e_min = _finite(fleet.e_max), _finite(fleet.e_min)

    def model(kind: int, at: NDArray[np.intp]) -> Model:
        if kind == _PV:
            cities = [roster.ven_names[ven] for ven in roster.vens[at]]
            latitude, longitude = _finite(fleet.latitude[at]), _finite(fleet.longitude[at])
            return SolarModel(-p_min[at], latitude, longitude, cities, seed)
        if kind == _EV:
            return ChargerModel(keys[at], p_max[at], e_max[at])
        if kind == _BATTERY:
            return BatteryModel(
                keys[at], p_max=p_max[at], p_min=p_min[at], e_max=e_max[at], e_min=e_min[at]
            )
        sub_types = [fleet.sub_types[place] for place in at]
        return DemandModel(keys[at], sub_types, p_max[at], profiles, meters)

    places = ((kind, np.flatnonzero(roster.types == kind)) for kind in range(len(TYPES)))
    return [(at, model(kind, at)) for kind, at in places if at.size]


def _finite(values: NDArray[np.float64]) -> Floats:
    """The values as float32; 0 for what is no finite number, and at most `_LARGEST`."""
    finite = np.where(np.isfinite(values), values, 0.0)
    return np.clip(finite, -_LARGEST, _LARGEST).astype(np.float32)
