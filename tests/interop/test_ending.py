"""The tests leave nothing running behind, however they end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.processes import tied, wait_for

pytestmark = [pytest.mark.interop, pytest.mark.timeout(60)]


def children(parent: int) -> list[int]:
    """The processes that one has started, and theirs."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = entry.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(after_name[1]) == parent:
            found += [int(entry.parent.name), *children(int(entry.parent.name))]
    return found


def running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_killed_they_take_the_vtn_and_its_database_along() -> None:
    """Here `python -m tests.interop` stands for them: it starts both as they do."""
    command = tied([sys.executable, "-m", "tests.interop"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("export VTN_SERVER_ADDRESS=")
        started = children(process.pid)
        assert len(started) > 2
        process.kill()
    wait_for(lambda: not any(map(running, started)), "the VTN and its database to end", seconds=20)
