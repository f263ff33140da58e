"""What a VTN should hold and what is known of it there, as work for whoever talks to it."""

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
from vendash.store.standing import AS_ACCEPTED, CURRENT_VTN
from vendash.store.values import RESOURCE_COLUMNS, resource_of

VEN_REVISION = 1
"""Nothing of a VEN that the VTN holds can change here but its name, which makes it another one."""
VEN_WORK = "name, client_id, remote_id, doubtful, wanted"
"""Columns of `vendash_vens`."""
WORK = (
    "o.key, f.revision, v.remote_id, coalesce(v.client_id, ''), o.remote_id, o.doubtful, o.wanted,"
    f" o.held_under, o.requested, {DECIDED_THERE}, {RESOURCE_COLUMNS}"
)
WORK_TABLES = (
    "vendash_observations o CROSS JOIN resources r ON r.id = o.key"
    " LEFT JOIN connections c ON c.id = r.connection_id CROSS JOIN vendash_facts f ON f.key = o.key"
    " LEFT JOIN vendash_vens v ON v.vtn = :vtn AND v.name = r.ven"
)


def vens_named(connection: sqlite3.Connection, names: Sequence[str]) -> list[VenWork]:
    """What is known at the current VTN of these VENs, without leasing it."""
    rows = connection.execute(
        f"SELECT {VEN_WORK} FROM vendash_vens WHERE vtn = ?"
        " AND name IN (SELECT value FROM json_each(?)) AND state <> 'unwanted' ORDER BY name",
        (current_vtn(connection), json_list(names)),
    )
    return [ven_work(*row) for row in rows]


def resources_named(
    connection: sqlite3.Connection, resource_ids: Sequence[str]
) -> list[ResourceWork]:
    """What is known at the current VTN of these resources, without leasing it."""
    rows = connection.execute(
        f"SELECT {WORK} FROM json_each(:names) named"
        " CROSS JOIN resources r ON r.resource_id = named.value"
        " CROSS JOIN vendash_observations o ON o.key = r.id"
        " LEFT JOIN connections c ON c.id = r.connection_id"
        " CROSS JOIN vendash_facts f ON f.key = r.id"
        " LEFT JOIN vendash_vens v ON v.vtn = :vtn AND v.name = r.ven",
        {"vtn": current_vtn(connection), "names": json_list(resource_ids)},
    )
    return [resource_work(row) for row in rows]


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
        f"SELECT {WORK} FROM {WORK_TABLES} WHERE v.remote_id IS NOT NULL AND o.key ="
        " (SELECT key FROM vendash_observations WHERE wanted AND state = 'ok' AND NOT doubtful"
        " AND remote_id IS NOT NULL ORDER BY since DESC, key DESC LIMIT 1)",
        {"vtn": current_vtn(connection)},
    ).fetchone()
    return None if row is None else resource_work(row)


def ven_work(
    name: str, identity: str, remote_id: str | None, doubtful: int, wanted: int
) -> VenWork:
    """A VEN from a row of `VEN_WORK`."""
    return VenWork(
        name=name,
        client_id=identity,
        revision=VEN_REVISION,
        remote_id=remote_id,
        doubtful=bool(doubtful),
        wanted=bool(wanted),
    )


def resource_work(row: tuple[Any, ...]) -> ResourceWork:
    """A resource from a row of `WORK`."""
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


def removal_work(connection: sqlite3.Connection, row: tuple[Any, ...]) -> ResourceWork:
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
