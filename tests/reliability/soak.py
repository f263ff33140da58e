"""`make soak`: 20,000 worlds of 40 resources, each from its seed, on all cores.

    python -m tests.reliability.soak [--seeds 20000] [--first 0] [--seed N]

With `--seed` one world is replayed and told. The exit code is 1 when any world ends wrong.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.reliability.kinds import kind_of
from tests.reliability.virtual import run
from tests.reliability.world import live

ITEMS = 40
CHUNK = 25
REPORT_EVERY = 20.0


def judged(seed: int, items: int = ITEMS) -> str:
    """What is wrong at the end of the world of this seed; empty where nothing is."""
    try:
        _, found = run(lambda: live(seed, items))
    except Exception as error:  # whatever it is, the seed has to be named
        return f"{type(error).__name__}: {error}"
    if found.wrong == (0, 0, 0, 0):
        return ""
    return (
        f"never registered {found.never_registered}, ids unknown {found.ids_unknown},"
        f" doubles {found.doubles}, otherwise {found.otherwise}"
    )


def main() -> int:
    """Run them, tell of progress, and name every seed that fails."""
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--seeds", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--seed", type=int, help="replay this one")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if chosen.seed is not None:
        return _replay(chosen.seed, chosen.items)
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    failing = 0
    started = told = time.monotonic()
    with ProcessPoolExecutor() as workers:
        outcomes = workers.map(partial(judged, items=chosen.items), seeds, chunksize=CHUNK)
        for done, (seed, wrong) in enumerate(zip(seeds, outcomes, strict=True), start=1):
            if wrong:
                failing += 1
                _say(f"seed {seed}, {kind_of(seed)}: {wrong}")
            if time.monotonic() - told > REPORT_EVERY or done == len(seeds):
                told = time.monotonic()
                rate = done / (told - started)
                _say(f"{done:,} of {len(seeds):,} worlds, {failing} wrong, {rate:.0f} a second")
    return 1 if failing else 0


def _replay(seed: int, items: int) -> int:
    world, found = run(lambda: live(seed, items))
    _say(f"seed {seed}, {world.kind}: {world.life} lives, {world.vtn.calls} calls")
    _say(f"{found}")
    return 0 if found.wrong == (0, 0, 0, 0) else 1


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
