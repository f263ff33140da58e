"""A VTN in a process of its own, and a bare httpx loop that posts what the registrar would."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.vtn.ledger import MemoryLedger
from vendash.models import ResourceWork
from vendash.vtn.dialects import dialect_named

_JSON = {"Accept": "application/json", "Content-Type": "application/json"}

_SERVER = """
import asyncio, json, sys
from vendash.vtn.server import Faults, vtn_server
async def main():
    faults = Faults(**json.loads(sys.argv[1]))
    async with vtn_server(auth=False, faults=faults, control=True) as server:
        print(server.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""


async def bare_loop(url: str, ledger: MemoryLedger, workers: int) -> None:
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
            for _ in range(workers):
                group.create_task(worker())

    vens = await ledger.due_vens(1000)
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
def vtn_process(**faults: float) -> Iterator[str]:
    """A VTN with these faults that lets anyone in; its address."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, json.dumps(faults)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()
