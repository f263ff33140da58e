"""The store of a fleet over SQLite: every method is one unit of work."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from vendash.errors import VendashError
from vendash.models import (
    DriftItem,
    RegistrationOutcome,
    ResourceWork,
    Seen,
    SurveyOutcome,
    VenWork,
)
from vendash.store.database import Database, Work
from vendash.store.deciding import SqliteWriter
from vendash.store.leases import Leases
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


class SqliteStore(SqliteWriter):
    """A `FleetStore` over one SQLite file."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._leases = Leases()

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

    # --- registering ---------------------------------------------------------------------------

    async def due_vens(self, limit: int, *, hold: float = 0.0) -> list[VenWork]:
        """Lease VENs to send."""
        from vendash.store import leasing

        return await self._leasing(lambda c: leasing.due_vens(c, self._leases, limit, hold))

    async def due_resources(self, limit: int, *, hold: float = 0.0) -> list[ResourceWork]:
        """Lease resources whose VEN is known at the VTN."""
        from vendash.store import leasing

        return await self._leasing(lambda c: leasing.due_resources(c, self._leases, limit, hold))

    async def due_in(self, hold: float) -> float | None:
        """Seconds until the next change may leave; None when there is none to leave."""
        from vendash.store import leasing

        return await self._database.read_slowly(lambda c: leasing.due_in(c, self._leases, hold))

    async def complete(self, outcomes: Sequence[RegistrationOutcome]) -> None:
        """Record a batch of outcomes in one transaction."""
        from vendash.store import ledger

        await self._leasing(lambda c: ledger.complete(c, self._leases, outcomes))

    async def registration_progress(self) -> tuple[int, int, int]:
        """Done, total and failed, VENs and resources together."""
        from vendash.store import ledger

        return await self._database.read(ledger.progress)

    async def _leasing(self, work: Work[T]) -> T:
        """One transaction, and what it does to the leases in memory."""
        try:
            return await self._write(work)
        except VendashError:
            # The registrar ends by this; the next one in this process must get what it had.
            self._leases.end()
            raise

    # --- comparing everything ------------------------------------------------------------------

    async def vens_named(self, names: Sequence[str]) -> list[VenWork]:
        """What is known at the current VTN of these VENs, without leasing it."""
        from vendash.store import works

        return await self._database.read_slowly(lambda c: works.vens_named(c, names))

    async def resources_named(self, resource_ids: Sequence[str]) -> list[ResourceWork]:
        """What is known at the current VTN of these resources, without leasing it."""
        from vendash.store import works

        return await self._database.read_slowly(lambda c: works.resources_named(c, resource_ids))

    async def stamps_named(self, resource_ids: Sequence[str]) -> Mapping[str, tuple[str, str, str]]:
        """Id, VEN and stamp at the current VTN of what it has accepted as it is now."""
        from vendash.store import works

        return await self._database.read_slowly(lambda c: works.stamps_named(c, resource_ids))

    async def last_accepted(self) -> ResourceWork | None:
        """What the current VTN has accepted last, of that which it is known to hold as it is."""
        from vendash.store import works

        return await self._database.read_slowly(works.last_accepted)

    async def begin_survey(self) -> None:
        """Begin a comparison of everything with the current VTN."""
        from vendash.store import surveys

        await self._write(surveys.begin_survey)

    async def record_survey(self, items: Sequence[DriftItem], seen: Sequence[Seen]) -> None:
        """Keep a batch of what was seen there, and of where it disagrees."""
        from vendash.store import surveys

        await self._write(lambda c: surveys.record_survey(c, items, seen))

    async def end_survey(self) -> SurveyOutcome:
        """Evaluate the survey."""
        from vendash.store import surveys

        return await self._write(surveys.end_survey)
