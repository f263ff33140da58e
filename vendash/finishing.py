"""Work that must not be left half done, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def to_its_end(task: asyncio.Task[T], give_up: Callable[[], None] = lambda: None) -> T:
    """Wait until it is done; who is cancelled meanwhile, once or again, is so only then.

    Args:
        task: The work; nobody else waits for it.
        give_up: Called with each cancel; it may let the work end sooner.
    """
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
            give_up()
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # taken note of: the caller is gone
    raise cancelled
