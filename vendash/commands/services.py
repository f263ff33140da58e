"""Commands that run until they are told to stop: the engine and the embedded VTN."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from vendash.config import database_path, log_to_file
from vendash.engine import EngineSettings, run_engine
from vendash.lifetime import run_until_stopped
from vendash.vtn.auth import Credentials


async def engine(
    db_path: Path | None,
    vtn_url: str | None,
    dialect: str | None,
    *,
    no_auth: bool,
    with_stdin: bool,
) -> None:
    """Run the engine of a database; its log goes to a file and, on a terminal, to stderr."""
    log_to_file("engine")
    if sys.stderr.isatty():
        logging.getLogger().addHandler(logging.StreamHandler())
    settings = EngineSettings(
        database=database_path(db_path).resolve(),
        vtn_url=vtn_url,
        dialect=dialect or "",
        credentials=None if no_auth else Credentials.from_environment(),
    )
    await run_until_stopped(run_engine(settings), with_stdin=with_stdin)
