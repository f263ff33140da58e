"""The reading side of the store over SQLite."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from vendash.filters import Query, Sort
from vendash.models import (
    AuditAction,
    AuditItem,
    Authority,
    DriftItem,
    DriftKind,
    Orphan,
    RegistrationStatus,
    Resource,
    ResourceDetail,
    ResourceRow,
    Selection,
    SimulationSettings,
    StatusCounts,
    VenRow,
    WorkCounts,
)
from vendash.store import (
    audit,
    authority,
    decisions,
    drift,
    observations,
    orphans,
    resources,
    watching,
)
from vendash.store.database import Database


class SqliteReader:
    """A `FleetReader` over the connections to one file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watch = watching.Watch(database)

    async def work(self) -> WorkCounts:
        """The work to do over the whole fleet, for the current VTN."""
        return await self._database.read_slowly(observations.work)

    async def vens(self) -> list[VenRow]:
        """Every VEN, by name."""
        return await self._database.read_slowly(observations.vens)

    async def ven_power(self) -> Mapping[str, float]:
        """The sum of P_max over the resources of each VEN, in kW."""
        return await self._database.read_slowly(observations.ven_power)

    async def counts(self, query: Query) -> StatusCounts:
        """How many resources of the query, its status left out, carry each decision."""
        return await self._database.read_slowly(lambda c: resources.counts(c, query))

    async def first_rows(self, query: Query, limit: int) -> list[ResourceRow]:
        """The first rows in the query's order."""
        # Any other order looks at everything, and so does a filter that matches little.
        at_once = query.sort in (Sort.NAME, Sort.TROUBLE) and not query.filter
        read = self._database.read if at_once else self._database.read_slowly
        return await read(lambda c: resources.first_rows(c, query, limit))

    async def keys(self, query: Query) -> array[int]:
        """The keys of all rows in the query's order."""
        return await self._database.read_slowly(lambda c: resources.keys(c, query))

    async def rows(self, keys: Sequence[int]) -> list[ResourceRow]:
        """The rows of these keys, in their order."""
        return await self._database.read(lambda c: resources.rows(c, keys))

    async def select(self, keys: Sequence[int]) -> Selection:
        """These rows, frozen."""
        return await self._database.read_slowly(lambda c: resources.select(c, keys))

    async def sent(self, keys: Sequence[int]) -> int:
        """How many of these the VTN holds, or may."""
        return await self._database.read(lambda c: observations.sent(c, keys))

    async def detail(self, key: int) -> ResourceDetail | None:
        """All that is known of one resource."""
        return await self._database.read(lambda c: resources.detail(c, key))

    async def find(self, resource_ids: Iterable[str]) -> dict[str, int]:
        """Keys by resource id."""
        return await self._database.read(lambda c: resources.find(c, resource_ids))

    async def resources(self, keys: Sequence[int]) -> list[tuple[int, Resource]]:
        """Whole resources with their keys, in ascending order of key."""
        return await self._database.read_slowly(lambda c: resources.of_keys(c, keys))

    async def roster_version(self) -> int:
        """Changes with the resources, their decisions left out."""
        return await self._database.read(resources.roster_version)

    async def reading_keys(self) -> array[int]:
        """The keys of the approved and enabled resources, ascending."""
        return await self._database.read_slowly(resources.reading_keys)

    async def statistics(self) -> Mapping[str, Any]:
        """Sums over the fleet, as `FleetReader.statistics` lists them."""
        return await self._database.read_slowly(resources.statistics)

    async def actions(self, *, limit: int = 200, before: int | None = None) -> list[AuditAction]:
        """The audit log, newest first."""
        return await self._database.read(lambda c: audit.actions(c, limit, before))

    async def action_items(self, sequence: int) -> list[AuditItem]:
        """The rows that one action changed."""
        return await self._database.read_slowly(lambda c: audit.items(c, sequence))

    async def verify_audit(self) -> str | None:
        """None when the hash chain holds, else what breaks it."""
        return await self._database.read_slowly(audit.verify)

    async def simulation(self) -> SimulationSettings:
        """The wanted state of the simulation."""
        return await self._database.read(decisions.simulation)

    async def vtn(self) -> tuple[str, str] | None:
        """URL and dialect of the current VTN; None before the first."""
        return await self._database.read(observations.vtn)

    async def authority(self) -> Authority:
        """Who decides on what is at a VTN."""
        return await self._database.read(authority.authority)

    async def orphans(self) -> list[Orphan]:
        """What the current VTN still holds of resources that are gone from here."""
        return await self._database.read_slowly(orphans.orphans)

    async def drift(self, *, bodies: bool = True) -> list[DriftItem]:
        """Where the newest survey found the VTN to disagree, and nothing was decided."""
        return await self._database.read_slowly(lambda c: drift.drift(c, bodies=bodies))

    async def drift_body(self, item: DriftItem) -> str:
        """What the VTN sent of an item of `drift`."""
        return await self._database.read(lambda c: drift.body_of(c, item))

    async def drift_counts(self) -> Mapping[DriftKind, int]:
        """How many items of each kind `drift` has."""
        return await self._database.read_slowly(drift.drift_counts)

    async def surveyed(self) -> float | None:
        """When the newest finished survey of the current VTN began, Unix time."""
        return await self._database.read(drift.surveyed)

    async def survey_wanted(self) -> float | None:
        """Than when the newest survey of the current VTN has to be newer, Unix time."""
        return await self._database.read(drift.survey_wanted)

    async def statuses_there(self) -> Mapping[str, tuple[int, RegistrationStatus]]:
        """Key and decision, by resource id, of what is wanted and known at the current VTN."""
        return await self._database.read_slowly(authority.statuses_there)

    async def check(self) -> list[str]:
        """What is wrong with the file, a sentence each."""
        from vendash.store import checking

        return await self._database.read_slowly(checking.check)

    def changes(self) -> AsyncIterator[None]:
        """Yields when the database has changed since it was opened, and then at every change."""
        return self._watch.changes()
