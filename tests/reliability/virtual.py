"""An event loop whose clock leaps to the next thing that is due: hours in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class StuckError(Exception):
    """Nothing will ever happen any more."""


class _Leaping(selectors.DefaultSelector):
    """Nothing comes from outside, so waiting is moving the clock on."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise StuckError("nothing will ever happen any more")
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Deterministic as long as what runs in it is."""

    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now

    def run_in_executor(
        self, _: object, work: Callable[..., T], *given: object
    ) -> asyncio.Future[T]:
        """At once: a thread would end at no moment of this clock."""
        done: asyncio.Future[T] = self.create_future()
        done.set_result(work(*given))
        return done


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it to its end in a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())
