"""Drives the registrar's core: items from the ledger, requests to the VTN, outcomes back.

Thin on purpose: what to do with an item is decided in `vendash.vtn.registrar`, when to leave the
VTN alone in `vendash.vtn.breaker`, what to record together in `vendash.vtn.books`. Here are the
workers, each with a connection of its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from msgspec.structs import replace

from vendash.errors import VendashError
from vendash.models import Refused, RegistrationOutcome, VenWork, VtnState
from vendash.vtn.books import BATCH, Books, Ledger
from vendash.vtn.client import Connection, Vtn
from vendash.vtn.errors import VtnBusyError, VtnError, VtnSilentError
from vendash.vtn.exchange import carry_out
from vendash.vtn.gate import Gate
from vendash.vtn.registrar import Command, Event, Finish, Lost, Unsent, Work, begin, step
from vendash.vtn.tally import RegistrationProgress, Summary, Tally

WORKERS = 8
PATIENCE = 30.0
"""Seconds that `settle` waits for a VTN that has stopped answering."""
ATTEMPTS = 12
"""Of one item that gets no answer while others do, before it counts as failed."""
LOOK_AGAIN = 30.0
"""Seconds after which the ledger is asked for work though nobody nudged."""
RECOUNT_AFTER = 2.0
"""Seconds between two counts of what remains."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class VtnHealth:
    """How it stands with the VTN."""

    trouble: bool
    word: str
    """For a header: what is wrong in a word, else the dialect; empty before the first greeting."""
    sentence: str
    """What is wrong and what to do; empty where all is well."""
    since: float
    """Unix time."""


