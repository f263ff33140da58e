"""The registrar's side of the ledger: leases out, outcomes back in batches.

One transaction for each outcome would cost a sync of the disk each; an outcome that is lost with
the process costs one look-up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from vendash.finishing import to_its_end
from vendash.models import Refused, RegistrationOutcome, ResourceWork, VenWork, VtnState
from vendash.vtn.moves import Work

BATCH = 256
"""Items leased ahead, and outcomes recorded together, at most."""
RECORD_AFTER = 0.2
"""Seconds that an outcome waits for others."""
LAST_WORDS = 3.0
"""Seconds to record what is finished when the work is cancelled."""

_log = logging.getLogger(__name__)


class Ledger(Protocol):
    """The registrar's side of a store (`vendash.store.protocol.RegistrationLedger`)."""

    async def due_vens(self, limit: int, *, hold: float = 0.0) -> list[VenWork]:
        """Lease VENs to send."""

    async def due_resources(self, limit: int, *, hold: float = 0.0) -> list[ResourceWork]:
        """Lease resources whose VEN is known at the VTN."""

    async def due_in(self, hold: float) -> float | None:
        """Seconds until the next held change may leave; None when none is held."""

    async def complete(self, outcomes: Sequence[RegistrationOutcome]) -> None:
        """Record a batch of outcomes in one transaction."""


class Books:
    """What is leased, what is finished, and what is recorded.

    Args:
        ledger: The store's side.
        on_recorded: Called with every batch once it is durable.
        hold: Seconds that a change stays here before it may leave.
    """

    def __init__(
        self,
        ledger: Ledger,
        on_recorded: Callable[[Sequence[RegistrationOutcome]], None],
        *,
        hold: float = 0.0,
    ) -> None:
        self._ledger = ledger
        self._hold = hold
        self._on_recorded = on_recorded
        self._finished: list[RegistrationOutcome] = []
        self._some = asyncio.Event()
        self._enough = asyncio.Event()
        self.open_items = 0
        """Leased, and the outcome is not recorded yet."""

    async def lease(self, room: int) -> list[Work]:
        """So many items at most, VENs before resources.

        Cancelled meanwhile, or where the ledger fails, what was leased is given back.
        """
        leased: list[Work] = []
        try:
            await to_its_end(asyncio.create_task(self._lease(room, leased)))
        except BaseException:
            for item in leased:
                self.add(unbegun(item))
            raise
        return leased

    async def due_in(self) -> float | None:
        """Seconds until a held change may leave; None when nothing is held."""
        return await self._ledger.due_in(self._hold) if self._hold > 0 else None

    def add(self, outcome: RegistrationOutcome) -> None:
        """This item is finished; recorded soon, with others."""
        self._finished.append(outcome)
        self._some.set()
        if len(self._finished) in {BATCH, self.open_items}:
            self._enough.set()

    async def keep(self) -> None:
        """Record batch after batch. Runs for ever."""
        while True:
            await self._some.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(RECORD_AFTER):
                    await self._enough.wait()
            await self._record()

    async def close(self) -> None:
        """Record what is finished, also when the work is being cancelled."""
        await to_its_end(asyncio.create_task(self._close()))

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(LAST_WORDS):
                await self._record()
        except TimeoutError:
            _log.warning("%d outcomes not recorded: looked up next time", len(self._finished))

    async def _record(self) -> None:
        self._some.clear()
        self._enough.clear()
        batch = self._finished[:]
        if not batch:
            return
        await self._ledger.complete(batch)
        del self._finished[: len(batch)]  # only now: if this was cancelled, they are recorded again
        self.open_items -= len(batch)
        self._on_recorded(batch)

    async def _lease(self, room: int, leased: list[Work]) -> None:
        try:
            leased += await self._ledger.due_vens(room, hold=self._hold)
            if len(leased) < room:
                leased += await self._ledger.due_resources(room - len(leased), hold=self._hold)
        finally:
            self.open_items += len(leased)


def unbegun(item: Work, reason: str = "") -> Refused:
    """The outcome of an item for which no request was made: it waits in the ledger again."""
    state = VtnState.SENDING if item.doubtful else VtnState.WAITING
    return Refused(item=item, state=state, reason=reason)


def abandoned(item: Work) -> Refused:
    """The outcome of an item that was cancelled in the middle: it is looked up next time."""
    return Refused(item=item, state=VtnState.SENDING, reason="")
