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
    Capacities,
    Location,
    RegistrationStatus,
    Resource,
    ResourceType,
    ResourceWork,
    VenWork,
)
from vendash.names import client_id
from vendash.store.authority import DECIDED_THERE
from vendash.store.decisions import current_vtn
from vendash.store.resources import json_list
from vendash.store.standing import AS_ACCEPTED, CURRENT_VTN, HOLDS_NOTHING, NOW
from vendash.store.values import RESOURCE_COLUMNS, resource_of

VEN_REVISION = 1
"""Nothing of a VEN that the VTN holds can change here but its name, which makes it another one."""


class Lease(msgspec.Struct, frozen=True):
    """One item handed out: for which VTN, and whether it was wanted there."""

    vtn: int
    wanted: bool


class Leases(msgspec.Struct):
    """What this process has handed out and not heard of since."""

    vens: dict[str, int] = {}
    resources: dict[int, Lease] = {}
    removals: dict[int, int] = {}

    def end(self) -> None:
        """End all of them: what was handed out is in doubt, and due again."""
        for leased in (self.vens, self.resources, self.removals):
            leased.clear()


_OPEN = "(state = 'waiting' OR state = 'sending')"
_NOT = "NOT IN (SELECT value FROM json_each(:leased))"
_WORK = (
    "o.key, f.revision, v.remote_id, coalesce(v.client_id, ''), o.remote_id, o.doubtful, o.wanted,"
    f" o.held_under, o.requested, {DECIDED_THERE}, {RESOURCE_COLUMNS}"
)
_WORK_TABLES = (
    "vendash_observations o CROSS JOIN resources r ON r.id = o.key"
    " LEFT JOIN connections c ON c.id = r.connection_id CROSS JOIN vendash_facts f ON f.key = o.key"
    " LEFT JOIN vendash_vens v ON v.vtn = :vtn AND v.name = r.ven"
)
_RESOURCES = (
    f" FROM {_WORK_TABLES} WHERE (o.state = 'waiting' OR o.state = 'sending') AND o.key {_NOT}"
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
        f"SELECT name, client_id, remote_id, doubtful, wanted {_VENS} AND {_ripe('v')}"
        " ORDER BY name LIMIT :limit",
        {"vtn": vtn, "leased": json_list(leases.vens), "hold": hold, "limit": limit},
    ).fetchall()
    connection.executemany(
        "UPDATE vendash_vens SET state = 'sending', doubtful = 1 WHERE vtn = ? AND name = ?",
        [(vtn, row[0]) for row in rows],
    )
    leases.vens.update((row[0], vtn) for row in rows)
    works = [_ven_work(*row) for row in rows]
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
        f"SELECT {_WORK}{_RESOURCES} AND {_ripe('o')} ORDER BY o.since, o.key LIMIT :limit",
        {"vtn": vtn, "leased": json_list(leases.resources), "hold": hold, "limit": limit},
    ).fetchall()
    works = _doubted(connection, [_resource_work(row) for row in rows])
    # Where it may arrive from now on, unless it is, or may be, somewhere already.
    connection.executemany(
        "UPDATE vendash_observations SET state = 'sending', doubtful = 1, held_under = CASE"
        " WHEN remote_id IS NULL AND NOT doubtful THEN ?1 ELSE coalesce(held_under, ?1) END"
        " WHERE key = ?2",
        [(work.ven_remote_id or None, work.key) for work in works],
    )
    leases.resources.update((row[0], Lease(vtn, bool(row[6]))) for row in rows)
    removals = _due_removals(connection, leases, "resource", limit - len(works), hold, vtn)
    return works + [_removal_work(connection, row) for row in removals]


def vens_named(connection: sqlite3.Connection, names: Sequence[str]) -> list[VenWork]:
    """What is known at the current VTN of these VENs, without leasing it."""
    rows = connection.execute(
        "SELECT name, client_id, remote_id, doubtful, wanted FROM vendash_vens WHERE vtn = ?"
        " AND name IN (SELECT value FROM json_each(?)) AND state <> 'unwanted' ORDER BY name",
        (current_vtn(connection), json_list(names)),
    )
    return [_ven_work(*row) for row in rows]


