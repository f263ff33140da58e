"""The main job with real processes: console, engine and VTN, joined by the file alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands.conftest import write_assets
from tests.peer import Peer, peer
from tests.screens.pty import Terminal
from vendash.lock import Holder, holder, lock_path

PROGRAM = (sys.executable, "-m", "vendash")


def vendash(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command, run to its end."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Poll another process's doing; fail, naming `what`, when it never comes about."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.05)


def engine_of(database: Path) -> Holder | None:
    return holder(lock_path(database))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """Four resources in three VENs; an engine that a test leaves behind is ended."""
    path = tmp_path / "fleet.db"
    assert vendash("prepare", "--assets", write_assets(tmp_path), "--db-path", path).returncode == 0
    yield path
    running = engine_of(path)
    if running is not None:
        os.kill(running.pid, signal.SIGTERM)
        wait_until(lambda: engine_of(path) is None, "the engine's end")


@pytest.fixture
def vtn() -> Iterator[Peer]:
    with peer() as running:
        yield running


@contextmanager
def console(database: Path, vtn: Peer, *options: str) -> Iterator[Terminal]:
    """A console at 80x24 that has painted the list of VENs."""
    command: Sequence[str] = (*PROGRAM, "--db-path", str(database), *options)
    with Terminal(command, environment=vtn.environment) as terminal:
        terminal.wait("Herning")
        yield terminal


def test_the_whole_main_job_by_keys_alone(database: Path, vtn: Peer) -> None:
    """From a prepared file to live kW: register, approve, simulate, watch, suspend again."""
    with console(database, vtn) as terminal:
        terminal.wait("ENGINE ok")
        terminal.send("A")
        terminal.wait("3 marked")
        terminal.send("r")
        terminal.wait("REGISTER 3 VENs")
        terminal.send("y")
        terminal.wait("decide 4  unsent 0")
        assert vtn.count() == (3, 4)
        terminal.send("a")
        terminal.wait("APPROVE")
        terminal.send("y")
        terminal.wait("approved 4")
        terminal.send(":simulate on\r")
        terminal.wait(" SIM ")
        terminal.send("3")
        terminal.wait("4 approved  4 readings/s")
        terminal.send("1")
        terminal.wait("decide 0")
        terminal.send("s")
        terminal.wait("SUSPEND")
        terminal.send("y")
        terminal.wait("suspended 4")
        terminal.send("3")
        terminal.wait("0 approved")


def test_a_console_that_is_killed_stops_nothing(database: Path, vtn: Peer) -> None:
    with console(database, vtn) as terminal:
        terminal.wait("ENGINE ok")
        terminal.process.kill()
        terminal.process.wait()
    assert vendash("register", "--db-path", database, **vtn.environment).returncode == 0
    assert vtn.count() == (3, 4)
    running = engine_of(database)
    assert running is not None
    assert running.kind == "engine"


def test_a_console_ends_when_its_line_drops_though_nobody_sends_it_a_signal(
    database: Path, vtn: Peer
) -> None:
    """It is not the leader of its session here, as under `make demo`."""
    with console(database, vtn) as terminal:
        terminal.wait("ENGINE ok")
        terminal.hang_up()
        assert terminal.process.wait(timeout=15) == 0
    running = engine_of(database)
    assert running is not None
    assert running.kind == "engine"


def test_two_consoles_on_one_file_see_each_others_decisions(database: Path, vtn: Peer) -> None:
    with console(database, vtn) as one, console(database, vtn) as other:
        one.send("Aay")
        one.wait("3 marked")
        one.wait("approved 4")
        other.send("2")
        other.wait("Approved 4")
        other.send("1")
        other.wait("Herning")
        one.send("u")
        one.wait("UNDO")
        one.send("y")
        one.quiet()
        other.send("2")
        other.wait("Approved 0")


@pytest.mark.parametrize(("answer", "goes_on"), [("s", False), ("g", True)])
def test_a_console_leaves_and_asks_whether_its_engine_goes_on(
    database: Path, vtn: Peer, answer: str, goes_on: bool
) -> None:
    with console(database, vtn) as terminal:
        terminal.wait("ENGINE ok")
        terminal.send("q")
        terminal.wait("engine")
        terminal.send(answer)
        terminal.process.wait(timeout=15)
    assert (engine_of(database) is not None) is goes_on


def test_an_engine_that_dies_is_started_again_by_the_console_that_started_it(
    database: Path, vtn: Peer
) -> None:
    with console(database, vtn) as terminal:
        terminal.wait("ENGINE ok")
        first = engine_of(database)
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        terminal.wait("The engine had died; it was started again")
        wait_until(lambda: engine_of(database) not in (None, first), "another engine")


def test_an_engine_is_stopped_from_another_terminal_and_stays_so(database: Path, vtn: Peer) -> None:
    with console(database, vtn) as terminal:
        terminal.wait("ENGINE ok")
        stopped = vendash("stop", "--db-path", database)
        assert stopped.returncode == 0
        assert stopped.stdout.startswith("Stopped: engine, process")
        terminal.wait("ENGINE none")
    again = vendash("stop", "--db-path", database)
    assert again.returncode == 0
    assert again.stdout.startswith(f"No engine runs for {database}")


def test_a_read_only_console_starts_no_engine_and_changes_nothing(
    database: Path, vtn: Peer
) -> None:
    with console(database, vtn, "--read-only") as terminal:
        terminal.wait("READ-ONLY")
        terminal.send("Aay")
        terminal.quiet()
        terminal.send("q")
        terminal.process.wait(timeout=15)
    assert engine_of(database) is None
    figures = json.loads(vendash("stats", "--db-path", database, "--json").stdout)
    assert figures["by_status"]["APPROVED"] == 0


def demo_processes(home: Path) -> list[int]:
    """The processes whose command line names the demo's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if os.fsencode(home / "state" / "vendash" / "demo") in entry.read_bytes():
                found.append(int(entry.parent.name))
        except OSError:
            continue  # it ended while we looked
    return found


