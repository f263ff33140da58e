"""What every worker passes before it sends: the breaker, in the time of an event loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Literal

from vendash.vtn.breaker import Breaker
from vendash.vtn.errors import VtnError, VtnUnreachableError

BreakerWord = Literal["closed", "paused", "open", "half-open"]
"""Requests flow; wait because the VTN asked for it; wait because it fails; one probe is out."""

PULSE = 30.0
"""Seconds without an answer from the VTN after which it is greeted again."""


class Gate:
    """Shut until the VTN has been greeted, and whenever it fails; one task probes for all.

    Args:
        on_turn: Called when it opens, shuts, or stays shut for another reason.
        chance: A number in [0, 1), another one each time.
    """

    def __init__(
        self, on_turn: Callable[[], None], chance: Callable[[], float] = random.random
    ) -> None:
        self._breaker = Breaker()
        self._on_turn = on_turn
        self._chance = chance
        self._turned = asyncio.Event()
        self._answered = float("-inf")
        self._probing = False
        self.trouble: VtnError | None = None
        """Why it is shut; None while it is open, or the VTN has not been greeted yet."""
        self.turned_at = float("inf")
        self._greeted = False

    def is_open(self) -> bool:
        """Whether requests may flow, perhaps after a pause that the VTN asked for."""
        return not self._breaker.open

    @property
    def word(self) -> BreakerWord:
        """How it stands, in the terms of a circuit breaker."""
        if self._breaker.open:
            return "half-open" if self._probing else "open"
        return "paused" if self._breaker.until > _now() else "closed"

    def hopeless(self, patience: float) -> bool:
        """Whether there is no point in waiting any longer (seconds)."""
        if self.trouble is None:
            return False
        if not self.trouble.waits:
            return True
        never_there = isinstance(self.trouble, VtnUnreachableError) and not self._greeted
        return never_there or _now() - self.turned_at > patience

    async def passage(self) -> None:
        """Wait until a request may be sent."""
        while True:
            if self._breaker.open:
                await self._turned.wait()
            elif (pause := self._breaker.until - _now()) > 0:
                await asyncio.sleep(pause)
            else:
                return

    def succeeded(self) -> None:
        """A request was answered."""
        self._answered = _now()
        self._become(self._breaker.succeeded(), None)

    def failed(self, trouble: VtnError, *, at_once: bool = False) -> None:
        """A request failed in a way that is not its item's fault."""
        breaker = self._breaker.failed(_now(), self._chance(), at_once=at_once)
        self._become(breaker, trouble)

    def pause(self, seconds: float) -> None:
        """The VTN asks everyone to wait."""
        self._breaker = self._breaker.asked_to_wait(_now() + seconds)

    async def watch(self, probe: Callable[[], Awaitable[object]]) -> None:
        """Probe while it is shut, and when nothing has been heard for long. Runs for ever."""
        self.turned_at = _now()
        while True:
            await self._until_due()
            self._probing = True
            try:
                await probe()
            except VtnError as error:
                self._become(self._breaker.probed(False, _now(), self._chance()), error)
            else:
                self._answered = _now()
                self._greeted = True
                self._become(self._breaker.probed(True, self._answered, 0.0), None)
            finally:
                self._probing = False

    async def _until_due(self) -> None:
        while not self._breaker.open:
            quiet = _now() - self._answered
            if quiet >= PULSE:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(max(1.0, PULSE - quiet)):
                    await self._turned.wait()
        await asyncio.sleep(max(0.0, self._breaker.until - _now()))

    def _become(self, breaker: Breaker, trouble: VtnError | None) -> None:
        before = (self.is_open(), str(self.trouble))
        self._breaker = breaker
        self.trouble = None if self.is_open() else trouble
        if before == (self.is_open(), str(self.trouble)):
            return
        if before[0] != self.is_open():
            self.turned_at = _now()
            self._turned.set()
            self._turned = asyncio.Event()
        self._on_turn()


def _now() -> float:
    return asyncio.get_running_loop().time()
