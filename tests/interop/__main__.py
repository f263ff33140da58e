"""An empty openleadr-vtn to try things with by hand, until ctrl-c: `python -m tests.interop`."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress

from tests.interop.openleadr import openleadr
from tests.interop.postgres import postgres


def main() -> None:
    """Print what a shell needs to reach it, then keep it running; ended also by SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), postgres() as cluster, openleadr(cluster, "vtn") as vtn:
        for name, value in vtn.environment.items():
            sys.stdout.write(f"export {name}={value}\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
