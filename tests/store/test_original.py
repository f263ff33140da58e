"""A file of the original opens in place, and the original goes on using it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store import original_program as original
from tests.store.making import ANY, APPROVED, PENDING, ask, everything, other_program, register
from vendash.errors import VendashError
from vendash.filters import Query, Sort, parse_filter
from vendash.models import NO_VEN, RegistrationStatus, StatusCounts
from vendash.store import open_store
from vendash.store.facts import is_stale
from vendash.store.migrations import latest


def _original_part(path: Path) -> list[tuple[object, ...]]:
    names = (
        "id, resource_id, resource_name, resource_type, connection_id, capacities, location, ven"
    )
    return ask(path, f"SELECT {names} FROM resources ORDER BY id") + ask(
        path, "SELECT * FROM connections ORDER BY id"
    )


@pytest.mark.parametrize("with_status", [False, True])
async def test_an_old_file_opens_in_place_with_nothing_of_the_original_changed(
    path: Path, with_status: bool
) -> None:
    original.make_file(path, 40, with_status=with_status)
    before = _original_part(path)
    async with await open_store(path) as store:
        assert (await store.work()).total == 40
        assert await store.counts(Query()) == StatusCounts(pending=40)
        assert len(await store.keys(Query(filter=parse_filter("ærø p>=100 ven:her*")))) == 20
        assert await store.check() == []
    assert _original_part(path) == before
    assert ask(path, "PRAGMA user_version") == [(latest(),)]
    for index in ("idx_resource_id", "idx_meter_point_id", "idx_resource_type", "idx_ven"):
        assert ask(path, "SELECT 1 FROM sqlite_schema WHERE name = ?", index) == [(1,)]


async def test_a_verified_copy_is_made_before_an_old_file_is_migrated(path: Path) -> None:
    original.make_file(path, 5)
    async with await open_store(path):
        pass
    (copy,) = path.parent.glob("*.backup")
    assert "version-0" in copy.name
    assert ask(copy, "SELECT count(*) FROM resources") == [(5,)]
    assert ask(copy, "PRAGMA user_version") == [(0,)]
    assert ask(copy, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'vendash%'") == [(0,)]
    async with await open_store(path):
        pass
    assert len(list(path.parent.glob("*.backup"))) == 1


async def test_a_new_file_needs_no_copy(path: Path) -> None:
    async with await open_store(path, create=True):
        pass
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_strange_decisions_are_normalised_and_recorded(path: Path) -> None:
    original.make_file(path, 6, with_status=True)
    written = [None, "", "approved", " Suspended ", "READY", "PENDING"]
    with other_program(path) as connection:
        for number, status in enumerate(written):
            original.update_status(connection, number, status)
    async with await open_store(path) as store:
        rows = {row.resource_id: row.status for row in await store.first_rows(Query(), 10)}
        assert [rows[original.resource_id(number)].value for number in range(6)] == [
            "PENDING", "PENDING", "APPROVED", "SUSPENDED", "PENDING", "PENDING",
        ]  # fmt: skip
        (action,) = await store.actions()
        assert (action.verb, action.actor, action.count) == ("normalise", "engine", 5)
        items = await store.action_items(action.sequence)
        assert [(item.before, item.after) for item in items] == [
            ("NULL", "PENDING"), ("", "PENDING"), ("approved", "APPROVED"),
            (" Suspended ", "SUSPENDED"), ("READY", "PENDING"),
        ]  # fmt: skip
        with pytest.raises(VendashError, match="not a decision"):
            await store.undo(actor="engine")


async def test_a_strange_decision_written_later_counts_as_pending_and_is_normalised_too(
    path: Path,
) -> None:
    original.make_file(path, 4, with_status=True)
    async with await open_store(path) as store, await open_store(path, read_only=True) as reader:
        await store.set_status((await everything(store)).keys, ANY, APPROVED, actor="a")
        with other_program(path) as connection:
            original.update_status(connection, 0, "OK?")
            original.update_status(connection, 1, None)
        for query in (Query(), Query(status=PENDING), Query(sort=Sort.STATUS, status=PENDING)):
            found = [row.status for row in await reader.first_rows(query, 9)]
            assert found.count(PENDING) == 2, query
            assert (await reader.counts(query)) == StatusCounts(pending=2, approved=2)
        assert len(await reader.keys(Query(filter=parse_filter("status:pending")))) == 2
        await store.set_status([1], ANY, APPROVED, actor="a")
        newest, before, *_ = await store.actions()
        assert (newest.verb, newest.count) == ("approve", 1)
        assert (before.verb, before.count) == ("normalise", 2)
        assert ask(path, "SELECT registration_status FROM resources ORDER BY id") == [
            ("APPROVED",), ("PENDING",), ("APPROVED",), ("APPROVED",),
        ]  # fmt: skip


async def test_the_original_writes_on_and_what_it_wrote_is_found(path: Path) -> None:
    original.make_file(path, 3)
    async with await open_store(path) as store:
        await register(store)
        with other_program(path) as connection:
            original.insert(connection, 3)
            original.insert(connection, 0, verb="INSERT OR REPLACE")
            original.insert(connection, 1, verb="INSERT OR IGNORE")
            original.update_status(connection, 1, "APPROVED")
            connection.execute(
                "UPDATE resources SET resource_name = 'Renamed', capacities = ?, ven = 'Køge'"
                " WHERE resource_id = ?",
                (original.CAPACITIES.replace("100.0", "7.5"), original.resource_id(2)),
            )
        await store.set_simulation(await store.simulation(), actor="a")  # any transaction of ours
        assert (await store.work()).total == 4
        (renamed,) = await store.first_rows(Query(filter=parse_filter("renamed ven:køge p=7.5")), 9)
        assert renamed.resource_id == original.resource_id(2)
        assert sum((await store.ven_power()).values()) == 307.5
        due = {item.resource.resource_id: item.remote_id for item in await store.due_resources(9)}
        assert set(due) == {original.resource_id(number) for number in (0, 1)}
        assert all(due.values())
        assert not any("lost sight" in problem for problem in await store.check())
    assert len(original.read_all(path)) == 4


async def test_the_original_may_clear_the_file_and_fill_it_again(path: Path) -> None:
    original.make_file(path, 5)
    async with await open_store(path) as store:
        await register(store)
        with other_program(path) as connection:
            original.clear(connection)
            for number in range(5):
                original.insert(connection, number)
        due = await store.due_resources(9)
        assert len(due) == 5
        assert all(item.remote_id for item in due), "known to be there: updated, not sent again"
        assert (await store.work()).decide == 5
        assert ask(path, "SELECT count(*) FROM vendash_facts") == [(5,)]


@pytest.mark.parametrize("policy", ["", "OR IGNORE", "OR ABORT", "OR FAIL", "OR ROLLBACK"])
async def test_no_conflict_clause_of_the_original_meets_an_error_of_our_triggers(
    path: Path, policy: str
) -> None:
    original.make_file(path, 2)
    async with await open_store(path) as store:
        with other_program(path) as connection:
            original.insert(connection, 7, verb=f"INSERT {policy}")
            for name in ("A", "B"):
                connection.execute(f"UPDATE {policy} resources SET resource_name = ?", (name,))
            connection.execute(f"UPDATE {policy} resources SET id = id + 100")
            connection.execute("DELETE FROM resources WHERE id = 101")
        assert (await store.statistics())["total_resources"] == 2
        await store.set_simulation(await store.simulation(), actor="a")
        assert [row.name for row in await store.first_rows(Query(), 9)] == ["B", "B"]
        assert ask(path, "SELECT count(*) FROM vendash_stale") == [(0,)]


def test_an_old_sqlite_without_our_program_can_use_the_file(path: Path) -> None:
    """Triggers and indexes call nothing that a plain sqlite3 shell does not have."""
    shell = shutil.which("sqlite3")
    if shell is None:
        pytest.skip("no sqlite3 shell on this machine")
    original.make_file(path, 2)
    asyncio.run(_open_once(path))
    sql = (
        "UPDATE resources SET registration_status = 'SUSPENDED'; DELETE FROM resources WHERE id=1;"
        " PRAGMA integrity_check; SELECT count(*) FROM vendash_stale;"
    )
    done = subprocess.run([shell, path, sql], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ok", "1"]
    assert done.stderr == ""


async def _open_once(path: Path) -> None:
    async with await open_store(path):
        pass


async def test_orphans_are_kept_and_named_by_check(path: Path) -> None:
    original.make_file(path, 2)
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET connection_id = 99 WHERE id = 1")
        connection.execute("UPDATE resources SET ven = NULL WHERE id = 1")
    async with await open_store(path) as store:
        problems = await store.check()
        assert any("connection is missing" in each and "(1)" in each for each in problems)
        assert any("no resource uses" in each and ": 1." in each for each in problems)
        assert {ven.name for ven in await store.vens()} == {NO_VEN, "Herning"}
        detail = await store.detail(1)
        assert detail is not None
        assert detail.resource.connection.host is None
    assert ask(path, "SELECT count(*) FROM connections") == [(2,)]


_STARTER = """
import asyncio, sys
from pathlib import Path
from vendash.store import open_store
async def main():
    async with await open_store(Path(sys.argv[1])) as store:
        print((await store.work()).total)
