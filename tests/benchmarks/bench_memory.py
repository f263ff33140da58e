"""Resident memory: of the console after the first paint and after moving around, of the engine."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.consoles import PROGRAM, console, home, resident_mb, show_resources
from tests.benchmarks.fleets import MILLION, SAMPLE, million_fleet, sample_fleet
from tests.benchmarks.ratio import Budget
from vendash.telemetry.live import LiveReader
from vendash.telemetry.sums import readings_of

ENGINE_SECONDS = 10.0
"""How long the engine simulates before its memory is read."""
_AROUND = ("\x1b[6~", "G", "\x1b[5~", "g", "o", "G", "g")
"""Pages, both ends, another order."""


def run() -> list[Budget]:
    """MB of 10^6 bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = sample_fleet(folder)
        with console(sample, folder, "--read-only") as shown:
            shown.quiet(1.0)  # the first one writes byte code, which takes memory too
        return [
            *_console(folder, sample, SAMPLE, limit=80),
            *_console(folder, million_fleet(), MILLION, limit=160),
            _engine(folder, sample),
        ]


def _console(folder: Path, database: Path, count: int, *, limit: float) -> list[Budget]:
    with console(database, folder, "--read-only") as shown:
        shown.quiet(1.0)
        first = resident_mb(shown.process.pid)
        show_resources(shown, count)
        for keys in _AROUND:
            shown.send(keys)
            shown.quiet()
        shown.quiet(3.0)
        later = resident_mb(shown.process.pid)
    return [
        Budget(f"memory of a console, {count:,} rows, first paint", first, limit, "MB"),
        Budget(f"memory of a console, {count:,} rows, after moving", later, limit, "MB"),
    ]


def _engine(folder: Path, database: Path) -> Budget:
    with engine_simulating(folder, database) as pid:
        time.sleep(ENGINE_SECONDS)
        used = resident_mb(pid)
    return Budget("memory of the engine, simulating the sample fleet", used, 100, "MB")


@contextmanager
def engine_simulating(folder: Path, database: Path) -> Iterator[int]:
    """An engine in which every resource of the sample fleet has readings; its process id."""
    environment = {**os.environ, **home(folder)}

    def vendash(*arguments: str) -> None:
        command = (*PROGRAM, *arguments, "--db-path", str(database))
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)

    vendash("approve", "--filter", "p>-1000000", "--yes")
    vendash("simulate", "on")
    command = (*PROGRAM, "run", "--db-path", str(database))
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as engine:
        try:
            _wait_for_readings(folder)
            yield engine.pid
        finally:
            engine.terminate()


def _wait_for_readings(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for ring in (folder / "run").glob("vendash-*/*"):
            tick = LiveReader(ring).latest()
            if tick is not None and readings_of(tick) == SAMPLE:
                return
        time.sleep(0.1)
    raise AssertionError("the engine does not simulate all of the sample fleet")
