"""What a command prints, and how it ends.

Stdout has the answer and nothing else: with `--json` one document, also for an error. Stderr has
progress, and every error in one sentence. Nothing that is printed can steer a terminal, whatever
the database, a file or a VTN holds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

import click

from vendash.errors import VendashError, mendable
from vendash.text import harmless, plain

INTERRUPTED = 130
"""The exit code of a shell for what SIGINT ended."""
_LONGEST_SENTENCE = 2000


def answer(document: Mapping[str, object], text: str, code: int, *, as_json: bool) -> NoReturn:
    """Print the answer of a command in the form that was asked for, and exit with its code."""
    try:
        click.echo(json.dumps(document) if as_json else harmless(text))
    except BrokenPipeError:
        raise  # whoever reads has seen enough; click ends quietly
    except OSError as error:
        raise VendashError(f"The answer cannot be written ({error.strerror}).") from error
    sys.exit(code)


def note(text: str) -> None:
    """Print progress or a remark on stderr."""
    click.echo(harmless(text), err=True)


def run(command: click.Command, arguments: Sequence[str]) -> NoReturn:
    """Run the command line and exit; every mistake a user can make ends in one sentence.

    A defect of ours leaves as the exception it is.
    """
    as_json = "--json" in arguments
    try:
        code = command.main(list(arguments), prog_name="vendash", standalone_mode=False)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "vendash"
        sentence = error.format_message().rstrip(".")
        _fail(f"{sentence}; see {where} --help.", error.exit_code, as_json=as_json)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code, as_json=as_json)
    except click.Abort as abort:
        if isinstance(abort.__cause__, KeyboardInterrupt):
            _fail("Interrupted.", INTERRUPTED, as_json=as_json)
        _fail("Nothing was changed.", 1, as_json=as_json)
    except Exception as error:
        known = mendable(error)
        if known is None:
            raise
        _fail(str(known), known.exit_code, as_json=as_json)
    sys.exit(code if isinstance(code, int) else 0)


def fail_by_defect(error: Exception, arguments: Sequence[str]) -> NoReturn:
    """Exit after a defect of ours: its traceback goes to a file, which a sentence names."""
    import logging  # noqa: PLC0415 (not before it is needed: `vendash --help` stays quick)

    from vendash.config import log_to_file  # noqa: PLC0415

    try:
        path = log_to_file("defects")
    except VendashError:
        raise error from None  # there is no file to tell it to
    logging.getLogger(__name__).critical("a command failed", exc_info=error)
    sentence = f"vendash has failed ({type(error).__name__}): please report it with {path}."
    _fail(sentence, 1, as_json="--json" in arguments)


def _fail(sentence: str, code: int, *, as_json: bool) -> NoReturn:
    sentence = plain(sentence, _LONGEST_SENTENCE)
    click.echo(f"vendash: {sentence}", err=True)
    if as_json:
        click.echo(json.dumps({"error": sentence}))
    sys.exit(code)