class Registrar:
    """Brings the wanted items to the VTN, exactly once each.

    Args:
        ledger: Where the items come from and their outcomes go.
        vtn: Where they are wanted.
        workers: How many requests may be under way at once.
        remaining: How many items are still to be sent, for the progress; optional.
        patience: Seconds that `settle` waits for a VTN that has stopped answering.
    """

    def __init__(
        self,
        ledger: Ledger,
        vtn: Vtn,
        *,
        workers: int = WORKERS,
        remaining: Callable[[], Awaitable[int]] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._vtn = vtn
        self._workers = workers
        self._remaining = remaining
        self._patience = patience
        self._books = Books(ledger, self._recorded)
        self._gate = Gate(self._turned)
        self._queue: asyncio.Queue[Work] = asyncio.Queue()
        self._stir = asyncio.Event()
        self._attempts: Counter[str | int] = Counter()
        self._tally = Tally(keep_failures=False)
        self._total = 0
        self._counted = float("-inf")
        self._since = time.time()

    @property
    def progress(self) -> RegistrationProgress | None:
        """How far the present work is; None while there is none."""
        total = max(self._total, self._tally.done + self._books.open_items)
        return self._tally.progress(total) if total > self._tally.done else None

    @property
    def health(self) -> VtnHealth:
        """How it stands with the VTN."""
        trouble = self._gate.trouble
        return VtnHealth(
            trouble=trouble is not None,
            word=trouble.word if trouble else self._vtn.dialect,
            sentence=str(trouble or ""),
            since=self._since,
        )

    def nudge(self) -> None:
        """The database has changed: there may be work."""
        self._stir.set()

    async def run(self) -> None:
        """Work for ever; trouble with the VTN is waited out and shown in `health`.

        Raises:
            VendashError: The ledger fails, or the CA file cannot be used.
        """
        await self._work(self._feed())

    async def settle(self) -> Summary:
        """Work until nothing is due, or until the VTN is given up (`Summary.trouble`).

        Raises:
            VendashError: The ledger fails, or the CA file cannot be used.
        """
        started = time.monotonic()
        self._tally = Tally(keep_failures=True)
        await self._work(self._feed_until_settled())
        return Summary(
            vens=self._tally.vens,
            resources=self._tally.resources,
            failures=self._tally.failures,
            seconds=time.monotonic() - started,
            trouble=str(self._gate.trouble or ""),
        )

    # --- the tasks -----------------------------------------------------------------------------

    async def _work(self, feeding: Awaitable[None]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._watch()), group.create_task(self._books.keep())]
                tasks += [group.create_task(self._serve()) for _ in range(self._workers)]
                await feeding
                for task in tasks:
                    task.cancel()
        except ExceptionGroup as group_of_errors:
            first = group_of_errors.exceptions[0]
            raise (first if isinstance(first, VendashError) else group_of_errors) from None
        finally:
            self._give_back()
            await self._books.close()

    async def _watch(self) -> None:
        async with self._vtn.connect() as connection:
            await self._gate.watch(connection.greet)

    async def _feed(self) -> None:
        while True:
            busy = self._books.open_items > 0
            if not await self._lease() and not busy:
                self._tally = Tally(keep_failures=False)
                self._total = 0
            await self._stirred(LOOK_AGAIN)

    async def _feed_until_settled(self) -> None:
        while not self._gate.hopeless(self._patience):
            busy = self._books.open_items > 0  # asked first: what is recorded may free more
            if not await self._lease() and not busy and self._gate.is_open():
                return
            await self._stirred(1.0)  # patience ends without anything happening

    async def _stirred(self, at_most: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most):
                await self._stir.wait()
        self._stir.clear()

    async def _lease(self) -> int:
        """Take work where there is room for half a batch; nothing while the gate is shut."""
        if not self._gate.is_open() or self._queue.qsize() > BATCH // 2:
            return 0
        leased = await self._books.lease(BATCH - self._queue.qsize())
        for item in leased:
            self._queue.put_nowait(item)
        if not self._gate.is_open():  # it shut while we leased
            self._give_back()
        if leased:
            await self._count()
        return len(leased)

    async def _count(self) -> None:
        now = time.monotonic()
        if self._remaining is not None and now - self._counted > RECOUNT_AFTER:
            self._counted = now
            done = self._tally.done
            self._total = done + await self._remaining()

    async def _serve(self) -> None:
        async with self._vtn.connect() as connection:
            while True:
                item = await self._queue.get()
                if self._queue.qsize() == BATCH // 2:
                    self._stir.set()
                self._books.add(await self._register(connection, item))

    # --- one item ------------------------------------------------------------------------------

    async def _register(self, connection: Connection, item: Work) -> RegistrationOutcome:
        try:
            state = begin(item)
            event: Event | None = None
            while not isinstance(state.asked, Finish):
                await self._gate.passage()
                event = await self._carried_out(connection, item, state.asked)
                state = step(state, event)
        except Exception:
            # A fault of ours on one item must not end the registration of all the others.
            _log.exception("vendash failed on %s", _key(item))
            reason = "vendash itself failed on this item: its log says more."
            return Refused(item=item, state=VtnState.FAILED, reason=reason)
        if isinstance(event, Lost):
            return self._attempted(state.asked.outcome)
        self._attempts.pop(_key(item), None)
        return state.asked.outcome

    async def _carried_out(self, connection: Connection, item: Work, command: Command) -> Event:
        try:
            event = await carry_out(connection, item, command)
        except VtnError as error:
            self._gate.failed(error, at_once=True)
            return Unsent(str(error))
        match event:
            case Lost(retry_after=float(pause)) | Unsent(retry_after=float(pause)):
                self._gate.pause(pause)
            case Lost(reason, status):
                trouble = VtnSilentError if status is None else VtnBusyError
                self._gate.failed(trouble(reason))
            case _:
                self._gate.succeeded()
        return event

    def _attempted(self, outcome: RegistrationOutcome) -> RegistrationOutcome:
        """An item that never gets an answer, while others do, must not be tried for ever."""
        key = _key(outcome.item)
        self._attempts[key] += 1
        if not isinstance(outcome, Refused) or self._attempts[key] < ATTEMPTS:
            return outcome
        del self._attempts[key]
        reason = f"{outcome.reason} It was tried {ATTEMPTS} times: register it again to go on."
        return replace(outcome, state=VtnState.FAILED, reason=reason)

    # --- what others tell ----------------------------------------------------------------------

    def _turned(self) -> None:
        """The gate has opened, or shut, or is shut for another reason."""
        self._since = time.time()
        self._stir.set()
        if self._gate.trouble is not None:
            _log.warning("%s", self._gate.trouble)
            self._give_back()

    def _recorded(self, batch: Sequence[RegistrationOutcome]) -> None:
        self._tally.add(batch)
        self._stir.set()

    def _give_back(self) -> None:
        """What is leased and has not begun waits in the ledger, not here."""
        reason = str(self._gate.trouble or "")
        while not self._queue.empty():
            item = self._queue.get_nowait()
            state = VtnState.SENDING if item.doubtful else VtnState.WAITING
            self._books.add(Refused(item=item, state=state, reason=reason))


def _key(item: Work) -> str | int:
    return item.name if isinstance(item, VenWork) else item.key
