"""The original's `ResourceDatabase`: the store's, with resources under the original's names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from vendash.models import Connection
from vendash.original.nouns import Resource, from_original, to_original, to_originals
from vendash.store import resource_database

ORIGINAL_PATH = "./config/resources.db"
"""Where the original keeps its database."""


class ResourceDatabase:
    """The resources and connections of one file. Every method raises `VendashError`.

    The file is opened at the first call, brought up to date, and made where it is missing. `async
    with` or `close()` closes it; a program that does neither ends all the same.
    """

    def __init__(self, db_path: str | Path = ORIGINAL_PATH) -> None:
        self.db_path = db_path
        self._store = resource_database.ResourceDatabase(db_path)

    async def __aenter__(self) -> Self:
        await self._store.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the file; safe to call twice."""
        await self._store.close()

    async def insert_connection(self, connection: Connection) -> int:
        """Add a connection; its id."""
        return await self._store.insert_connection(connection)

    async def insert_resource(
        self, resource: Resource, connection_id: int, ven: str | None = None
    ) -> None:
        """Add a resource that is read over this connection; `ven` wins over its own VEN."""
        await self._store.insert_resource(from_original(resource), connection_id, ven)

    async def get_resource(self, resource_id: str) -> Resource | None:
        """One resource; None where there is none with this id."""
        found = await self._store.get_resource(resource_id)
        return None if found is None else to_original(found)

    async def get_resources_by_type(self, resource_type: str) -> list[Resource]:
        """All resources of a type: DSR, BATTERY, PV or EV."""
        return await to_originals(await self._store.get_resources_by_type(resource_type))

    async def get_resources_by_ven(self, ven: str) -> list[Resource]:
        """All resources of a VEN."""
        return await to_originals(await self._store.get_resources_by_ven(ven))

    async def get_resources_by_ven_and_status(self, ven: str, status: str) -> list[Resource]:
        """All resources of a VEN that carry this decision."""
        found = await self._store.get_resources_by_ven_and_status(ven, status)
        return await to_originals(found)

    async def get_all_resources(self) -> list[Resource]:
        """All of them, in the order in which they were added."""
        return await to_originals(await self._store.get_all_resources())

    async def update_resource(self, resource: Resource) -> None:
        """Write the resource over the one with its id; its connection and decision stay."""
        await self._store.update_resource(from_original(resource))

    async def update_resource_status(self, resource_id: str, status: str) -> None:
        """Decide: PENDING, APPROVED or SUSPENDED."""
        await self._store.update_resource_status(resource_id, status)

    async def get_ven_list(self) -> list[str]:
        """The names of all VENs, sorted."""
        return await self._store.get_ven_list()

    async def get_statistics(self) -> Mapping[str, Any]:
        """Sums over the fleet, as `vendash stats --json` gives them, and `by_subtype`."""
        found = await self._store.get_statistics()
        return {**found, "by_subtype": found["by_sub_type"]}

    async def clear_all_resources(self) -> None:
        """Delete all resources and connections; a backup beside the file is made first."""
        await self._store.clear_all_resources()
