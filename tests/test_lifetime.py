"""Service processes end when they are told to, and with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

SERVICE = """
import asyncio, sys
from vendash.lifetime import run_until_stopped

async def service():
    print("up", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned up", flush=True)

asyncio.run(run_until_stopped(service(), with_stdin=True))
"""

PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {SERVICE!r}], stdin=subprocess.PIPE)
time.sleep(60)
"""


def started(code: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_signal_ends_a_service_after_its_own_cleaning_up(number: signal.Signals) -> None:
    process = started(SERVICE)
    process.send_signal(number)
    out, _ = process.communicate(timeout=10)
    assert (out, process.returncode) == ("cleaned up\n", 0)


def test_a_service_ends_when_its_stdin_ends() -> None:
    process = started(SERVICE)
    out, _ = process.communicate(timeout=10)
    assert (out, process.returncode) == ("cleaned up\n", 0)


def test_a_service_ends_when_its_parent_is_killed() -> None:
    """Also by kill -9: the pipe at stdin is closed by the kernel."""
    parent = started(PARENT)
    os.kill(parent.pid, signal.SIGKILL)
    assert parent.stdout is not None
    assert parent.stdout.read() == "cleaned up\n"  # the child had inherited our pipe
    parent.communicate()
