"""Telling that the database has changed, by this program or another one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from vendash.errors import VendashError
from vendash.store.database import Database
from vendash.store.facts import is_stale, refresh

POLL_SECONDS = 0.25
"""How often `PRAGMA data_version` is asked: 0.2 % of a core."""
QUIET_SECONDS = 0.1
"""Changes closer together than this are told as one."""


class Watch:
    """Asks for the database's version only while somebody listens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opened_at: int | None = None
        self._events: set[asyncio.Event] = set()

    async def start(self) -> None:
        """Remember the version, so that a change before the first listener is not lost."""
        self._opened_at = await self._database.version()

    def wake(self) -> None:
        """This program has written: look at once."""
        for event in self._events:
            event.set()

    async def changes(self) -> AsyncIterator[None]:
        """Yields after every change."""
        seen, told = self._opened_at, 0.0
        event = asyncio.Event()
        self._events.add(event)
        try:
            while True:
                event.clear()
                version = await self._database.version()
                if version == seen:
                    await _wait(event, POLL_SECONDS)
                    continue
                if (rest := told + QUIET_SECONDS - time.monotonic()) > 0:
                    await asyncio.sleep(rest)
                await self._look()
                seen, told = await self._database.version(), time.monotonic()
                yield
        finally:
            self._events.discard(event)

    async def _look(self) -> None:
        """Make facts again where another program wrote; one of us is enough, so try gently."""
        if self._database.read_only or not await self._database.read(is_stale):
            return
        try:
            await self._database.write(refresh)
        except VendashError:
            # Locked for long, or a full disk: the next writer of ours does it, or the next look.
            return


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
