"""The console against the least Textual app, and a million rows against ten thousand.

Time passes here as it does for an operator: from the start, or from the key, until the bytes are
at the terminal. Rounds are interleaved and the median counts.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.consoles import (
    FIRST_VEN,
    PROGRAM,
    console,
    milliseconds_to_paint,
    show_resources,
    stop_engine,
    terminal,
)
from tests.benchmarks.fleets import MILLION, SAMPLE, million_fleet, sample_fleet
from tests.benchmarks.ratio import Ratio
from tests.screens.pty import Terminal

ROUNDS = 9
PRESSES = 40
NARROW = 110
"""Cells; without the pane, which follows the cursor only later."""

_ONE_STATIC = """
from textual.app import App
from textual.widgets import Static

class Least(App[None]):
    def compose(self):
        yield Static("first row")

Least().run()
"""


def run() -> list[Ratio]:
    """First rows on the screen, and key presses."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample, big = sample_fleet(folder), million_fleet()
        return [*_first_rows(folder, sample, big), *_keys(folder, sample, big)]


def _first_rows(folder: Path, sample: Path, big: Path) -> list[Ratio]:
    """From the start of the process; the sample fleet with an engine, which it starts."""
    least = (sys.executable, "-c", _ONE_STATIC)
    commands = {
        SAMPLE: PROGRAM,
        MILLION: (*PROGRAM, "--db-path", str(big), "--read-only"),
    }
    floors: list[float] = []
    ours: dict[int, list[float]] = {count: [] for count in commands}
    for number in range(ROUNDS + 1):
        floor = _seconds_to(b"first row", least, folder, sample)
        times = {
            count: _seconds_to(FIRST_VEN, command, folder, sample)
            for count, command in commands.items()
        }
        stop_engine(sample)
        if number:  # the first round writes byte code and fills the caches
            floors.append(floor)
            for count, seconds in times.items():
                ours[count].append(seconds)
    return [
        Ratio(
            f"first rows of {count:,} on screen, against one Static",
            1000 * median(ours[count]),
            1000 * median(floors),
            goal,
            "ms",
        )
        for count, goal in ((SAMPLE, 1.3), (MILLION, 2.0))
    ]


def _seconds_to(marker: bytes, command: Sequence[str], folder: Path, database: Path) -> float:
    begin = time.perf_counter()
    with terminal(command, folder, database=database) as shown:
        shown.wait_bytes(marker)
        return time.perf_counter() - begin


def _keys(folder: Path, sample: Path, big: Path) -> list[Ratio]:
    with (
        console(sample, folder, "--read-only", columns=NARROW) as few,
        console(big, folder, "--read-only", columns=NARROW) as many,
    ):
        show_resources(few, SAMPLE)
        show_resources(many, MILLION)
        return [
            _key("cursor down", "\x1b[B", few, many),
            _key("page down", "\x1b[6~", few, many),
            _key("mark", " ", few, many),
        ]


def _key(title: str, keys: str, few: Terminal, many: Terminal) -> Ratio:
    times: dict[Terminal, list[float]] = {few: [], many: []}
    for _ in range(PRESSES):
        for shown, found in times.items():
            found.append(milliseconds_to_paint(shown, keys))
    name = f"{title} at {MILLION:,} rows, against {SAMPLE:,}"
    return Ratio(name, median(times[many]), median(times[few]), 1.2, "ms")
