"""Opening a database file, and every way in which that can fail, said in one sentence."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from vendash.errors import VendashError
from vendash.store.database import connect, tolerant
from vendash.store.errors import CANNOT_BE_WRITTEN, explain
from vendash.store.migrations import bring_up_to_date, latest, refuse_strangers, version_of

_MAGIC = b"SQLite format 3\0"


def prepare_file(path: Path, *, read_only: bool, create: bool) -> Path:
    """Make the file ready: there, of SQLite, and of our schema. Blocks; run it on a thread.

    Returns its real path: SQLite keeps the log beside that, not beside a link to it.
    """
    path = Path(os.path.realpath(path))
    _look_at(path, read_only=read_only, create=create and not read_only)
    try:
        with closing(connect(path, read_only=read_only)) as connection:
            if read_only:
                _refuse_older(connection, path)
            else:
                tolerant(lambda c: bring_up_to_date(c, path))(connection)
    except sqlite3.Error as error:
        raise explain(error, path) from error
    return path


def _refuse_older(connection: sqlite3.Connection, path: Path) -> None:
    refuse_strangers(connection, path)
    if version_of(connection) < latest():
        raise VendashError(
            f"The database {path} is of an older version: open it once without --read-only."
        )


def _look_at(path: Path, *, read_only: bool, create: bool) -> None:
    try:
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        elif not path.exists():
            raise VendashError(
                f"There is no database {path}: run vendash prepare to make one,"
                " or name another with --db-path."
            )
        if path.is_dir():
            raise VendashError(f"{path} is a folder: name a database file with --db-path.")
        beginning = _beginning(path)
        if not read_only and not os.access(path, os.W_OK):
            raise VendashError(f"The database {path} {CANNOT_BE_WRITTEN}")
    except OSError as error:
        raise VendashError(
            f"Cannot open the database {path} ({error.strerror}): check the path and its"
            " permissions."
        ) from error
    if beginning not in (b"", _MAGIC):
        raise VendashError(f"{path} is not a SQLite database: name the right file with --db-path.")
    if not beginning and not create:
        raise VendashError(
            f"The database {path} is empty: run vendash prepare to fill it,"
            " or name another with --db-path."
        )


def _beginning(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe must not hang us
    try:
        return os.read(descriptor, len(_MAGIC))
    finally:
        os.close(descriptor)
