"""How many requests at once: found out while working, against the best fixed number of them.

The VTN is a process of its own that answers after 0, 8 or 50 ms and counts what it is asked. Times
are of a thousand resources, so that slow settings may be measured with fewer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx

from tests.benchmarks.bare import bare_loop, vtn_process
from tests.benchmarks.ratio import Budget, Ratio
from tests.vtn.ledger import MemoryLedger, fleet
from vendash.vtn.client import Vtn
from vendash.vtn.driver import Registrar

DELAYS = (0.0, 0.008, 0.05)
FIXED = (1, 2, 4, 8, 16, 32, 64)
VENS = 4
MOST, LEAST = 2000, 80
"""Resources in one run."""
SECONDS = 3.0
"""That a run should take at most, so that a slow setting gets fewer resources."""
OVERHEAD = 0.002
"""Seconds of a request beside the delay."""
ROUNDS = 2

Work = Callable[[MemoryLedger], Awaitable[object]]


def run() -> list[Ratio | Budget]:
    """Elapsed times, and calls by the VTN's own counters."""
    return [one for delay in DELAYS for one in _at(delay)] + [_with_faults()]


def _at(delay: float) -> list[Ratio | Budget]:
    at = f"at {1000 * delay:.0f} ms"
    with vtn_process(delay_s=delay) as url:
        fixed = dict.fromkeys(FIXED, float("inf"))
        adaptive = bare = float("inf")
        for _ in range(ROUNDS):
            for workers in FIXED:
                number = _bounded(workers, delay)
                fixed[workers] = min(fixed[workers], _timed(url, number, _by(url, workers)))
            adaptive = min(adaptive, _timed(url, _bounded(64, delay), _by(url, None)))
            calls = _calls(url) / _bounded(64, delay)
            bare = min(bare, _timed(url, _bounded(32, delay), _bare(url, 32)))
        alone = _timed(url, _bounded(1, delay), _bare(url, 1))
    best = min(fixed, key=lambda workers: fixed[workers])
    return [
        Ratio(f"adaptive, {at}, against the best fixed ({best})", adaptive, fixed[best], 1.11, "s"),
        Ratio(f"32 workers {at} against a bare httpx loop", fixed[32], bare, 1 / 0.95, "s"),
        Ratio(f"adaptive, {at}, against one by one", adaptive, alone, _goal(delay), "s"),
        Budget(f"calls per resource {at}", calls, 1.1, "calls"),
    ]


def _goal(delay: float) -> float:
    return {0.05: 1 / 25, 0.008: 1 / 5}.get(delay, 1.0)


def _with_faults() -> Budget:
    with vtn_process(delay_s=0.008, error_503=0.2) as url:
        _timed(url, 400, _by(url, None))
        return Budget("calls per resource, 503 one time in five", _calls(url) / 400, 2.0, "calls")


def _bounded(workers: int, delay: float) -> int:
    return max(LEAST, min(MOST, int(SECONDS * workers / (delay + OVERHEAD)))) // VENS * VENS


def _by(url: str, workers: int | None) -> Work:
    return lambda ledger: Registrar(ledger, Vtn(url, dialect="3.1"), workers=workers).settle()


def _bare(url: str, workers: int) -> Work:
    return lambda ledger: bare_loop(url, ledger, workers)


def _timed(url: str, number: int, work: Work) -> float:
    """Seconds for a thousand resources, of a VTN that holds nothing yet."""
    httpx.post(f"{url}/_control/reset").raise_for_status()
    httpx.delete(f"{url}/_control/counters").raise_for_status()

    async def measured() -> float:
        ledger = MemoryLedger(fleet(VENS, number // VENS))
        start = time.perf_counter()
        await work(ledger)
        return time.perf_counter() - start

    return asyncio.run(measured()) * 1000 / number


def _calls(url: str) -> int:
    requests = httpx.get(f"{url}/_control/counters").json()["requests"]
    return sum(number for what, number in requests.items() if "/auth" not in what)


if __name__ == "__main__":
    for one in run():
        print(one)  # noqa: T201
