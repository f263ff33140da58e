"""Every way in which a file cannot be used is one sentence that says what to do."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.fleets import fleet
from tests.store import original_program as original
from tests.store.making import ANY, APPROVED, everything, filled, other_program
from vendash.errors import ReadOnlyError, VendashError
from vendash.models import SimulationSettings
from vendash.store import open_store


def _not_there(path: Path) -> None:
    assert not path.exists()


def _empty(path: Path) -> None:
    path.touch()


def _text(path: Path) -> None:
    path.write_text("title,address\n" * 100)


def _folder(path: Path) -> None:
    path.mkdir()


def _newer(path: Path) -> None:
    original.make_file(path, 1)
    with other_program(path) as connection:
        connection.execute("PRAGMA user_version = 4000")


def _stranger(path: Path) -> None:
    with other_program(path) as connection:
        connection.execute("CREATE TABLE songs (title)")


def _half_a_stranger(path: Path) -> None:
    with other_program(path) as connection:
        connection.execute("CREATE TABLE resources (id, name)")


def _damaged_header(path: Path) -> None:
    original.make_file(path, 100)
    with path.open("r+b") as file:
        file.seek(16)
        file.write(b"\xff" * 84)


def _damaged_pages(path: Path) -> None:
    original.make_file(path, 300)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\x5a" * (size - 8192))


def _cut_off(path: Path) -> None:
    original.make_file(path, 300)
    os.truncate(path, 8192)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_not_there, "There is no database .* run vendash prepare"),
        (_empty, "is empty: run vendash prepare"),
        (_text, "is not a SQLite database: name the right file"),
        (_folder, "is a folder: name a database file"),
        (_newer, r"by a newer vendash \(version 4000 .* update vendash"),
        (_stranger, "not one of vendash or the original client: its table resources lacks"),
        (_half_a_stranger, "its table resources lacks address, capacities"),
        (_damaged_header, "is not a SQLite database|is damaged"),
        (_damaged_pages, "is damaged: no backup lies beside it"),
        (_cut_off, "is damaged: no backup lies beside it"),
    ],
)
@pytest.mark.parametrize("read_only", [False, True])
async def test_a_file_that_cannot_be_used_is_explained_and_left_as_it_was(
    path: Path, make: object, said: str, read_only: bool
) -> None:
    assert callable(make)
    make(path)
    before = _content(path)
    if read_only and make in (_damaged_pages, _cut_off):
        said += "|of an older version"
    with pytest.raises(VendashError, match=said) as refusal:
        await open_store(path, read_only=read_only)
    assert "\n" not in str(refusal.value)
    assert _content(path) == before


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _spoil(path: Path, start: int, length: int) -> None:
    """Overwrite a part of a file; from the end where `start` is negative."""
    with path.open("r+b") as file:
        file.seek(start, os.SEEK_END if start < 0 else os.SEEK_SET)
        file.write(b"\x5a" * length)


async def test_the_newest_backup_is_offered_for_a_damaged_file(path: Path) -> None:
    async with await filled(path, fleet({"Herning": 300})) as store:
        await store.backup()
        newest = await store.backup()
    _spoil(path, 8192, 60_000)
    with pytest.raises(VendashError, match=f"newest backup is {newest}"):
        await open_store(path)


async def test_damage_below_a_running_store_is_a_sentence_of_check(path: Path) -> None:
    async with await filled(path, fleet({"Herning": 300})):
        pass
    _spoil(path, -3 * 4096, 4096)
    async with await open_store(path) as store:
        problems = await store.check()
    assert problems
    assert all("go back to a backup" in each for each in problems)


async def test_a_file_is_created_only_where_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "resources.db"
    async with await open_store(path, create=True) as store:
        assert (await store.work()).total == 0
        assert store.path == path
        assert not store.read_only


async def test_read_only_reads_everything_and_writes_nothing(path: Path) -> None:
    async with await filled(path, fleet({"Herning": 3})):
        pass
    async with await open_store(path, read_only=True) as store:
        assert store.read_only
        assert (await store.work()).total == 3
        assert await store.check() == []
        keys = (await everything(store)).keys
        for attempt in (
            store.set_status(keys, ANY, APPROVED, actor="a"),
            store.want_at_vtn(keys, True, actor="a"),
            store.import_resources([], actor="a"),
            store.undo(actor="a"),
            store.set_simulation(SimulationSettings(), actor="a"),
            store.use_vtn("http://x"),
            store.reset(actor="a"),
            store.due_vens(1),
            store.due_resources(1),
            store.complete([]),
        ):
            with pytest.raises(ReadOnlyError, match="without --read-only"):
                await attempt


async def test_read_only_refuses_a_file_that_would_have_to_be_migrated(path: Path) -> None:
    original.make_file(path, 1)
    with pytest.raises(VendashError, match="once without --read-only"):
        await open_store(path, read_only=True)


async def test_a_lock_of_another_program_is_waited_for_and_then_explained(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await filled(path, fleet({"Herning": 3})):
        pass
    monkeypatch.setattr("vendash.store.database.BUSY_SECONDS", 0.2)
    async with await open_store(path) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(VendashError, match="locked by another program: close that"):
                await store.set_status([1], ANY, APPROVED, actor="a")
            assert (await store.work()).total == 3, "reading goes on"
            other.execute("ROLLBACK")
        assert (await store.set_status([1], ANY, APPROVED, actor="a")).changed == 1


async def test_a_lock_while_opening_an_old_file_is_explained(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original.make_file(path, 1)
    monkeypatch.setattr("vendash.store.database.BUSY_SECONDS", 0.2)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(VendashError, match="locked by another program"):
            await open_store(path)


async def test_a_full_disk_changes_nothing_and_is_explained(path: Path) -> None:
    async with await filled(path, fleet({"Herning": 400})) as store:
        keys = (await everything(store)).keys
        await store._database.write(
            lambda c: c.execute("SELECT 1").fetchone()  # the writer is connected by now
        )
        assert store._database._writer is not None
        await store._database._writer.run(_leave_no_room)
        with pytest.raises(VendashError, match="disk is full: nothing was changed; make room"):
            await store.set_status(keys, ANY, APPROVED, actor="a")
        assert (await store.statistics())["by_status"]["APPROVED"] == 0
        await store._database._writer.run(_make_room)
        assert (await store.set_status(keys, ANY, APPROVED, actor="a")).changed == 400
        assert await store.check() == []


def _leave_no_room(connection: sqlite3.Connection) -> None:
    """SQLite's own limit gives the same SQLITE_FULL as a full disk."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")


