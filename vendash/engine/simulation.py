"""The service that lets approved resources have readings, a tick a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vendash.engine.memory import give_back
from vendash.filters import Query
from vendash.finishing import to_its_end
from vendash.models import Resource, SimulationSettings
from vendash.sample import meter_file, sample_meter_file
from vendash.sim.meterfiles import read_meter_file
from vendash.sim.profiles import load_unit_profiles
from vendash.sim.simulation import SimulatedFleet, Simulation, fleet_arrays, joined
from vendash.store.protocol import FleetStore
from vendash.telemetry.live import LiveWriter
from vendash.telemetry.status import ServiceStatus

TICK_SECONDS = 1.0
PAGE = 500
"""Resources read at once."""
OFF = ServiceStatus(health="off", text="off")


class SimulationService:
    """Simulates the fleet of a store while its database wants that, into the live ring."""

    def __init__(self, store: FleetStore, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self.status = OFF
        self.speed = 1.0
        self._changed = asyncio.Event()
        self._simulation: Simulation | None = None
        self._version: tuple[object, ...] = ()
        self._sequence = 0

    def tell(self, status: ServiceStatus) -> None:
        """The service itself has failed."""
        self.status = status

    async def run(self) -> None:
        """Tick for ever.

        Raises:
            VendashError: The store, the meter file or the live ring fails.
        """
        self._changed.set()
        self._simulation = None
        with closing(LiveWriter(self._folder)) as live:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow_changes())
                await self._tick(live)

    async def _follow_changes(self) -> None:
        async for _ in self._store.changes():
            self._changed.set()

    async def _tick(self, live: LiveWriter) -> None:
        due = time.monotonic()
        while True:
            if self._changed.is_set():
                self._changed.clear()
                await self._catch_up(live)
            if self._simulation is None:
                await self._changed.wait()
                due = time.monotonic()
                continue
            await self._advance(live, self._simulation)
            # What was slept through is not caught up.
            due = max(due + TICK_SECONDS, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    async def _catch_up(self, live: LiveWriter) -> None:
        """Follow the wanted state, the fleet and the decisions in the database."""
        wanted = await self._store.simulation()
        if not wanted.on:
            self._simulation, self.status = None, OFF
            live.close()
            return
        version = (wanted.seed, await self._store.roster_version())
        if self._simulation is None or version != self._version:
            self._simulation = await self._begin(wanted, live)
            self._version = version
        self._simulation.speed = self.speed = wanted.speed
        self._simulation.set_mask(_mask(self._simulation, await self._store.reading_keys()))
        self.status = ServiceStatus(health="ok", text="SIM", since=self.status.since or time.time())

    async def _begin(self, wanted: SimulationSettings, live: LiveWriter) -> Simulation:
        """A simulation of the fleet as it is now, going on at the simulated time reached."""
        start = self._simulation.now if self._simulation else time.time()
        simulation = await asyncio.to_thread(
            _simulation_of_arrays,
            await self._fleet(),
            wanted,
            meters=meter_file(self._store.path),
            start=start,
        )
        await asyncio.to_thread(give_back)
        live.publish_roster(simulation.roster)
        return simulation

    async def _fleet(self) -> SimulatedFleet:
        """The whole fleet, a page at a time: ten thousand `Resource`s at once take 14 MB."""
        keys = sorted(await self._store.keys(Query()))
        # Rises from one engine to the next too: the ring does not outlive the machine's uptime.
        generation = time.monotonic_ns()
        pages = [fleet_arrays((), generation)]
        for start in range(0, len(keys), PAGE):
            rows = await self._store.resources(keys[start : start + PAGE])
            pages.append(fleet_arrays(rows, generation))
        return joined(pages, generation)

    async def _advance(self, live: LiveWriter, simulation: Simulation) -> None:
        """One tick, off the loop: with a million resources it takes tens of milliseconds."""
        self._sequence += 1
        publishing = asyncio.to_thread(_publish_next, live, simulation, self._sequence)
        # Also when cancelled: the ring is closed only when nobody writes.
        await to_its_end(asyncio.create_task(publishing))


def _publish_next(live: LiveWriter, simulation: Simulation, sequence: int) -> None:
    simulation.advance(TICK_SECONDS)
    live.publish(simulation.tick(time.time(), sequence))


def simulation_of(
    resources: Sequence[tuple[int, Resource]],
    wanted: SimulationSettings,
    *,
    meters: Path | None = None,
    start: float,
    generation: int,
) -> Simulation:
    """A simulation of these resources with the meters of a file, or those that come with vendash.

    Raises:
        VendashError: The file is not one of meter data, or is damaged.
    """
    fleet = fleet_arrays(resources, generation)
    return _simulation_of_arrays(fleet, wanted, meters=meters, start=start)


def _simulation_of_arrays(
    fleet: SimulatedFleet, wanted: SimulationSettings, *, meters: Path | None, start: float
) -> Simulation:
    return Simulation(
        fleet,
        seed=wanted.seed,
        profiles=load_unit_profiles(),
        meters=read_meter_file(meters or sample_meter_file()),
        start=start,
        speed=wanted.speed,
    )


def _mask(simulation: Simulation, reading: Sequence[int]) -> NDArray[np.bool_]:
    """Which places of the roster have readings."""
    mask = np.zeros(len(simulation.roster), dtype=np.bool_)
    places = simulation.roster.places(np.asarray(reading, dtype=np.int64))
    mask[places[places >= 0]] = True
    return mask
