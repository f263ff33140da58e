"""The original program, as far as its database goes: plain SQL through the sqlite3 module."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

OLD_SCHEMA = (Path(__file__).parent / "old_schema.sql").read_text(encoding="utf-8")
CAPACITIES = '{"P_max_kw": 100.0, "P_min_kw": 10.0, "E_max_kwh": 0.0, "E_min_kwh": 0.0}'
LOCATION = '{"latitude": 56.14, "longitude": 8.97}'


def resource_id(number: int) -> str:
    """The id that the n-th resource gets."""
    return str(uuid5(NAMESPACE_URL, f"old/{number}"))


def make_file(path: Path, number: int, *, with_status: bool = False) -> None:
    """A file of the original, in its rollback-journal mode, with so many resources."""
    connection = sqlite3.connect(path)
    connection.executescript(OLD_SCHEMA)
    if with_status:
        add_status(connection)
    for each in range(number):
        insert(connection, each)
    connection.commit()
    connection.close()


def add_status(connection: sqlite3.Connection) -> None:
    """What the newer original does to an older file."""
    connection.execute(
        "ALTER TABLE resources ADD COLUMN registration_status TEXT DEFAULT 'PENDING'"
    )


def insert(connection: sqlite3.Connection, number: int, verb: str = "INSERT") -> int:
    """A connection and a resource, as `prepare_samples.py` writes them; the resource's row."""
    cursor = connection.execute(
        "INSERT INTO connections (type, actortype, file) VALUES (?, ?, ?)",
        ("FILEREADER", "READER", "load_data.h5"),
    )
    cursor = connection.execute(
        f"{verb} INTO resources (resource_id, resource_name, resource_type, resource_sub_type,"
        " meter_point_id, connection_id, capacities, location, address, ven, enabled, reporting)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            resource_id(number), f"Hotel {number} Ærø", "DSR", "Hotels",
            f"57131300000000{number:04d}", cursor.lastrowid, CAPACITIES, LOCATION,
            f"Torvet {number}, 7400 Herning",
            "Herning" if number % 2 else "Aalborg", True, None,
        ),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)


def update_status(connection: sqlite3.Connection, number: int, status: str | None) -> None:
    """As the original's `update_resource_status`."""
    connection.execute(
        "UPDATE resources SET registration_status = ?, updated_at = CURRENT_TIMESTAMP"
        " WHERE resource_id = ?",
        (status, resource_id(number)),
    )


def read_all(path: Path) -> list[tuple[str, str, str]]:
    """As the original's `get_all_resources`."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(
            "SELECT r.resource_id, r.resource_name, c.type FROM resources r"
            " JOIN connections c ON r.connection_id = c.id"
        ).fetchall()
    finally:
        connection.close()


def clear(connection: sqlite3.Connection) -> None:
    """As the original's `clear_all_resources`."""
    connection.execute("DELETE FROM resources")
    connection.execute("DELETE FROM connections")
