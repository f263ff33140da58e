"""Registration against a bare httpx loop that posts the same bodies with as many workers.

The VTN is a process of its own, which answers at once or after 8 ms. What the floor leaves out is
what the registrar is for: deciding, comparing what comes back, and its ledger (in memory here).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from statistics import median

from tests.benchmarks.bare import bare_loop, vtn_process
from tests.benchmarks.ratio import Ratio
from tests.vtn.ledger import MemoryLedger, fleet
from vendash.vtn.client import Vtn
from vendash.vtn.driver import Registrar

VENS, RESOURCES = 4, 100
WORKERS = 8
ROUNDS = 9


def run() -> list[Ratio]:
    """CPU time of this process where the VTN answers at once, elapsed time at 8 ms."""
    what = f"register {VENS * RESOURCES} "
    return [
        _ratio(what + "(CPU) against a bare httpx loop", 0.0, time.process_time, 1.25),
        _ratio(what + "at 8 ms against a bare httpx loop", 0.008, time.perf_counter, 1.1),
    ]


def _ratio(name: str, delay: float, clock: Callable[[], float], goal: float) -> Ratio:
    times: dict[Callable[..., object], list[float]] = {_bare_loop: [], _registrar: []}
    with vtn_process(delay_s=delay) as url:
        for number in range(ROUNDS):
            for place, work in enumerate((_bare_loop, _registrar)):
                ledger = MemoryLedger(fleet(VENS, RESOURCES, (2 * number + place) * VENS))
                start = clock()
                asyncio.run(work(url, ledger))
                times[work].append(clock() - start)
    return Ratio(name, median(times[_registrar]), median(times[_bare_loop]), goal, "s")


async def _bare_loop(url: str, ledger: MemoryLedger) -> None:
    await bare_loop(url, ledger, WORKERS)


async def _registrar(url: str, ledger: MemoryLedger) -> None:
    summary = await Registrar(ledger, Vtn(url, dialect="3.1"), workers=WORKERS).settle()
    assert summary.resources.registered == VENS * RESOURCES


if __name__ == "__main__":
    for one in run():
        print(f"{one.name}: {one.ours:.2f} / {one.floor:.2f} {one.unit} = {one.ratio:.2f}")  # noqa: T201
