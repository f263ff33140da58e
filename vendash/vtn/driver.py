"""Drives the registrar's core: items from the ledger, requests to the VTN, outcomes back.

Thin on purpose: what to do with an item is decided in `vendash.vtn.registrar`, when to leave the
VTN alone in `vendash.vtn.breaker`, how much at once in `vendash.vtn.aimd`, what to record together
in `vendash.vtn.books`. Here are the workers, each with a connection of its own.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from vendash.errors import VendashError
from vendash.models import RegistrationOutcome
from vendash.vtn.aimd import Window, fixed
from vendash.vtn.books import BATCH, Books, Ledger, abandoned, unbegun
from vendash.vtn.client import Vtn
from vendash.vtn.gate import Gate
from vendash.vtn.health import RegistrarVitals, VtnHealth
from vendash.vtn.moves import Work
from vendash.vtn.sending import Sender
from vendash.vtn.tally import RegistrationProgress, Summary, Tally
from vendash.vtn.throttle import Throttle

__all__ = ["HOLD", "Registrar", "RegistrarVitals", "VtnHealth"]

HOLD = 3.0
"""Seconds that an engine lets a change wait here, so that an undo within them sends nothing."""
PATIENCE = 30.0
"""Seconds that `settle` waits for a VTN that has stopped answering."""
LOOK_AGAIN = 30.0
"""Seconds after which the ledger is asked for work though nobody nudged."""
SOON = 0.25
"""Seconds after which it is asked again when something is due that was not handed out."""
SHORTEST = 0.02
"""Seconds between two looks, so that a rounded clock never makes it spin."""
RECOUNT_AFTER = 2.0
"""Seconds between two counts of what remains."""

_log = logging.getLogger(__name__)


class Registrar:
    """Brings the wanted items to the VTN, exactly once each.

    Args:
        ledger: Where the items come from and their outcomes go.
        vtn: Where they are wanted.
        workers: How many requests are under way at once; None for as many as the VTN bears, found
            out while working, at most 64.
        hold: Seconds that a change waits before it leaves.
        remaining: How many items are still to be sent, for the progress; optional.
        patience: Seconds that `settle` waits for a VTN that has stopped answering.
        chance: A number in [0, 1), another one each time; spreads pauses.
    """

    def __init__(
        self,
        ledger: Ledger,
        vtn: Vtn,
        *,
        workers: int | None = None,
        hold: float = 0.0,
        remaining: Callable[[], Awaitable[int]] | None = None,
        patience: float = PATIENCE,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._vtn = vtn
        self._remaining = remaining
        self._patience = patience
        self._books = Books(ledger, self._recorded, hold=hold)
        self._gate = Gate(self._turned, chance)
        self._throttle = Throttle(Window() if workers is None else fixed(workers))
        self._sender = Sender(self._gate, self._throttle)
        self._queue: asyncio.Queue[Work] = asyncio.Queue()
        self._stir = asyncio.Event()
        self._tally = Tally(keep_failures=False)
        self._total = 0
        self._counted = float("-inf")
        self._since = time.time()
        self._soon = SOON

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

    @property
    def vitals(self) -> RegistrarVitals:
        """What it is doing at this moment; to be asked for in its event loop."""
        return RegistrarVitals(
            in_flight=self._throttle.in_flight,
            window=self._throttle.window.size,
            breaker=self._gate.word,
            calls=self._throttle.calls,
            last_error=self._sender.last_error,
            last_error_at=self._sender.last_error_at,
        )

    def nudge(self) -> None:
        """The database has changed: there may be work."""
        self._stir.set()

    async def run(self) -> None:
        """Work for ever; trouble with the VTN is waited out and shown in `health`.

        Raises:
            VendashError: The ledger fails, or the CA file cannot be used.
        """
        await self._work(self._feed)

    async def settle(self) -> Summary:
        """Work until nothing is due, or until the VTN is given up (`Summary.trouble`).

        Raises:
            VendashError: The ledger fails, or the CA file cannot be used.
        """
        started = time.monotonic()
        self._tally = Tally(keep_failures=True)
        await self._work(self._feed_until_settled)
        return Summary(
            vens=self._tally.vens,
            resources=self._tally.resources,
            failures=self._tally.failures,
            seconds=time.monotonic() - started,
            trouble=str(self._gate.trouble or ""),
        )

    # --- the tasks -----------------------------------------------------------------------------

    async def _work(self, feed: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._watch()), group.create_task(self._books.keep())]
                tasks.append(group.create_task(self._hire(group, tasks)))
                await feed()
                for task in tasks:
                    task.cancel()
        except ExceptionGroup as group_of_errors:
            first = group_of_errors.exceptions[0]
            raise (first if isinstance(first, VendashError) else group_of_errors) from None
        finally:
            self._give_back()
            await self._books.close()

    async def _hire(self, group: asyncio.TaskGroup, tasks: list[asyncio.Task[None]]) -> None:
        """A worker for every place in the window, as it grows."""
        hired = 0
        while True:
            await self._throttle.turn(hired)
            tasks.append(group.create_task(self._serve(hired)))
            hired += 1

    async def _watch(self) -> None:
        async with self._vtn.connect() as connection:
            await self._gate.watch(connection.greet)

    async def _feed(self) -> None:
        while True:
            busy = self._books.open_items > 0
            leased = await self._lease()
            if not leased and not busy:
                self._tally = Tally(keep_failures=False)
                self._total = 0
            await self._stirred(await self._until_due(leased))

    async def _feed_until_settled(self) -> None:
        while not self._gate.hopeless(self._patience):
            busy = self._books.open_items > 0  # asked first: what is recorded may free more
            leased = await self._lease()
            if not leased and not busy and self._gate.is_open():
                held = await self._books.due_in()
                if held is None:
                    return
                await self._stirred(max(held, SOON))
            else:
                await self._stirred(1.0)  # patience ends without anything happening

    async def _until_due(self, leased: int) -> float:
        """Seconds until the ledger is asked again, if nobody nudges."""
        held = await self._books.due_in()
        if held:
            return min(max(held, SHORTEST), LOOK_AGAIN)
        # Due, but not to be had, for instance because its VEN is refused: asked ever more rarely.
        self._soon = SOON if held is None or leased else min(2 * self._soon, LOOK_AGAIN)
        return LOOK_AGAIN if held is None else self._soon

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
        now = asyncio.get_running_loop().time()
        if self._remaining is not None and now - self._counted > RECOUNT_AFTER:
            self._counted = now
            done = self._tally.done
            self._total = done + await self._remaining()

    async def _serve(self, place: int) -> None:
        async with self._vtn.connect() as connection:
            while True:
                await self._throttle.turn(place)
                await self._gate.passage()
                item = await self._next_item()
                try:
                    outcome = await self._sender.bring(connection, item)
                except asyncio.CancelledError:
                    self._books.add(abandoned(item))
                    raise
                self._books.add(outcome)

    async def _next_item(self) -> Work:
        item = await self._queue.get()
        try:
            await self._gate.passage()
        except asyncio.CancelledError:
            self._queue.put_nowait(item)  # not begun: it is given back with the others
            raise
        if self._queue.qsize() == BATCH // 2:
            self._stir.set()
        return item

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
            self._books.add(unbegun(self._queue.get_nowait(), reason))
