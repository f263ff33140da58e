"""Bringing resources in, once or many times with the same outcome."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections import defaultdict, deque
from collections.abc import Sequence

from vendash.errors import VendashError
from vendash.models import ImportOutcome, Resource
from vendash.store import audit
from vendash.store.facts import DERIVED, attach, count_roster, derive, refresh
from vendash.store.values import (
    capacities_json,
    capacities_of,
    location_json,
    location_of,
    text_of,
)

_IMPORTED = (
    "resource_name, resource_type, resource_sub_type, meter_point_id, capacities, location,"
    " address, ven"
)
_INSERTED = f"resource_id, enabled, reporting, registration_status, {_IMPORTED}"
_CONNECTION = "type, actortype, host, port, topic, file, username, password"
_FACTS = tuple(f"fact_{column}" for column in DERIVED.split(", "))
_Identity = tuple[str, str, str]
_Values = tuple[object, ...]


def import_resources(
    connection: sqlite3.Connection, resources: Sequence[Resource], *, actor: str, subject: str = ""
) -> ImportOutcome:
    """Add what is new and update what is here with other values, as one action."""
    here = _Here(connection)
    added: list[Resource] = []
    updated: list[tuple[Resource, int]] = []
    for resource, key in zip(resources, here.keys_of(resources), strict=True):
        if key is None:
            added.append(resource)
        elif here.differs(resource, key):
            updated.append((resource, key))
    with audit.action(connection, actor=actor, verb="import", subject=subject) as action:
        _update(connection, updated)
        _record(action, updated, insert(connection, added))
    refresh(connection)
    return ImportOutcome(
        added=len(added),
        updated=len(updated),
        unchanged=len(resources) - len(added) - len(updated),
        sequence=action.sequence if action.count else None,
    )


class _Here:
    """The rows that are in the file already, by id and by identity."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._by_id: dict[str, int] = {}
        self._by_identity: defaultdict[_Identity, deque[int]] = defaultdict(deque)
        self._values: dict[int, _Values] = {}
        for key, resource_id, *values in connection.execute(
            f"SELECT id, resource_id, {_IMPORTED} FROM resources ORDER BY id"
        ):
            self._by_id[text_of(resource_id)] = key
            self._values[key] = tuple(values)
            self._by_identity[_identity(values[2], values[0], values[6])].append(key)

    def keys_of(self, resources: Sequence[Resource]) -> list[int | None]:
        """The row of each resource, None where it is new; no row is given out twice.

        Raises `VendashError` when two of the resources share an id.
        """
        found = [self._by_id.get(resource.resource_id) for resource in resources]
        if len({resource.resource_id for resource in resources}) < len(resources):
            raise VendashError("Two of the resources to import have the same id: nothing was kept.")
        if not self._values:
            return found
        taken = set(found)
        for place, resource in enumerate(resources):
            if found[place] is None:
                same = self._by_identity[
                    _identity(resource.resource_sub_type, resource.resource_name, resource.address)
                ]
                while same and same[0] in taken:
                    same.popleft()
                if same:
                    found[place] = same.popleft()
        return found

    def differs(self, resource: Resource, key: int) -> bool:
        """Whether the row holds other values than the resource."""
        held = self._values[key]
        given = values_of(resource)
        if held == given:
            return False
        return (
            (*held[:4], held[6], held[7]) != (*given[:4], given[6], given[7])
            or capacities_of(held[4]) != resource.capacities
            or location_of(held[5]) != resource.location
        )


def values_of(resource: Resource) -> _Values:
    """The values of the imported columns."""
    return (
        resource.resource_name,
        resource.resource_type.value,
        resource.resource_sub_type,
        resource.meter_point_id,
        capacities_json(resource.capacities),
        location_json(resource.location),
        resource.address,
        resource.ven,
    )


def insert(connection: sqlite3.Connection, resources: Sequence[Resource]) -> int:
    """Insert resources with a connection each. Part of a transaction; the first key it gave."""
    first_key = _next_id(connection, "resources")
    first_connection = _next_id(connection, "connections")
    columns = [*_CONNECTION.split(", "), *_INSERTED.split(", "), *_FACTS]
    connection.execute(f"CREATE TEMP TABLE incoming ({', '.join(columns)})")
    # Row by row, SQLite would save pages for every row, since the tables have triggers.
    connection.executemany(
        f"INSERT INTO temp.incoming VALUES ({', '.join('?' * len(columns))})",
        [
            (
                *connection_values(each),
                each.resource_id,
                int(each.enabled),
                each.reporting,
                each.registration_status.value,
                *values_of(each),
                *derive(
                    each.resource_name,
                    each.resource_sub_type,
                    each.meter_point_id,
                    each.address,
                    each.ven,
                    each.capacities.p_max_kw,
                ),
            )
            for each in resources
        ],
    )
    connection.execute(
        f"INSERT INTO connections (id, {_CONNECTION})"
        f" SELECT rowid + ?, {_CONNECTION} FROM temp.incoming ORDER BY rowid",
        (first_connection - 1,),
    )
    connection.execute(
        f"INSERT INTO resources (id, connection_id, {_INSERTED})"
        f" SELECT rowid + ?, rowid + ?, {_INSERTED} FROM temp.incoming ORDER BY rowid",
        (first_key - 1, first_connection - 1),
    )
    connection.execute(
        f"INSERT INTO vendash_facts (key, {DERIVED})"
        f" SELECT rowid + ?, {', '.join(_FACTS)} FROM temp.incoming ORDER BY rowid",
        (first_key - 1,),
    )
    connection.execute("DROP TABLE temp.incoming")
    count_roster(connection)
    connection.execute("DELETE FROM vendash_stale WHERE key >= ?", (first_key,))
    attach(connection, "SELECT id FROM resources WHERE id >= ?", first_key)
    return first_key


def connection_values(resource: Resource) -> _Values:
    """The values of the columns of a connection."""
    given = resource.connection
    return (
        given.type.value,
        given.actortype.value,
        given.host,
        given.port,
        given.topic,
        given.file,
        given.username,
        given.password,
    )


def _update(connection: sqlite3.Connection, updated: Sequence[tuple[Resource, int]]) -> None:
    assignments = ", ".join(f"{column} = ?" for column in _IMPORTED.split(", "))
    connection.executemany(
        f"UPDATE resources SET {assignments}, updated_at = CURRENT_TIMESTAMP WHERE id = ?",
        [(*values_of(resource), key) for resource, key in updated],
    )


def _record(
    action: audit.Action, updated: Sequence[tuple[Resource, int]], first_added: int
) -> None:
    select = f"SELECT ?, {audit.ITEM_OF}, ?, ? FROM resources r WHERE "
    action.add_each(f"{select} r.id = ?", [("present", "updated", key) for _, key in updated])
    action.add(f"{select} r.id >= ?", ("absent", "added", first_added))


def _next_id(connection: sqlite3.Connection, table: str) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    (highest,) = connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
    return max(int(row[0]) if row else 0, int(highest)) + 1


def _identity(sub_type: object, name: object, address: object) -> _Identity:
    return _plain(sub_type), _plain(name), _plain(address)


def _plain(value: object) -> str:
    text = text_of(value)
    return text if text.isascii() else unicodedata.normalize("NFC", text)
