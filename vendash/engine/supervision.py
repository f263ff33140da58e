"""Services that go on: one that fails is logged, told, and started again; the others go on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from vendash.errors import VendashError, mendable
from vendash.telemetry.status import ServiceStatus

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
LONG_RUN_SECONDS = 120.0
"""A service that ran for this long before it failed is started again as if for the first time."""

_log = logging.getLogger(__name__)


async def supervise(
    name: str, service: Callable[[], Awaitable[None]], tell: Callable[[ServiceStatus], None]
) -> None:
    """Run a service for ever, with growing pauses after failures.

    A service that returns has done what it had to do and is not started again.
    """
    pause = FIRST_PAUSE_SECONDS
    while True:
        began = time.monotonic()
        try:
            await service()
        except Exception as error:  # a service must not take the others down
            known = _logged(name, error)
        else:
            return
        tell(ServiceStatus(health="trouble", text=known.word, detail=str(known), since=time.time()))
        if time.monotonic() - began > LONG_RUN_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _logged(name: str, error: Exception) -> VendashError:
    """What can be told of an error of a service, once the log has it."""
    known = mendable(error)
    if known is not None:
        _log.warning("%s: %s", name, known)
        return known
    _log.error("%s failed", name, exc_info=error)
    return VendashError(f"{name} failed ({type(error).__name__}); the log has the details.")
