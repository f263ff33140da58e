"""The state file: what was answered is there after a crash, and nothing else."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.vtn.server.client import DIALECTS, Json, made_ven, names, resource, session, ven
from tests.vtn.server.process import VtnProcess, running, start
from vendash.errors import VendashError
from vendash.vtn.server import Dialect, durable_state


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_everything_is_there_after_a_restart(dialect: Dialect, tmp_path: Path) -> None:
    path = tmp_path / "vtn.db"
    async with durable_state(path, dialect) as state, session(dialect, state=state) as (_, client):
        for name in ("A", "B", "C", "D"):
            town = await made_ven(client, dialect, name, targets=None)
            if name == "B":
                await client.put(f"/vens/{town['id']}", json=ven(dialect, "B2"))
            if name == "C":
                await client.delete(f"/vens/{town['id']}")
        before = (await client.get("/vens")).json()
    async with durable_state(path, dialect) as state, session(dialect, state=state) as (_, client):
        assert (await client.get("/vens")).json() == before
        assert await names(client, "/vens", "venName") == ["A", "B2", "D"]
        assert (await client.post("/vens", json=ven(dialect, "A"))).status_code == 409
        assert await names(client, "/vens", "venName", venName="B2") == ["B2"]


def post_resources(vtn: VtnProcess, ven_id: str, prefix: str, answered: list[Json]) -> None:
    """POST until the VTN is gone; remember what got a 201."""
    with vtn.client() as client:
        for number in range(100_000):
            body = resource("3.1", f"{prefix}{number}", ven_id)
            try:
                answer = client.post("/resources", json=body)
            except httpx.TransportError:
                return
            if answer.status_code == 201:
                answered.append(answer.json())


def all_resources(client: httpx.Client) -> list[Json]:
    found: list[Json] = []
    while page := client.get("/resources", params={"skip": len(found), "limit": 50}).json():
        found += page
    return found


def test_after_kill_9_every_201_is_there_once(tmp_path: Path) -> None:
    path = tmp_path / "vtn.db"
    answered: list[Json] = []
    with running(start(state_file=path)) as vtn:
        with vtn.client() as client:
            ven_id = client.post("/vens", json=ven("3.1", "A")).json()["id"]
        workers = [
            threading.Thread(target=post_resources, args=(vtn, ven_id, prefix, answered))
            for prefix in "abcd"
        ]
        for worker in workers:
            worker.start()
        while len(answered) < 200:
            workers[0].join(0.005)
        vtn.process.kill()
        for worker in workers:
            worker.join()
    with running(start(state_file=path)) as vtn, vtn.client() as client:
        found = all_resources(client)
    assert len({item["resourceName"] for item in found}) == len(found)
    # One more per worker may have been written whose answer was lost.
    assert len(answered) <= len(found) <= len(answered) + 4
    assert all(item in found for item in answered)


def test_what_cannot_be_written_is_a_500_and_is_not_there(tmp_path: Path) -> None:
    """A limit on the size of files does what a full disk does."""
    path = tmp_path / "vtn.db"
    answered: list[Json] = []
    attributes = [{"type": "X", "values": ["x" * 4000]}]
    with running(start(state_file=path, file_bytes=400_000)) as vtn, vtn.client() as client:
        ven_id = client.post("/vens", json=ven("3.1", "A")).json()["id"]
        status = 201
        while status == 201:
            body = resource("3.1", f"r{len(answered)}", ven_id, attributes=attributes)
            answer = client.post("/resources", json=body)
            status = answer.status_code
            if status == 201:
                answered.append(answer.json())
        assert status == 500
        assert "state file" in answer.json()["detail"]
        assert all_resources(client) == answered
        found = client.get("/resources", params={"resourceName": f"r{len(answered)}"})
        assert found.json() == []
    with running(start(state_file=path)) as vtn, vtn.client() as client:
        assert all_resources(client) == answered
        body = resource("3.1", f"r{len(answered)}", ven_id)
        assert client.post("/resources", json=body).status_code == 201


async def refused(path: Path, dialect: Dialect = "3.1") -> str:
    with pytest.raises(VendashError) as caught:
        async with durable_state(path, dialect):
            pass
    return str(caught.value)


async def test_a_file_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE resources (id INTEGER)")
    before = path.read_bytes()
    assert "another program" in await refused(path)
    assert path.read_bytes() == before


async def test_a_damaged_a_newer_or_an_unreachable_file_is_refused(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"This is not a database. " * 100)
    assert "is damaged" in await refused(garbage)
    newer = tmp_path / "newer.db"
    async with durable_state(newer, "3.1"):
        pass
    with closing(sqlite3.connect(newer)) as db:
        db.execute("PRAGMA user_version = 99")
    assert "newer vendash" in await refused(newer)
    assert "cannot be opened" in await refused(tmp_path / "no" / "folder" / "vtn.db")


async def test_a_damaged_object_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vtn.db"
    async with durable_state(path, "3.1") as state, session("3.1", state=state) as (_, client):
        await made_ven(client, "3.1", "A")
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE objects SET json = x'7b22'")
        db.commit()
    assert "is damaged" in await refused(path)


async def test_the_state_of_the_other_dialect_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vtn.db"
    async with durable_state(path, "3.0.1"):
        pass
    assert "--dialect 3.0.1" in await refused(path, "3.1")


async def test_two_vtns_cannot_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "vtn.db"
    async with durable_state(path, "3.1"):
        assert "in use by another VTN" in await refused(path)


async def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "vtn.db"
    async with durable_state(path, "3.1"):
        assert path.stat().st_mode & 0o077 == 0
