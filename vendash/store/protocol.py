"""What a store of the fleet can do: whole units of work, never a cursor or a transaction.

SQLite implements it (`vendash.store.open_store`); another engine can implement the same later.
Every writing call is one transaction that is either wholly durable when the call returns or has
not happened, also when the caller is cancelled. Writers raise `ReadOnlyError` in read-only mode.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from vendash.filters import Query
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
from vendash.store.books import RegistrationLedger, SurveyBooks

__all__ = ["FleetReader", "FleetStore", "FleetWriter", "RegistrationLedger", "SurveyBooks"]


class FleetReader(Protocol):
    """The reading side: what screens and `stats` show. Never blocks a writer."""

    async def work(self) -> WorkCounts:
        """The work to do over the whole fleet, for the current VTN."""

    async def vens(self) -> list[VenRow]:
        """Every VEN (and `NO_VEN` where a resource has none), by name."""

    async def ven_power(self) -> Mapping[str, float]:
        """The sum of P_max over the resources of each VEN, in kW.

        Apart from `vens`, for it looks at every resource once more.
        """

    async def counts(self, query: Query) -> StatusCounts:
        """How many resources of the query, its status left out, carry each decision."""

    async def first_rows(self, query: Query, limit: int) -> list[ResourceRow]:
        """The first rows in the query's order, without finding all of its keys."""

    async def keys(self, query: Query) -> array[int]:
        """The keys (`resources.id`, typecode 'q') of all rows in the query's order."""

    async def rows(self, keys: Sequence[int]) -> list[ResourceRow]:
        """The rows of these keys, in their order; keys that are gone are left out."""

    async def select(self, keys: Sequence[int]) -> Selection:
        """These rows, frozen, with their decisions counted and their P_max added up."""

    async def sent(self, keys: Sequence[int]) -> int:
        """How many of these the VTN holds, or may: a request for them is, or was, under way."""

    async def resources(self, keys: Sequence[int]) -> list[tuple[int, Resource]]:
        """Whole resources with their keys, in ascending order of key; for the simulation."""

    async def roster_version(self) -> int:
        """Changes whenever a resource came, went, or has other values; not by a decision."""

    async def reading_keys(self) -> array[int]:
        """The keys of the resources that have readings: approved and enabled; ascending."""

    async def detail(self, key: int) -> ResourceDetail | None:
        """All that is known of one resource; None when it is gone."""

    async def find(self, resource_ids: Iterable[str]) -> dict[str, int]:
        """Keys by resource id (UUID); unknown ids are missing from the answer."""

    async def statistics(self) -> Mapping[str, Any]:
        """`total_resources, by_type, by_sub_type, top_10_vens, total_vens, by_status, by_ven`.

        `by_ven`: {VEN: {pending, approved, suspended, total}}; `top_10_vens`: {VEN: count}, most
        first; the others {name: count}.
        """

    async def actions(self, *, limit: int = 200, before: int | None = None) -> list[AuditAction]:
        """The audit log, newest first."""

    async def action_items(self, sequence: int) -> list[AuditItem]:
        """The rows that one action changed."""

    async def verify_audit(self) -> str | None:
        """None when the hash chain holds, else a sentence that names the first broken action."""

    async def simulation(self) -> SimulationSettings:
        """The wanted state of the simulation."""

    async def vtn(self) -> tuple[str, str] | None:
        """URL and dialect ('' when not yet known) of the current VTN; None before the first."""

    async def authority(self) -> Authority:
        """Who decides on the status of what is at a VTN; the operator, unless set otherwise."""

    async def orphans(self) -> list[Orphan]:
        """What the current VTN still holds of resources that are gone from here."""

    async def drift(self, *, bodies: bool = True) -> list[DriftItem]:
        """Where the newest finished survey found the VTN to disagree, and nothing was decided.

        With those that are sent again by themselves (`DriftItem.again`), until they are accepted.
        Most of what it takes are the bodies; where they are left out, each is empty.
        """

    async def drift_body(self, item: DriftItem) -> str:
        """What the VTN sent of an item of `drift`; empty where that is not known any more."""

    async def drift_counts(self) -> Mapping[DriftKind, int]:
        """How many items of each kind `drift` has."""

    async def surveyed(self) -> float | None:
        """When the newest finished survey of the current VTN began, Unix time; None: never."""

    async def survey_wanted(self) -> float | None:
        """Than when the newest survey of the current VTN has to be newer; None: nobody asked."""

    async def statuses_there(self) -> Mapping[str, tuple[int, RegistrationStatus]]:
        """Key and decision, by resource id, of what is wanted and known at the current VTN."""

    async def check(self) -> list[str]:
        """What is wrong with the file, a sentence each; empty when nothing is."""

    def changes(self) -> AsyncIterator[None]:
        """Yields whenever the database has changed, by this process or another one.

        Changes closer together than 100 ms may be told as one.
        """


