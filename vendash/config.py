"""Where things are: the command line first, then the environment, then a default."""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path
from typing import BinaryIO

import platformdirs

from vendash.errors import VendashError


def database_path(given: Path | None) -> Path:
    """The database: `--db-path`, `VENDASH_DB`, `./config/resources.db`, the user's data folder.

    The third only where it exists, as the original sample client keeps it there.
    """
    if given is not None:
        return given
    if named := os.environ.get("VENDASH_DB"):
        return Path(named)
    original = Path("config/resources.db")
    if os.access(original, os.F_OK):
        return original
    return platformdirs.user_data_path("vendash") / "resources.db"


def assets_path(given: Path | None) -> Path:
    """The folder with CSV files: `--assets`, else `./config/exampleassets` as in the original."""
    return given if given is not None else Path("config/exampleassets")


def state_folder() -> Path:
    """The user's folder for logs and for the demo's state; made when missing.

    Raises:
        VendashError: It cannot be made.
    """
    folder = platformdirs.user_state_path("vendash")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VendashError(
            f"Cannot make the folder {folder} for logs ({error.strerror}):"
            " set XDG_STATE_HOME to a folder that you may write."
        ) from error
    return folder


def open_log(name: str) -> BinaryIO:
    """A file in the state folder to add to.

    Raises:
        VendashError: It cannot be written.
    """
    path = state_folder() / name
    try:
        return path.open("ab")
    except OSError as error:
        raise VendashError(
            f"Cannot write the log {path} ({error.strerror}):"
            " change its permissions, or set XDG_STATE_HOME to a folder that you may write."
        ) from error


def log_to_file(name: str) -> Path:
    """Send the log of this process to a file of its own, at most 3 x 1 MB; its path.

    Raises:
        VendashError: It cannot be written.
    """
    with open_log(f"{name}.log") as file:
        path = Path(os.fsdecode(file.name))
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for talkative in ("httpx", "httpcore", "aiosqlite"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    return path
