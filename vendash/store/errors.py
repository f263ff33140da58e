"""SQLite's errors as sentences that say what to do."""

from __future__ import annotations

import glob
import os
import sqlite3
from pathlib import Path

from vendash.errors import VendashError

CANNOT_BE_WRITTEN = (
    "cannot be written: change the permissions of the file and its folder,"
    " or copy it to a folder of your own."
)
_FULL = (
    "did not take the change, as the disk is full: nothing was changed; make room and try again."
)
_SHARED_MEMORY_BYTES = 32_768
_SENTENCES = {
    "SQLITE_BUSY": "is locked by another program: close that program, or try again.",
    "SQLITE_LOCKED": "is locked by another program: close that program, or try again.",
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": CANNOT_BE_WRITTEN,
    "SQLITE_CANTOPEN": "cannot be opened: check that you may read the file and write its folder.",
    "SQLITE_PERM": "cannot be opened: check that you may read and write the file.",
    "SQLITE_AUTH": "cannot be opened: check that you may read and write the file.",
    "SQLITE_IOERR": "cannot be read or written (the disk reports an error): nothing of the last"
    " change was kept; check the disk.",
    "SQLITE_NOTADB": "is not a SQLite database: name the right file with --db-path.",
    "SQLITE_CONSTRAINT_UNIQUE": "holds a resource with this id already: update that one.",
    "SQLITE_NOMEM": "needs more memory than there is: close other programs.",
}


def explain(error: sqlite3.Error, path: Path) -> VendashError:
    """The error as one sentence."""
    name = getattr(error, "sqlite_errorname", None) or ""
    if name.startswith("SQLITE_IOERR") and _no_room(path):
        return VendashError(f"The database {path} {_FULL}")
    for beginning, sentence in _SENTENCES.items():
        if name.startswith(beginning):
            return VendashError(f"The database {path} {sentence}")
    if is_damage(error):
        return damaged(path)
    return VendashError(
        f"The database {path} did not do as asked ({error}): run vendash check, and report this."
    )


def _no_room(path: Path) -> bool:
    """Whether the disk is full: SQLite says of its shared memory only that it cannot be made."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _SHARED_MEMORY_BYTES


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite found the file itself to be damaged."""
    return (getattr(error, "sqlite_errorname", None) or "").startswith("SQLITE_CORRUPT")


def damaged(path: Path) -> VendashError:
    """The file is damaged; names the newest backup. A damaged file is never moved aside."""
    backups = sorted(
        path.parent.glob(f"{glob.escape(path.stem)}.*.backup"),
        key=lambda each: each.stat().st_mtime_ns,
    )
    if backups:
        way_out = f"the newest backup is {backups[-1]}; keep the damaged file until that is in use."
    else:
        way_out = "no backup lies beside it; keep the file, and import the fleet into a new one."
    return VendashError(f"The database {path} is damaged: {way_out}")
