"""The embedded VTN, a process of its own with the whole sample fleet: a page of a list over HTTP.

One client, one connection kept open, so that a figure holds the server, the loopback and httpx.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median

import httpx

from tests.benchmarks.fleets import SAMPLE
from tests.benchmarks.ratio import Budget

Query = Mapping[str, str | int]
_ROUNDS = 100
_LIMIT_MS = 5.0

_SERVER = """
import asyncio, sys
from vendash.vtn.server import VtnState, vtn_server
dialect, resources = sys.argv[1], int(sys.argv[2])
state = VtnState()
vens = [state.add("VEN", {"venName": f"v{n}", "clientID": f"c{n}"}).id for n in range(158)]
attributes = [{"type": f"a{n}", "values": [n * 1.5, "text of a usual length"]} for n in range(12)]
for n in range(resources):
    fields = {"venID": vens[n % 158], "clientID": f"c{n % 158}", "attributes": attributes}
    state.add("RESOURCE", fields | {"resourceName": f"r{n}", "targets": ["x"]})
async def main():
    async with vtn_server(dialect=dialect, auth=False, state=state) as server:
        print(server.url, vens[7], flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""


def run() -> list[Budget]:
    """Each kind of page, in milliseconds: the median of a hundred."""
    with _vtn("3.1") as (http, ven):
        queries: dict[str, Query] = {
            "the first page": {},
            "the last page": {"skip": SAMPLE - 50},
            "the last page by target": {"targets": "x", "skip": SAMPLE - 50},
            "a page by VEN": {"venID": ven},
            "one by name": {"resourceName": "r5000"},
        }
        found = [_measured(f"VTN 3.1, {w}", http, "/resources", q) for w, q in queries.items()]
    with _vtn("3.0.1") as (http, ven):
        found.append(_measured("VTN 3.0.1, a page of a VEN", http, f"/vens/{ven}/resources", {}))
    return found


def _measured(name: str, http: httpx.Client, path: str, query: Query) -> Budget:
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        answer = http.get(path, params={"limit": 50, **query})
        times.append(time.perf_counter() - started)
        assert answer.status_code == 200
        assert answer.content.startswith(b'[{"id"')
    return Budget(f"{name} of {SAMPLE:,} resources", median(times) * 1000, _LIMIT_MS, "ms")


@contextmanager
def _vtn(dialect: str) -> Iterator[tuple[httpx.Client, str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, dialect, str(SAMPLE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url, ven = process.stdout.readline().split()
        with httpx.Client(base_url=url) as http:
            yield http, ven
        process.stdin.close()
