"""Commands that run until they are told to stop: the engine and the embedded VTN."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

from vendash.config import database_path, log_to_file
from vendash.engine import run_engine
from vendash.engine.connecting import VtnChoice
from vendash.lifetime import run_until_stopped
from vendash.lock import holder, lock_path
from vendash.output import note

SILENT_SECONDS = 1.5
"""An engine that waits longer for its database says so."""


async def engine(db_path: Path | None, choice: VtnChoice, *, with_stdin: bool) -> None:
    """Run the engine of a database; its log goes to a file and, on a terminal, to stderr."""
    log_to_file("engine")
    if sys.stderr.isatty():
        logging.getLogger().addHandler(logging.StreamHandler())
    access = choice.access()
    access.identity()  # what is wrong with it is said here, not by a service that begins again
    database = database_path(db_path).resolve()
    waiting = asyncio.get_running_loop().call_later(SILENT_SECONDS, _say_that_it_waits, database)
    try:
        await run_until_stopped(run_engine(database, access), with_stdin=with_stdin)
    finally:
        waiting.cancel()


def _say_that_it_waits(database: Path) -> None:
    """An engine that has its database has also taken its lock."""
    found = holder(lock_path(database))
    if found is None or found.pid != os.getpid():
        note(f"Waiting for {database}: another program holds it, or it is brought up to date.")
