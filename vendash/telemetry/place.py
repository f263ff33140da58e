"""Where the engine of a database leaves what consoles read: a folder on tmpfs of its own."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import platformdirs


def live_folder(database: Path) -> Path:
    """The folder for this database, the same for every process of this user; made when missing.

    On Linux it lies on tmpfs (`$XDG_RUNTIME_DIR`, else `/dev/shm`), so that a tick a second never
    touches an SD card. Only its owner can enter it.
    """
    digest = hashlib.sha256(os.fsencode(database.resolve())).hexdigest()[:16]
    folder = _tmpfs() / f"vendash-{os.getuid()}" / digest
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _tmpfs() -> Path:
    named = os.environ.get("XDG_RUNTIME_DIR")
    if named and os.access(named, os.W_OK):
        return Path(named)
    shared_memory = Path("/dev/shm")  # noqa: S108 (the folder made in it is the owner's alone)
    if os.access(shared_memory, os.W_OK):
        return shared_memory
    return Path(platformdirs.user_runtime_dir(appname=None))
