"""A file of the original, as a user of it has one, under the commands that only look."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands.conftest import Vendash

SCHEMA = """
CREATE TABLE connections (
    id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, actortype TEXT NOT NULL, host TEXT,
    port INTEGER, topic TEXT, file TEXT, username TEXT, password TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE resources (
    id INTEGER PRIMARY KEY AUTOINCREMENT, resource_id TEXT UNIQUE NOT NULL,
    resource_name TEXT NOT NULL, resource_type TEXT NOT NULL, resource_sub_type TEXT,
    meter_point_id TEXT NOT NULL, connection_id INTEGER NOT NULL, capacities TEXT NOT NULL,
    location TEXT NOT NULL, address TEXT, ven TEXT, enabled BOOLEAN DEFAULT 1, reporting TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (connection_id) REFERENCES connections(id));
INSERT INTO connections (type, actortype) VALUES ('filereader', 'reader');
INSERT INTO resources (resource_id, resource_name, resource_type, meter_point_id, connection_id,
    capacities, location, ven)
VALUES ('5249eada-69af-432d-99a5-98f9c89f9aa6', 'Murphy''s Pub', 'DSR', '571313000000000009', 1,
    '{"P_max_kw": 25, "P_min_kw": -10, "E_max_kwh": 100, "E_min_kwh": 0}',
    '{"latitude": 57.05, "longitude": 9.92}', 'Aalborg');
"""


@pytest.mark.parametrize("command", ["stats", "status", "check", "audit"])
def test_it_is_brought_up_to_date_in_place_and_answered_for(
    vendash: Vendash, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "resources.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
    assert vendash(command, "--db-path", path).code == 0
    with closing(sqlite3.connect(path)) as connection:
        (status,) = connection.execute("SELECT registration_status FROM resources").fetchone()
    assert status == "PENDING"


def test_what_we_write_of_connections_is_spelled_as_the_original_reads_it(
    vendash: Vendash, prepared: Path
) -> None:
    """Its enumerations have the values `filereader` and `reader`."""
    with closing(sqlite3.connect(prepared)) as connection:
        found = connection.execute("SELECT DISTINCT type, actortype FROM connections").fetchall()
    assert found == [("filereader", "reader")]
