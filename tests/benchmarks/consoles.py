"""The console as an operator starts it, under a pty, in a home of its own."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.screens.pty import Terminal
from vendash.lock import holder, lock_path

PROGRAM = (sys.executable, "-m", "vendash")
FIRST_VEN = b"Aabenraa"
"""By name the first VEN of the sample fleet and of the big one."""


def home(folder: Path) -> Mapping[str, str]:
    """An environment whose state and live numbers are kept in this folder."""
    for name in ("state", "run"):
        (folder / name).mkdir(exist_ok=True)
    return {"XDG_STATE_HOME": str(folder / "state"), "XDG_RUNTIME_DIR": str(folder / "run")}


@contextmanager
def console(
    database: Path, folder: Path, *options: str, columns: int = 120, rows: int = 40
) -> Iterator[Terminal]:
    """The console on its way to the first paint."""
    command = (*PROGRAM, "--db-path", str(database), *options)
    with Terminal(command, columns=columns, rows=rows, environment=home(folder)) as terminal:
        yield terminal


def stop_engine(database: Path) -> None:
    """End the engine that a console has left behind, and wait for its end."""
    while (found := holder(lock_path(database))) is not None:
        os.kill(found.pid, signal.SIGTERM)
        time.sleep(0.05)


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(pid)
