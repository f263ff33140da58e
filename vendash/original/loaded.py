"""The resources that the original's simulator has loaded, and what their meters read."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vendash import models
from vendash.engine.simulation import simulation_of
from vendash.filters import Query
from vendash.models import NO_VEN, RegistrationStatus, SimulationSettings
from vendash.original.nouns import Resource, to_original
from vendash.sim.simulation import Simulation
from vendash.store.protocol import FleetReader
from vendash.telemetry.ticks import Quality

LOAD = "load_0"


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One reading of one load component of a meter."""

    timestamp: int
    """Simulated time, unix milliseconds."""
    load_id: str
    """Always `load_0`: a resource is one load here."""
    power_w: float
    """Watts, consumption positive."""


@dataclass(frozen=True, slots=True)
class ResourceMeterData:
    """What the meter of one resource reads."""

    resource_id: str
    meter_point_id: str
    readings: list[MeterReading]


class LoadedFleet:
    """Resources by VEN and id, their decisions as last seen, and their `Simulation`.

    Args:
        rows: The resources with their keys.
        now: Simulated time, unix seconds; it stands still unless somebody changes it.
        seed: What is random in the simulation follows from it.
    """

    def __init__(
        self, rows: Sequence[tuple[int, models.Resource]], *, now: float, seed: int
    ) -> None:
        self.now = now
        self.by_ven: dict[str, dict[str, Resource]] = {}
        self._by_key = {key: to_original(held) for key, held in rows}
        for resource in self._by_key.values():
            held = self.by_ven.setdefault(resource.ven or NO_VEN, {})
            held[resource.resourceID] = resource
        self._rows = rows
        self._settings = SimulationSettings(on=True, seed=seed)
        self._simulation: Simulation | None = None
        self._advancing = threading.Lock()

    async def look_at_decisions(self, reader: FleetReader) -> None:
        """Take in the decisions that others have made since."""
        for status in RegistrationStatus:
            for key in await reader.keys(Query(status=status)):
                if held := self._by_key.get(key):
                    held.registration_status = status.value

    def read_meters(self, keys: Sequence[int]) -> list[ResourceMeterData]:
        """What the meters of those of our resources read that have these keys.

        The first reading, and one after a day of simulated time, take seconds on a Raspberry Pi:
        call it in a thread.
        """
        with self._advancing:
            now = self.now
            simulation = self._simulation or simulation_of(
                self._rows, self._settings, start=now, generation=1
            )
            self._simulation = simulation
            simulation.set_mask(np.isin(simulation.roster.keys, np.asarray(keys)))
            simulation.advance(now - simulation.now)
            tick = simulation.tick(now, 0)
        places = np.flatnonzero(tick.quality == Quality.GOOD)
        watts = tick.kw[places].astype(np.float64) * 1000
        return [
            self._meter_data(key, round(now * 1000), power)
            for key, power in zip(
                simulation.roster.keys[places].tolist(), watts.tolist(), strict=True
            )
        ]

    def _meter_data(self, key: int, at: int, watts: float) -> ResourceMeterData:
        resource = self._by_key[key]
        return ResourceMeterData(
            resource.resourceID, resource.meterPointId, [MeterReading(at, LOAD, watts)]
        )


def of_status(held: dict[str, Resource], status: RegistrationStatus) -> dict[str, Resource]:
    """Those of the resources that carry this decision."""
    return {one: found for one, found in held.items() if found.registration_status == status}
