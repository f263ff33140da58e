"""Where things are: the command line first, then the environment, then a default."""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path

import platformdirs


def database_path(given: Path | None) -> Path:
    """The database: `--db-path`, `VENDASH_DB`, `./config/resources.db`, the user's data folder.

    The third only where it exists, as the original sample client keeps it there.
    """
    if given is not None:
        return given
    if named := os.environ.get("VENDASH_DB"):
        return Path(named)
    original = Path("config/resources.db")
    if original.exists():
        return original
    return platformdirs.user_data_path("vendash") / "resources.db"


def assets_path(given: Path | None) -> Path:
    """The folder with CSV files: `--assets`, else `./config/exampleassets` as in the original."""
    return given if given is not None else Path("config/exampleassets")


def state_folder() -> Path:
    """The user's folder for logs and for the demo's state; made when missing."""
    return platformdirs.user_state_path("vendash", ensure_exists=True)


def log_to_file(name: str) -> Path:
    """Send the log of this process to a file of its own, at most 3 x 1 MB; its path."""
    path = state_folder() / f"{name}.log"
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for talkative in ("httpx", "httpcore", "aiosqlite"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    return path
