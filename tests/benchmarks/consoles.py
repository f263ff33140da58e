"""The console as an operator starts it, under a pty, in a home of its own."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.screens.pty import Terminal
from vendash.lock import holder, lock_path

PROGRAM = (sys.executable, "-m", "vendash")
FIRST_VEN = b"Aabenraa"
"""By name the first VEN of the sample fleet and of the big one."""
STILL_SECONDS = 0.15
"""After so long without a byte a key press has been painted."""


def home(folder: Path) -> dict[str, str]:
    """An environment whose state, live numbers and byte code are kept in this folder."""
    for name in ("state", "run"):
        (folder / name).mkdir(exist_ok=True)
    return {
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        # An installed program has byte code, whatever the machine that measures is set to.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }


@contextmanager
def terminal(
    command: Sequence[str],
    folder: Path,
    *,
    columns: int = 120,
    rows: int = 40,
    database: Path | None = None,
) -> Iterator[Terminal]:
    """Any program in such a home, perhaps with a database of its user's."""
    environment = home(folder) | ({} if database is None else {"VENDASH_DB": str(database)})
    with Terminal(command, columns=columns, rows=rows, environment=environment) as shown:
        yield shown


@contextmanager
def console(
    database: Path, folder: Path, *options: str, columns: int = 120, rows: int = 40
) -> Iterator[Terminal]:
    """A console with its first rows on the screen."""
    command = (*PROGRAM, "--db-path", str(database), *options)
    with terminal(command, folder, columns=columns, rows=rows) as shown:
        shown.wait_bytes(FIRST_VEN)
        yield shown


def show_resources(shown: Terminal, count: int) -> None:
    """Go to the list of all resources, and wait until all of them are in it."""
    begin = len(shown.raw)
    shown.send("2")
    shown.wait_bytes(f"{count:,} of {count:,} shown".encode(), since=begin)
    shown.quiet()


def milliseconds_to_paint(shown: Terminal, keys: str) -> float:
    """Type this; how long until the last byte of what came of it had been written."""
    before, begin = len(shown.raw), time.perf_counter()
    shown.send(keys)
    end = begin
    patience = 20.0
    while shown.read(patience):
        end, patience = time.perf_counter(), STILL_SECONDS
    assert len(shown.raw) > before, f"nothing came of {keys!r}"
    return 1000 * (end - begin)


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
