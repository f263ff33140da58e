"""When a process ends: told by a signal, or because its parent or its terminal is gone."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from collections.abc import Awaitable
from contextlib import suppress

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HANG_UP_SECONDS = 1.0
"""Between two looks at whether the terminal is still there."""


async def run_until_stopped(service: Awaitable[None], *, with_stdin: bool = False) -> None:
    """Run the service until it ends, a stop signal comes, or (`with_stdin`) stdin is closed.

    The parent keeps the other end of the pipe at stdin; the kernel closes it when the parent dies,
    also by kill -9. The service is cancelled and waited for, so its own cleaning up is done.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    if with_stdin:
        loop.add_reader(sys.stdin.fileno(), _stop_at_end, stop)
    running = asyncio.ensure_future(service)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
        if with_stdin:
            loop.remove_reader(sys.stdin.fileno())
        stopping.cancel()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def terminal_gone() -> None:
    """Return when the terminal at stdin has hung up, or SIGTERM or SIGHUP has come.

    A line that drops sends SIGHUP to the leader of the session alone; where that is `make` or a
    script that waits for us, nobody passes it on.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    terminal = select.poll()
    terminal.register(sys.stdin.fileno(), 0)  # a hang-up is always told
    try:
        while not stop.is_set() and not terminal.poll(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(HANG_UP_SECONDS):
                    await stop.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)


def _stop_at_end(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        stop.set()
