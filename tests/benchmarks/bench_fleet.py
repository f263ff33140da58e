"""The whole sample fleet to a VTN 50 ms away: out of a real database, and beside a console.

The floor posts the same bodies from memory with as many workers, and keeps no books.
"""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from array import array
from collections.abc import Callable, Coroutine
from pathlib import Path
from statistics import quantiles

import httpx

from tests.benchmarks.bare import bare_loop, vtn_process
from tests.benchmarks.consoles import PROGRAM, home, resident_mb
from tests.benchmarks.fleets import SAMPLE, sample_fleet
from tests.benchmarks.ratio import Budget, Ratio
from tests.screens.readers import NoReader
from tests.vtn.ledger import MemoryLedger
from vendash.app import VendashApp
from vendash.filters import Query
from vendash.fleet import Fleet
from vendash.sample import sample_assets
from vendash.store import open_store
from vendash.store.assets import read_assets
from vendash.store.following import ticking
from vendash.store.protocol import FleetStore
from vendash.vtn.client import Vtn
from vendash.vtn.driver import Registrar

DELAY = 0.05
"""Seconds."""
WORKERS = 32
ROUNDS = 2
PATIENCE = 300.0
"""Seconds for the engine to have all of it there."""

Work = Callable[[str, Path], Coroutine[None, None, float]]


def run() -> list[Ratio | Budget]:
    """Elapsed seconds; then what an engine at full speed costs itself and a console."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*_elapsed(folder), *_beside_a_console(folder)]


def _elapsed(folder: Path) -> list[Ratio]:
    best: dict[Work, float] = dict.fromkeys((_bare, _fixed, _adaptive), float("inf"))
    with vtn_process(delay_s=DELAY) as url:
        for number in range(ROUNDS):
            for place, work in enumerate(best):
                database = sample_fleet(_made(folder / f"{number}-{place}"))
                httpx.post(f"{url}/_control/reset").raise_for_status()
                best[work] = min(best[work], asyncio.run(work(url, database)))
    what = f"register {SAMPLE:,} at {1000 * DELAY:.0f} ms"
    return [
        Ratio(f"{what}, {WORKERS} at once, against httpx", best[_fixed], best[_bare], 1.053, "s"),
        Ratio(f"{what}, adaptive, against httpx", best[_adaptive], best[_bare], 1.1, "s"),
    ]


async def _bare(url: str, _database: Path) -> float:
    ledger = MemoryLedger(list(read_assets(sample_assets()).resources))
    start = time.perf_counter()
    await bare_loop(url, ledger, WORKERS)
    return time.perf_counter() - start


async def _fixed(url: str, database: Path) -> float:
    return await _registered(url, database, WORKERS)


async def _adaptive(url: str, database: Path) -> float:
    return await _registered(url, database, None)


async def _registered(url: str, database: Path, workers: int | None) -> float:
    async with await open_store(database) as store:
        await _want_all(store, url)
        start = time.perf_counter()
        summary = await Registrar(store, Vtn(url, dialect="3.1"), workers=workers).settle()
        seconds = time.perf_counter() - start
    assert summary.resources.registered == SAMPLE
    return seconds


async def _want_all(store: FleetStore, url: str) -> None:
    await store.use_vtn(url, "3.1")
    await store.want_at_vtn(await store.keys(Query()), True, actor="bench")


def _beside_a_console(folder: Path) -> list[Budget]:
    """The engine is a process of its own; the console is here, so that its loop can be watched."""
    home_folder = _made(folder / "engine")
    database = sample_fleet(home_folder)
    with vtn_process(delay_s=DELAY) as url:
        command = (*PROGRAM, "run", "--db-path", str(database))
        environment = {**home(home_folder), "VTN_SERVER_ADDRESS": url}
        with subprocess.Popen(command, env=environment) as engine:
            try:
                return asyncio.run(_watched(url, database, engine.pid))
            finally:
                engine.terminate()


async def _watched(url: str, database: Path, engine: int) -> list[Budget]:
    async with await open_store(database) as store:
        app = VendashApp(Fleet(store, actor="bench"), NoReader(), database.parent)
        async with app.run_test(size=(120, 40)):
            await _until_greeted(store)
            before = resident_mb(engine)
            await _want_all(store, url)
            lags = await _lags_until_registered(store)
        after = resident_mb(engine)
    return [
        Budget("a console's loop while an engine registers, p99 lag", _p99(lags), 10, "ms"),
        Budget("an engine's memory grows while it registers", after - before, 10, "MB"),
    ]


async def _until_greeted(store: FleetStore) -> None:
    async with asyncio.timeout(PATIENCE):
        async for _ in ticking(store):
            if (known := await store.vtn()) is not None and known[1]:
                return


async def _lags_until_registered(store: FleetStore) -> list[float]:
    """How much later than asked for this loop woke up, in ms."""
    lags, step = array("d"), 0.005
    asked = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        while True:
            before = time.perf_counter()
            await asyncio.sleep(step)
            lags.append(1000 * (time.perf_counter() - before - step))
            if time.monotonic() - asked > 1:
                asked = time.monotonic()
                done, total, _ = await store.registration_progress()
                if total and done == total:
                    return list(lags)


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
