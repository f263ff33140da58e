"""What lists and sums show of the resources; all of it reads only."""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from vendash.filters import Query
from vendash.models import (
    NO_VEN,
    RegistrationStatus,
    Resource,
    ResourceDetail,
    ResourceRow,
    Selection,
    StatusCounts,
    VtnState,
)
from vendash.store import audit
from vendash.store.queries import decisions, ordered_keys
from vendash.store.values import (
    RESOURCE_COLUMNS,
    RESOURCE_TABLES,
    resource_of,
    status_of,
    text_of,
    type_of,
    ven_of,
)

_ROW = (
    "SELECT r.id, r.resource_id, r.resource_name, r.resource_type, r.resource_sub_type, r.ven,"
    " r.registration_status, r.enabled, f.p_max_kw, r.meter_point_id, r.address, r.updated_at,"
    " o.state, o.told, o.remote_id, o.error, o.since, o.requested FROM resources r"
    " LEFT JOIN vendash_facts f ON f.key = r.id"
    " LEFT JOIN vendash_observations o ON o.key = r.id"
)
_HISTORY = 20
_STATES = {state.value: state for state in VtnState}


def first_rows(connection: sqlite3.Connection, query: Query, limit: int) -> list[ResourceRow]:
    """The first rows in the query's order."""
    found: list[int] = []
    for statement in ordered_keys(query):
        if len(found) < limit:
            cursor = connection.execute(
                f"{statement.sql} LIMIT ?", (*statement.parameters, limit - len(found))
            )
            found += [row[0] for row in cursor]
    return rows(connection, found)


def keys(connection: sqlite3.Connection, query: Query) -> array[int]:
    """All keys in the query's order."""
    found = array("q")
    for statement in ordered_keys(query, all_of_them=True):
        # One text made inside SQLite: a million rows handed over one by one would hold up the
        # event loop's thread all the while.
        (digits,) = connection.execute(
            f"SELECT group_concat(printf('%016x', id), '') FROM ({statement.sql})",
            statement.parameters,
        ).fetchone()
        found.frombytes(bytes.fromhex(digits or ""))
    found.byteswap()
    return found


def rows(connection: sqlite3.Connection, wanted: Sequence[int]) -> list[ResourceRow]:
    """The rows of these keys, in their order."""
    found = {
        row[0]: _row_of(row)
        for row in connection.execute(
            f"{_ROW} WHERE r.id IN (SELECT value FROM json_each(?))", (json_list(wanted),)
        )
    }
    return [found[key] for key in wanted if key in found]


def counts(connection: sqlite3.Connection, query: Query) -> StatusCounts:
    """How many resources of the query, its status left out, carry each decision."""
    statement = decisions(query)
    return status_counts(connection.execute(statement.sql, statement.parameters))


def select(connection: sqlite3.Connection, wanted: Sequence[int]) -> Selection:
    """These rows, frozen; keys that are gone or named twice are left out."""
    found = connection.execute(
        "SELECT r.registration_status, count(*), total(f.p_max_kw)"
        " FROM json_each(?) chosen CROSS JOIN resources r"
        " ON r.id = chosen.value LEFT JOIN vendash_facts f ON f.key = r.id GROUP BY 1",
        (json_list(sorted(set(wanted))),),  # ascending, as the pages of the file are
    ).fetchall()
    by_status = status_counts((status, number) for status, number, _ in found)
    kept = array("q", wanted)
    if by_status.total < len(kept):
        kept = _there(connection, kept)
    return Selection(keys=kept, by_status=by_status, p_max_kw=sum(row[2] for row in found))


def _there(connection: sqlite3.Connection, wanted: Sequence[int]) -> array[int]:
    """The keys that are in the file, once each, in their order."""
    found = {
        key
        for (key,) in connection.execute(
            "SELECT id FROM resources WHERE id IN (SELECT value FROM json_each(?))",
            (json_list(wanted),),
        )
    }
    return array("q", (key for key in dict.fromkeys(wanted) if key in found))


def detail(connection: sqlite3.Connection, key: int) -> ResourceDetail | None:
    """All that is known of one resource."""
    row = connection.execute(f"{_ROW} WHERE r.id = ?", (key,)).fetchone()
    if row is None:
        return None
    stored = connection.execute(
        f"SELECT {RESOURCE_COLUMNS} FROM {RESOURCE_TABLES} WHERE r.id = ?", (key,)
    ).fetchone()
    revision, accepted, remote_id, http_status = connection.execute(
        "SELECT f.revision, o.accepted_revision, o.remote_id, o.http_status FROM resources r"
        " LEFT JOIN vendash_facts f ON f.key = r.id"
        " LEFT JOIN vendash_observations o ON o.key = r.id WHERE r.id = ?",
        (key,),
    ).fetchone()
    return ResourceDetail(
        key=key,
        resource=resource_of(stored),
        row=_row_of(row),
        revision=revision or 1,
        accepted_revision=accepted,
        remote_id=remote_id,
        vtn_http_status=http_status,
        history=audit.history(connection, key, _HISTORY),
    )


