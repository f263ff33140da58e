"""The services of one database, and what the engine says of them once a second."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from functools import partial
from pathlib import Path

from vendash.engine.connecting import VtnAccess
from vendash.engine.registration import RegistrationService
from vendash.engine.simulation import SimulationService
from vendash.engine.supervision import supervise
from vendash.lock import exclusive, lock_path
from vendash.store import open_store
from vendash.telemetry.place import live_folder
from vendash.telemetry.status import EngineStatus, clear_status, write_status

STATUS_SECONDS = 1.0

_log = logging.getLogger(__name__)


async def run_engine(database: Path, access: VtnAccess) -> None:
    """Do the work of a database, with the VTN that `access` leads to, until cancelled.

    Raises:
        HeldByOtherError: An engine, or `vendash register`, works on this database already.
        VendashError: The database cannot be opened, or the folder for live readings not used.
    """
    async with await open_store(database) as store:
        path = store.path
        with exclusive(lock_path(path), "engine", f"Another process works on {path} already"):
            folder = live_folder(path)
            registration = RegistrationService(store, access)
            simulation = SimulationService(store, folder)
            report = partial(_report, folder, registration, simulation)
            try:
                async with asyncio.TaskGroup() as services:
                    services.create_task(
                        supervise("Registration", registration.run, registration.tell)
                    )
                    services.create_task(supervise("Simulation", simulation.run, simulation.tell))
                    services.create_task(supervise("Status", report, _log_only))
            finally:
                clear_status(folder)


async def _report(
    folder: Path, registration: RegistrationService, simulation: SimulationService
) -> None:
    """Write the status once a second. Runs for ever."""
    started = time.time()
    while True:
        write_status(
            folder,
            EngineStatus(
                pid=os.getpid(),
                started=started,
                beat=time.monotonic(),
                vtn=registration.status,
                simulation=simulation.status,
                vtn_url=registration.url,
                registration=registration.progress,
                survey=registration.survey,
                speed=simulation.speed,
                connection=registration.connection,
                hold_seconds=registration.hold_seconds,
            ),
        )
        await asyncio.sleep(STATUS_SECONDS)


def _log_only(status: object) -> None:
    """Where the status itself fails there is nothing to tell it to but the log."""
    _log.warning("the status cannot be written: %s", status)
