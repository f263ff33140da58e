"""A comparison of everything with the current VTN: recorded in batches, evaluated at its end.

While it goes on, everything lies in temporary tables of the writing connection, so that nobody
sees half of it. A survey that is never ended leaves no trace.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from vendash.errors import VendashError
from vendash.models import Connection, DriftItem, DriftKind, Resource, Seen, SurveyOutcome
from vendash.store.decisions import current_vtn, set_setting
from vendash.store.drift import ITEM_COLUMNS
from vendash.store.losses import lose_vens
from vendash.store.standing import CURRENT_VTN, NOW, mark_differing

# What was accepted while the survey went on may be missing from it, or be in it as it was before.
_SETTLED = f"o.state IN ('ok', 'different') AND (o.since <= :began OR o.since > {NOW})"
_TEMPORARY = (
    "DROP TABLE IF EXISTS temp.survey",
    "DROP TABLE IF EXISTS temp.found",
    "DROP TABLE IF EXISTS temp.seen",
    f"CREATE TEMP TABLE survey AS SELECT {CURRENT_VTN} AS vtn, {NOW} AS began",
    f"CREATE TEMP TABLE found ({ITEM_COLUMNS})",
    "CREATE TEMP TABLE seen (what TEXT, name TEXT, remote_id TEXT, ven_remote_id TEXT, stamp TEXT)",
)
_ROWS = 500
"""Of one INSERT; SQLite takes 32,766 values."""


def begin_survey(connection: sqlite3.Connection) -> None:
    """Begin anew; what an earlier survey left half done is forgotten."""
    for statement in _TEMPORARY:
        connection.execute(statement)


def record_survey(
    connection: sqlite3.Connection, items: Sequence[DriftItem], seen: Sequence[Seen]
) -> None:
    """Keep a batch of what was seen, and of where it disagrees."""
    _survey(connection)
    for first in range(0, len(seen), _ROWS):
        rows = seen[first : first + _ROWS]
        # One statement: row by row, this thread and the one that reads the VTN keep each other.
        connection.execute(
            f"INSERT INTO temp.seen VALUES {', '.join(['(?, ?, ?, ?, ?)'] * len(rows))}",
            [value for one in rows for value in msgspec.structs.astuple(one)],
        )
    _find(connection, items)


def end_survey(connection: sqlite3.Connection) -> SurveyOutcome:
    """Evaluate the survey: what follows by itself is wanted, the rest waits for the operator."""
    vtn, began = _survey(connection)
    at = {"vtn": vtn, "began": began}
    connection.execute("CREATE INDEX temp.seen_by_name ON seen (what, name, remote_id)")
    adopted = _adopt_vens(connection, at) + _adopt_resources(connection, at)
    _name_keys(connection, at)
    _miss_vens(connection, at)
    _miss_resources(connection, at)
    _send_again(connection, at)
    _keep_choices(connection, at)
    _remember_unsent(connection)
    _publish(connection, at)
    set_setting(connection, f"surveyed {vtn}", repr(began))
    for statement in _TEMPORARY[:3]:
        connection.execute(statement)
    counts = dict(
        connection.execute(
            "SELECT settled, count(*) FROM vendash_drift WHERE vtn = ? GROUP BY 1", (vtn,)
        ).fetchall()
    )
    return SurveyOutcome(
        open=counts.get(None, 0),
        again=counts.get("again", 0),
        adopted=adopted,
        forgotten=counts.get("forget", 0),
    )


def _survey(connection: sqlite3.Connection) -> tuple[int, float]:
    try:
        vtn, began = connection.execute("SELECT vtn, began FROM temp.survey").fetchone()
    except sqlite3.OperationalError:
        raise VendashError("No comparison with the VTN is going on: begin one.") from None
    if vtn != current_vtn(connection):
        raise VendashError("The VTN was changed during the comparison: compare again.")
    return vtn, began


def _find(connection: sqlite3.Connection, items: Sequence[DriftItem]) -> None:
    connection.executemany(
        f"INSERT INTO temp.found ({ITEM_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        [
            (
                item.kind.value, item.what, item.key, item.name, item.ven, item.ven_remote_id,
                item.remote_id, msgspec.json.encode(item.fields).decode(), item.stamp, item.body,
                _text_of(item.resource),
            )
            for item in items
        ],
    )  # fmt: skip


def _text_of(resource: Resource | None) -> str | None:
    if resource is None:
        return None
    bare = msgspec.structs.replace(resource, connection=Connection())  # may know a password
    return msgspec.json.encode(bare).decode()


def _once(name: str, what: str) -> str:
    """What was seen once under its name."""
    return (
        "(SELECT name, remote_id, ven_remote_id AS ven_id, stamp FROM temp.seen one"
        f" WHERE what = '{what}' AND NOT EXISTS (SELECT 1 FROM temp.seen other"
        " WHERE other.what = one.what AND other.name = one.name AND other.rowid <> one.rowid))"
        f" {name}"
    )


def _adopt_vens(connection: sqlite3.Connection, at: dict[str, Any]) -> int:
    return connection.execute(
        f"UPDATE vendash_vens AS o SET remote_id = s.remote_id FROM {_once('s', 'ven')}"
        " WHERE o.vtn = :vtn AND o.name = s.name AND o.remote_id <> s.remote_id"
        f" AND o.wanted AND {_SETTLED}",
        at,
    ).rowcount


def _adopt_resources(connection: sqlite3.Connection, at: dict[str, Any]) -> int:
    changed = connection.execute(
        f"SELECT o.key, s.remote_id, s.ven_id, s.stamp FROM {_once('s', 'resource')}"
        " CROSS JOIN resources r ON r.resource_id = s.name"
        " CROSS JOIN vendash_observations o ON o.key = r.id"
        " CROSS JOIN vendash_vens v ON v.vtn = :vtn AND v.name = r.ven"
        " WHERE (s.remote_id <> o.remote_id OR (s.ven_id <> '' AND s.ven_id <> o.held_under))"
        f" AND s.ven_id IN ('', v.remote_id) AND o.wanted AND {_SETTLED}",
        at,
    ).fetchall()
    connection.executemany(
        "UPDATE vendash_observations SET remote_id = ?2, stamp = ?4,"
        " held_under = coalesce(nullif(?3, ''), held_under) WHERE key = ?1",
        changed,
    )
    return len(changed)


def _name_keys(connection: sqlite3.Connection, at: dict[str, Any]) -> None:
    connection.execute(
        "UPDATE temp.found SET key = (SELECT r.id FROM resources r WHERE r.resource_id = name)"
        " WHERE what = 'resource'"
    )
    # What has changed since it was compared is sent, or was just accepted.
    connection.execute(
        "DELETE FROM temp.found WHERE kind = 'different' AND what = 'resource' AND NOT EXISTS"
        f" (SELECT 1 FROM vendash_observations o WHERE o.key = found.key AND {_SETTLED})",
        at,
    )


def _miss_vens(connection: sqlite3.Connection, at: dict[str, Any]) -> None:
    missed = (
        f"o.wanted AND o.remote_id IS NOT NULL AND {_SETTLED}"
        " AND NOT EXISTS (SELECT 1 FROM temp.seen s WHERE s.what = 'ven' AND s.name = o.name)"
    )
    names = connection.execute(
        f"SELECT o.name, o.remote_id FROM vendash_vens o WHERE o.vtn = :vtn AND {missed}", at
    ).fetchall()
    _find(
        connection,
        [
            DriftItem(kind=DriftKind.ONLY_HERE, what="ven", name=name, ven=name, remote_id=remote)
            for name, remote in names
        ],
    )
    for name, _ in names:
        lose_vens(connection, "name = ?", name)


def _miss_resources(connection: sqlite3.Connection, at: dict[str, Any]) -> None:
    connection.execute(
        f"INSERT INTO temp.found ({ITEM_COLUMNS}) SELECT 'only here', 'resource', o.key,"
        " o.resource_id, coalesce(CAST(r.ven AS TEXT), ''), coalesce(o.held_under, ''),"
        " o.remote_id, '[]', o.stamp, '', NULL, 'again'"
        " FROM vendash_observations o CROSS JOIN resources r ON r.id = o.key"
        f" WHERE o.wanted AND o.remote_id IS NOT NULL AND {_SETTLED} AND NOT EXISTS"
        " (SELECT 1 FROM temp.seen s WHERE s.what = 'resource' AND s.name = o.resource_id)",
        at,
    )
    connection.execute("UPDATE temp.found SET settled = 'again' WHERE kind = 'only here'")
    connection.execute(
        "UPDATE vendash_observations SET remote_id = NULL, accepted_revision = NULL, told = NULL,"
        f" asked = NULL, stamp = '', doubtful = 1, state = 'waiting', since = {NOW} WHERE key IN"
        " (SELECT key FROM temp.found WHERE kind = 'only here' AND what = 'resource')"
    )


def _send_again(connection: sqlite3.Connection, at: dict[str, Any]) -> None:
    """What is older there than what it accepted of us: it has lost that, and gets it again."""
    connection.execute(
        "UPDATE temp.found SET settled = 'again' WHERE kind = 'different' AND what = 'resource'"
        " AND stamp <> '' AND stamp < (SELECT o.stamp FROM vendash_observations o"
        " WHERE o.key = found.key)"
    )
    connection.execute(
        f"UPDATE vendash_observations SET state = 'waiting', since = {NOW} WHERE key IN"
        " (SELECT key FROM temp.found WHERE kind = 'different' AND settled = 'again')"
    )


def _keep_choices(connection: sqlite3.Connection, at: dict[str, Any]) -> None:
    """What the operator does not want to see, or has deleted there already."""
    connection.execute(
        "UPDATE temp.found SET settled = 'forget' WHERE settled IS NULL AND EXISTS (SELECT 1"
        " FROM vendash_drift d WHERE d.vtn = :vtn AND d.what = found.what AND d.name = found.name"
        " AND d.settled = 'forget' AND d.kind = found.kind AND d.remote_id = found.remote_id"
        " AND d.stamp = found.stamp AND d.fields = found.fields)",
        at,
    )
    connection.execute(
        "UPDATE temp.found SET settled = 'ours' WHERE settled IS NULL AND EXISTS (SELECT 1"
        " FROM vendash_removals m WHERE m.vtn = :vtn AND m.what = found.what"
        " AND m.name = found.name AND m.remote_id = found.remote_id)",
        at,
    )


def _remember_unsent(connection: sqlite3.Connection) -> None:
    """What waits to be sent for the first time and is there: no drift, but to be looked up."""
    connection.execute(
        f"INSERT INTO temp.found ({ITEM_COLUMNS}) SELECT 'only there', 'resource', o.key, s.name,"
        " coalesce(CAST(r.ven AS TEXT), ''), s.ven_remote_id, s.remote_id, '[]', s.stamp, '',"
        " NULL, 'unsent' FROM temp.seen s CROSS JOIN resources r ON r.resource_id = s.name"
        " CROSS JOIN vendash_observations o ON o.key = r.id"
        " WHERE s.what = 'resource' AND o.wanted AND o.remote_id IS NULL AND NOT o.doubtful"
    )


def _publish(connection: sqlite3.Connection, at: dict[str, Any]) -> None:
    connection.execute("DELETE FROM vendash_drift WHERE vtn = :vtn", at)
    connection.execute(
        f"INSERT INTO vendash_drift (vtn, found, {ITEM_COLUMNS})"
        f" SELECT :vtn, :began, {ITEM_COLUMNS} FROM temp.found ORDER BY rowid",
        at,
    )
    mark_differing(connection)