asyncio.run(main())
"""


def test_processes_that_start_together_migrate_once(path: Path) -> None:
    original.make_file(path, 200)
    started = [
        subprocess.Popen([sys.executable, "-c", _STARTER, path], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [process.communicate()[0].strip() for process in started] == ["200"] * 4
    assert len(list(path.parent.glob("*.backup"))) == 1
    assert ask(path, "SELECT count(*) FROM vendash_facts") == [(200,)]


async def test_a_migration_that_fails_leaves_the_old_file_as_it_was(path: Path) -> None:
    original.make_file(path, 3)
    with other_program(path) as connection:
        connection.execute("CREATE TABLE vendash_items (somebody_elses TEXT)")
    before = _original_part(path)
    with pytest.raises(VendashError, match="did not do as asked"):
        await open_store(path)
    assert _original_part(path) == before
    assert ask(path, "PRAGMA user_version") == [(0,)]
    assert ask(path, "SELECT name FROM sqlite_schema WHERE name LIKE 'vendash%'") == [
        ("vendash_items",)
    ]


async def test_the_ranges_of_unknown_decisions_leave_out_exactly_the_known_ones(
    path: Path,
) -> None:
    original.make_file(path, 1, with_status=True)
    known = list(RegistrationStatus)
    strange = ["", "A", "approved", "APPROVE", "APPROVED ", "P", "PENDINGS", "S", "SUSPENDER", "Z"]
    async with await open_store(path) as store:
        for value in (*known, *strange, None):
            with other_program(path) as connection:
                original.update_status(connection, 0, value)
            assert await store._database.read(is_stale) is (value not in known), value


def test_the_originals_tables_are_as_documented(tmp_path: Path) -> None:
    old, new = sqlite3.connect(":memory:"), sqlite3.connect(":memory:")
    schema = Path(__file__).parents[2] / "vendash/store/schema/001_original.sql"
    old.executescript(original.OLD_SCHEMA)
    original.add_status(old)
    new.executescript(schema.read_text(encoding="utf-8"))
    for table in ("resources", "connections"):
        columns = [
            sorted(row[1:] for row in each.execute(f"PRAGMA table_info({table})"))
            for each in (old, new)
        ]
        assert columns[0] == columns[1]
    old.close()
    new.close()
