"""The console on a real terminal: bytes it writes, keys in one write, colours, start and end."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.screens.pty import Terminal

WIDE = (120, 40)


@contextmanager
def console(
    folder: Path,
    *options: str,
    size: tuple[int, int] = WIDE,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "tests.screens.console", str(folder / "fleet.db"), *options]
    columns, rows = size
    with Terminal(command, columns=columns, rows=rows, environment=environment) as terminal:
        terminal.wait("6 of 6 shown")
        if size == WIDE:
            terminal.wait("clientID")  # the pane comes when the cursor rests
        terminal.quiet(0.3)
        yield terminal


def written(terminal: Terminal, keys: str) -> int:
    """Bytes that keys cost, until the cursor rests."""
    with terminal.counted() as count:
        terminal.send(keys)
        terminal.quiet(0.25)
    terminal.quiet(0.5)  # what the pane says comes after, once the cursor rests
    return count.bytes


def listened(terminal: Terminal, seconds: float) -> int:
    """Bytes that come by themselves."""
    with terminal.counted() as count:
        terminal.listen(seconds)
    return count.bytes


def test_budgets_of_bytes(tmp_path: Path) -> None:
    """At 120x40: idle 0, cursor move < 600, scroll < 9,000, prompt on and off < 2,500."""
    with console(tmp_path) as terminal:
        # The clock may just have turned, which paints the header once a minute.
        assert listened(terminal, 1.5) == 0 or listened(terminal, 1.5) == 0
        terminal.send("2")
        terminal.wait("60 of 60 shown")
        terminal.quiet(0.6)
        assert written(terminal, "j") < 600
        terminal.send("\x1b[6~")
        terminal.quiet(0.6)
        assert written(terminal, "j") < 9000
        terminal.send("g")
        terminal.quiet(0.6)
        assert written(terminal, "s") + written(terminal, "\x1b") < 2500


def test_live_numbers_cost_little(tmp_path: Path) -> None:
    """Every live number on the screen changing once a second is < 3,000 bytes a second."""
    with console(tmp_path, "--live") as terminal:
        terminal.send("2\x1b[C\x1b[C")
        terminal.wait("12 of 12 shown")
        terminal.quiet(0.3)
        assert 0 < listened(terminal, 2.0) < 2 * 3000


def test_the_filter_and_enter_in_one_write(tmp_path: Path) -> None:
    """`/aarhus` and Enter in one packet filter, and nothing else happens."""
    with console(tmp_path, size=(80, 24)) as terminal:
        terminal.send("/aarhus\r")
        terminal.wait("1 of 6 shown")
        terminal.quiet()
        assert terminal.lines[2].startswith("/aarhus")
        assert terminal.lines[4].split()[2] == "Aarhus"
        assert terminal.lines[-2] == ""


def test_the_number_and_enter_in_one_write(tmp_path: Path) -> None:
    """`s60` and Enter in one packet, with 60 marked, suspend them and nothing else happens."""
    with console(tmp_path, size=(80, 24)) as terminal:
        terminal.send("2A")
        terminal.wait("60 marked")
        terminal.send("s60\r")
        terminal.wait("suspended 57; 3 were so already; u undoes")
        terminal.wait("Susp. 60")


def test_hostile_names_do_not_move_a_column(tmp_path: Path) -> None:
    """Wide characters, emoji and escape sequences leave every column where it is."""
    with console(tmp_path, size=(100, 40)) as terminal:
        terminal.send("/aalborg\r\r")
        terminal.wait("24 of 24 shown")
        terminal.quiet()
        heading = terminal.screen_columns(3)
        place = heading.index("T")
        rows = [terminal.screen_columns(line) for line in range(4, 28)]
        kinds = {"".join(row[place : place + 4]).strip() for row in rows}
        assert kinds == {"EV", "DSR", "PV", "BATT"}
        assert {row[place - 1] for row in rows} == {" "}
        assert b"\x1b[31m" not in terminal.raw


@pytest.mark.parametrize(
    ("environment", "allowed"),
    [
        ({"NO_COLOR": "1"}, rb"\x1b\[(?:(?:0|1|2|4|7|39|49);?)*m"),
        ({}, rb"\x1b\[(?:(?:0|1|2|4|7|39|49|38;5;\d+|48;5;\d+);?)*m"),
    ],
    ids=["NO_COLOR", "256 colours"],
)
def test_colours(tmp_path: Path, environment: Mapping[str, str], allowed: bytes) -> None:
    """With NO_COLOR no colour is sent; else those of the 256, never more."""
    with console(tmp_path, size=(80, 24), environment=environment) as terminal:
        terminal.send("2")
        terminal.wait("60 of 60 shown")
        sent = set(re.findall(rb"\x1b\[[0-9;]*m", terminal.raw))
        assert {code for code in sent if not re.fullmatch(allowed, code)} == set()


def test_leaving_gives_the_terminal_back(tmp_path: Path) -> None:
    """`q` ends the program, and the terminal is left as it was found."""
    with console(tmp_path, size=(80, 24)) as terminal:
        terminal.send("q")
        assert terminal.process.wait(10) == 0
        terminal.quiet()
        assert b"\x1b[?1049l" in terminal.raw
        assert b"\x1b[?1003h" not in terminal.raw  # the mouse was never asked for


def test_resizing_below_the_smallest_size_and_back(tmp_path: Path) -> None:
    """Too small: one sentence, and everything is back when there is room again."""
    with console(tmp_path, size=(80, 24)) as terminal:
        terminal.resize(60, 20)
        terminal.wait("terminal too small, needs 80x24")
        terminal.resize(100, 30)
        terminal.wait("6 of 6 shown")
