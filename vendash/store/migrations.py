"""The schema of a file, brought to this program's version when the file is opened.

Numbered SQL files under `PRAGMA user_version`, statement by statement in one transaction. A file
that held something is copied first, and the copy verified.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from vendash.errors import VendashError
from vendash.store.backup import copy_name, verified_copy
from vendash.store.database import transaction
from vendash.store.facts import is_stale, refresh

_NEEDED = {
    "resources": {
        "id", "resource_id", "resource_name", "resource_type", "resource_sub_type",
        "meter_point_id", "connection_id", "capacities", "location", "address", "ven", "enabled",
        "reporting", "created_at", "updated_at",
    },
    "connections": {
        "id", "type", "actortype", "host", "port", "topic", "file", "username", "password",
    },
}  # fmt: skip
_BESIDE = 2
"""The migration before which the original's tables must be as it makes them today."""


@cache
def schema() -> dict[int, str]:
    """The SQL of every migration by its number."""
    folder = Path(__file__).with_name("schema")
    return {
        int(each.name.split("_", 1)[0]): each.read_text(encoding="utf-8")
        for each in sorted(folder.iterdir(), key=lambda each: each.name)
        if each.name.endswith(".sql")
    }


def latest() -> int:
    """The version that this program makes."""
    return max(schema())


def version_of(connection: sqlite3.Connection) -> int:
    """The version of a file; 0 is one of the original, or an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    """Migrate the file, and look at what other programs changed in it since we last did.

    Raises `VendashError` for a file of a newer vendash and for one that is not of this kind.
    """
    refuse_strangers(connection, path)
    if version_of(connection) < latest():
        transaction(connection, lambda c: _migrate(c, path))
    elif is_stale(connection):
        transaction(connection, refresh)
    # Last, so that a file that is refused stays as it was.
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")


def refuse_strangers(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `VendashError` for a file of a newer vendash and for one that is not of this kind."""
    version = version_of(connection)
    if version > latest():
        raise VendashError(
            f"The database {path} was made by a newer vendash (version {version} of the file,"
            f" this program knows {latest()}): update vendash."
        )
    if version == 0 and not _is_empty(connection):
        for table, needed in _NEEDED.items():
            if missing := sorted(needed - _columns(connection, table)):
                raise VendashError(
                    f"The database {path} is not one of vendash or the original client: its table"
                    f" {table} lacks {', '.join(missing)}; name the right file with --db-path."
                )


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is None


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    before = version_of(connection)  # again: another process may have been faster
    if before >= latest():
        return
    if not _is_empty(connection):
        verified_copy(path, copy_name(path, f"version-{before}"))
    for number, script in schema().items():
        if number <= before:
            continue
        if number == _BESIDE and "registration_status" not in _columns(connection, "resources"):
            connection.execute(
                "ALTER TABLE resources ADD COLUMN registration_status TEXT DEFAULT 'PENDING'"
            )
        for statement in _statements(script):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {latest()}")
    refresh(connection)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; `executescript` would commit the running transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
