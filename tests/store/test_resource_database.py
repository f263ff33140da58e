"""`ResourceDatabase` does by the original's names what the original did."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fleets import fleet
from tests.store import original_program as original
from tests.store.making import APPROVED, PENDING, SUSPENDED, ask
from vendash.errors import VendashError
from vendash.models import Connection, ConnectionType, ResourceType
from vendash.store import open_store
from vendash.store.resource_database import ResourceDatabase

METER = Connection(type=ConnectionType.MODBUSTCP, host="meter.local", port=502, password="s3cret")


async def test_it_creates_its_file_at_the_first_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    db = ResourceDatabase()
    path = tmp_path / "config" / "resources.db"
    assert not path.exists()
    assert await db.get_all_resources() == []
    assert path.exists()
    await db.close()


async def test_what_is_inserted_is_found_in_every_way(path: Path) -> None:
    one, two, three = fleet({"Herning": 2, "Aalborg": 1})
    async with ResourceDatabase(path) as db:
        meter = await db.insert_connection(METER)
        await db.insert_resource(one, meter)
        await db.insert_resource(two, await db.insert_connection(Connection()))
        await db.insert_resource(three, meter, ven="Viborg")
        assert await db.get_resource(one.resource_id) == replace(one, connection=METER)
        assert await db.get_resource("nobody") is None
        assert [r.resource_id for r in await db.get_all_resources()] == [
            one.resource_id, two.resource_id, three.resource_id,
        ]  # fmt: skip
        assert len(await db.get_resources_by_type("dsr")) == 2
        assert [r.resource_id for r in await db.get_resources_by_type(ResourceType.EV)] == [
            two.resource_id
        ]
        assert len(await db.get_resources_by_ven("Herning")) == 2
        assert await db.get_ven_list() == ["Herning", "Viborg"]
        await db.update_resource_status(two.resource_id, "approved")
        await db.update_resource_status(three.resource_id, SUSPENDED)
        (found,) = await db.get_resources_by_ven_and_status("Herning", "APPROVED")
        assert (found.resource_id, found.registration_status) == (two.resource_id, APPROVED)
        assert len(await db.get_resources_by_ven_and_status("Herning", PENDING)) == 1
        statistics = await db.get_statistics()
        assert statistics["by_status"] == {"PENDING": 1, "APPROVED": 1, "SUSPENDED": 1}
        assert statistics["by_ven"]["Viborg"]["suspended"] == 1


async def test_an_update_writes_all_but_decision_and_connection(path: Path) -> None:
    (one,) = fleet({"Herning": 1})
    async with ResourceDatabase(path) as db:
        await db.insert_resource(one, await db.insert_connection(METER))
        await db.update_resource_status(one.resource_id, APPROVED)
        await db.update_resource(
            replace(one, resource_name="New", enabled=False, reporting="{}", ven="Køge")
        )
        found = await db.get_resource(one.resource_id)
        assert found is not None
        assert (found.resource_name, found.enabled, found.reporting, found.ven) == (
            "New", False, "{}", "Køge",
        )  # fmt: skip
        assert (found.registration_status, found.connection) == (APPROVED, METER)
    async with await open_store(path) as store:
        assert [action.verb for action in await store.actions()] == ["edit", "approve", "import"]
        assert {action.actor for action in await store.actions()} == {"cli"}
        assert await store.verify_audit() is None
        with pytest.raises(VendashError, match=r"\(edit\) cannot be undone"):
            await store.undo(actor="cli", sequence=3)


async def test_what_is_not_there_or_not_right_is_said(path: Path) -> None:
    (one,) = fleet({"Herning": 1})
    async with ResourceDatabase(path) as db:
        with pytest.raises(VendashError, match="no resource with the id 'x'"):
            await db.update_resource_status("x", APPROVED)
        with pytest.raises(VendashError, match="no resource with the id"):
            await db.update_resource(one)
        with pytest.raises(VendashError, match="use PENDING, APPROVED or SUSPENDED"):
            await db.update_resource_status("x", "READY")
        await db.insert_resource(one, 1)
        with pytest.raises(VendashError, match="holds a resource with this id already"):
            await db.insert_resource(one, 1)


async def test_clearing_deletes_everything_and_leaves_a_backup(path: Path) -> None:
    async with ResourceDatabase(path) as db:
        for resource in fleet({"Herning": 3}):
            await db.insert_resource(resource, await db.insert_connection(Connection()))
        await db.clear_all_resources()
        assert await db.get_all_resources() == []
        assert await db.get_ven_list() == []
    assert ask(path, "SELECT count(*) FROM connections") == [(0,)]
    (copy,) = (each for each in path.parent.iterdir() if "before-reset" in each.name)
    assert ask(copy, "SELECT count(*) FROM resources") == [(3,)]


async def test_it_opens_a_file_of_the_original_and_first_calls_at_once_open_it_once(
    path: Path,
) -> None:
    original.make_file(path, 6)
    db = ResourceDatabase(str(path))
    found = await asyncio.gather(*(db.get_resources_by_ven("Herning") for _ in range(5)))
    assert [len(each) for each in found] == [3] * 5
    await db.close()
    await db.close()
    assert len(await db.get_all_resources()) == 6, "a call after the end opens it again"
    await db.close()


_FORGETFUL = """
import asyncio, sys
from vendash.store.resource_database import ResourceDatabase
from vendash.models import Connection
async def main():
    db = ResourceDatabase(sys.argv[1])
    print(await db.insert_connection(Connection()))
asyncio.run(main())
db = ResourceDatabase(sys.argv[1])
print(asyncio.run(db.insert_connection(Connection())))
print(len(asyncio.run(db.get_all_resources())))
"""


def test_a_script_that_never_closes_it_ends_and_loses_nothing(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _FORGETFUL, path],
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["1", "2", "0"]
    assert ask(path, "SELECT count(*) FROM connections") == [(2,)]