def resources_named(
    connection: sqlite3.Connection, resource_ids: Sequence[str]
) -> list[ResourceWork]:
    """What is known at the current VTN of these resources, without leasing it."""
    rows = connection.execute(
        f"SELECT {_WORK} FROM json_each(:names) named"
        " CROSS JOIN resources r ON r.resource_id = named.value"
        " CROSS JOIN vendash_observations o ON o.key = r.id"
        " LEFT JOIN connections c ON c.id = r.connection_id"
        " CROSS JOIN vendash_facts f ON f.key = r.id"
        " LEFT JOIN vendash_vens v ON v.vtn = :vtn AND v.name = r.ven",
        {"vtn": current_vtn(connection), "names": json_list(resource_ids)},
    )
    return [_resource_work(row) for row in rows]


def stamps_named(
    connection: sqlite3.Connection, resource_ids: Sequence[str]
) -> dict[str, tuple[str, str, str]]:
    """Id, VEN and stamp at the current VTN of those that it has accepted as they are now."""
    # As one text: row by row, this thread and the one that reads the VTN would keep each other.
    (rows,) = connection.execute(
        "SELECT json_group_array(json_array(CAST(r.resource_id AS TEXT), remote_id,"
        " coalesce(held_under, ''), stamp))"
        " FROM json_each(?) named CROSS JOIN resources r ON r.resource_id = named.value"
        " CROSS JOIN vendash_observations ON vendash_observations.key = r.id"
        f" WHERE wanted AND state = 'ok' AND stamp <> '' AND {AS_ACCEPTED}",
        (json_list(resource_ids),),
    ).fetchone()
    found = msgspec.json.decode(rows, type=list[tuple[str, str, str, str]])
    return {name: (remote_id, ven_id, stamp) for name, remote_id, ven_id, stamp in found}


def last_accepted(connection: sqlite3.Connection) -> ResourceWork | None:
    """What the current VTN has accepted last, of that which it is known to hold as it is."""
    row = connection.execute(
        f"SELECT {_WORK} FROM {_WORK_TABLES} WHERE v.remote_id IS NOT NULL AND o.key ="
        " (SELECT key FROM vendash_observations WHERE wanted AND state = 'ok' AND NOT doubtful"
        " AND remote_id IS NOT NULL ORDER BY since DESC, key DESC LIMIT 1)",
        {"vtn": current_vtn(connection)},
    ).fetchone()
    return None if row is None else _resource_work(row)


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


def _ven_work(
    name: str, identity: str, remote_id: str | None, doubtful: int, wanted: int
) -> VenWork:
    return VenWork(
        name=name,
        client_id=identity,
        revision=VEN_REVISION,
        remote_id=remote_id,
        doubtful=bool(doubtful),
        wanted=bool(wanted),
    )


def _resource_work(row: tuple[Any, ...]) -> ResourceWork:
    key, revision, ven_id, identity, remote_id, doubtful, wanted, held_under = row[:8]
    requested, decided_there = row[8:10]
    ven_id = ven_id or ""
    moved = held_under is not None and held_under != ven_id
    # It may be under another VEN, nobody knows: first it has to be gone from there.
    clearing = moved and doubtful and remote_id is None
    if clearing or not wanted:
        ven_id = held_under or ven_id
    return ResourceWork(
        key=key,
        resource=resource_of(row[10:]),
        revision=revision,
        ven_remote_id=ven_id,
        client_id=identity,
        remote_id=remote_id,
        doubtful=bool(doubtful),
        wanted=bool(wanted) and not clearing,
        held_under=held_under if moved and wanted and remote_id is not None else None,
        requested=RegistrationStatus(requested) if requested else None,
        decided_there=bool(decided_there),
    )


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


def _removal_work(connection: sqlite3.Connection, row: tuple[Any, ...]) -> ResourceWork:
    """Of something that only the VTN holds: as much of a resource as a deletion needs."""
    number, name, ven, held_under, remote_id, doubtful = row
    known = connection.execute(
        f"SELECT remote_id, client_id FROM vendash_vens WHERE vtn = {CURRENT_VTN}"
        " AND (name = ? OR remote_id = ?) ORDER BY remote_id = ? DESC LIMIT 1",
        (ven, held_under, held_under),
    ).fetchone()
    ven_id, identity = known or (None, client_id(ven) if ven else "")
    return ResourceWork(
        key=-number,
        resource=Resource(
            resource_id=name,
            resource_name=name,
            resource_type=ResourceType.DSR,
            meter_point_id="",
            capacities=Capacities(p_max_kw=0.0),
            location=Location(0.0, 0.0),
            ven=ven or None,
        ),
        revision=0,
        ven_remote_id=held_under or ven_id or "",
        client_id=identity,
        remote_id=remote_id,
        doubtful=bool(doubtful),
        wanted=False,
    )


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
