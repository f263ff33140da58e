"""Commands that run until they are told to stop: the engine and the embedded VTN."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

from vendash.config import database_path, log_to_file
from vendash.engine import EngineSettings, run_engine
from vendash.identity import Identity, find_identity
from vendash.lifetime import run_until_stopped
from vendash.lock import holder, lock_path
from vendash.output import note
from vendash.settings import load_settings

SILENT_SECONDS = 1.5
"""An engine that waits longer for its database says so."""


async def engine(
    db_path: Path | None,
    vtn_url: str | None,
    dialect: str | None,
    *,
    no_auth: bool,
    with_stdin: bool,
    config: Path | None = None,
) -> None:
    """Run the engine of a database; its log goes to a file and, on a terminal, to stderr."""
    log_to_file("engine")
    if sys.stderr.isatty():
        logging.getLogger().addHandler(logging.StreamHandler())
    found = load_settings(config)
    settings = EngineSettings(
        database=database_path(db_path).resolve(),
        vtn_url=vtn_url,
        dialect=dialect or "",
        identity=Identity() if no_auth else find_identity(found),
        settings=found,
    )
    waiting = asyncio.get_running_loop().call_later(
        SILENT_SECONDS, _say_that_it_waits, settings.database
    )
    try:
        await run_until_stopped(run_engine(settings), with_stdin=with_stdin)
    finally:
        waiting.cancel()


def _say_that_it_waits(database: Path) -> None:
    """An engine that has its database has also taken its lock."""
    found = holder(lock_path(database))
    if found is None or found.pid != os.getpid():
        note(f"Waiting for {database}: another program holds it, or it is brought up to date.")
