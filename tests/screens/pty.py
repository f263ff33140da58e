"""A program in a terminal of its own: sends keys, counts bytes, and reads the screen as drawn."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pyte

QUIET_SECONDS = 0.3
"""After so long without a byte a program is taken to have painted all it had to."""


_NOT_INHERITED = frozenset(
    ["COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "TMUX"]
)
"""What would make a program take this terminal for another one."""


@dataclass
class Count:
    """How many bytes a program has written to its terminal."""

    bytes: int = 0


class Terminal:
    """A program under a pty of a given size, with an emulator that draws what it writes.

    By default it is a 256-colour terminal without tmux and SSH; `environment` adds to that.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._counts: list[Count] = []
        self._undrawn = b""
        self.raw = b""
        """Everything that was written, for a closer look."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        inherited = {
            name: value for name, value in os.environ.items() if name not in _NOT_INHERITED
        }
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**inherited, "TERM": "xterm-256color", **(environment or {})},
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def lines(self) -> list[str]:
        """The screen, a text a line, without blanks at the ends."""
        self._draw()
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The screen in one text."""
        return "\n".join(self.lines)

    def screen_columns(self, line: int) -> list[str]:
        """The characters of a line, one a cell; the second cell of a wide one is empty."""
        self._draw()
        cells = self._screen.buffer[line]
        return [cells[column].data for column in range(self._screen.columns)]

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        self._draw()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def send(self, keys: str) -> None:
        """Type these characters, all in one write."""
        os.write(self._master, keys.encode())

    def wait(self, what: str | Callable[[str], bool], *, seconds: float = 20.0) -> None:
        """Read until the screen shows this text, or the condition holds of its text."""
        holds = what if callable(what) else lambda text: what in text
        deadline = time.monotonic() + seconds
        while not holds(self.text):
            if time.monotonic() > deadline:
                raise AssertionError(f"not seen within {seconds} s: {what!r} in\n{self.text}")
            if not self.read(0.05) and self.process.poll() is not None and not self.read(0):
                raise AssertionError(f"the program ended with {self.process.returncode}")

    def wait_bytes(self, wanted: bytes, *, since: int = 0, seconds: float = 60.0) -> None:
        """Read until these bytes have come after so many others, without drawing anything."""
        deadline = time.monotonic() + seconds
        while wanted not in self.raw[since:]:
            if time.monotonic() > deadline or not (self.read(1.0) or self.process.poll() is None):
                raise AssertionError(f"not written: {wanted!r}; but\n{self.text}")

    def quiet(self, seconds: float = QUIET_SECONDS) -> None:
        """Read until nothing has been written for so long."""
        while self.read(seconds):
            pass

    def listen(self, seconds: float) -> None:
        """Read whatever is written within so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.read(left)

    @contextlib.contextmanager
    def counted(self) -> Iterator[Count]:
        """Counts the bytes that are read inside the block."""
        count = Count()
        self._counts.append(count)
        try:
            yield count
        finally:
            self._counts.remove(count)

    def read(self, seconds: float) -> int:
        """Read what there is, waiting for it at most so long; how many bytes it was."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return 0
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux says EIO when the other end is closed
            return 0
        self.raw += data
        for count in self._counts:
            count.bytes += len(data)
        self._undrawn += data
        return len(data)

    def _draw(self) -> None:
        """Let the emulator catch up; it is slow, and who only measures never looks."""
        data, self._undrawn = self._undrawn, b""
        self._stream.feed(data)

    def hang_up(self) -> None:
        """Take the terminal away, as a line that drops."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """End the program, if it has not ended, and the terminal."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGHUP)
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self._master >= 0:
            os.close(self._master)
