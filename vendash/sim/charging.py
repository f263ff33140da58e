"""Charging stations: who comes, how long they stay, and how they charge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

import numpy as np

from vendash.sim.chance import Keys, normal, uniform
from vendash.sim.models import FRAME, HOUR, Doubles, Draw, Floats, Model
from vendash.sim.profiles import LOCAL_TIME


@dataclass(frozen=True, slots=True)
class Arrivals:
    """One part of the mixture of arrivals: at most one car a day and charger comes of it."""

    weekday: float
    """Probability that a car comes on a day from Monday to Friday."""
    weekend: float
    mean: float
    """Hours after local midnight."""
    spread: float
    earliest: float
    latest: float
    dwell: float
    """Median of the hours that it stays, lognormal."""
    dwell_sigma: float


@dataclass(frozen=True, slots=True)
class _Session:
    """At most one car for each charger, arrays of shape (n,)."""

    start: Doubles
    """Unix time."""
    end: Doubles
    """Unix time; the start where no car comes."""
    limit: Floats
    """The most that car and charger both allow, kW."""
    lacking: Floats
    """What the car lacks at the start, kWh."""
    tapering: Floats
    """The last part of its battery, kWh."""

    def add_power(self, at: float, kw: Floats) -> None:
        """Add the power of those who are there to that of all chargers."""
        here = np.flatnonzero((self.start <= at) & (at < self.end))
        hours = ((at - self.start[here]) / HOUR).astype(np.float32)
        kw[here] += charging_power(hours, self.limit[here], self.lacking[here], self.tapering[here])


def charging_power(hours: Floats, limit: Floats, lacking: Floats, tapering: Floats) -> Floats:
    """KW of cars some hours after they came: constant, then in proportion to the room left.

    With room r in a last part T of the battery, P = P_limit x r / T and dr/dt = -P, so that P
    falls exponentially with the time constant T / P_limit.
    """
    constant = np.maximum(lacking - tapering, 0) / limit
    first = limit * np.minimum(lacking / tapering, 1)
    kw: Floats = first * np.exp(-np.maximum(hours - constant, 0) * limit / tapering)
    return kw


class ChargerModel(Model):
    """Charging stations: cars come, charge at constant power, taper above 80 %, and leave.

    A mixture of arrivals by time of day, lognormal dwell and energy, after emobpy (Gaete-Morales
    et al., Sci Data 8:152, 2021). Above 80 % of its battery a car takes less in proportion to the
    room that is left. A car that would meet the next one at its charger leaves before it.
    """

    MIXTURE = (
        Arrivals(0.45, 0.15, 8.0, 1.0, 5.0, 11.0, 5.0, 0.5),
        Arrivals(0.35, 0.45, 13.0, 1.2, 11.0, 16.0, 1.5, 0.6),
        Arrivals(0.55, 0.45, 18.0, 1.5, 16.0, 23.5, 8.0, 0.5),
    )
    LONGEST = 16.0
    """Hours; so nobody who came before yesterday is still there."""
    ENERGY, ENERGY_SIGMA = 18.0, 0.6
    """Median of the kWh that a car lacks, lognormal."""
    CARS = ((0.1, 3.7), (0.3, 7.4), (0.9, 11.0), (1.0, 22.0))
    """Cumulative shares of cars that charge with so many kW at most."""
    TAPER = 0.2
    """The last part of the battery, which charges ever more slowly."""
    EMPTIEST = 0.95 / TAPER
    """The most that a car lacks, in parts of the size of the last one."""
    USUAL_BATTERY = 60.0
    """KWh, where a resource says nothing."""

    def __init__(self, keys: Keys, p_max: Floats, e_max: Floats) -> None:
        self._keys = keys
        self._p_max = np.maximum(p_max, np.float32(1e-3))  # 0 is clipped later, not divided by
        self._tapering = np.float32(self.TAPER) * np.where(
            e_max > 1, e_max, np.float32(self.USUAL_BATTERY)
        )
        self._day: int | None = None
        self._sessions: list[_Session] = []

    def power(self, frame: int) -> Floats:
        """The cars that are there; a day's are drawn when it begins, nothing else is remembered."""
        now = datetime.fromtimestamp(frame * FRAME, LOCAL_TIME)
        if now.toordinal() != self._day:
            self._day = now.toordinal()
            self._sessions = self._sessions_of(now)
        kw = np.zeros(len(self._keys), dtype=np.float32)
        for session in self._sessions:
            session.add_power(frame * FRAME, kw)
        return kw

    def _sessions_of(self, now: datetime) -> list[_Session]:
        """Every session of yesterday and today, none of which overlaps another."""
        today = now.date()
        sessions: list[_Session] = []
        until: Doubles = np.full(len(self._keys), np.inf)
        for ordinal in (today.toordinal(), today.toordinal() - 1):
            midnight = datetime.combine(today.fromordinal(ordinal), time(), LOCAL_TIME)
            for part in reversed(range(len(self.MIXTURE))):
                session, until = self._session(midnight, part, until)
                sessions.append(session)
        return sessions

    def _session(self, midnight: datetime, part: int, until: Doubles) -> tuple[_Session, Doubles]:
        """The session of one part of a day's mixture, and where earlier ones must end."""
        arrivals, keys = self.MIXTURE[part], self._keys
        draw = midnight.toordinal() * len(self.MIXTURE) + part
        weekend = midnight.weekday() >= 5
        comes = uniform(keys, Draw.COMES, draw) < (
            arrivals.weekend if weekend else arrivals.weekday
        )
        hour = arrivals.mean + arrivals.spread * normal(keys, Draw.WHEN, draw)
        hour = np.clip(hour, arrivals.earliest, arrivals.latest)
        dwell = arrivals.dwell * np.exp(arrivals.dwell_sigma * normal(keys, Draw.DWELL, draw))
        start = midnight.timestamp() + hour.astype(np.float64) * HOUR
        end = np.minimum(start + np.minimum(dwell, self.LONGEST) * HOUR, until)
        lacking = self.ENERGY * np.exp(self.ENERGY_SIGMA * normal(keys, Draw.ENERGY, draw))
        session = _Session(
            start=start,
            end=np.where(comes, end, start),
            limit=np.minimum(self._p_max, self._car(draw)),
            lacking=np.minimum(lacking, self._tapering * np.float32(self.EMPTIEST)),
            tapering=self._tapering,
        )
        return session, np.where(comes, start, until)

    def _car(self, draw: int) -> Floats:
        """The most that each car takes, kW."""
        shares, kw = zip(*self.CARS, strict=True)
        place = np.searchsorted(np.array(shares), uniform(self._keys, Draw.CAR, draw))
        return np.array(kw, dtype=np.float32)[np.minimum(place, len(kw) - 1)]
