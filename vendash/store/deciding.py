"""The deciding side of the store over SQLite: each call one transaction with its audit record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from vendash.models import (
    ActionOutcome,
    DriftChoice,
    DriftItem,
    ImportOutcome,
    RegistrationStatus,
    Resource,
    SimulationSettings,
)
from vendash.store import authority, backup, decisions, drift, observations, orphans
from vendash.store.database import Work
from vendash.store.facts import refreshed
from vendash.store.reading import SqliteReader

T = TypeVar("T")


class SqliteWriter(SqliteReader):
    """A `FleetWriter` over the connections to one file."""

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
        from vendash.store import settling

        return await self._write(
            lambda c: settling.settle_drift(
                c, items, choice, actor=actor, reason=reason, subject=subject
            )
        )

    async def import_resources(
        self, resources: Sequence[Resource], *, actor: str, subject: str = ""
    ) -> ImportOutcome:
        """Bring resources in, as one action; doing it twice changes nothing."""
        from vendash.store import imports

        return await self._write(
            lambda c: imports.import_resources(c, resources, actor=actor, subject=subject)
        )

    async def undo(self, *, actor: str, sequence: int | None = None) -> ActionOutcome:
        """Reverse one action, by default the actor's last that is not undone."""
        from vendash.store import undo

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
        return await self._database.read_slowly(
            lambda _: backup.backup(self._database.path, destination)
        )

    async def reset(self, *, actor: str) -> Path:
        """Delete all resources and connections after a backup, whose path is returned."""
        return await self._write(lambda c: backup.reset(c, self._database.path, actor=actor))

    async def _write(self, work: Work[T]) -> T:
        """One transaction over facts that are up to date; whoever watches is told."""
        try:
            return await self._database.write(lambda c: refreshed(c, work))
        finally:
            self._watch.wake()
