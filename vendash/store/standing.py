"""How items stand with the current VTN: the pieces of SQL that say so, and the VENs among them."""

from __future__ import annotations

import sqlite3

from vendash.names import client_id

NOW = "((julianday('now') - 2440587.5) * 86400.0)"
"""Unix time with milliseconds, as every SQLite can say it; the same all through a statement."""
CURRENT_VTN = "(SELECT CAST(value AS INTEGER) FROM vendash_settings WHERE name = 'vtn')"
OBSERVED = (
    "wanted, remote_id, accepted_revision, told, state, doubtful, error, http_status, since,"
    " held_under, stamp, requested, asked"
)
"""The columns that `vendash_observations` and `vendash_elsewhere` share, but for the ids."""
HAS_VEN = "(typeof(r.ven) = 'text' AND r.ven <> '')"
"""Of a row of `resources r`: without a VEN it is never sent."""
AS_ACCEPTED = (
    "(remote_id IS NOT NULL AND NOT doubtful AND requested IS asked AND accepted_revision ="
    " (SELECT revision FROM vendash_facts f WHERE f.key = vendash_observations.key) AND told ="
    " (SELECT registration_status FROM resources r WHERE r.id = vendash_observations.key))"
)
"""Of a row of `vendash_observations`: the VTN has accepted all that it would be sent."""
DIFFERS = (
    "EXISTS (SELECT 1 FROM vendash_drift d WHERE d.key = vendash_observations.key"
    f" AND d.vtn = {CURRENT_VTN} AND (d.kind = 'different' OR d.kind = 'double')"
    " AND d.settled IS NULL)"
)
"""Of a row of `vendash_observations`: something about it waits for the operator's choice."""
ACCEPTED_STATE = f"CASE WHEN {DIFFERS} THEN 'different' ELSE 'ok' END"
"""The state of a row that is as accepted; the trigger `vendash_decided` says the same."""
HOLDS_NOTHING = (
    "NOT EXISTS (SELECT 1 FROM vendash_observations o"
    " WHERE o.held_under = coalesce(v.remote_id, v.lost_id))"
    " AND NOT EXISTS (SELECT 1 FROM vendash_elsewhere e WHERE e.vtn = v.vtn"
    " AND e.held_under = coalesce(v.remote_id, v.lost_id)"
    " AND (e.remote_id IS NOT NULL OR e.doubtful))"
)
"""Of a row of `vendash_vens v`: nothing of ours is, or may be, under it at the VTN."""


def mark_differing(connection: sqlite3.Connection, keys: str = "", *parameters: object) -> None:
    """What is as accepted is `different` as long as something about it waits for a choice.

    `keys` is a SELECT of ours; without one all rows are looked at.
    """
    among = f" AND key IN ({keys})" if keys else ""
    connection.execute(
        f"UPDATE vendash_observations SET state = {ACCEPTED_STATE}, since = {NOW}"
        f" WHERE state IN ('ok', 'different') AND state <> {ACCEPTED_STATE}{among}",
        parameters,
    )


def want_vens(
    connection: sqlite3.Connection, keys: str, *parameters: int, again: bool = False
) -> None:
    """A VEN is wanted as long as one of its resources is; seen to after these have changed.

    `keys` is a SELECT of ours that yields keys of `resources`; `again` tries their VENs again.
    """
    named = {
        name
        for (name,) in connection.execute(
            "SELECT DISTINCT r.ven FROM vendash_observations o CROSS JOIN resources r"
            f" ON r.id = o.key WHERE {HAS_VEN} AND o.key IN ({keys})",
            parameters,
        )
    }
    connection.executemany(
        "INSERT INTO vendash_vens (vtn, name, client_id, wanted, state)"
        f" VALUES ({CURRENT_VTN}, ?, ?, 0, 'unwanted') ON CONFLICT DO NOTHING",
        [(name, client_id(name)) for name in sorted(named)],
    )
    changed = [
        (wanted, name)
        for name, before, state, wanted in connection.execute(
            "SELECT name, wanted, state, EXISTS (SELECT 1 FROM resources r"
            " CROSS JOIN vendash_observations o ON o.key = r.id WHERE r.ven = name AND o.wanted)"
            f" FROM vendash_vens WHERE vtn = {CURRENT_VTN}"
        ).fetchall()
        if wanted != before or (again and name in named and state in ("failed", "conflict"))
    ]
    connection.executemany(
        f"UPDATE vendash_vens SET wanted = ?1, since = {NOW}, error = '', http_status = NULL,"
        " losses = 0, state = CASE WHEN state = 'sending' THEN 'sending'"
        " WHEN ?1 AND remote_id IS NOT NULL AND NOT doubtful THEN 'ok'"
        " WHEN ?1 OR remote_id IS NOT NULL OR doubtful THEN 'waiting' ELSE 'unwanted' END"
        f" WHERE vtn = {CURRENT_VTN} AND name = ?2",
        changed,
    )
