"""Sun and clouds, which all PV plants of a city share.

Angles are in radians inside and WGS84 degrees at the surface; times are unix seconds, UTC.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vendash.sim.chance import stable_keys, uniform

Floats = NDArray[np.float32]
Degrees = NDArray[np.float32] | NDArray[np.float64]

DAY = 86400
_J2000 = 946728000.0
"""Unix time of 2000-01-01 12:00, the epoch of the sun's elements."""

# --- the sun -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the sun stands over the turning Earth at one instant."""

    declination: float
    """Radians north of the equator."""
    greenwich_hour_angle: float
    """Radians west of Greenwich."""


def sun_at(at: float) -> Sun:
    """The sun's position, right to 0.01 degrees between 1950 and 2050.

    Source: the low-precision formulas of the Astronomical Almanac as given by Michalsky, Solar
    Energy 40 (1988).
    """
    days = (at - _J2000) / DAY
    anomaly = math.radians(357.528 + 0.9856003 * days)
    mean = 280.460 + 0.9856474 * days
    longitude = math.radians(mean + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    obliquity = math.radians(23.439 - 4e-7 * days)
    ascension = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    sidereal = math.radians((280.46062 + 360.98564737 * days) % 360.0)
    return Sun(
        declination=math.asin(math.sin(obliquity) * math.sin(longitude)),
        greenwich_hour_angle=sidereal - ascension,
    )


class Planes:
    """The cosine of the sun's angle to planes on the Earth, such as roofs or the ground.

    A plane that faces the equator at a tilt sees the sun as level ground at a latitude nearer to
    the equator by that tilt does (Duffie and Beckman, Solar Engineering of Thermal Processes,
    eq. 1.6.7).
    """

    def __init__(self, latitude: Degrees, longitude: Degrees, tilt: float = 0.0) -> None:
        towards_equator = np.radians(latitude - np.sign(latitude) * tilt)
        self._sine = np.sin(towards_equator)
        self._cosine = np.cos(towards_equator)
        self._east = np.radians(longitude)

    def cosine(self, sun: Sun) -> Floats:
        """1 where the sun stands straight above the plane, negative where it is behind it."""
        hour_angle = self._east + sun.greenwich_hour_angle
        cosine = self._sine * math.sin(sun.declination)
        cosine += self._cosine * math.cos(sun.declination) * np.cos(hour_angle)
        return cosine.astype(np.float32)


class ClearSky:
    """What falls on equator-facing planes under a sky without clouds."""

    TILT = 35.0
    """Degrees; near the best for a year anywhere in Denmark."""
    _DIFFUSE = 0.1 * (1 + math.cos(math.radians(TILT))) / 2
    """Of the beam: a tenth of it comes from the whole sky, of which the plane sees a part."""

    def __init__(self, latitude: Degrees, longitude: Degrees) -> None:
        self._ground = Planes(latitude, longitude)
        self._plane = Planes(latitude, longitude, self.TILT)

    def irradiance(self, at: float) -> Floats:
        """Suns (1 = 1 kW/m2) on each plane; 0 at night.

        Beam: 1.353 x 0.7^(AM^0.678) (Meinel and Meinel, Applied Solar Energy, 1976), AM being
        the air mass of Kasten and Young, Applied Optics 28 (1989).
        """
        sun = sun_at(at)
        sine = np.maximum(self._ground.cosine(sun), 0.0)  # of the sun's height
        height = np.degrees(np.arcsin(np.minimum(sine, 1.0)))
        air_mass = 1.0 / (sine + 0.50572 * (height + 6.07995) ** -1.6364)
        beam = 1.353 * 0.7 ** (air_mass**0.678) * (sine > 0.0)
        falling = beam * (np.maximum(self._plane.cosine(sun), 0.0) + self._DIFFUSE)
        return falling.astype(np.float32)


# --- the clouds ----------------------------------------------------------------------------


class Clouds:
    """A sky of two states over each city, clear and overcast, as a Markov chain.

    After Bright et al., Solar Energy 115 (2015), cut down to two states. A UTC day starts from
    the chain's stationary distribution, so that any day can be made without the days before it,
    and ends where the next one starts. Between two steps the sky changes evenly.
    """

    STEP = 300
    """Seconds between possible changes."""
    OVERCAST_SHARE = 0.62
    """Of the time; sets the yearly yield to what Danish plants have."""
    MEAN_OVERCAST = 2.5 * 3600
    """Seconds that a city stays overcast."""
    THIN, THICK = 0.45, 0.95
    """What clouds take away, drawn for each city and day between these."""

    _STEPS = DAY // STEP
    _CLEARING = STEP / MEAN_OVERCAST
    _CLOUDING = _CLEARING * OVERCAST_SHARE / (1 - OVERCAST_SHARE)
    _CHAIN, _DEPTH = 1, 2

    def __init__(self, cities: Iterable[str], seed: int) -> None:
        self._keys = stable_keys((f"sky over {city}" for city in cities), seed)
        self._day: int | None = None
        self._sky: Floats = np.empty((0, 0), dtype=np.float32)

    def passing(self, at: float) -> Floats:
        """The share of the clear sky's light that passes over each city."""
        day, second = divmod(at, DAY)
        if day != self._day:
            self._day = int(day)
            self._sky = self._day_of(self._day)
        step = min(int(second // self.STEP), self._STEPS - 1)
        before, after = self._sky[step], self._sky[step + 1]
        mixed: Floats = before + (after - before) * np.float32(second / self.STEP - step)
        return mixed

    def _day_of(self, day: int) -> Floats:
        """Every step of a day and the first one of the next, shape (steps + 1, cities)."""
        sky = np.empty((self._STEPS + 1, len(self._keys)), dtype=np.float32)
        overcast, depth = self._first(day)
        for step in range(self._STEPS):
            sky[step] = 1.0 - overcast * depth
            draw = uniform(self._keys, self._CHAIN, day * self._STEPS + step)
            overcast = np.where(overcast, draw >= self._CLEARING, draw < self._CLOUDING)
        overcast, depth = self._first(day + 1)
        sky[self._STEPS] = 1.0 - overcast * depth
        return sky

    def _first(self, day: int) -> tuple[NDArray[np.bool_], Floats]:
        """Which cities a day finds overcast, and how thick its clouds are."""
        overcast = uniform(self._keys, self._DEPTH, 2 * day) < self.OVERCAST_SHARE
        depth = uniform(self._keys, self._DEPTH, 2 * day + 1)
        return overcast, np.float32(self.THIN) + depth * np.float32(self.THICK - self.THIN)
