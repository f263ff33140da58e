"""Processes that end with the one that started them, also when that is killed."""

from __future__ import annotations

import os
import pwd
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE_SECONDS = 60.0


def tied(
    command: Sequence[str | Path], *, signal: str = "KILL", as_nobody: bool = False
) -> list[str]:
    """The command, sent this signal by the kernel when the thread that starts it is gone.

    Args:
        command: What to run.
        signal: Its name, without SIG.
        as_nobody: Give up being root first.
    """
    user: tuple[str, ...] = ()
    if as_nobody and os.geteuid() == 0:
        group = pwd.getpwnam("nobody").pw_gid
        user = ("--reuid=nobody", f"--regid={group}", "--clear-groups")
    return ["setpriv", "--pdeathsig", signal, *user, "--", *map(str, command)]


def start(
    command: Sequence[str], *, log: Path, folder: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a service in a process group of its own; what it says goes to the log."""
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_for(
    condition: Callable[[], bool],
    what: str,
    *,
    seconds: float = PATIENCE_SECONDS,
    every: float = 0.02,
) -> None:
    """Return as soon as the condition holds; fail, naming `what`, when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for: {what}"
        time.sleep(every)


def wait_for_service(
    process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path
) -> None:
    """Wait until a service is ready; when it ends instead, fail with its last words."""

    def ready_or_gone() -> bool:
        return process.poll() is not None or ready()

    wait_for(ready_or_gone, f"{log.stem} to start")
    assert process.poll() is None, log.read_text(errors="replace")[-2000:]
