"""A tick of the simulation against bare numpy doing the same arithmetic.

The floor is one straight function over plain arrays, without models, masks, ticks or time zones:
the same formulas, a frame each minute of simulated time and interpolation between, as the
simulation does it. Both run interleaved, in one process, and the median round counts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.ratio import Ratio
from vendash.sim.meterfiles import MeterFile
from vendash.sim.models import FRAME
from vendash.sim.profiles import load_unit_profiles
from vendash.sim.simulation import SimulatedFleet, Simulation
from vendash.telemetry.ticks import TYPES, Roster

START = 1751364000.0
"""2025-07-01 12:00 in Denmark: the sun is up, cars charge, batteries run."""
SHARES = (0.78, 0.04, 0.06, 0.12)
"""Of the types, about as in the sample fleet."""
CITIES = 158

Floats = NDArray[np.float32]
Words = NDArray[np.uint64]
Places = NDArray[np.intp]
Power = Callable[[int], Floats]


def run() -> list[Ratio]:
    """The cost of a tick at 10,562 and at a million resources, frames included, in ms."""
    return [
        _ratio(10_562, ticks=600, rounds=7),
        _ratio(1_000_000, ticks=60, rounds=3),
    ]


def _ratio(resources: int, *, ticks: int, rounds: int) -> Ratio:
    fleet = _fleet(resources)
    simulation = Simulation(
        fleet, seed=1, profiles=load_unit_profiles(), meters=_meters(), start=START
    )
    bare = _bare(fleet)

    def ours(number: int) -> None:
        simulation.advance(1.0)
        simulation.tick(START + number, number)

    times = [(_time(ours, ticks), _time(bare, ticks)) for _ in range(rounds)]
    return Ratio(
        name=f"a simulation tick, {resources:,} resources, against bare numpy",
        ours=median(mine for mine, _ in times),
        floor=median(floor for _, floor in times),
        goal=1.5,
        unit="ms",
    )


def _time(tick: Callable[[int], None], ticks: int) -> float:
    """Milliseconds for one of so many ticks in a row."""
    begin = time.perf_counter()
    for number in range(ticks):
        tick(number)
    return (time.perf_counter() - begin) / ticks * 1000


def _fleet(count: int) -> SimulatedFleet:
    rng = np.random.default_rng(1)
    types = rng.choice(len(TYPES), count, p=SHARES).astype(np.uint8)

    def by_type(dsr: float, battery: float, pv: float, ev: float) -> NDArray[np.float64]:
        return np.array([dsr, battery, pv, ev])[types]

    roster = Roster(
        generation=1,
        keys=np.arange(1, count + 1, dtype=np.int64),
        types=types,
        vens=rng.integers(0, CITIES, count).astype(np.int32),
        ven_names=tuple(f"City {number}" for number in range(CITIES)),
    )
    return SimulatedFleet(
        roster=roster,
        resource_ids=[f"resource-{number}" for number in range(count)],
        sub_types=rng.choice(["schools", "hotels", "bars", "shops"], count).tolist(),
        p_max=by_type(50, 50, 0, 22),
        p_min=by_type(-20, -50, -30, 0),
        e_max=by_type(200, 100, 0, 100),
        e_min=by_type(0, 10, 0, 0),
        latitude=rng.uniform(54.6, 57.6, count),
        longitude=rng.uniform(8.0, 12.6, count),
        reads=np.ones(count, dtype=np.bool_),
    )


def _meters() -> MeterFile:
    """As large as the sample: 153 meters, four weeks at 15 minutes."""
    watts = np.random.default_rng(2).uniform(0, 40_000, (2688, 153)).astype(np.float32)
    return MeterFile(tuple(f"meter-{number}" for number in range(153)), 1736118000.0, 900.0, watts)


def _bare(fleet: SimulatedFleet) -> Callable[[int], None]:
    """The floor: a function that makes the tick of a second."""
    makers = (_bare_loads, _bare_batteries, _bare_plants, _bare_chargers)
    places = [np.flatnonzero(fleet.roster.types == kind) for kind in range(len(TYPES))]
    powers = [maker(fleet, at) for maker, at in zip(makers, places, strict=True)]
    least = np.minimum(fleet.p_min, 0).astype(np.float32)
    most = np.maximum(fleet.p_max, 0).astype(np.float32)
    blank = np.zeros(len(fleet.roster), dtype=np.float32)

    def frame(minute: int) -> Floats:
        kw = np.zeros(len(fleet.roster), dtype=np.float32)
        for at, power in zip(places, powers, strict=True):
            kw[at] = power(minute)
        return kw

    frames = [frame(0), frame(1)]

    def tick(number: int) -> None:
        minute, second = divmod(number, FRAME)
        if second == 0:
            frames[:] = frames[1], frame(minute + 2)
        kw = frames[1] - frames[0]
        kw *= np.float32(second / FRAME)
        kw += frames[0]
        np.clip(kw, least, most, out=kw)
        kw += blank

    return tick


def _bare_loads(fleet: SimulatedFleet, at: Places) -> Power:
    rng = np.random.default_rng(3)
    keys = rng.integers(0, 2**63, len(at)).astype(np.uint64)
    scale = rng.uniform(30, 50, len(at)).astype(np.float32)
    table = rng.uniform(0, 1, (2, 700)).astype(np.float32)
    unit = rng.integers(0, 700, len(at))
    noise = np.zeros(len(at), dtype=np.float32)

    def power(minute: int) -> Floats:
        noise[:] = noise * np.float32(0.82) + np.float32(0.05) * _normal(keys, minute)
        row = table[0] + (table[1] - table[0]) * np.float32(0.3)
        kw: Floats = scale * row[unit] * (1 + noise)
        return kw

    return power


def _bare_batteries(fleet: SimulatedFleet, at: Places) -> Power:
    rng = np.random.default_rng(4)
    energy = rng.uniform(10, 100, len(at))
    wanted = rng.choice([-30.0, 0.0, 20.0], len(at))

    def power(minute: int) -> Floats:
        room, left = 100 - energy, energy - 10
        upper = np.minimum(50 * np.minimum(room / 4.5, 1), room / (0.9 / 60))
        lower = np.maximum(-50 * np.minimum(left / 4.5, 1), -left * 0.9 * 60)
        kw: NDArray[np.float64] = np.clip(wanted, lower, upper)
        stored = np.where(kw > 0, kw * 0.9, kw / 0.9)
        energy[:] = np.clip(energy + (stored - 0.5) / 60, 10, 100)
        return kw.astype(np.float32)

    return power


def _bare_plants(fleet: SimulatedFleet, at: Places) -> Power:
    latitude, east = np.radians(fleet.latitude[at]), np.radians(fleet.longitude[at])
    sines, cosines = np.sin([latitude, latitude - 0.6]), np.cos([latitude, latitude - 0.6])
    city = fleet.roster.vens[at]
    sky = np.random.default_rng(5).uniform(0, 1, (2, CITIES)).astype(np.float32)

    def power(minute: int) -> Floats:
        turn = np.cos(east + minute * math.tau / 1440)
        ground, plane = (sines * 0.39 + cosines * 0.92 * turn).astype(np.float32)
        sine = np.maximum(ground, 0)
        height = np.degrees(np.arcsin(np.minimum(sine, 1)))
        air_mass = 1 / (sine + 0.50572 * (height + 6.07995) ** -1.6364)
        beam = 1.353 * 0.7 ** (air_mass**0.678) * (sine > 0)
        passing = (sky[0] + (sky[1] - sky[0]) * np.float32(0.3))[city]
        kw: Floats = -27 * beam * (np.maximum(plane, 0) + 0.09) * passing
        return kw

    return power


def _bare_chargers(fleet: SimulatedFleet, at: Places) -> Power:
    rng = np.random.default_rng(6)
    starts = START + rng.uniform(-30, 12, (6, len(at))) * 3600
    ends = starts + rng.uniform(1, 8, (6, len(at))) * 3600
    limit = np.full(len(at), 11, dtype=np.float32)
    lacking = rng.uniform(5, 60, len(at)).astype(np.float32)

    def power(minute: int) -> Floats:
        now = START + minute * FRAME
        kw = np.zeros(len(at), dtype=np.float32)
        for start, end in zip(starts, ends, strict=True):
            here = np.flatnonzero((start <= now) & (now < end))
            hours = ((now - start[here]) / 3600).astype(np.float32)
            constant = np.maximum(lacking[here] - 20, 0) / limit[here]
            first = limit[here] * np.minimum(lacking[here] / 20, 1)
            kw[here] += first * np.exp(-np.maximum(hours - constant, 0) * limit[here] / 20)
        return kw

    return power


def _normal(keys: Words, counter: int) -> Floats:
    word = keys ^ np.uint64(counter * 0x9E3779B97F4A7C15 & (1 << 64) - 1)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    word = word ^ (word >> np.uint64(31))
    total = word.view(np.uint16).reshape(-1, 4).sum(axis=1, dtype=np.int32).astype(np.float32)
    scaled: Floats = (total - np.float32(131070)) * np.float32(2.6e-5)
    return scaled
