"""The store of a fleet over SQLite: every method is one unit of work."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from vendash.errors import VendashError
from vendash.filters import Query, Sort
from vendash.models import (
    ActionOutcome,
    AuditAction,
    AuditItem,
    Authority,
    DriftChoice,
    DriftItem,
    DriftKind,
    ImportOutcome,
    Orphan,
    RegistrationOutcome,
    RegistrationStatus,
    Resource,
    ResourceDetail,
    ResourceRow,
    ResourceWork,
    Seen,
    Selection,
    SimulationSettings,
    StatusCounts,
    SurveyOutcome,
    VenRow,
    VenWork,
    WorkCounts,
)
from vendash.store import (
    audit,
    authority,
    backup,
    checking,
    decisions,
    drift,
    imports,
    leasing,
    ledger,
    observations,
    orphans,
    resources,
    settling,
    surveys,
    undo,
    watching,
)
from vendash.store.database import Database, Work
from vendash.store.facts import refreshed
from vendash.store.opening import prepare_file

T = TypeVar("T")


async def open_store(path: Path, *, read_only: bool = False, create: bool = False) -> SqliteStore:
    """A database file, opened; `async with await ...` closes it again.

    A file of the original, or of an older vendash, is brought up to date in place after a verified
    copy. Raises `VendashError` when the file cannot be used, saying why and what to do: not there
    (unless `create`), not SQLite, of a newer vendash, damaged, locked, or not to be written.
    """
    path = await asyncio.to_thread(prepare_file, path, read_only=read_only, create=create)
    store = SqliteStore(await Database.open(path, read_only=read_only))
    await store._watch.start()
    return store


class SqliteStore:
    """A `FleetStore` over one SQLite file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._leases = leasing.Leases()
        self._watch = watching.Watch(database)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def path(self) -> Path:
        """The database file."""
        return self._database.path

    @property
    def read_only(self) -> bool:
        """Whether every writing call raises `ReadOnlyError`."""
        return self._database.read_only

    async def close(self) -> None:
        """Close every connection; safe to call twice."""
        await self._database.close()

    # --- reading -------------------------------------------------------------------------------

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
        return await self._database.read_slowly(checking.check)

    def changes(self) -> AsyncIterator[None]:
        """Yields when the database has changed since it was opened, and then at every change."""
        return self._watch.changes()

    # --- deciding ------------------------------------------------------------------------------

    async def set_status(
        self,
        keys: Sequence[int],
        expected: frozenset[RegistrationStatus],
        new: RegistrationStatus,
        *,
        actor: str,
        reason: str = "",
        subject: str = "",
    ) -> ActionOutcome:
        """Decide, where the decision is still an expected one."""
        return await self._write(
            lambda c: decisions.set_status(
                c, keys, expected, new, actor=actor, reason=reason, subject=subject
            )
        )

    async def request_status(
        self,
        keys: Sequence[int],
        new: RegistrationStatus,
        *,
        actor: str,
        reason: str = "",
        subject: str = "",
    ) -> ActionOutcome:
        """Ask a VTN that decides itself for a decision."""
        return await self._write(
            lambda c: authority.request_status(
                c, keys, new, actor=actor, reason=reason, subject=subject
            )
        )

    async def take_statuses(
        self, changes: Sequence[tuple[int, RegistrationStatus]], *, reason: str = ""
    ) -> ActionOutcome:
        """Decide as the VTN has."""
        return await self._write(lambda c: authority.take_statuses(c, changes, reason=reason))

    async def set_authority(self, mode: str, *, actor: str) -> ActionOutcome:
        """Say who decides on what is at a VTN."""
        return await self._write(lambda c: authority.set_authority(c, mode, actor=actor))

    async def remove_orphans(
        self, resource_ids: Sequence[str], *, actor: str, reason: str = "", subject: str = ""
    ) -> ActionOutcome:
        """Want these deleted at the current VTN."""
        return await self._write(
            lambda c: orphans.remove_orphans(
                c, resource_ids, actor=actor, reason=reason, subject=subject
            )
        )

    async def want_at_vtn(
        self, keys: Sequence[int], wanted: bool, *, actor: str, reason: str = "", subject: str = ""
    ) -> ActionOutcome:
        """Want these resources, and their VENs, at the current VTN, or no longer."""
        return await self._write(
            lambda c: observations.want_at_vtn(
                c, keys, wanted, actor=actor, reason=reason, subject=subject
            )
        )

    async def want_survey(self) -> float:
        """Want a survey of the current VTN that is newer than now."""
        return await self._write(drift.want_survey)

    async def settle_drift(
        self,
        items: Sequence[DriftItem],
        choice: DriftChoice,
        *,
        actor: str,
        reason: str = "",
        subject: str = "",
    ) -> ActionOutcome:
        """Choose for each of these what becomes of it."""
        return await self._write(
            lambda c: settling.settle_drift(
                c, items, choice, actor=actor, reason=reason, subject=subject
            )
        )

    async def import_resources(
        self, resources: Sequence[Resource], *, actor: str, subject: str = ""
    ) -> ImportOutcome:
        """Bring resources in, as one action; doing it twice changes nothing."""
        return await self._write(
            lambda c: imports.import_resources(c, resources, actor=actor, subject=subject)
        )

    async def undo(self, *, actor: str, sequence: int | None = None) -> ActionOutcome:
        """Reverse one action, by default the actor's last that is not undone."""
        return await self._write(lambda c: undo.undo(c, actor=actor, sequence=sequence))

    async def set_simulation(self, settings: SimulationSettings, *, actor: str) -> ActionOutcome:
        """Want the simulation so; recorded as an action."""
        return await self._write(lambda c: decisions.set_simulation(c, settings, actor=actor))

    async def use_vtn(self, url: str, dialect: str = "") -> None:
        """Make this the current VTN."""
        await self._write(lambda c: observations.use_vtn(c, url, dialect))

    async def move_vtn(self, url: str) -> None:
        """The current VTN is reached under another address; what is known of it stays known."""
        await self._write(lambda c: observations.move_vtn(c, url))

    async def backup(self, destination: Path | None = None) -> Path:
        """A verified copy; into the destination, which may be a folder, or beside the file."""
        return await self._database.read_slowly(lambda _: backup.backup(self.path, destination))

    async def reset(self, *, actor: str) -> Path:
        """Delete all resources and connections after a backup, whose path is returned."""
        return await self._write(lambda c: backup.reset(c, self.path, actor=actor))

    # --- registering ---------------------------------------------------------------------------

    async def due_vens(self, limit: int, *, hold: float = 0.0) -> list[VenWork]:
        """Lease VENs to send."""
        return await self._write(lambda c: leasing.due_vens(c, self._leases, limit, hold))

    async def due_resources(self, limit: int, *, hold: float = 0.0) -> list[ResourceWork]:
        """Lease resources whose VEN is known at the VTN."""
        return await self._write(lambda c: leasing.due_resources(c, self._leases, limit, hold))

    async def due_in(self, hold: float) -> float | None:
        """Seconds until the next change may leave; None when there is none to leave."""
        return await self._database.read_slowly(lambda c: leasing.due_in(c, self._leases, hold))

    async def complete(self, outcomes: Sequence[RegistrationOutcome]) -> None:
        """Record a batch of outcomes in one transaction."""
        try:
            await self._write(lambda c: ledger.complete(c, self._leases, outcomes))
        except VendashError:
            # The registrar ends by this; the next one in this process must get what it had.
            self._leases.end()
            raise

    async def registration_progress(self) -> tuple[int, int, int]:
        """Done, total and failed, VENs and resources together."""
        return await self._database.read(ledger.progress)

    # --- comparing everything ------------------------------------------------------------------

    async def vens_named(self, names: Sequence[str]) -> list[VenWork]:
        """What is known at the current VTN of these VENs, without leasing it."""
        return await self._database.read_slowly(lambda c: leasing.vens_named(c, names))

    async def resources_named(self, resource_ids: Sequence[str]) -> list[ResourceWork]:
        """What is known at the current VTN of these resources, without leasing it."""
        return await self._database.read_slowly(lambda c: leasing.resources_named(c, resource_ids))

    async def stamps_named(self, resource_ids: Sequence[str]) -> Mapping[str, tuple[str, str, str]]:
        """Id, VEN and stamp at the current VTN of what it has accepted as it is now."""
        return await self._database.read_slowly(lambda c: leasing.stamps_named(c, resource_ids))

    async def last_accepted(self) -> ResourceWork | None:
        """What the current VTN has accepted last, of that which it is known to hold as it is."""
        return await self._database.read_slowly(leasing.last_accepted)

    async def begin_survey(self) -> None:
        """Begin a comparison of everything with the current VTN."""
        await self._write(surveys.begin_survey)

    async def record_survey(self, items: Sequence[DriftItem], seen: Sequence[Seen]) -> None:
        """Keep a batch of what was seen there, and of where it disagrees."""
        await self._write(lambda c: surveys.record_survey(c, items, seen))

    async def end_survey(self) -> SurveyOutcome:
        """Evaluate the survey."""
        return await self._write(surveys.end_survey)

    async def _write(self, work: Work[T]) -> T:
        """One transaction over facts that are up to date; whoever watches is told."""
        try:
            return await self._database.write(lambda c: refreshed(c, work))
        finally:
            self._watch.wake()
