"""Copying over SSH: the terminal is asked to put text on its clipboard (OSC 52)."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence

MOST_BYTES = 74_000
"""What common terminals take, before base64 makes it a third longer."""


def copy_sequence(lines: Sequence[str], *, tmux: bool | None = None) -> tuple[str, int]:
    """The escape sequence that copies these lines, and how many of them it holds.

    Whole lines only, as many as terminals take. Inside tmux it is wrapped, so that it reaches the
    terminal outside.
    """
    kept: list[bytes] = []
    size = 0
    for line in lines:
        data = line.encode("utf-8", "replace") + b"\n"
        if size + len(data) > MOST_BYTES:
            break
        kept.append(data)
        size += len(data)
    text = base64.b64encode(b"".join(kept)).decode("ascii")
    sequence = f"\x1b]52;c;{text}\x07"
    if tmux if tmux is not None else "TMUX" in os.environ:
        sequence = "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence, len(kept)
