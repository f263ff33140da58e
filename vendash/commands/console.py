"""The console on a terminal, with the engine behind it.

The first paint comes first: Textual is imported while the database already looks for the VENs, and
numpy, the engine and the garbage collector wait until the rows are on the screen.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from vendash.commands.opening import opened
from vendash.config import log_to_file
from vendash.fleet import Fleet
from vendash.keeping import BackgroundEngine, KeptEngine
from vendash.lifetime import terminal_gone
from vendash.processes import require_terminal
from vendash.telemetry.deferred import DeferredReader
from vendash.telemetry.place import live_folder

if TYPE_CHECKING:
    from vendash.app import VendashApp
    from vendash.models import VenRow
    from vendash.planned import Preview


def console(db_path: Path | None, *, read_only: bool) -> int:
    """Open the console and, where none runs, start an engine for its database; the exit code."""
    require_terminal()
    log_to_file("console")
    gc.disable()  # until the first paint: importing makes many objects and no garbage
    return asyncio.run(_console(db_path, read_only=read_only))


async def _console(db_path: Path | None, *, read_only: bool) -> int:
    async with opened(db_path, read_only=read_only, create=not read_only) as fleet:
        return await show_console(fleet, engine=BackgroundEngine(fleet.path))


async def show_console(
    fleet: Fleet, *, engine: KeptEngine | None, marks: tuple[str, ...] = ()
) -> int:
    """Show the console of a fleet until its operator leaves; the exit code.

    An `engine` is started where none runs, unless the fleet is read-only.
    """
    vens = asyncio.ensure_future(fleet.reader.vens())
    try:
        app_module = await asyncio.to_thread(import_module, "vendash.app")
        live = DeferredReader(live_folder(fleet.path))
        app = app_module.VendashApp(
            fleet,
            live,
            live_folder(fleet.path),
            engine=engine,
            marks=marks,
            importer=partial(_import_folder, fleet),
            previewer=partial(_preview, fleet),
            vens=vens,
            begin=partial(_begin, fleet, live, engine),
        )
        leaving = asyncio.create_task(_leave_with_terminal(app))
        try:
            await app.run_async(mouse=not os.environ.get("SSH_TTY"))
        finally:
            leaving.cancel()
    finally:
        vens.cancel()
    return int(app.return_code or 0)


async def _leave_with_terminal(app: VendashApp) -> None:
    """End the console, and with it the demo, when nobody can see it any more."""
    await terminal_gone()
    app.exit()


async def _begin(fleet: Fleet, live: DeferredReader, engine: KeptEngine | None) -> None:
    """What the first paint need not wait for."""
    gc.freeze()  # what is there now stays: no collection need look at it again
    gc.enable()
    await live.open()
    if engine is not None and not fleet.read_only:
        await engine.start()


async def _import_folder(fleet: Fleet, folder: Path) -> str:
    from vendash.commands.fleet import import_folder  # noqa: PLC0415 (csv, not before it is used)

    return await import_folder(fleet, folder)


async def _preview(
    fleet: Fleet, vens: Sequence[VenRow], keys: Sequence[int], key: int | None
) -> Preview:
    from vendash.commands.preview import preview_of  # noqa: PLC0415 (the VTN's room)

    return await preview_of(fleet.path, vens, keys, key)
