"""Writing whole resources and connections into the original's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from vendash.models import Connection, Resource
from vendash.store.facts import DERIVED, attach, count_roster, derive
from vendash.store.values import IMPORTED, values_of

Values = tuple[object, ...]

_INSERTED = f"resource_id, enabled, reporting, registration_status, {IMPORTED}"
_CONNECTION = "type, actortype, host, port, topic, file, username, password"
_FACTS = tuple(f"fact_{column}" for column in DERIVED.split(", "))


def insert(connection: sqlite3.Connection, resources: Sequence[Resource]) -> int:
    """Insert resources with a connection each. Part of a transaction; the first key it gave."""
    first_key = _next_id(connection, "resources")
    if not resources:
        return first_key
    first_connection = _next_id(connection, "connections")
    columns = [*_CONNECTION.split(", "), *_INSERTED.split(", "), *_FACTS]
    connection.execute(f"CREATE TEMP TABLE incoming ({', '.join(columns)})")
    # Row by row, SQLite would save pages for every row, since the tables have triggers.
    connection.executemany(
        f"INSERT INTO temp.incoming VALUES ({', '.join('?' * len(columns))})",
        [
            (
                *_connection_values(each.connection),
                *_inserted_values(each),
                *_facts_of(each),
            )
            for each in resources
        ],
    )
    connection.execute(
        f"INSERT INTO connections (id, {_CONNECTION})"
        f" SELECT rowid + ?, {_CONNECTION} FROM temp.incoming ORDER BY rowid",
        (first_connection - 1,),
    )
    connection.execute(
        f"INSERT INTO resources (id, connection_id, {_INSERTED})"
        f" SELECT rowid + ?, rowid + ?, {_INSERTED} FROM temp.incoming ORDER BY rowid",
        (first_key - 1, first_connection - 1),
    )
    connection.execute(
        f"INSERT INTO vendash_facts (key, {DERIVED})"
        f" SELECT rowid + ?, {', '.join(_FACTS)} FROM temp.incoming ORDER BY rowid",
        (first_key - 1,),
    )
    connection.execute("DROP TABLE temp.incoming")
    count_roster(connection)
    connection.execute("DELETE FROM vendash_stale WHERE key >= ?", (first_key,))
    attach(connection, "SELECT id FROM resources WHERE id >= ?", first_key)
    return first_key


def _connection_values(given: Connection) -> Values:
    return (
        given.type.lower(),  # as the original writes them, and can only read them
        given.actortype.lower(),
        given.host,
        given.port,
        given.topic,
        given.file,
        given.username,
        given.password,
    )


def insert_connection(connection: sqlite3.Connection, given: Connection) -> int:
    """Insert one connection; its id."""
    cursor = connection.execute(
        f"INSERT INTO connections ({_CONNECTION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        _connection_values(given),
    )
    return int(cursor.lastrowid or 0)


def insert_resource(connection: sqlite3.Connection, resource: Resource, connection_id: int) -> int:
    """Insert one resource that is read over a connection that is there; its key."""
    cursor = connection.execute(
        f"INSERT INTO resources (connection_id, {_INSERTED})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (connection_id, *_inserted_values(resource)),
    )
    return int(cursor.lastrowid or 0)


def overwrite(connection: sqlite3.Connection, resources: Sequence[tuple[Resource, int]]) -> None:
    """Write what an import says of resources over the rows with these keys."""
    assignments = ", ".join(f"{column} = ?" for column in IMPORTED.split(", "))
    connection.executemany(
        f"UPDATE resources SET {assignments}, updated_at = CURRENT_TIMESTAMP WHERE id = ?",
        [(*values_of(resource), key) for resource, key in resources],
    )


def overwrite_all(connection: sqlite3.Connection, resource: Resource, key: int) -> None:
    """Write all of a resource over a row, but for its id, decision and connection."""
    overwrite(connection, [(resource, key)])
    connection.execute(
        "UPDATE resources SET enabled = ?, reporting = ? WHERE id = ?",
        (int(resource.enabled), resource.reporting, key),
    )


def _inserted_values(resource: Resource) -> Values:
    return (
        resource.resource_id,
        int(resource.enabled),
        resource.reporting,
        str(resource.registration_status),
        *values_of(resource),
    )


def _facts_of(resource: Resource) -> Values:
    return derive(
        resource.resource_name,
        resource.resource_sub_type,
        resource.meter_point_id,
        resource.address,
        resource.ven,
        resource.capacities.p_max_kw,
    )


def _next_id(connection: sqlite3.Connection, table: str) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    (highest,) = connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
    return max(int(row[0]) if row else 0, int(highest)) + 1
