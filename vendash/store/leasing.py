"""Handing out what the current VTN has not accepted.

An item is marked SENDING and doubtful, durably, before it is handed out. Whatever happens then, it
stays doubtful until the VTN has answered or nothing can have arrived there, so that a process that
dies in between never makes anyone send it twice unseen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from vendash.models import (
    ResourceWork,
    VenWork,
)
from vendash.store.decisions import current_vtn
from vendash.store.leases import Lease, Leases
from vendash.store.resources import json_list
from vendash.store.standing import CURRENT_VTN, HOLDS_NOTHING, NOW
from vendash.store.works import (
    VEN_REVISION,
    VEN_WORK,
    WORK,
    WORK_TABLES,
    removal_work,
    resource_work,
    ven_work,
)

_OPEN = "(state = 'waiting' OR state = 'sending')"
_NOT = "NOT IN (SELECT value FROM json_each(:leased))"
_RESOURCES = (
    f" FROM {WORK_TABLES} WHERE (o.state = 'waiting' OR o.state = 'sending') AND o.key {_NOT}"
    # To delete, it is enough to know where it is; to hold it, its VEN has to be there.
    " AND CASE WHEN o.wanted THEN v.state = 'ok' AND v.remote_id IS NOT NULL"
    " ELSE coalesce(o.held_under, v.remote_id) IS NOT NULL OR o.remote_id IS NOT NULL END"
)
_VENS = (
    f" FROM vendash_vens v WHERE vtn = :vtn AND {_OPEN} AND name {_NOT}"
    f" AND (wanted OR ((remote_id IS NOT NULL OR doubtful) AND {HOLDS_NOTHING}))"
)
_REMOVALS = (
    f" FROM vendash_removals m WHERE vtn = :vtn AND what = :what AND {_OPEN} AND id {_NOT}"
    " AND NOT (what = 'ven' AND EXISTS (SELECT 1 FROM vendash_removals below"
    " WHERE below.vtn = m.vtn AND below.what = 'resource' AND below.held_under = m.remote_id))"
    # What is wanted since, and is looked up by its name, may turn out to be this object.
    " AND NOT (what = 'resource' AND EXISTS (SELECT 1 FROM resources r CROSS JOIN"
    " vendash_observations o ON o.key = r.id WHERE r.resource_id = m.name AND o.wanted"
    " AND o.remote_id IS NULL AND o.state IN ('waiting', 'sending')))"
)


def due_vens(
    connection: sqlite3.Connection, leases: Leases, limit: int, hold: float
) -> list[VenWork]:
    """Lease VENs to send."""
    _refuse_clashes(connection)
    vtn = current_vtn(connection)
    rows = connection.execute(
        f"SELECT {VEN_WORK} {_VENS} AND {_ripe('v')} ORDER BY name LIMIT :limit",
        {"vtn": vtn, "leased": json_list(leases.vens), "hold": hold, "limit": limit},
    ).fetchall()
    connection.executemany(
        "UPDATE vendash_vens SET state = 'sending', doubtful = 1 WHERE vtn = ? AND name = ?",
        [(vtn, row[0]) for row in rows],
    )
    leases.vens.update((row[0], vtn) for row in rows)
    works = [ven_work(*row) for row in rows]
    return works + [
        VenWork(name=row[1], client_id="", revision=VEN_REVISION, remote_id=row[4],
                doubtful=bool(row[5]), wanted=False)
        for row in _due_removals(connection, leases, "ven", limit - len(works), hold, vtn)
    ]  # fmt: skip


def due_resources(
    connection: sqlite3.Connection, leases: Leases, limit: int, hold: float
) -> list[ResourceWork]:
    """Lease resources whose VEN is known at the VTN, the oldest change first."""
    vtn = current_vtn(connection)
    rows = connection.execute(
        f"SELECT {WORK}{_RESOURCES} AND {_ripe('o')} ORDER BY o.since, o.key LIMIT :limit",
        {"vtn": vtn, "leased": json_list(leases.resources), "hold": hold, "limit": limit},
    ).fetchall()
    works = _doubted(connection, [resource_work(row) for row in rows])
    # Where it may arrive from now on, unless it is, or may be, somewhere already.
    connection.executemany(
        "UPDATE vendash_observations SET state = 'sending', doubtful = 1, held_under = CASE"
        " WHEN remote_id IS NULL AND NOT doubtful THEN ?1 ELSE coalesce(held_under, ?1) END"
        " WHERE key = ?2",
        [(work.ven_remote_id or None, work.key) for work in works],
    )
    leases.resources.update((row[0], Lease(vtn, bool(row[6]))) for row in rows)
    removals = _due_removals(connection, leases, "resource", limit - len(works), hold, vtn)
    return works + [removal_work(connection, row) for row in removals]


def due_in(connection: sqlite3.Connection, leases: Leases, hold: float) -> float | None:
    """Seconds until the next change may leave; None when there is none to leave."""
    vtn = current_vtn(connection)
    parameters = {
        "vtn": vtn, "hold": hold, "vens": json_list(leases.vens),
        "resources": json_list(leases.resources), "removals": json_list(leases.removals),
    }  # fmt: skip
    vens = _VENS.replace(":leased", ":vens")
    resources = _RESOURCES.replace(":leased", ":resources")
    removals = _REMOVALS.replace(":leased", ":removals").replace(":what", "what")
    (wait,) = connection.execute(
        f"SELECT min(wait) FROM (SELECT {_wait('v')} AS wait {vens}"
        f" UNION ALL SELECT {_wait('o')} {resources} UNION ALL SELECT {_wait('m')} {removals})",
        parameters,
    ).fetchone()
    return None if wait is None else max(0.0, wait)


def _wait(table: str) -> str:
    """Seconds until a row may leave.

    What is wanted and in doubt is looked up at once, since an undo could not take it back; and a
    change after now was made before the clock was set back.
    """
    at_once = f"{table}.state = 'sending' OR {table}.since > {NOW}"
    if table != "m":  # a removal is never wanted
        at_once += f" OR ({table}.wanted AND {table}.doubtful)"
    return f"CASE WHEN {at_once} THEN 0 ELSE {table}.since + :hold - {NOW} END"


def _ripe(table: str) -> str:
    return f"{_wait(table)} <= 0"


def _doubted(connection: sqlite3.Connection, works: Sequence[ResourceWork]) -> list[ResourceWork]:
    """In doubt, too: what was never sent and was seen there, for a VTN may take a name twice."""
    unsent = [w.resource.resource_id for w in works if w.wanted and w.remote_id is None]
    seen = {
        name
        for (name,) in connection.execute(
            f"SELECT name FROM vendash_drift WHERE vtn = {CURRENT_VTN} AND what = 'resource'"
            " AND name IN (SELECT value FROM json_each(?))",
            (json_list(unsent),),
        )
    }
    return [
        msgspec.structs.replace(work, doubtful=True) if work.resource.resource_id in seen else work
        for work in works
    ]


def _due_removals(
    connection: sqlite3.Connection, leases: Leases, what: str, limit: int, hold: float, vtn: int
) -> list[tuple[Any, ...]]:
    if limit <= 0:
        return []
    rows = connection.execute(
        f"SELECT id, name, ven, held_under, remote_id, doubtful {_REMOVALS} AND {_ripe('m')}"
        " ORDER BY id LIMIT :limit",
        {"vtn": vtn, "what": what, "leased": json_list(leases.removals), "hold": hold,
         "limit": limit},
    ).fetchall()  # fmt: skip
    connection.executemany(
        "UPDATE vendash_removals SET state = 'sending', doubtful = 1 WHERE id = ?",
        [(row[0],) for row in rows],
    )
    leases.removals.update((row[0], vtn) for row in rows)
    return rows


def _refuse_clashes(connection: sqlite3.Connection) -> None:
    """VENs with one client id would be one VEN at the VTN: none of them is sent."""
    rivals = (
        "SELECT name FROM vendash_vens other WHERE other.vtn = v.vtn AND other.wanted"
        " AND other.client_id = v.client_id AND other.name <> v.name"
    )
    connection.execute(
        f"UPDATE vendash_vens AS v SET state = 'conflict', since = {NOW},"
        " error = 'has the same client id, '"
        f" || client_id || ', as ' || (SELECT min(name) FROM ({rivals})) || ': rename one of them'"
        f" WHERE v.vtn = {CURRENT_VTN} AND v.wanted AND v.state = 'waiting'"
        f" AND v.remote_id IS NULL AND EXISTS ({rivals})"
    )