def _make_room(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1073741823")


_OPENER = """
import asyncio, concurrent.futures.thread, os, sys, urllib.parse
from pathlib import Path
from vendash.errors import VendashError
from vendash.store import migrations, open_store
async def main():
    try:
        async with await open_store(Path(sys.argv[1]), read_only=sys.argv[2] == "ro") as store:
            print((await store.work()).total)
    except VendashError as error:
        print(error)
migrations.schema()
os.setgid(65534)
os.setuid(65534)
asyncio.run(main())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without rights")
@pytest.mark.parametrize("mode", ["rw", "ro"])
def test_a_folder_without_rights_is_explained(mode: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "resources.db"
        asyncio.run(_make(path))
        path.chmod(0o644)
        path.parent.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", _OPENER, path, mode],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert (
        "cannot be opened: check that you may read the file and write its folder" in (done.stdout)
        or "cannot be written: change the permissions of the file and its folder" in done.stdout
    )


async def _make(path: Path) -> None:
    async with await filled(path, fleet({"Herning": 1})):
        pass


async def test_a_link_to_a_file_opens_the_file(tmp_path: Path) -> None:
    real = tmp_path / "real.db"
    async with await filled(real, fleet({"Herning": 2})):
        pass
    link = tmp_path / "link.db"
    link.symlink_to(real)
    async with await open_store(link) as store:
        assert store.path == real
        await store.set_status([1], ANY, APPROVED, actor="a")
    assert {each.name for each in os.scandir(tmp_path)} == {"link.db", "real.db"}


async def test_closing_twice_is_safe_and_leaves_one_file(path: Path) -> None:
    store = await filled(path, fleet({"Herning": 2}))
    await store.close()
    await store.close()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_a_path_with_characters_of_a_uri_is_only_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=memory&x#% ø.db"
    async with await filled(path, fleet({"Herning": 2})):
        pass
    async with await open_store(path) as store:
        assert (await store.work()).total == 2
