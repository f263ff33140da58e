"""The `vendash` command, also as `python -m vendash`.

`vendash` alone is the console, at once: what parses a command line is imported where there is one
to parse. That, and no garbage collection while modules come in, is 30 ms of the first paint.
"""

import gc
import sys

gc.disable()


def main() -> None:
    """Run what the command line asks for."""
    if len(sys.argv) > 1:
        from vendash.cli import main as command_line  # noqa: PLC0415

        command_line()
    try:
        from vendash.commands.console import console  # noqa: PLC0415

        sys.exit(console(None, read_only=False))
    except (Exception, KeyboardInterrupt) as error:
        from vendash.output import fail  # noqa: PLC0415

        fail(error, ())


if __name__ == "__main__":
    main()
