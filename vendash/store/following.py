"""Waiting for something in the database to come about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from vendash.store.protocol import FleetReader

AT_LEAST_EVERY = 1.0
"""Seconds: what is waited for may also be that nothing changes any more."""
AT_MOST_EVERY = 0.25
"""Seconds: whoever waits should not keep busy whom it waits for."""


async def ticking(reader: FleetReader) -> AsyncIterator[None]:
    """At once, after changes of the database, and at least once a second."""
    changes = aiter(reader.changes())
    following = asyncio.ensure_future(anext(changes))
    try:
        while True:
            yield
            await asyncio.sleep(AT_MOST_EVERY)
            done, _ = await asyncio.wait({following}, timeout=AT_LEAST_EVERY)
            if done:
                following.result()
                following = asyncio.ensure_future(anext(changes))
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration):
            await following
