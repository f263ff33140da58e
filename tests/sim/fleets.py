"""Small fleets for the tests of the simulation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vendash.models import Capacities, Location, RegistrationStatus, Resource, ResourceType
from vendash.sim.meterfiles import MeterFile
from vendash.sim.profiles import load_unit_profiles
from vendash.sim.simulation import SimulatedFleet, Simulation, fleet_arrays

SUMMER_NOON = 1751364000.0
"""2025-07-01 12:00 in Denmark, a Tuesday."""

CAPACITIES = {
    ResourceType.DSR: Capacities(p_max_kw=50, p_min_kw=-20, e_max_kwh=200),
    ResourceType.BATTERY: Capacities(p_max_kw=50, p_min_kw=-50, e_max_kwh=100, e_min_kwh=10),
    ResourceType.PV: Capacities(p_max_kw=0, p_min_kw=-30),
    ResourceType.EV: Capacities(p_max_kw=22, e_max_kwh=100),
}
SUB_TYPES = ("schools", "hotels", "bars", "nobody knows")


def resources(count: int) -> Iterator[tuple[int, Resource]]:
    """Approved resources of all types in three towns, with their keys."""
    kinds = tuple(CAPACITIES)
    for key in range(count):
        kind = kinds[key % len(kinds)]
        yield (
            key + 1,
            Resource(
                resource_id=f"resource-{key}",
                resource_name=f"Resource {key}",
                resource_type=kind,
                resource_sub_type=SUB_TYPES[key // len(kinds) % len(SUB_TYPES)],
                meter_point_id="707057500054134059",
                capacities=CAPACITIES[kind],
                location=Location(latitude=56.1 + key / 1000, longitude=9.0),
                ven=("Herning", "Aalborg", "Lemvig")[key % 3],
                registration_status=RegistrationStatus.APPROVED,
            ),
        )


def fleet(count: int = 80) -> SimulatedFleet:
    """The arrays of these resources."""
    return fleet_arrays(resources(count), generation=1)


def part_of(whole: SimulatedFleet, keys: set[int]) -> SimulatedFleet:
    """A fleet of some of 80 resources, in another order."""
    rows = [(key, one) for key, one in resources(len(whole.roster)) if key in keys]
    return fleet_arrays(reversed(rows), generation=2)


def suspended(whole: SimulatedFleet) -> SimulatedFleet:
    """The same fleet without an approved resource."""
    return replace(whole, reads=np.zeros(len(whole.roster), dtype=np.bool_))


def meter_file(meters: int = 5, weeks: int = 2) -> MeterFile:
    """Made-up meters from Monday 2025-01-06 00:00 local time on, in quarter hours."""
    rows = weeks * 7 * 96
    rng = np.random.default_rng(7)
    watts = rng.uniform(0, 40_000, (rows, meters)).astype(np.float32)
    return MeterFile(tuple(f"m{one}" for one in range(meters)), 1736118000.0, 900.0, watts)


def simulation(
    of: SimulatedFleet | None = None,
    *,
    seed: int = 1,
    start: float = SUMMER_NOON,
    speed: float = 1.0,
    meters: MeterFile | None = None,
) -> Simulation:
    """A simulation with the shipped profiles."""
    return Simulation(
        of or fleet(),
        seed=seed,
        profiles=load_unit_profiles(),
        meters=meters,
        start=start,
        speed=speed,
    )


def readings(of: Simulation) -> NDArray[np.float32]:
    """The readings now, kW."""
    return of.tick(0.0, 0).kw