def test_all_processes_of_a_demo_end_with_its_console_also_by_kill_9(home: Path) -> None:
    with Terminal([*PROGRAM, "demo"]) as terminal:
        terminal.wait("10,562", seconds=40)
        terminal.wait("ENGINE ok")
        assert len(demo_processes(home)) == 2
        second = vendash("demo", "--headless")
        assert second.returncode == 1
        assert "A demo is running already" in second.stderr
        terminal.process.kill()
        terminal.process.wait()
        wait_until(lambda: demo_processes(home) == [], "the end of the demo's VTN and engine")


def test_the_vtn_of_a_demo_is_started_again_where_it_has_ended(home: Path) -> None:
    """With the same address, credentials and objects: the engine goes on with it."""
    with Terminal([*PROGRAM, "demo"]) as terminal:
        terminal.wait("ENGINE ok", seconds=40)
        (vtn,) = (pid for pid in demo_processes(home) if "vtn.db" in command_line(pid))
        os.kill(vtn, signal.SIGKILL)
        terminal.wait("The demo's VTN had ended; it was started again", seconds=40)
        wait_until(lambda: len(demo_processes(home)) == 2, "a VTN that runs again")
        terminal.send("7")
        terminal.wait("ok, OpenADR", seconds=40)


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


@pytest.mark.timeout(240)
def test_the_demo_without_a_screen_does_the_whole_job_on_the_sample_fleet() -> None:
    """All registered, Herning approved and read each tick; counted at the VTN over HTTP."""
    done = subprocess.run(
        [*PROGRAM, "demo", "--headless", "--seconds", "3", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=220,
    )
    said = json.loads(done.stdout)
    del said["seconds"]
    assert said == {
        "vens": 158,
        "resources": 10562,
        "registered": 10562,
        "approved": 1014,
        "readings": 3042,
        "vtn": {"vens": 158, "resources": 10562},
    }
    assert done.returncode == 0
