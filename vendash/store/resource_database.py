"""`ResourceDatabase`, by the names that programs written for the original use.

    async with ResourceDatabase("./config/resources.db") as db:
        for resource in await db.get_resources_by_ven("Herning"):
            ...

It opens the file at the first call and creates it when missing. A program that forgets to close it
ends all the same. What it changes is in the audit log, under the actor `cli`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from msgspec.structs import replace

from vendash.errors import VendashError
from vendash.models import NO_VEN, Connection, RegistrationStatus, Resource, ResourceType
from vendash.store import audit, backup, decisions, resources
from vendash.store.database import Database, Work
from vendash.store.facts import refresh
from vendash.store.imports import record
from vendash.store.opening import prepare_file
from vendash.store.values import RESOURCE_COLUMNS, RESOURCE_TABLES, resource_of
from vendash.store.writing import insert_connection, insert_resource, overwrite_all

T = TypeVar("T")

ACTOR = "cli"


class ResourceDatabase:
    """The resources and connections of one file. Every method raises `VendashError`."""

    def __init__(self, db_path: str | Path = "./config/resources.db") -> None:
        self._path = Path(db_path)
        self._database: Database | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._opened()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the file; the next call would open it again."""
        database, self._database = self._database, None
        if database is not None:
            await database.close()

    async def insert_connection(self, connection: Connection) -> int:
        """Add a connection; its id."""
        return await self._write(lambda c: insert_connection(c, connection))

    async def insert_resource(
        self, resource: Resource, connection_id: int, ven: str | None = None
    ) -> None:
        """Add a resource that is read over this connection; `ven` wins over its own VEN.

        Raises `VendashError` where there is a resource with this id already.
        """
        given = resource if ven is None else replace(resource, ven=ven)
        await self._write(lambda c: _insert(c, given, connection_id))

    async def get_resource(self, resource_id: str) -> Resource | None:
        """One resource; None where there is none with this id."""
        found = await self._resources("r.resource_id = ?", resource_id)
        return found[0] if found else None

    async def get_resources_by_type(self, resource_type: ResourceType | str) -> list[Resource]:
        """All resources of a type (DSR, BATTERY, PV, EV)."""
        return await self._resources("upper(r.resource_type) = ?", str(resource_type).upper())

    async def get_resources_by_ven(self, ven: str) -> list[Resource]:
        """All resources of a VEN."""
        return await self._resources("r.ven = ?", ven)

    async def get_resources_by_ven_and_status(
        self, ven: str, status: RegistrationStatus | str
    ) -> list[Resource]:
        """All resources of a VEN that carry this decision."""
        return await self._resources(
            "r.ven = ? AND r.registration_status = ?", ven, _status(status).value
        )

    async def get_all_resources(self) -> list[Resource]:
        """All of them, in the order in which they were added."""
        return await self._resources("1")

    async def update_resource(self, resource: Resource) -> None:
        """Write the resource over the one with its id; its connection and decision stay.

        Raises `VendashError` where there is none with this id.
        """
        await self._write(lambda c: _update(c, resource))

    async def update_resource_status(
        self, resource_id: str, status: RegistrationStatus | str
    ) -> None:
        """Decide. Raises `VendashError` for an unknown id or status."""
        new = _status(status)
        await self._write(lambda c: _decide(c, resource_id, new))

    async def get_ven_list(self) -> list[str]:
        """The names of all VENs, sorted."""
        return await self._read(
            lambda c: sorted({ven for ven, _, _ in resources.matrix(c)} - {NO_VEN})
        )

    async def get_statistics(self) -> Mapping[str, Any]:
        """Sums over the fleet, as `FleetReader.statistics` lists them."""
        return await self._read(resources.statistics)

    async def clear_all_resources(self) -> None:
        """Delete all resources and connections; a backup beside the file is made first."""
        database = await self._opened()
        await self._write(lambda c: backup.reset(c, database.path, actor=ACTOR))

    async def _resources(self, condition: str, *parameters: str) -> list[Resource]:
        sql = f"SELECT {RESOURCE_COLUMNS} FROM {RESOURCE_TABLES} WHERE {condition} ORDER BY r.id"
        return await self._read(lambda c: [resource_of(row) for row in c.execute(sql, parameters)])

    async def _read(self, work: Work[T]) -> T:
        return await (await self._opened()).read(work)

    async def _write(self, work: Work[T]) -> T:
        def fresh(connection: sqlite3.Connection) -> T:
            refresh(connection)
            result = work(connection)
            refresh(connection)
            return result

        return await (await self._opened()).write(fresh)

    async def _opened(self) -> Database:
        async with self._opening:
            if self._database is None:
                path = await asyncio.to_thread(
                    prepare_file, self._path, read_only=False, create=True
                )
                self._database = await Database.open(path, read_only=False)
            return self._database


def _status(status: RegistrationStatus | str) -> RegistrationStatus:
    try:
        return RegistrationStatus(str(status).upper())
    except ValueError:
        raise VendashError(
            f"{str(status)!r} is no registration status: use PENDING, APPROVED or SUSPENDED."
        ) from None


def _key(connection: sqlite3.Connection, resource_id: str) -> int:
    found = resources.find(connection, [resource_id])
    if not found:
        raise VendashError(f"There is no resource with the id {resource_id!r}.")
    return found[resource_id]


def _insert(connection: sqlite3.Connection, resource: Resource, connection_id: int) -> None:
    with audit.action(
        connection, actor=ACTOR, verb="import", subject=resource.resource_name
    ) as action:
        record(action, [], insert_resource(connection, resource, connection_id))


def _update(connection: sqlite3.Connection, resource: Resource) -> None:
    key = _key(connection, resource.resource_id)
    with audit.action(
        connection, actor=ACTOR, verb="edit", subject=resource.resource_name
    ) as action:
        overwrite_all(connection, resource, key)
        record(action, [(resource, key)])


def _decide(connection: sqlite3.Connection, resource_id: str, new: RegistrationStatus) -> None:
    decisions.set_status(
        connection,
        [_key(connection, resource_id)],
        frozenset(RegistrationStatus),
        new,
        actor=ACTOR,
    )
