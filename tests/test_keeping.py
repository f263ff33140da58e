"""The engine behind a console: when it is started again, and when not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from vendash.keeping import RESTARTS, WITHIN_SECONDS, CompanionEngine, KeptEngine, end_holder
from vendash.lock import exclusive, holder, lock_path


class Ending(KeptEngine):
    """An engine that has ended with this code, whenever it was started."""

    def __init__(self, database: Path, code: int | None) -> None:
        super().__init__(database)
        self.code = code
        self.starts = 0

    async def start(self) -> None:
        self.starts += 1

    def _exit_code(self) -> int | None:
        return self.code


@pytest.mark.parametrize(("code", "starts"), [(-9, 1), (1, 1), (0, 0), (-15, 0), (None, 0)])
async def test_what_died_is_started_again_and_what_was_told_to_end_is_not(
    tmp_path: Path, code: int | None, starts: int
) -> None:
    engine = Ending(tmp_path / "fleet.db", code)
    assert bool(await engine.tend()) is bool(starts)
    assert engine.starts == starts


async def test_where_someone_works_on_the_database_none_is_started(tmp_path: Path) -> None:
    database = tmp_path / "fleet.db"
    engine = Ending(database, -9)
    with exclusive(lock_path(database), "register", "taken"):
        assert await engine.tend() == ""
    assert engine.starts == 0


async def test_one_that_dies_again_and_again_is_left_for_a_minute_and_that_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("vendash.keeping.time.monotonic", lambda: now)
    engine = Ending(tmp_path / "fleet.db", -9)
    said = [await engine.tend() for _ in range(RESTARTS + 2)]
    assert engine.starts == RESTARTS
    assert "ends again and again" in said[RESTARTS]
    assert said[RESTARTS + 1] == ""
    now += WITHIN_SECONDS
    assert "started again" in await engine.tend()


def test_the_advice_names_the_database_and_in_a_demo_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a demo `vendash run` would have no credentials for its VTN."""
    monkeypatch.setenv("VENDASH_DB", str(tmp_path / "mine.db"))
    other = tmp_path / "other fleet.db"
    assert Ending(tmp_path / "mine.db", None).advice == "vendash run"
    assert Ending(other, None).advice == f"vendash run --db-path '{other}'"
    demo = CompanionEngine(other, name="demo-engine", environment={})
    assert demo.advice == "q, then vendash demo"


_HOLD = """
import sys, time
from pathlib import Path
from vendash.lock import exclusive, lock_path

with exclusive(lock_path(Path(sys.argv[1])), "engine", ""):
    print("held", flush=True)
    time.sleep(60)
"""


def test_who_holds_a_database_is_told_to_end_and_waited_for(tmp_path: Path) -> None:
    database = tmp_path / "fleet.db"
    command = [sys.executable, "-c", _HOLD, str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = holder(lock_path(database))
        assert found is not None
        assert found.pid == process.pid
        asyncio.run(end_holder(database, found, 10.0))
        assert holder(lock_path(database)) is None
