"""Waiting for a condition instead of for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 20.0


async def until(condition: Callable[[], Awaitable[bool] | bool], what: str) -> None:
    """Return as soon as the condition holds; fail, naming `what`, when it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        holds = condition()
        if not isinstance(holds, bool):
            holds = await holds
        if holds:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE_SECONDS:.0f} s in vain for: {what}")
        await asyncio.sleep(0.02)
