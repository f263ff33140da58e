"""One sender per database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vendash.errors import VendashError
from vendash.lock import HeldByOtherError, exclusive, holder, lock_path

HOLD = """
import sys, pathlib
from vendash.lock import exclusive
with exclusive(pathlib.Path(sys.argv[1]), "engine", "busy"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock until its stdin ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock_path(tmp_path / "fleet.db"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(number)
    process.communicate()


def test_the_lock_of_another_process_is_refused_and_its_holder_named(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    path = lock_path(tmp_path / "fleet.db")
    who = f"busy .engine, process {other.pid}, since"
    with pytest.raises(HeldByOtherError, match=who), exclusive(path, "register", "busy"):
        pytest.fail("two processes hold the lock")
    end(other)


def test_a_killed_holder_lets_go(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    path = lock_path(tmp_path / "fleet.db")
    held = holder(path)
    assert held is not None
    assert held.pid == other.pid
    end(other, signal.SIGKILL)
    assert holder(path) is None
    with exclusive(path, "register", "busy"):
        mine = holder(path)
    assert mine is not None
    assert (mine.kind, mine.pid) == ("register", os.getpid())


def test_looking_at_the_lock_does_not_keep_it_from_anyone(tmp_path: Path) -> None:
    path = lock_path(tmp_path / "fleet.db")
    for _ in range(50):
        with exclusive(path, "engine", "busy"):
            assert holder(path) is not None
        assert holder(path) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b'{"kind": "engine", "pid": -1, "since": 0}',
        b'{"kind": "engine", "pid": 0, "since": 0}',
        b'{"kind": "engine", "pid": 2, "since": 1e300}',
    ],
)
def test_what_a_foreign_lock_file_says_is_not_believed(
    tmp_path: Path, other: subprocess.Popen[str], content: bytes
) -> None:
    """Its process may be told to end, and -1 would stand for all processes of this user."""
    path = lock_path(tmp_path / "fleet.db")
    path.write_bytes(content)
    assert holder(path) is None
    with pytest.raises(HeldByOtherError, match="busy"), exclusive(path, "register", "busy"):
        pytest.fail("two processes hold the lock")
    end(other)


def test_a_stale_lock_file_is_in_nobodys_way(tmp_path: Path) -> None:
    path = lock_path(tmp_path / "fleet.db")
    path.write_bytes(b'{"kind": "engine", "pid": 1, "since": 0}')
    assert holder(path) is None
    with exclusive(path, "register", "busy"):
        mine = holder(path)
    assert mine is not None
    assert mine.pid == os.getpid()


def test_a_lock_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    path = lock_path(tmp_path / "fleet.db")
    path.mkdir()
    with pytest.raises(VendashError, match="Cannot write the lock"), exclusive(path, "demo", ""):
        pytest.fail("a folder is no lock")
