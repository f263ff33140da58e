"""The small fleet with a VTN that holds something else, in every way there is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from msgspec.structs import replace

from tests.screens.fleet import open_fleet
from vendash.filters import Query
from vendash.models import (
    Capacities,
    DriftItem,
    DriftKind,
    RegistrationStatus,
    Resource,
    ResourceWork,
    Seen,
    VenRow,
)
from vendash.store import SqliteStore

COMPARED = 1_780_312_000.0
"""1 June 2026, 13:06:40 in Copenhagen."""
STAMP = "2026-06-01T11:05:00.000000Z"


async def drifted_fleet(path: Path) -> None:
    """Make the database: 2 differ, 1 is there twice, 2 are only there, 1 is only here."""
    async with await open_fleet(path) as store:
        await _survey(store)
    with closing(sqlite3.connect(path)) as connection, connection:
        changed = connection.execute(
            "UPDATE vendash_settings SET value = ? WHERE name LIKE 'surveyed %'", (repr(COMPARED),)
        )
        assert changed.rowcount == 1


def seen_there(vens: Sequence[VenRow], works: Sequence[ResourceWork]) -> list[Seen]:
    """What a survey sees of these where the VTN holds all that it has accepted."""
    seen = [
        Seen(what="ven", name=ven.name, remote_id=ven.remote_id) for ven in vens if ven.remote_id
    ]
    seen += [
        Seen(
            what="resource",
            name=work.resource.resource_id,
            remote_id=work.remote_id,
            ven_remote_id=work.ven_remote_id,
        )
        for work in works
        if work.remote_id
    ]
    return seen


async def _survey(store: SqliteStore) -> None:
    works = [work for work in await _works(store, Query()) if work.remote_id is not None]
    approved = Query(status=RegistrationStatus.APPROVED, ven="Aalborg")
    chosen = await _works(store, approved)
    missing = chosen[0].resource.resource_id
    there = [work for work in works if work.resource.resource_id != missing]
    seen = seen_there(await store.vens(), there)
    items = [
        _different(chosen[2]),
        _decided(chosen[3]),
        *(_double(chosen[4], remote_id) for remote_id in (chosen[4].remote_id or "", "r-other")),
        _stranger(chosen[5].resource),
        DriftItem(
            kind=DriftKind.ONLY_THERE,
            what="ven",
            name="Zürich [bold]",
            remote_id="v-zurich",
            body='{"id": "v-zurich", "venName": "Z\\u00fcrich [bold]", "clientID": "rival"}',
        ),
    ]
    await store.begin_survey()
    await store.record_survey(items, seen)
    await store.end_survey()


async def _works(store: SqliteStore, query: Query) -> list[ResourceWork]:
    rows = await store.rows(await store.keys(query))
    return await store.resources_named([row.resource_id for row in rows])


def _item(work: ResourceWork, kind: DriftKind) -> DriftItem:
    return DriftItem(
        kind=kind,
        what="resource",
        key=work.key,
        name=work.resource.resource_id,
        ven=work.resource.ven or "",
        remote_id=work.remote_id or "",
        ven_remote_id=work.ven_remote_id,
        stamp=STAMP,
        resource=work.resource,
    )


def _different(work: ResourceWork) -> DriftItem:
    ours = work.resource
    theirs = replace(
        ours, resource_name="Their name \x1b[2J[red]", capacities=Capacities(p_max_kw=99.5)
    )
    body = {
        "id": work.remote_id,
        "resourceName": ours.resource_id,
        "attributes": [
            {"type": "DESCRIPTION", "values": [theirs.resource_name]},
            {"type": "MAX_POWER_CONSUMPTION", "values": [99.5]},
        ],
        "targets": ["somebody", "else"],
    }
    return replace(
        _item(work, DriftKind.DIFFERENT),
        fields=(
            ("DESCRIPTION", ours.resource_name, theirs.resource_name),
            ("MAX_POWER_CONSUMPTION", f"{ours.capacities.p_max_kw:g}", "99.5"),
        ),
        body=json.dumps(body),
        resource=theirs,
    )


def _decided(work: ResourceWork) -> DriftItem:
    theirs = replace(work.resource, registration_status=RegistrationStatus.SUSPENDED)
    return replace(
        _item(work, DriftKind.DIFFERENT),
        fields=(("prequalification", "APPROVED", "SUSPENDED"),),
        resource=theirs,
    )


def _double(work: ResourceWork, remote_id: str) -> DriftItem:
    return replace(_item(work, DriftKind.DOUBLE), remote_id=remote_id)


def _stranger(like: Resource) -> DriftItem:
    name = str(uuid5(NAMESPACE_URL, "stranger"))
    return DriftItem(
        kind=DriftKind.ONLY_THERE,
        what="resource",
        name=name,
        ven="Aalborg",
        remote_id="r-stranger",
        ven_remote_id="v-Aalborg",
        stamp=STAMP,
        body="{}",
        resource=replace(like, resource_id=name, resource_name="Somebody's lader"),
    )
