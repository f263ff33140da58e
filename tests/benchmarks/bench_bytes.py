"""Bytes that the console writes to its terminal, over the sample fleet, at two sizes.

They are the same on any machine, but for the seconds in which the clock turns.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from tests.benchmarks.bench_memory import engine_simulating
from tests.benchmarks.consoles import console, show_resources
from tests.benchmarks.fleets import SAMPLE, sample_fleet
from tests.benchmarks.ratio import Budget
from tests.screens.pty import Terminal

SIZES = ((120, 40), (80, 24))
SECONDS = 10.0
CLOCK = 60
"""Bytes of the clock, once a minute."""
REST = 0.7
"""Seconds after which the pane has followed the cursor."""


def run() -> list[Budget]:
    """Bytes, or bytes a second, at each size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = sample_fleet(folder)
        found = [one for size in SIZES for one in _still_fleet(folder, sample, size)]
        with engine_simulating(folder, sample):
            return found + [one for size in SIZES for one in _moving_fleet(folder, sample, size)]


def _still_fleet(folder: Path, sample: Path, size: tuple[int, int]) -> list[Budget]:
    columns, rows = size
    with console(sample, folder, "--read-only", columns=columns, rows=rows) as shown:
        shown.quiet(1.5)
        idle = _listened(shown)
        show_resources(shown, SAMPLE)
        shown.quiet(REST)
        move = median(_written(shown, "j") for _ in range(5))
        _written(shown, "\x1b[6~")
        scroll = median(_written(shown, "j") for _ in range(5))
        prompt = _written(shown, ":") + _written(shown, "\x1b")
    return [
        _budget(size, f"idle for {SECONDS:.0f} s, but for the clock", idle, CLOCK, "bytes"),
        _budget(size, "cursor down", move, 600, "bytes"),
        _budget(size, "scroll by one row", scroll, 9_000, "bytes"),
        _budget(size, "prompt on and off", prompt, 2_500, "bytes"),
    ]


def _moving_fleet(folder: Path, sample: Path, size: tuple[int, int]) -> list[Budget]:
    """All of the fleet simulated, a tick a second."""
    columns, rows = size
    with console(sample, folder, "--read-only", columns=columns, rows=rows) as shown:
        found = {"VENs": _listened(shown)}
        show_resources(shown, SAMPLE)
        found["resources"] = _listened(shown)
        shown.send("3")
        found["Live"] = _listened(shown)
    return [
        _budget(size, f"{name}, all of the fleet simulated", count / SECONDS, 3_000, "bytes/s")
        for name, count in found.items()
    ]


def _budget(size: tuple[int, int], what: str, count: float, limit: float, unit: str) -> Budget:
    columns, rows = size
    return Budget(f"{what}, {columns}x{rows}", count, limit, unit)


def _listened(shown: Terminal) -> int:
    shown.listen(3.0)
    with shown.counted() as count:
        shown.listen(SECONDS)
    return count.bytes


def _written(shown: Terminal, keys: str) -> int:
    """Bytes of one key press, the pane that follows later left out."""
    with shown.counted() as count:
        shown.send(keys)
        shown.wait(lambda _: count.bytes > 0)
        shown.quiet(0.2)
    shown.quiet(REST)
    return count.bytes
