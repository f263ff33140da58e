"""What the command line adds to an interpreter that does nothing.

Processor time of user and kernel: on a machine that does nothing else it is the time that passes,
and it does not count what others do.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from tests.benchmarks.ratio import Budget

ROUNDS = 15
_NOTHING = (sys.executable, "-c", "pass")
_HELP = (sys.executable, "-m", "vendash", "--help")


def run() -> list[Budget]:
    """`vendash --help` minus `python -c pass`."""
    _milliseconds(_HELP)  # the first one writes byte code
    rounds = [(_milliseconds(_HELP), _milliseconds(_NOTHING)) for _ in range(ROUNDS)]
    added = median(ours - floor for ours, floor in rounds)
    return [Budget("vendash --help minus python -c pass", added, 150, "ms")]


def _milliseconds(command: Sequence[str]) -> float:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return 1000 * (usage.ru_utime + usage.ru_stime)
