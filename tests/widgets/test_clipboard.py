"""The escape sequence that copies."""

from __future__ import annotations

import base64

from vendash.widgets.clipboard import MOST_BYTES, copy_sequence


def test_text_is_base64_in_osc_52() -> None:
    """OSC 52, clipboard `c`, base64, ended by BEL."""
    sequence, count = copy_sequence(["a", "æ"], tmux=False)
    assert sequence == "\x1b]52;c;" + base64.b64encode("a\næ\n".encode()).decode() + "\x07"
    assert count == 2


def test_inside_tmux_it_is_wrapped() -> None:
    """A passthrough of tmux doubles every escape character inside."""
    sequence, _ = copy_sequence(["a"], tmux=True)
    assert sequence.startswith("\x1bPtmux;\x1b\x1b]52;c;")
    assert sequence.endswith("\x07\x1b\\")


def test_whole_lines_as_many_as_terminals_take() -> None:
    """What is too much is left out, line by line, and counted."""
    lines = ["x" * 999] * 100
    sequence, count = copy_sequence(lines, tmux=False)
    assert count == MOST_BYTES // 1000
    assert len(sequence) < 100_000
