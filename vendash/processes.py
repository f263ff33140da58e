"""Service processes that end with the one that started them, and the terminal it needs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from vendash.config import open_log
from vendash.errors import VendashError

STOP_SECONDS = 6.0
"""An engine ends within 5 s of a signal; after this it is killed."""

START_SECONDS = 20.0


class Companion:
    """A service process that ends when this one does, also when this one is killed.

    It holds the other end of a pipe at its stdin, which the kernel closes with us. It has a
    session of its own, so that a ctrl-c in our terminal does not reach it.
    """

    def __init__(self, process: asyncio.subprocess.Process, name: str, log: Path) -> None:
        self._process = process
        self.name = name
        self._log = log

    @classmethod
    async def start(
        cls, arguments: Sequence[str], *, name: str, environment: Mapping[str, str] | None = None
    ) -> Companion:
        """Start `vendash ARGUMENTS --with-stdin`; its stderr goes to a log file of its own."""
        with open_log(f"{name}.err") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "vendash",
                *arguments,
                "--with-stdin",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        return cls(process, name, Path(os.fsdecode(errors.name)))

    async def first_line(self) -> bytes:
        """What it says first on stdout. Raises `VendashError` when it ends or stays silent."""
        if self._process.stdout is None:
            raise RuntimeError("a companion is started with a pipe at its stdout")
        try:
            async with asyncio.timeout(START_SECONDS):
                line = await self._process.stdout.readline()
        except TimeoutError:
            line = b""
        if not line:
            raise VendashError(f"The {self.name} did not start; its last words are in {self._log}.")
        return line

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.returncode is None

    @property
    def exit_code(self) -> int | None:
        """How it ended, as in `subprocess`; None while it runs."""
        return self._process.returncode

    async def stop(self) -> None:
        """Close its stdin and wait for its end; kill it when it does not come."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def require_terminal() -> None:
    """Raise `VendashError` where there is no terminal that the console can be shown on."""
    # The screen is drawn on stderr, as every Textual app does.
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise VendashError(
            "The console needs a terminal; over ssh add -t, in scripts use the commands"
            " (vendash --help)."
        )
    kind = os.environ.get("TERM", "")
    if kind in {"", "dumb", "unknown"}:
        raise VendashError(
            f"A terminal of the type {kind!r} cannot show the console: set TERM to what it is,"
            " for instance TERM=xterm-256color."
        )
