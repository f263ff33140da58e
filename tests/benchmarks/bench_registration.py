"""Registration against a bare httpx loop that posts the same bodies with as many workers.

The VTN is a process of its own, which answers at once or after 8 ms. What the floor leaves out is
what the registrar is for: deciding, comparing what comes back, and its ledger (in memory here).
"""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import httpx

from tests.benchmarks.ratio import Ratio
from tests.vtn.ledger import MemoryLedger, fleet
from vendash.models import ResourceWork
from vendash.vtn.client import Vtn
from vendash.vtn.dialects import dialect_named
from vendash.vtn.driver import WORKERS, Registrar

VENS, RESOURCES = 4, 100
ROUNDS = 9
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}

_SERVER = """
import asyncio, sys
from vendash.vtn.server import Faults, vtn_server
async def main():
    async with vtn_server(auth=False, faults=Faults(delay_s=float(sys.argv[1]))) as server:
        print(server.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""


def run() -> list[Ratio]:
    """CPU time of this process where the VTN answers at once, elapsed time at 8 ms."""
    what = f"register {VENS * RESOURCES} "
    return [
        _ratio(what + "(CPU) against a bare httpx loop", 0.0, time.process_time, 1.25),
        _ratio(what + "at 8 ms against a bare httpx loop", 0.008, time.perf_counter, 1.1),
    ]


def _ratio(name: str, delay: float, clock: Callable[[], float], goal: float) -> Ratio:
    times: dict[Callable[..., object], list[float]] = {_bare_loop: [], _registrar: []}
    with _vtn(delay) as url:
        for number in range(ROUNDS):
            for place, work in enumerate((_bare_loop, _registrar)):
                ledger = MemoryLedger(fleet(VENS, RESOURCES, (2 * number + place) * VENS))
                start = clock()
                asyncio.run(work(url, ledger))
                times[work].append(clock() - start)
    return Ratio(name, median(times[_registrar]), median(times[_bare_loop]), goal, "s")


async def _registrar(url: str, ledger: MemoryLedger) -> None:
    summary = await Registrar(ledger, Vtn(url)).settle()
    assert summary.resources.registered == VENS * RESOURCES


async def _bare_loop(url: str, ledger: MemoryLedger) -> None:
    """A client for each worker, one SSL context, the next body from a shared iterator."""
    dialect = dialect_named("3.1")
    context = ssl.create_default_context()
    ven_ids: dict[str, str] = {}

    async def post_all(requests: Iterator[tuple[str, str, bytes]]) -> None:
        async def worker() -> None:
            limits = httpx.Limits(max_connections=1)
            async with httpx.AsyncClient(verify=context, limits=limits) as client:
                for name, path, body in requests:
                    answer = await client.post(url + path, content=body, headers=_JSON)
                    assert answer.status_code == 201
                    ven_ids[name] = answer.json()["id"]

        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(worker())

    vens = await ledger.due_vens(VENS)
    await post_all(iter([(ven.name, "/vens", _body(dialect.create(ven).body)) for ven in vens]))
    works = [
        ResourceWork(
            key=key,
            resource=resource,
            revision=1,
            ven_remote_id=ven_ids[str(resource.ven)],
            client_id=f"vendash-{str(resource.ven).lower()}",
            remote_id=None,
            doubtful=False,
        )
        for key, resource in ledger.resources.items()
    ]
    await post_all(("", "/resources", _body(dialect.create(work).body)) for work in works)


def _body(body: bytes | None) -> bytes:
    assert body is not None
    return body


@contextmanager
def _vtn(delay: float) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(delay)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


if __name__ == "__main__":
    for one in run():
        print(f"{one.name}: {one.ours:.2f} / {one.floor:.2f} {one.unit} = {one.ratio:.2f}")  # noqa: T201
