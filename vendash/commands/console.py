"""The console on a terminal, with the engine behind it."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path

from vendash.app import VendashApp
from vendash.commands.fleet import import_folder
from vendash.commands.opening import opened
from vendash.config import log_to_file
from vendash.fleet import Fleet
from vendash.processes import BackgroundEngine, require_terminal
from vendash.telemetry.live import LiveReader
from vendash.telemetry.place import live_folder


def console(db_path: Path | None, *, read_only: bool) -> int:
    """Open the console and, where none runs, start an engine for its database; the exit code."""
    require_terminal()
    log_to_file("console")
    return asyncio.run(_console(db_path, read_only=read_only))


async def _console(db_path: Path | None, *, read_only: bool) -> int:
    async with opened(db_path, read_only=read_only, create=not read_only) as fleet:
        engine = BackgroundEngine(fleet.path)
        if not read_only:
            await engine.start()
        return await show_console(fleet, engine=engine)


async def show_console(
    fleet: Fleet, *, engine: BackgroundEngine | None, marks: tuple[str, ...] = ()
) -> int:
    """Show the console of a fleet until its operator leaves; the exit code."""
    folder = live_folder(fleet.path)
    app = VendashApp(
        fleet,
        LiveReader(folder),
        folder,
        engine=engine,
        marks=marks,
        importer=partial(import_folder, fleet),
    )
    await app.run_async(mouse=not os.environ.get("SSH_TTY"))
    return app.return_code or 0
