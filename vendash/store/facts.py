"""What is derived from a row of `resources`, and how it follows what other programs write there.

Triggers mark every row that was inserted, changed or deleted, by whom ever, in `vendash_stale`.
`refresh` runs at the start of every transaction of ours, when the file is opened, and when the
watcher tells of a change: it normalises decisions, makes the facts again and keeps what is known
of a VTN with the resource it belongs to, also where that came back under another key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from vendash.filters import fold
from vendash.store import audit
from vendash.store.standing import CURRENT_VTN, HAS_VEN, NOW, OBSERVED, want_vens
from vendash.store.values import number_of, object_of, status_of, text_of, ven_of

UNKNOWN_STATUS = (
    "(r.registration_status IS NULL OR r.registration_status < 'APPROVED'"
    " OR (r.registration_status > 'APPROVED' AND r.registration_status < 'PENDING')"
    " OR (r.registration_status > 'PENDING' AND r.registration_status < 'SUSPENDED')"
    " OR r.registration_status > 'SUSPENDED')"
)
"""Not one of the three decisions, said as ranges: an index finds those rows among a million."""
DERIVED = "p_max_kw, ven, ven_key, sub_type_key, search"
_CHUNK = 2000
_LAST_NAMES = (
    "coalesce((SELECT i.name FROM vendash_items i WHERE i.key = o.key"
    " AND i.resource_id = o.resource_id ORDER BY i.sequence DESC LIMIT 1), ''),"
    " coalesce((SELECT f.ven FROM vendash_facts f WHERE f.key = o.key), '')"
)
"""Of a row `o` whose resource is gone: what it was called, and its VEN."""

T = TypeVar("T")


def is_stale(connection: sqlite3.Connection) -> bool:
    """Whether another program changed rows that we have not looked at since."""
    (stale,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM vendash_stale)"
        f" OR EXISTS (SELECT 1 FROM resources r WHERE {UNKNOWN_STATUS})"
    ).fetchone()
    return bool(stale)


def refresh(connection: sqlite3.Connection) -> None:
    """Bring everything derived up to date with the marked rows. Part of a transaction."""
    if not is_stale(connection):
        return
    _normalise_decisions(connection)
    _detach(connection)
    _rebuild(connection)
    want_vens(connection, "SELECT key FROM vendash_stale")
    connection.execute("DELETE FROM vendash_stale")
    count_roster(connection)


def count_roster(connection: sqlite3.Connection) -> None:
    """The roster is another one: resources came, went, or have other values."""
    connection.execute(
        "INSERT INTO vendash_settings (name, value) VALUES ('roster version', '1')"
        " ON CONFLICT (name) DO UPDATE SET value = value + 1"
    )


def refreshed(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run the function over facts that are up to date, in the same transaction."""
    refresh(connection)
    return work(connection)


def _normalise_decisions(connection: sqlite3.Connection) -> None:
    odd = connection.execute(
        f"SELECT r.id, r.registration_status FROM resources r WHERE {UNKNOWN_STATUS} ORDER BY r.id"
    ).fetchall()
    if not odd:
        return
    wanted = [(str(status_of(value)), key) for key, value in odd]
    with audit.action(
        connection, actor="engine", verb="normalise", reason="not a decision that is known"
    ) as action:
        action.add_each(
            f"SELECT ?, {audit.ITEM_OF}, coalesce(CAST(r.registration_status AS TEXT), 'NULL'), ?"
            " FROM resources r WHERE r.id = ?",
            wanted,
        )
        connection.executemany("UPDATE resources SET registration_status = ? WHERE id = ?", wanted)


def _detach(connection: sqlite3.Connection) -> None:
    """Put aside what is known of resources that are gone; it may come back with them."""
    # INSERT OR REPLACE deletes the old row without a trigger, so new rows mean: look at all.
    fresh = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM vendash_stale s JOIN resources r ON r.id = s.key"
        " WHERE NOT EXISTS (SELECT 1 FROM vendash_facts f WHERE f.key = s.key))"
    ).fetchone()[0]
    marked = "" if fresh else "AND {key} IN (SELECT key FROM vendash_stale)"
    gone = (
        "NOT EXISTS (SELECT 1 FROM resources r WHERE r.id = o.key"
        f" AND r.resource_id = o.resource_id) {marked.format(key='o.key')}"
    )
    connection.execute(
        f"INSERT OR REPLACE INTO vendash_elsewhere (vtn, resource_id, name, ven, {OBSERVED})"
        f" SELECT {CURRENT_VTN}, resource_id, {_LAST_NAMES}, wanted, remote_id, NULL, told, state,"
        " doubtful, error, http_status, since, held_under, stamp, requested, asked"
        f" FROM vendash_observations o WHERE {gone}"
    )
    # Their deletion was confirmed before they went from here.
    connection.execute(
        "INSERT INTO vendash_removals (vtn, what, name, ven, held_under, remote_id, doubtful,"
        f" since) SELECT vtn, 'resource', resource_id, ven, held_under, remote_id, doubtful, {NOW}"
        f" FROM vendash_elsewhere WHERE vtn = {CURRENT_VTN} AND NOT wanted"
        " AND (remote_id IS NOT NULL OR doubtful) AND resource_id IN"
        f" (SELECT resource_id FROM vendash_observations o WHERE {gone})"
    )
    connection.execute(f"DELETE FROM vendash_observations AS o WHERE {gone}")
    connection.execute(
        "DELETE FROM vendash_facts WHERE NOT EXISTS"
        f" (SELECT 1 FROM resources r WHERE r.id = key) {marked.format(key='key')}"
    )


