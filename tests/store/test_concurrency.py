"""Nothing is ever half done: not by a cancelled call, a killed process, or two that write."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.fleets import fleet
from tests.store.making import ANY, APPROVED, PENDING, SUSPENDED, ask, everything, filled
from vendash.models import RegistrationStatus
from vendash.store import SqliteStore, open_store
from vendash.store.database import transaction


def _whole(path: Path) -> None:
    """Every action in the log is in the resources as a whole, and nothing else is."""
    assert len(ask(path, "SELECT DISTINCT registration_status FROM resources")) == 1
    actions, items = ask(
        path,
        "SELECT (SELECT count(*) FROM vendash_actions), (SELECT count(*) FROM vendash_items)",
    )[0]
    (size,) = ask(path, "SELECT count(*) FROM resources")[0]
    assert items == actions * size


async def test_no_cancelled_decision_is_half_done(path: Path) -> None:
    chance = random.Random(1)
    async with await filled(path, fleet({"Herning": 300})) as store:
        keys = (await everything(store)).keys
        cancelled = 0
        for number in range(300):
            new = (APPROVED, SUSPENDED)[number % 2]
            task = asyncio.create_task(store.set_status(keys, ANY, new, actor="a"))
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            if number % 3 == 0:
                await asyncio.sleep(chance.random() * 0.01)
            task.cancel()
            done = await asyncio.gather(task, return_exceptions=True)
            cancelled += isinstance(done[0], asyncio.CancelledError)
        assert cancelled > 200
        _whole(path)
        assert await store.verify_audit() is None
        assert (await store.set_status(keys, ANY, PENDING, actor="a")).changed == 300


async def test_a_cancelled_call_has_ended_when_its_caller_goes_on(path: Path) -> None:
    async with await filled(path, fleet({"Herning": 300})) as store:
        keys = (await everything(store)).keys
        task = asyncio.create_task(store.set_status(keys, ANY, APPROVED, actor="a"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        first = await store.actions()
        with closing(sqlite3.connect(path, timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")  # nobody holds the lock any more
        assert await store.actions() == first


_DECIDER = """
import asyncio, sys
from pathlib import Path
from vendash.models import RegistrationStatus as S
from vendash.store import open_store
async def main(path, name, times):
    async with await open_store(Path(path)) as store:
        keys = range(1, 301)
        print("ready", flush=True)
        for number in range(int(times)):
            await store.set_status(
                keys, frozenset(S), (S.APPROVED, S.SUSPENDED)[number % 2], actor=name
            )
asyncio.run(main(*sys.argv[1:]))
"""


def _decider(path: Path, name: str, times: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _DECIDER, path, name, str(times)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


async def _prepare(path: Path) -> None:
    async with await filled(path, fleet({"Herning": 300})):
        pass


async def _state(path: Path) -> tuple[str | None, int]:
    async with await open_store(path) as store:
        return await store.verify_audit(), len(await store.actions(limit=10_000))


def test_two_processes_decide_at_the_same_time_without_a_failure(path: Path) -> None:
    asyncio.run(_prepare(path))
    processes = [_decider(path, name, 40) for name in ("anna", "bo")]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    _whole(path)
    broken, actions = asyncio.run(_state(path))
    assert broken is None
    assert 41 < actions <= 81
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()


def test_a_process_killed_in_the_middle_of_a_decision_leaves_all_or_nothing(path: Path) -> None:
    asyncio.run(_prepare(path))
    chance = random.Random(2)
    for _ in range(6):
        process = _decider(path, "anna", 10_000)
        try:
            process.wait(timeout=0.02 + chance.random() * 0.1)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=10) == -signal.SIGKILL
        assert process.stdout is not None
        process.stdout.close()
        _whole(path)
        broken, actions = asyncio.run(_state(path))
        assert broken is None
        assert actions > 1


def _reader_turns_writer(path: Path, begin: str) -> int:
    """How many of two interleaved read-then-write transactions fail."""
    failed = 0
    with (
        closing(sqlite3.connect(path, isolation_level=None, timeout=0.2)) as one,
        closing(sqlite3.connect(path, isolation_level=None, timeout=0.2)) as two,
    ):
        for connection in (one, two):
            try:
                connection.execute(begin)
                connection.execute("SELECT count(*) FROM resources").fetchone()
            except sqlite3.OperationalError:
                failed += 1
        for connection in (one, two):
            try:
                if connection.in_transaction:
                    connection.execute("UPDATE resources SET registration_status = 'APPROVED'")
                    connection.execute("COMMIT")
            except sqlite3.OperationalError:
                failed += 1
    return failed


def test_control_a_transaction_that_begins_with_reading_fails_whatever_its_patience(
    path: Path,
) -> None:
    """Why every transaction of ours begins IMMEDIATE: two deferred ones cannot both commit."""
    asyncio.run(_prepare(path))
    assert _reader_turns_writer(path, "BEGIN") == 1
    said: list[str] = []
    connection = sqlite3.connect(path, isolation_level=None)
    connection.set_trace_callback(said.append)
    transaction(connection, lambda c: c.execute("SELECT 1").fetchone())
    connection.close()
    assert said[0] == "BEGIN IMMEDIATE"


async def test_many_tasks_of_one_store_decide_one_after_the_other(store: SqliteStore) -> None:
    keys = list((await everything(store)).keys)
    chance = random.Random(3)

    async def decide(number: int) -> int:
        new = chance.choice(list(RegistrationStatus))
        chosen = chance.sample(keys, 5)
        return (await store.set_status(chosen, ANY, new, actor=f"a{number}")).changed

    outcomes = await asyncio.gather(*(decide(number) for number in range(60)))
    actions = await store.actions(limit=1000)
    assert sum(outcomes) == sum(action.count for action in actions if action.verb != "import")
    assert await store.verify_audit() is None


async def test_a_long_read_delays_no_decision_and_no_screenful(store: SqliteStore) -> None:
    release = asyncio.Event()
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: sqlite3.Connection) -> int:
        connection.execute("SELECT count(*) FROM resources").fetchone()
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(20)
        return int(connection.execute("SELECT count(*) FROM vendash_actions").fetchone()[0])

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(store._database.read_slowly(slow))
        await started.wait()
        assert (await store.set_status([1], ANY, APPROVED, actor="a")).changed == 1
        assert (await store.rows([1]))[0].status is APPROVED
        release.set()
    assert reading.result() == 1, "one state of the file, as it was when the reading began"


async def test_a_question_nobody_waits_for_any_more_is_given_up(store: SqliteStore) -> None:
    """Typing goes on: what was asked for the text of a moment ago must not be in the way."""
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask_for_ever(connection: sqlite3.Connection) -> object:
        loop.call_soon_threadsafe(started.set)
        return connection.execute(endless).fetchone()

    running = asyncio.create_task(store._database.read_slowly(ask_for_ever))
    await started.wait()
    queued = asyncio.create_task(store._database.read_slowly(ask_for_ever))
    wanted = asyncio.create_task(store.work())
    await asyncio.sleep(0)
    for task in (queued, running):
        task.cancel()
    async with asyncio.timeout(10):
        assert (await wanted).total == 12
        done = await asyncio.gather(running, queued, return_exceptions=True)
    assert [type(each) for each in done] == [asyncio.CancelledError] * 2
