"""Copies of the database: consistent while others write, and verified before they count."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from vendash.errors import VendashError
from vendash.store import audit
from vendash.store.database import connect
from vendash.store.errors import damaged, explain, is_damage
from vendash.store.facts import refresh


def copy_name(path: Path, why: str = "") -> Path:
    """Where a copy goes by default: beside the file, named by UTC time (and why)."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    middle = f".{why}" if why else ""
    name = path.with_name(f"{path.stem}.{now}{middle}.backup")
    number = 1
    while name.exists():
        number += 1
        name = path.with_name(f"{path.stem}.{now}-{number}{middle}.backup")
    return name


def verified_copy(path: Path, destination: Path) -> Path:
    """Copy a database that may be in use, verify the copy, and only then give it its name.

    Raises `VendashError` when the destination exists or cannot be written, and when the copy is
    not whole. The copy is one file, without a log beside it.
    """
    if destination.exists():
        raise _exists(destination)
    draft = destination.with_name(f".{destination.name}.{os.getpid()}.part")
    try:
        _copy(path, draft)
        _verify(draft, path)
        _give_name(draft, destination)
    except sqlite3.Error as error:
        raise (damaged(path) if is_damage(error) else explain(error, destination)) from error
    except OSError as error:
        raise VendashError(
            f"Cannot write the backup {destination} ({error.strerror}): name another place."
        ) from error
    finally:
        with suppress(OSError):  # its folder is none
            draft.unlink(missing_ok=True)
    return destination


def backup(path: Path, destination: Path | None) -> Path:
    """A verified copy; into the destination, which may be a folder, or beside the file."""
    if destination is None:
        return verified_copy(path, copy_name(path))
    if destination.is_dir():
        return verified_copy(path, destination / copy_name(path).name)
    return verified_copy(path, destination)


def reset(connection: sqlite3.Connection, path: Path, *, actor: str) -> Path:
    """Delete all resources and connections. Part of a transaction, so nothing slips in between."""
    copy = verified_copy(path, copy_name(path, "before-reset"))
    with audit.action(connection, actor=actor, verb="reset", subject="all resources") as action:
        action.add(f"SELECT ?, {audit.ITEM_OF}, r.registration_status, 'deleted' FROM resources r")
        connection.execute("DELETE FROM resources")
        connection.execute("DELETE FROM connections")
    refresh(connection)
    return copy


def _copy(path: Path, draft: Path) -> None:
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.touch(mode=0o600, exist_ok=False)
    with closing(connect(path, read_only=True)) as source, closing(connect(draft)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")


def _verify(draft: Path, original: Path) -> None:
    with closing(connect(draft, read_only=True)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise damaged(original)


def _give_name(draft: Path, destination: Path) -> None:
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(draft, destination)  # unlike a rename, never over a file that is there
    except FileExistsError:
        raise _exists(destination) from None
    except PermissionError:  # a file system without links, as on many memory sticks
        if destination.exists():
            raise _exists(destination) from None
        draft.rename(destination)
    folder = os.open(destination.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _exists(destination: Path) -> VendashError:
    return VendashError(f"{destination} exists already: name another place.")
