"""Backups are whole, verified and never in the way of another file; a reset makes one first."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.fleets import fleet
from tests.store.making import ANY, APPROVED, ask, everything, register
from vendash.errors import VendashError
from vendash.filters import Query
from vendash.models import WorkCounts
from vendash.store import SqliteStore, open_store


def _names(folder: Path) -> set[str]:
    return {each.name for each in os.scandir(folder)}


async def test_a_backup_holds_what_was_decided_a_moment_ago_in_one_file(
    store: SqliteStore, tmp_path: Path
) -> None:
    keys = (await everything(store)).keys
    await store.set_status(keys, ANY, APPROVED, actor="a")
    copy = await store.backup()
    assert copy.parent == tmp_path
    assert copy.name.startswith("resources.2")
    assert not _names(tmp_path) & {f"{copy.name}-wal", f"{copy.name}-shm"}
    assert copy.stat().st_mode & 0o077 == 0, "it may hold passwords of connections"
    async with await open_store(copy) as restored:
        assert (await restored.statistics())["by_status"]["APPROVED"] == 12
        assert await restored.check() == await store.check()
        assert await restored.actions() == await store.actions()


async def test_a_backup_goes_where_it_is_sent_and_never_over_a_file(
    store: SqliteStore, tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    assert (await store.backup(folder)).parent == folder
    named = tmp_path / "deep" / "er" / "my.db"
    assert await store.backup(named) == named
    before = named.read_bytes()
    with pytest.raises(VendashError, match="exists already: name another place"):
        await store.backup(named)
    assert named.read_bytes() == before
    with pytest.raises(VendashError, match="name another place"):
        await store.backup(named / "below a file")


async def test_two_backups_within_a_second_have_names_of_their_own(store: SqliteStore) -> None:
    copies = [await store.backup() for _ in range(3)]
    assert len(set(copies)) == 3


async def test_no_draft_is_left_where_a_backup_fails(store: SqliteStore, tmp_path: Path) -> None:
    before = _names(tmp_path)
    with pytest.raises(VendashError):
        await store.backup(Path("/proc/nowhere.db"))
    assert _names(tmp_path) == before


async def test_a_backup_while_another_writes_is_one_state_of_the_file(
    store: SqliteStore, path: Path
) -> None:
    keys = (await everything(store)).keys

    async def write() -> None:
        for _ in range(10):
            await store.set_status(keys, ANY, APPROVED, actor="a")
            await store.undo(actor="a")

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        copies = [await store.backup() for _ in range(4)]
    for copy in copies:
        (statuses,) = ask(copy, "SELECT count(DISTINCT registration_status) FROM resources")
        assert statuses == (1,), "all or none of an action"
        async with await open_store(copy, read_only=True) as restored:
            assert await restored.check() == await store.check()


async def test_a_read_only_store_can_be_backed_up(store: SqliteStore, path: Path) -> None:
    async with await open_store(path, read_only=True) as reader:
        copy = await reader.backup()
    assert ask(copy, "SELECT count(*) FROM resources") == [(12,)]


async def test_a_reset_makes_a_backup_deletes_all_and_is_recorded(
    store: SqliteStore, path: Path
) -> None:
    await register(store)
    copy = await store.reset(actor="anna")
    assert "before-reset" in copy.name
    assert ask(copy, "SELECT count(*) FROM resources") == [(12,)]
    for table in ("resources", "connections", "vendash_facts", "vendash_observations"):
        assert ask(path, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert await store.work() == WorkCounts()
    assert await store.first_rows(Query(), 9) == []
    (action, *_) = await store.actions()
    assert (action.verb, action.actor, action.count) == ("reset", "anna", 12)
    assert (await store.action_items(action.sequence))[0].after == "deleted"
    with pytest.raises(VendashError, match="take the backup"):
        await store.undo(actor="anna")
    assert await store.check() == []


async def test_a_reset_and_the_same_import_register_nothing_twice(store: SqliteStore) -> None:
    await register(store)
    await store.reset(actor="anna")
    assert await store.due_resources(99) == []
    await store.import_resources(fleet({"Aalborg": 5, "Herning": 4, "Køge": 3}), actor="anna")
    due = await store.due_resources(99)
    assert len(due) == 12
    assert all(item.remote_id and item.wanted for item in due)


async def test_a_reset_without_a_backup_does_not_happen(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(path: Path, destination: Path) -> Path:
        raise VendashError("no room for it")

    monkeypatch.setattr("vendash.store.backup.verified_copy", no_room)
    with pytest.raises(VendashError, match="no room"):
        await store.reset(actor="anna")
    assert (await store.work()).total == 12