def _rebuild(connection: sqlite3.Connection) -> None:
    rows = connection.execute(
        "SELECT r.id, r.resource_name, r.resource_sub_type, r.meter_point_id, r.address, r.ven,"
        " r.capacities FROM vendash_stale s CROSS JOIN resources r ON r.id = s.key"
    )
    while chunk := rows.fetchmany(_CHUNK):
        connection.executemany(
            f"INSERT INTO vendash_facts ({DERIVED}, key) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET revision = revision + 1, ven = excluded.ven,"
            " p_max_kw = excluded.p_max_kw, ven_key = excluded.ven_key,"
            " sub_type_key = excluded.sub_type_key, search = excluded.search",
            [
                (*derive(name, sub, meter, address, ven, _p_max_kw(capacities)), key)
                for key, name, sub, meter, address, ven, capacities in chunk
            ],
        )
    attach(connection, "SELECT key FROM vendash_stale")
    connection.execute(
        f"UPDATE vendash_observations SET since = {NOW},"
        " state = CASE state WHEN 'sending' THEN 'sending' ELSE 'waiting' END"
        " WHERE key IN (SELECT key FROM vendash_stale)"
    )
    connection.execute(
        "UPDATE vendash_observations SET state = 'conflict', error = ? WHERE wanted"
        " AND state = 'waiting' AND key IN (SELECT s.key FROM vendash_stale s"
        f" JOIN resources r ON r.id = s.key WHERE NOT {HAS_VEN})",
        ("It has no VEN any more: give it one, or unregister it.",),
    )


def attach(connection: sqlite3.Connection, keys: str, *parameters: int) -> None:
    """Take up again what is known of these resources at the current VTN.

    `keys` is a SELECT of ours that yields keys of `resources`, with its parameters.
    """
    taken_up = connection.execute(
        f"INSERT OR IGNORE INTO vendash_observations (key, resource_id, {OBSERVED})"
        " SELECT r.id, e.resource_id, e.wanted, e.remote_id, e.accepted_revision, e.told,"
        " CASE WHEN e.state = 'sending' THEN 'sending' WHEN e.accepted_revision = f.revision"
        " AND e.told = r.registration_status THEN e.state ELSE 'waiting' END,"
        " e.doubtful, e.error, e.http_status, e.since, e.held_under, e.stamp, e.requested, e.asked"
        " FROM vendash_elsewhere e CROSS JOIN resources r ON r.resource_id = e.resource_id"
        " JOIN vendash_facts f ON f.key = r.id"
        f" WHERE e.vtn = {CURRENT_VTN} AND r.id IN ({keys})",
        parameters,
    ).rowcount
    if not taken_up:
        return
    for table, column in (("vendash_elsewhere", "resource_id"), ("vendash_removals", "name")):
        connection.execute(
            f"DELETE FROM {table} WHERE vtn = {CURRENT_VTN} AND {column} IN"
            f" (SELECT resource_id FROM vendash_observations WHERE key IN ({keys}))",
            parameters,
        )
    want_vens(connection, keys, *parameters)


def derive(
    name: object, sub_type: object, meter: object, address: object, ven: object, p_max_kw: float
) -> tuple[float, str, str, str, str]:
    """The values of the columns `DERIVED`."""
    shown = ven_of(ven)
    sub_key, ven_key = _folded_once(text_of(sub_type)), _folded_once(shown)
    own = fold(f"{text_of(name)}\n{text_of(address)}\n{text_of(meter)}")
    return p_max_kw, shown, ven_key, sub_key, f"{own}\n{sub_key}\n{ven_key}"


def _p_max_kw(capacities: object) -> float:
    return number_of(object_of(capacities).get("P_max_kw"))


@lru_cache(maxsize=1024)
def _folded_once(text: str) -> str:
    """Sub types and VENs are few, and each is asked for thousands of times."""
    return fold(text)
