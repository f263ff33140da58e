"""Lets as many workers work as the window has room for, and counts what they have under way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vendash.vtn.aimd import Window


@dataclass(slots=True)
class Call:
    """One command under way; `overload` is set when the VTN could not bear it."""

    sent_at: float
    overload: bool = False


class Throttle:
    """The window of one registrar, in the time of an event loop."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.in_flight = 0
        self.calls = 0
        self._grown = asyncio.Event()

    async def turn(self, place: int) -> None:
        """Wait until the worker at this place (from 0) has room in the window."""
        while place >= self.window.size:
            await self._grown.wait()

    @contextmanager
    def call(self, kind: str) -> Iterator[Call]:
        """Around one command; one that is cancelled says nothing about the VTN."""
        loop = asyncio.get_running_loop()
        self.in_flight += 1
        self.calls += 1
        call = Call(sent_at=loop.time())
        try:
            yield call
            self._learn(kind, call, loop.time())
        finally:
            self.in_flight -= 1

    def _learn(self, kind: str, call: Call, now: float) -> None:
        before = self.window.size
        if call.overload:
            self.window = self.window.overloaded(call.sent_at, now)
        else:
            self.window = self.window.answered(kind, call.sent_at, now, in_flight=self.in_flight)
        if self.window.size > before:
            self._grown.set()
            self._grown = asyncio.Event()
