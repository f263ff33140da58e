"""The engine behind a console: started where none runs, and again when it dies by itself."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from vendash.config import database_path, open_log, state_folder
from vendash.errors import VendashError
from vendash.lock import Holder, holder, lock_path
from vendash.processes import STOP_SECONDS, Companion

RESTARTS = 3
"""An engine is started again so often at the most ..."""
WITHIN_SECONDS = 60.0
"""... within this time: one that dies at once would only be started to die."""

_TOLD_TO_END = frozenset({0, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP})
"""Exit codes of an engine that somebody ended on purpose."""


class KeptEngine:
    """The engine of a database as a console sees it: someone's, ours, or none.

    Subclasses say how ours is started and how it ended.
    """

    started_here = False
    """Whether this console may ask what becomes of it at the end."""

    def __init__(self, database: Path) -> None:
        self.database = database.resolve()
        self._restarts: list[float] = []
        self._given_up = False

    @property
    def advice(self) -> str:
        """What starts an engine by hand."""
        if self.database == database_path(None).resolve():
            return "vendash run"
        return f"vendash run --db-path {shlex.quote(str(self.database))}"

    def running(self) -> bool:
        """Whether an engine (or `vendash register`) holds this database."""
        return holder(lock_path(self.database)) is not None

    async def start(self) -> None:
        """Start an engine unless one runs."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Tell the running engine to end, and wait until it has let go of the database."""
        found = holder(lock_path(self.database))
        if found is not None and found.kind == "engine":
            await end_holder(self.database, found, STOP_SECONDS)

    async def tend(self) -> str:
        """Start our engine again where it has died; what was done about it, in a sentence.

        Empty where there was nothing to do. One that was told to end stays ended.
        """
        code = self._exit_code()
        if code is None or code in _TOLD_TO_END or self.running():
            return ""
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < WITHIN_SECONDS]
        if len(self._restarts) >= RESTARTS:
            said, self._given_up = self._given_up, True
            log = state_folder() / "engine.log"
            return "" if said else f"The engine ends again and again: {log} says why."
        self._given_up = False
        self._restarts.append(now)
        await self.start()
        return "The engine had died; it was started again and goes on where it was."

    def _exit_code(self) -> int | None:
        """How the engine we started ended; None where it runs, or we started none."""
        raise NotImplementedError


class BackgroundEngine(KeptEngine):
    """Goes on when the session of the console that started it ends, until `stop`."""

    _process: subprocess.Popen[bytes] | None = None

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
                [sys.executable, "-m", "vendash", "run", "--db-path", str(self.database)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )

    def _exit_code(self) -> int | None:
        return None if self._process is None else self._process.poll()


class CompanionEngine(KeptEngine):
    """Ends with the process that started it, as in the demo."""

    def __init__(self, database: Path, *, name: str, environment: Mapping[str, str]) -> None:
        super().__init__(database)
        self._name = name
        self._environment = environment
        self._companion: Companion | None = None

    @property
    def advice(self) -> str:
        """A demo alone knows the credentials of its VTN."""
        return "q, then vendash demo"

    async def start(self) -> None:
        """Start it unless it runs."""
        if self._companion is not None and self._companion.alive:
            return
        self._companion = await Companion.start(
            ["run", "--db-path", str(self.database)],
            name=self._name,
            environment=self._environment,
        )

    async def stop(self) -> None:
        """Tell it to end, and wait until it has."""
        if self._companion is not None:
            await self._companion.stop()

    def _exit_code(self) -> int | None:
        return None if self._companion is None else self._companion.exit_code


async def end_holder(database: Path, found: Holder, patience: float) -> None:
    """Tell the process that holds a database to end, and wait until it has let go.

    Raises:
        VendashError: It is another user's, or holds on for longer than `patience` seconds.
    """
    try:
        with suppress(ProcessLookupError):
            os.kill(found.pid, signal.SIGTERM)
    except PermissionError:
        raise VendashError(f"The {found} belongs to another user, who has to end it.") from None
    deadline = time.monotonic() + patience
    while (now := holder(lock_path(database))) is not None and now.pid == found.pid:
        if time.monotonic() > deadline:
            raise VendashError(f"The {found} does not end; end it with: kill -9 {found.pid}")
        await asyncio.sleep(0.05)
