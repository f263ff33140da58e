"""Comparing the sample fleet with a VTN, against a bare httpx loop that reads the same pages.

The VTN is a process of its own that holds everything as it should. What the floor leaves out is
what the survey is for: ours out of the database, every object compared, and what was seen kept.
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import time
from pathlib import Path

import httpx
import msgspec

from tests.benchmarks.bare import vtn_process
from tests.benchmarks.fleets import SAMPLE, sample_fleet
from tests.benchmarks.ratio import Ratio
from vendash.filters import Query
from vendash.models import Accepted, VenWork
from vendash.store import SqliteStore, open_store
from vendash.vtn.client import Vtn
from vendash.vtn.dialects import dialect_named
from vendash.vtn.survey import survey

ROUNDS = 7
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}
_PAGE = 50


def run() -> list[Ratio]:
    """The fastest of several rounds each, one after the other in turn."""
    with tempfile.TemporaryDirectory() as folder, vtn_process() as url:
        return [asyncio.run(_measured(sample_fleet(Path(folder)), url))]


async def _measured(path: Path, url: str) -> Ratio:
    bare, ours = [], []
    async with await open_store(path) as store:
        await _registered(store, url)
        for _ in range(ROUNDS):
            bare.append(await _bare_loop(url))
            ours.append(await _survey(store, url))
    return Ratio(f"compare {SAMPLE:,} with a VTN", min(ours), min(bare), 1.3, "s")


async def _bare_loop(url: str) -> float:
    """Read all pages of both lists, and see that each object comes once."""
    async with httpx.AsyncClient(verify=ssl.create_default_context()) as client:
        await client.get(f"{url}/vens?limit=1")
        started = time.perf_counter()
        found: set[str] = set()
        for path in ("vens", "resources"):
            skip = 0
            while True:
                answer = await client.get(f"{url}/{path}?skip={skip}&limit={_PAGE}", headers=_JSON)
                page = msgspec.json.decode(answer.content)
                found.update(one["id"] for one in page)
                skip += len(page)
                if len(page) < _PAGE:
                    break
        assert len(found) > SAMPLE
        return time.perf_counter() - started


async def _survey(store: SqliteStore, url: str) -> float:
    async with Vtn(url, dialect="3.1").connect() as connection:
        await connection.greet()
        started = time.perf_counter()
        found = await survey(store, connection)
        spent = time.perf_counter() - started
    assert found.resources == SAMPLE
    assert (found.outcome.open, found.outcome.again, found.outcome.adopted) == (0, 0, 0)
    return spent


async def _registered(store: SqliteStore, url: str) -> None:
    """Everything at the VTN, by the shortest way."""
    dialect = dialect_named("3.1")
    await store.use_vtn(url, "3.1")
    await store.want_at_vtn(await store.keys(Query()), True, actor="bench")
    async with httpx.AsyncClient(verify=ssl.create_default_context()) as client:
        while works := await store.due_vens(500) or await store.due_resources(500):
            outcomes = []
            for work in works:
                kind = "vens" if isinstance(work, VenWork) else "resources"
                body = dialect.create(work).body
                there = (await client.post(f"{url}/{kind}", content=body, headers=_JSON)).json()
                outcomes.append(
                    Accepted(
                        item=work,
                        remote_id=there["id"],
                        already=False,
                        stamp=dialect.compared(work, msgspec.json.encode(there)).stamp,
                    )
                )
            await store.complete(outcomes)


if __name__ == "__main__":
    for one in run():
        print(f"{one.name}: {one.ours:.2f} / {one.floor:.2f} {one.unit} = {one.ratio:.2f}")  # noqa: T201
