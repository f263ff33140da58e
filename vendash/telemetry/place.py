"""Where the engine of a database leaves what consoles read: a folder on tmpfs of its own."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import platformdirs

from vendash.errors import VendashError


def live_folder(database: Path) -> Path:
    """The folder for this database, the same for every process of this user; made when missing.

    On Linux it lies on tmpfs (`$XDG_RUNTIME_DIR`, else `/dev/shm`), so that a tick a second never
    touches an SD card. Only its owner can enter it.

    Raises:
        VendashError: It cannot be made, or someone else has made it: anyone can in `/dev/shm`.
    """
    digest = hashlib.sha256(os.fsencode(database.resolve())).hexdigest()[:16]
    ours = _tmpfs() / f"vendash-{os.getuid()}"
    for folder in (ours, ours / digest):
        _make_own(folder)
    return ours / digest


def _make_own(folder: Path) -> None:
    """A folder that is ours alone, whoever may write beside it."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
        if is_ours and stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError as error:
        raise VendashError(
            f"Cannot make the folder {folder} for live readings ({error.strerror}):"
            " set XDG_RUNTIME_DIR to a folder that you may write."
        ) from error
    if not is_ours:
        raise VendashError(
            f"{folder} does not belong to you, so live readings are not kept there:"
            " remove it, or set XDG_RUNTIME_DIR to a folder of your own."
        )


def _tmpfs() -> Path:
    named = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if named.is_absolute() and _usable(named):
        return named
    shared_memory = Path("/dev/shm")  # noqa: S108 (the folder made in it is the owner's alone)
    if _usable(shared_memory):
        return shared_memory
    return Path(platformdirs.user_runtime_dir(appname=None, ensure_exists=True))


def _usable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