def find(connection: sqlite3.Connection, resource_ids: Iterable[str]) -> dict[str, int]:
    """Keys by resource id."""
    return dict(
        connection.execute(
            "SELECT resource_id, id FROM resources"
            " WHERE resource_id IN (SELECT value FROM json_each(?))",
            (json_list(resource_ids),),
        ).fetchall()
    )


def of_keys(connection: sqlite3.Connection, wanted: Sequence[int]) -> list[tuple[int, Resource]]:
    """Whole resources with their keys, in ascending order of key."""
    cursor = connection.execute(
        f"SELECT r.id, {RESOURCE_COLUMNS} FROM {RESOURCE_TABLES}"
        " WHERE r.id IN (SELECT value FROM json_each(?)) ORDER BY r.id",
        (json_list(wanted),),
    )
    return [(row[0], resource_of(row[1:])) for row in cursor]


def roster_version(connection: sqlite3.Connection) -> int:
    """Changes with the resources, their decisions left out."""
    row = connection.execute(
        "SELECT value FROM vendash_settings WHERE name = 'roster version'"
    ).fetchone()
    return int(row[0]) if row else 0


def reading_keys(connection: sqlite3.Connection) -> array[int]:
    """The keys of the approved and enabled resources, ascending."""
    cursor = connection.execute(
        "SELECT id FROM resources WHERE registration_status = ? AND coalesce(enabled, 1)"
        " ORDER BY id",
        (RegistrationStatus.APPROVED.value,),
    )
    return array("q", (key for (key,) in cursor))


def statistics(connection: sqlite3.Connection) -> Mapping[str, Any]:
    """The sums of `FleetReader.statistics`."""
    by_ven: dict[str, dict[str, int]] = {}
    for ven, status, number in matrix(connection):
        row = by_ven.setdefault(ven, {"pending": 0, "approved": 0, "suspended": 0, "total": 0})
        row[status.value.lower()] += number
        row["total"] += number
    totals = {ven: row["total"] for ven, row in by_ven.items()}
    return {
        "total_resources": sum(totals.values()),
        "by_type": _tally(connection, "resource_type", lambda value: type_of(value).value),
        "by_sub_type": _tally(connection, "resource_sub_type", text_of),
        "top_10_vens": dict(sorted(totals.items(), key=lambda each: (-each[1], each[0]))[:10]),
        "total_vens": len(by_ven.keys() - {NO_VEN}),
        "by_status": {
            status.value: sum(row[status.value.lower()] for row in by_ven.values())
            for status in RegistrationStatus
        },
        "by_ven": by_ven,
    }


def matrix(connection: sqlite3.Connection) -> list[tuple[str, RegistrationStatus, int]]:
    """How many resources each VEN has of each decision."""
    cursor = connection.execute(
        "SELECT ven, registration_status, count(*) FROM resources GROUP BY 1, 2"
    )
    return [(ven_of(ven), status_of(status), number) for ven, status, number in cursor]


def status_counts(pairs: Iterable[tuple[object, int]]) -> StatusCounts:
    """Numbers by decision, summed up."""
    found: Counter[RegistrationStatus] = Counter()
    for value, number in pairs:
        found[status_of(value)] += number
    return StatusCounts(
        pending=found[RegistrationStatus.PENDING],
        approved=found[RegistrationStatus.APPROVED],
        suspended=found[RegistrationStatus.SUSPENDED],
    )


def json_list(values: Iterable[object]) -> str:
    """Values as the JSON array that `json_each` takes: one parameter, however many they are."""
    import json  # noqa: PLC0415 (the first rows do without)

    return json.dumps(list(values))


def _tally(
    connection: sqlite3.Connection, column: str, name: Callable[[object], str]
) -> dict[str, int]:
    tally: Counter[str] = Counter()
    cursor = connection.execute(
        f"SELECT {column}, count(*) FROM resources GROUP BY 1 ORDER BY 2 DESC"
    )
    for value, number in cursor:
        tally[name(value)] += number
    return dict(tally)


def _row_of(row: tuple[Any, ...]) -> ResourceRow:
    status, told = status_of(row[6]), row[13]
    differs = row[14] is not None and told is not None and told != status.value
    return ResourceRow(
        key=row[0],
        resource_id=text_of(row[1]),
        name=text_of(row[2]),
        type=type_of(row[3]),
        sub_type=text_of(row[4]),
        ven=ven_of(row[5]),
        status=status,
        enabled=row[7] is None or bool(row[7]),
        p_max_kw=row[8] or 0.0,
        meter_point_id=text_of(row[9]),
        address=text_of(row[10]),
        changed=text_of(row[11]),
        vtn=_STATES.get(row[12], VtnState.UNWANTED),
        vtn_status=status_of(told) if differs else None,
        vtn_error=row[15] or "",
        vtn_since=row[16] or None,
        vtn_requested=status_of(row[17]) if row[17] else None,
    )
