"""Bringing resources in, once or many times with the same outcome."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections import defaultdict, deque
from collections.abc import Sequence

from vendash.errors import VendashError
from vendash.models import ImportOutcome, Resource
from vendash.store import audit
from vendash.store.facts import refresh
from vendash.store.values import IMPORTED, capacities_of, location_of, text_of, values_of
from vendash.store.writing import Values, insert, overwrite

_Identity = tuple[str, str, str]


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
        overwrite(connection, updated)
        record(action, updated, insert(connection, added))
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
        self._values: dict[int, Values] = {}
        for key, resource_id, *values in connection.execute(
            f"SELECT id, resource_id, {IMPORTED} FROM resources ORDER BY id"
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


def record(
    action: audit.Action, updated: Sequence[tuple[Resource, int]], first_added: int | None = None
) -> None:
    """Record what was updated, and everything from a key on as added."""
    select = f"SELECT ?, {audit.ITEM_OF}, ?, ? FROM resources r WHERE "
    action.add_each(f"{select} r.id = ?", [("present", "updated", key) for _, key in updated])
    if first_added is not None:
        action.add(f"{select} r.id >= ?", ("absent", "added", first_added))


def _identity(sub_type: object, name: object, address: object) -> _Identity:
    return _plain(sub_type), _plain(name), _plain(address)


def _plain(value: object) -> str:
    text = text_of(value)
    return text if text.isascii() else unicodedata.normalize("NFC", text)
