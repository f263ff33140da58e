"""A file of the release before is brought up to date in place, and nothing of it is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from tests.store import original_program as original
from tests.store.making import APPROVED, ask, other_program
from vendash.models import VtnState
from vendash.store import open_store
from vendash.store.migrations import latest

VERSION = 2


def make_old_file(path: Path) -> None:
    """Six resources registered by the release whose schema ended with 002.

    1 to 3 are there, 4 is in doubt, 5 was never sent, 6 is not wanted; a seventh is gone from here.
    """
    schema = files("vendash.store") / "schema"
    with closing(sqlite3.connect(path)) as connection:
        for name in ("001_original.sql", "002_beside.sql"):
            connection.executescript((schema / name).read_text(encoding="utf-8"))
        for number in range(1, 7):
            original.insert(connection, number)
        connection.execute("UPDATE resources SET ven = 'Herning'")
        connection.executescript(
            """
            DELETE FROM vendash_stale;
            INSERT INTO vendash_facts (key, p_max_kw, ven, ven_key, sub_type_key, search)
                SELECT id, 100, ven, 'herning', 'hotels', resource_name FROM resources;
            UPDATE vendash_vtns SET url = 'http://vtn.example', dialect = '3.1';
            INSERT INTO vendash_vens (vtn, name, client_id, wanted, remote_id, state)
                VALUES (1, 'Herning', 'vendash-herning', 1, 'v1', 'ok');
            INSERT INTO vendash_observations
                (key, resource_id, wanted, remote_id, accepted_revision, told, state, doubtful)
                SELECT id, resource_id, 1, CASE WHEN id <= 3 THEN 'r' || id END,
                    CASE WHEN id <= 3 THEN 1 END, CASE WHEN id <= 3 THEN 'PENDING' END,
                    CASE WHEN id <= 3 THEN 'ok' WHEN id = 4 THEN 'sending' ELSE 'waiting' END,
                    id = 4
                FROM resources WHERE id <= 5;
            INSERT INTO vendash_elsewhere VALUES
                (1, 'gone', 1, 'r7', NULL, 'PENDING', 'ok', 0, '', NULL);
            PRAGMA user_version = 2;
            """
        )
        connection.commit()


async def test_what_the_vtn_holds_is_known_as_before(path: Path) -> None:
    make_old_file(path)
    async with await open_store(path) as store:
        rows = await store.rows([1, 2, 3, 4, 5, 6])
        assert [row.vtn for row in rows] == [
            VtnState.OK, VtnState.OK, VtnState.OK, VtnState.SENDING, VtnState.WAITING,
            VtnState.UNWANTED,
        ]  # fmt: skip
        assert {row.vtn_since for row in rows} == {None}
        assert await store.vtn() == ("http://vtn.example", "3.1")
        assert [(orphan.resource_id, orphan.remote_id) for orphan in await store.orphans()] == [
            ("gone", "r7")
        ]
        assert [(i.key, i.doubtful) for i in await store.due_resources(9, hold=3.0)] == [
            (4, True), (5, False)
        ]  # fmt: skip
        assert await store.due_vens(9) == []
        assert await store.check() == []
    assert ask(path, "PRAGMA user_version") == [(latest(),)]
    assert ask(path, "SELECT DISTINCT held_under FROM vendash_observations WHERE key <= 4") == [
        ("v1",)
    ]


async def test_a_decision_by_the_original_program_is_due_in_a_migrated_file(path: Path) -> None:
    make_old_file(path)
    async with await open_store(path) as store:
        with other_program(path) as connection:
            original.update_status(connection, 1, "APPROVED")
        assert 1 in {item.key for item in await store.due_resources(9)}
        (row,) = await store.rows([1])
        assert row.status is APPROVED


async def test_a_verified_copy_of_the_old_file_is_made_first(path: Path) -> None:
    make_old_file(path)
    before = ask(path, "SELECT * FROM vendash_observations ORDER BY key")
    async with await open_store(path):
        pass
    (copy,) = path.parent.glob("*.version-2.backup")
    assert ask(copy, "SELECT * FROM vendash_observations ORDER BY key") == before
    assert ask(copy, "PRAGMA user_version") == [(VERSION,)]


async def test_a_migration_that_fails_in_the_middle_leaves_the_old_file(path: Path) -> None:
    make_old_file(path)
    with other_program(path) as connection:  # in the way of the third migration
        connection.execute("CREATE TABLE vendash_drift (x)")
    with pytest.raises(Exception, match="vendash_drift"):
        await open_store(path)
    assert ask(path, "PRAGMA user_version") == [(VERSION,)]
    columns = {row[1] for row in ask(path, "PRAGMA table_info(vendash_observations)")}
    assert "since" not in columns
