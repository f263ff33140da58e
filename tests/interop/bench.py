"""Registration at openleadr-vtn against a bare httpx loop that posts the same bodies.

Each fills an empty VTN with the whole sample fleet, in turn, and the fastest run of each counts:
what else the machine does only makes runs slower. Ours is `vendash register` as a user runs it,
with its start, its ledger and its audit log. The workers of the loop have a client each, and post
what the VTN held after ours.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from tests.interop.bare import Object, bare
from tests.interop.openleadr import OpenLeadr, openleadr
from tests.interop.postgres import Cluster, postgres
from tests.interop.site import Site, prepare

WORKERS = 8
ROUNDS = 3
GOAL = 0.9


class Bodies:
    """What a VTN holds, as requests that make it anew."""

    def __init__(self, vtn: OpenLeadr) -> None:
        with bare(vtn.url, vtn.client_id, vtn.client_secret) as there:
            self.vens = there.vens()
            self.resources = there.resources()

    def __len__(self) -> int:
        return len(self.vens) + len(self.resources)


def main() -> int:
    """Print the table; 1 when the goal is missed."""
    console = Console()
    ours: list[float] = []
    floor: list[float] = []
    with postgres() as cluster:
        for _ in range(ROUNDS):
            bodies = _ours(cluster, ours)
            _loop(cluster, bodies, floor)
    table = Table("the whole fleet to openleadr-vtn", "seconds", "a second", "each run")
    for name, times in (("vendash register", ours), (f"httpx, {WORKERS} workers", floor)):
        runs = ", ".join(f"{one:.1f}" for one in times)
        table.add_row(name, f"{min(times):.1f}", f"{len(bodies) / min(times):.0f}", runs)
    ratio = min(floor) / min(ours)
    table.add_row("ratio of the rates", f"{ratio:.2f}", "", f"goal {GOAL}")
    console.print(table)
    return 0 if ratio >= GOAL else 1


def _ours(cluster: Cluster, times: list[float]) -> Bodies:
    with tempfile.TemporaryDirectory() as folder, openleadr(cluster, "ours") as vtn:
        site = Site(Path(folder), vtn, prepare(Path(folder)))
        start = time.perf_counter()
        site.said("register")
        times.append(time.perf_counter() - start)
        return Bodies(vtn)


def _loop(cluster: Cluster, bodies: Bodies, times: list[float]) -> None:
    with openleadr(cluster, "floor") as vtn:
        start = time.perf_counter()
        asyncio.run(_post_all(vtn, bodies))
        times.append(time.perf_counter() - start)
        assert vtn.count() == (len(bodies.vens), len(bodies.resources))


async def _post_all(vtn: OpenLeadr, bodies: Bodies) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": vtn.client_id,
        "client_secret": vtn.client_secret,
    }
    context = ssl.create_default_context()
    async with httpx.AsyncClient(base_url=vtn.url, verify=context) as client:
        token = (await client.post("/auth/token", data=form)).json()["access_token"]
    ids: dict[str, str] = {}

    async def work(requests: Iterator[tuple[str, Object, str]]) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(
            base_url=vtn.url, verify=context, limits=limits, headers=headers
        ) as client:
            for path, body, old_id in requests:
                answer = await client.post(path, json=body)
                assert answer.status_code == 201, answer.text
                ids[old_id] = answer.json()["id"]

    async def share(requests: Iterator[tuple[str, Object, str]]) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(work(requests))

    await share(("/vens", _ven(one), one["id"]) for one in bodies.vens)
    await share(
        ("/resources", _resource(one, ids[one["venID"]]), one["id"]) for one in bodies.resources
    )


def _ven(held: Object) -> Object:
    return {
        "objectType": "BL_VEN_REQUEST",
        "clientID": held["clientID"],
        "venName": held["venName"],
    }


def _resource(held: Object, ven_id: str) -> Object:
    return {
        "objectType": "BL_RESOURCE_REQUEST",
        "clientID": held["clientID"],
        "venID": ven_id,
        "resourceName": held["resourceName"],
        "attributes": held["attributes"],
    }


if __name__ == "__main__":
    sys.exit(main())
