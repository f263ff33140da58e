"""`vendash simulate`: the wanted state of the simulation, or a run of it in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from vendash.commands.opening import counted, named_vens, opened
from vendash.engine.simulation import TICK_SECONDS, simulation_of
from vendash.errors import VendashError
from vendash.filters import Query
from vendash.models import RegistrationStatus, SimulationSettings
from vendash.output import Answer, note
from vendash.sample import meter_file
from vendash.sim.simulation import Simulation
from vendash.telemetry.sums import readings_of, sums_of
from vendash.telemetry.ticks import TYPES, Roster, Tick


async def switch(db_path: Path | None, on: bool, speed: float | None) -> Answer:
    """Want the simulation on or off; the engine follows at its next tick."""
    async with opened(db_path) as fleet:
        await fleet.simulate(on, speed=speed)
        wanted = await fleet.reader.simulation()
    text = f"The simulation is {'on' if wanted.on else 'off'}, at speed {wanted.speed:g}."
    return {"on": wanted.on, "speed": wanted.speed}, text, 0


async def simulate(
    db_path: Path | None, vens: tuple[str, ...], seconds: int, speed: float
) -> Answer:
    """Simulate the approved resources here, a tick a second, and print their sums by type.

    Nothing is written anywhere.

    Raises:
        VendashError: Nothing is approved there, or the meter data cannot be used.
    """
    async with opened(db_path) as fleet:
        vens = named_vens(vens, await fleet.reader.vens())
        settings = await fleet.reader.simulation()
        meters = meter_file(fleet.path)
        everything = await fleet.reader.resources(await fleet.reader.keys(Query()))
    chosen = [(key, one) for key, one in everything if not vens or one.ven in vens]
    approved = sum(one.registration_status is RegistrationStatus.APPROVED for _, one in chosen)
    if not approved:
        raise VendashError("No resource is approved there: approve a VEN first (vendash approve).")
    wanted = SimulationSettings(on=True, speed=speed, seed=settings.seed)
    simulation = simulation_of(chosen, wanted, meters=meters, start=time.time(), generation=1)
    readings, ticks = 0, []
    note(f"SIM x{speed:g}  {counted(approved, 'approved resource')}, kW")
    for tick in _ticks(simulation, seconds):
        readings += readings_of(tick)
        ticks.append(_figures(tick, simulation.roster))
        note(_line(ticks[-1]))
        await asyncio.sleep(TICK_SECONDS)
    document = {
        "approved": approved,
        "seconds": seconds,
        "speed": speed,
        "readings": readings,
        "kw": ticks[-1],
    }
    return document, f"{counted(readings, 'reading')} in {counted(seconds, 'second')}.", 0


def _ticks(simulation: Simulation, count: int) -> Iterator[Tick]:
    for sequence in range(1, count + 1):
        simulation.advance(TICK_SECONDS)
        yield simulation.tick(time.time(), sequence)


def _figures(tick: Tick, roster: Roster) -> dict[str, float]:
    """Sums in kW by type, and of all."""
    by_type, _ = sums_of(tick, roster)
    sums = {
        name: round(float(kw), 3) for name, kw in zip(TYPES, np.nan_to_num(by_type), strict=True)
    }
    return sums | {"total": round(sum(sums.values()), 3)}


def _line(figures: dict[str, float]) -> str:
    return "  ".join(f"{name} {kw:>12,.1f}" for name, kw in figures.items())