class FleetWriter(Protocol):
    """The operator's decisions, each with its audit record in the same transaction."""

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
        """Decide. Rows whose status is not expected any more are skipped and counted."""

    async def want_at_vtn(
        self, keys: Sequence[int], wanted: bool, *, actor: str, reason: str = "", subject: str = ""
    ) -> ActionOutcome:
        """Want these resources (and their VENs) at the current VTN, or no longer.

        Wanting again what failed or is in conflict makes it due again.
        """

    async def request_status(
        self,
        keys: Sequence[int],
        new: RegistrationStatus,
        *,
        actor: str,
        reason: str = "",
        subject: str = "",
    ) -> ActionOutcome:
        """Ask a VTN that decides itself for a decision, for what is wanted there.

        It is shown as `ResourceRow.vtn_requested` until the VTN has decided so; asking for what
        it has decided already takes a request back.
        """

    async def take_statuses(
        self, changes: Sequence[tuple[int, RegistrationStatus]], *, reason: str = ""
    ) -> ActionOutcome:
        """Decide as the VTN has (key, decision), as one action of the actor `vtn`.

        Nothing is sent for it. What is not at the VTN is skipped.
        """

    async def set_authority(self, mode: str, *, actor: str) -> ActionOutcome:
        """Say who decides, `operator` or `vtn`. Requests end when it is the operator.

        Raises `VendashError` for another word.
        """

    async def remove_orphans(
        self, resource_ids: Sequence[str], *, actor: str, reason: str = "", subject: str = ""
    ) -> ActionOutcome:
        """Want these orphans deleted at the current VTN; also again, where that failed."""

    async def want_survey(self) -> float:
        """Want a survey of the current VTN that is newer than now; the time of this wish.

        Wanted state: an engine makes one as long as `surveyed` is older. Nothing is recorded.
        """

    async def settle_drift(
        self,
        items: Sequence[DriftItem],
        choice: DriftChoice,
        *,
        actor: str,
        reason: str = "",
        subject: str = "",
    ) -> ActionOutcome:
        """Choose for each of these what becomes of it, as one action that can be undone.

        Skipped: what was settled or changed since, and what the choice makes no sense for
        (`vendash.store.choices.choices_for`).
        """

    async def import_resources(
        self, resources: Sequence[Resource], *, actor: str, subject: str = ""
    ) -> ImportOutcome:
        """Bring resources in, as one action; doing it twice changes nothing.

        A row with the same id, or else the n-th with the same sub type, name and address, is the
        same resource: it keeps its id, decision, connection and reporting, and takes the rest.
        """

    async def undo(self, *, actor: str, sequence: int | None = None) -> ActionOutcome:
        """Reverse one action (the actor's last that is not undone) as one unit.

        Rows changed since are skipped; those that the action only tried again are unchanged, and
        an action of nothing else is no last one. Raises `VendashError` when there is nothing to
        undo or the action cannot be undone, saying why.
        """

    async def set_simulation(self, settings: SimulationSettings, *, actor: str) -> ActionOutcome:
        """Want the simulation so; recorded as an action."""

    async def use_vtn(self, url: str, dialect: str = "") -> None:
        """Make this the current VTN; what is known of another VTN is kept for its return."""

    async def move_vtn(self, url: str) -> None:
        """The current VTN is reached under another address; what is known of it stays known."""

    async def backup(self, destination: Path | None = None) -> Path:
        """A verified copy; by default beside the file, named by UTC time. Returns its path."""

    async def reset(self, *, actor: str) -> Path:
        """Delete all resources and connections after a backup, whose path is returned."""


class FleetStore(FleetReader, FleetWriter, RegistrationLedger, SurveyBooks, Protocol):
    """All of it, and its end."""

    @property
    def path(self) -> Path:
        """The database file."""

    @property
    def read_only(self) -> bool:
        """Whether every writing call raises `ReadOnlyError`."""

    async def close(self) -> None:
        """Close every connection; safe to call twice."""
