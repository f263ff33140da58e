"""What is wrong with a file, in sentences. It reads all of it and takes its time."""

from __future__ import annotations

import sqlite3

from vendash.models import ResourceType
from vendash.store import audit
from vendash.store.errors import is_damage
from vendash.text import plain

_EACH = 5
"""How many of a kind are named."""


def check(connection: sqlite3.Connection) -> list[str]:
    """Everything that is wrong; empty when nothing is."""
    try:
        return _structure(connection) or _contents(connection)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return ["The file is damaged and cannot be read to its end; go back to a backup."]


def _contents(connection: sqlite3.Connection) -> list[str]:
    problems = []
    for sentence, sql in _RULES:
        rows = connection.execute(sql).fetchall()
        if rows:
            named = ", ".join(plain(str(row[0])) for row in rows[:_EACH])
            more = f" and {len(rows) - _EACH:,} more" if len(rows) > _EACH else ""
            problems.append(f"{sentence} ({len(rows):,}): {named}{more}.")
    broken = audit.verify(connection)
    return [*problems, broken] if broken else problems


def _structure(connection: sqlite3.Connection) -> list[str]:
    found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_EACH})")]
    if found == ["ok"]:
        return []
    return [f"The file is damaged: {plain(each, 200)}; go back to a backup." for each in found]


_TYPES = ", ".join(f"'{kind.value}'" for kind in ResourceType)
_RULES = (
    (
        "Resources whose connection is missing, so that no meter can be read",
        "SELECT resource_id FROM resources r WHERE NOT EXISTS"
        " (SELECT 1 FROM connections c WHERE c.id = r.connection_id) ORDER BY id",
    ),
    (
        "Connections that no resource uses",
        "SELECT id FROM connections WHERE id NOT IN (SELECT connection_id FROM resources)"
        " ORDER BY id",
    ),
    (
        "Resources whose VEN is no text, so that they are never sent",
        "SELECT resource_id FROM resources WHERE typeof(ven) NOT IN ('text', 'null') ORDER BY id",
    ),
    (
        "Resources of an unknown type, taken for DSR",
        "SELECT resource_id FROM resources"
        f" WHERE upper(trim(resource_type)) NOT IN ({_TYPES}) ORDER BY id",
    ),
    (
        "Resources whose capacities are no JSON object with a number P_max_kw, taken for 0 kW",
        "SELECT resource_id FROM resources WHERE CASE WHEN json_valid(capacities) THEN"
        " coalesce(json_type(capacities, '$.P_max_kw') NOT IN ('integer', 'real'), 1)"
        " ELSE 1 END ORDER BY id",
    ),
    (
        "Resources whose location is no JSON object with numbers latitude and longitude",
        "SELECT resource_id FROM resources WHERE CASE WHEN json_valid(location) THEN"
        " coalesce(json_type(location, '$.latitude') NOT IN ('integer', 'real')"
        " OR json_type(location, '$.longitude') NOT IN ('integer', 'real'), 1)"
        " ELSE 1 END ORDER BY id",
    ),
    (
        "Meter points that more than one resource has",
        "SELECT meter_point_id FROM resources GROUP BY 1 HAVING count(*) > 1 ORDER BY 1",
    ),
    (
        "Resources that our own tables have lost sight of; report this",
        "SELECT resource_id FROM resources r WHERE NOT EXISTS"
        " (SELECT 1 FROM vendash_facts f WHERE f.key = r.id)"
        " AND NOT EXISTS (SELECT 1 FROM vendash_stale s WHERE s.key = r.id) ORDER BY id",
    ),
)
