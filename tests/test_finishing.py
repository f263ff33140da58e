"""Work that goes on to its end, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from vendash.finishing import to_its_end


async def test_however_often_the_caller_is_cancelled_the_work_ends_before_it() -> None:
    may_end, gave_up = asyncio.Event(), []
    work = asyncio.create_task(may_end.wait())
    caller = asyncio.create_task(to_its_end(work, lambda: gave_up.append(1)))
    for number in (1, 2, 3):
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.sleep(0)
        assert (len(gave_up), caller.done(), work.done()) == (number, False, False)
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert work.done()


async def test_an_error_of_the_work_is_the_callers_and_of_nobody_where_it_is_gone() -> None:
    """An exception that nobody took note of would be told by the loop, long after."""
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    may_end = asyncio.Event()

    async def failing() -> None:
        await may_end.wait()
        raise ValueError("the disk is gone")

    caller = asyncio.create_task(to_its_end(asyncio.create_task(failing())))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.sleep(0)
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    with pytest.raises(ValueError, match="the disk is gone"):
        await to_its_end(asyncio.create_task(failing()))
    del caller
    gc.collect()
    assert told == []
