"""A database as the original client makes it, written by hand in SQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

SCHEMA = """
CREATE TABLE connections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL, actortype TEXT NOT NULL, host TEXT, port INTEGER, topic TEXT,
    file TEXT, username TEXT, password TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE resources (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    resource_id TEXT UNIQUE NOT NULL, resource_name TEXT NOT NULL, resource_type TEXT NOT NULL,
    resource_sub_type TEXT, meter_point_id TEXT NOT NULL, connection_id INTEGER NOT NULL,
    capacities TEXT NOT NULL, location TEXT NOT NULL, address TEXT, ven TEXT,
    enabled BOOLEAN DEFAULT 1, reporting TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (connection_id) REFERENCES connections(id)
);
CREATE INDEX idx_resource_id ON resources(resource_id);
CREATE INDEX idx_meter_point_id ON resources(meter_point_id);
CREATE INDEX idx_resource_type ON resources(resource_type);
CREATE INDEX idx_ven ON resources(ven);
"""
STATUS_COLUMN = "ALTER TABLE resources ADD COLUMN registration_status TEXT DEFAULT 'PENDING'"
MURPHYS = "26ef1a4f-dc72-4961-90d6-7eb23a032fa9"

CONNECTIONS = [
    ("filereader", "reader", None, None, None, "meter.csv", None, None),
    ("mqtt", "reader", "broker.lan", 1883, "meters/7", None, "ven", "hunter2"),
]
RESOURCES = [
    (MURPHYS, "Murphy's Pub", "DSR", "Bars", 1, "Herning", '{"interval": 900}'),
    ("HOUSEHOLD_1", "Æblehaven 1", "DSR", "Households", 1, "Aalborg", None),
    ("ev-7", "Ladestander 7", "EV", "Chargingstations", 2, "Herning", None),
]


def write(path: Path, *, statuses: Sequence[str | None] | None = None) -> Path:
    """The file, of before there were statuses or with these; its path."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCHEMA)
        columns = "type, actortype, host, port, topic, file, username, password"
        connection.executemany(
            f"INSERT INTO connections ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", CONNECTIONS
        )
        power = json.dumps({"P_max_kw": 25.0, "P_min_kw": -10.0, "E_max_kwh": 100.0})
        place = json.dumps({"latitude": 56.139, "longitude": 8.973})
        connection.executemany(
            "INSERT INTO resources (resource_id, resource_name, resource_type, resource_sub_type,"
            " connection_id, ven, reporting, meter_point_id, capacities, location, address)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, '707057500054134059', ?, ?, 'Torvet 1')",
            [(*row, power, place) for row in RESOURCES],
        )
        if statuses is not None:
            connection.execute(STATUS_COLUMN)
            connection.executemany(
                "UPDATE resources SET registration_status = ? WHERE id = ?",
                [(status, key) for key, status in enumerate(statuses, 1)],
            )
    return path


def run(path: Path, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    """One statement, as another program runs it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, parameters).fetchall()


def beside(path: Path) -> list[Path]:
    """The other databases in the folder of this one: its copies."""
    with_log = (path.name, f"{path.name}-wal", f"{path.name}-shm")
    return [each for each in path.parent.iterdir() if each.name not in with_log]
