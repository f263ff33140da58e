"""The service processes that a console starts: the engine, and for the demo a VTN."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from vendash.config import open_log
from vendash.errors import VendashError
from vendash.lock import holder, lock_path

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


class BackgroundEngine:
    """The engine of a database as a console sees it: someone's, ours, or none.

    An engine that this console starts goes on when the console's session ends, until `stop`.
    """

    def __init__(self, database: Path) -> None:
        self._database = database.resolve()
        self.started_here = False
        self._process: subprocess.Popen[bytes] | None = None

    def running(self) -> bool:
        """Whether an engine (or `vendash register`) holds this database."""
        return holder(lock_path(self._database)) is not None

    async def start(self) -> None:
        """Start an engine in the background unless one runs."""
        if self.running():
            return
        # Not a process of asyncio's: those are killed when their event loop is closed.
        self._process = await asyncio.to_thread(self._started)
        self.started_here = True

    def _started(self) -> subprocess.Popen[bytes]:
        with open_log("engine.err") as errors:
            return subprocess.Popen(  # noqa: S603 (our own program)
                [sys.executable, "-m", "vendash", "run", "--db-path", str(self._database)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )

    async def stop(self) -> None:
        """Tell the running engine to end, and wait until it has let go of the database."""
        found = holder(lock_path(self._database))
        if found is None or found.kind != "engine":
            return
        with suppress(ProcessLookupError):
            os.kill(found.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self.running():
            if time.monotonic() > deadline:
                raise VendashError(f"The engine does not end; end it with: kill -9 {found.pid}")
            await asyncio.sleep(0.05)


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
