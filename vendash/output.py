"""What a command prints, and how it ends.

Stdout has the answer and nothing else: with `--json` one document, also for an error. Stderr has
progress, and every error in one sentence. Nothing that is printed can steer a terminal, whatever
the database, a file or a VTN holds.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import click

from vendash.errors import VendashError, mendable
from vendash.text import harmless, plain

Answer = tuple[dict[str, Any], str, int]
"""What a command says as JSON, what it says to a person, and its exit code."""
INTERRUPTED = 130
"""The exit code of a shell for what SIGINT ended."""
_LONGEST_SENTENCE = 2000


def answer(document: Mapping[str, object], text: str, code: int, *, as_json: bool) -> NoReturn:
    """Print the answer of a command in the form that was asked for, and exit with its code."""
    try:
        click.echo(_json(document) if as_json else harmless(text))
    except BrokenPipeError:
        raise  # whoever reads has seen enough; click ends quietly
    except OSError as error:
        raise VendashError(f"The answer cannot be written ({error.strerror}).") from error
    sys.exit(code)


def note(text: str) -> None:
    """Print progress or a remark on stderr."""
    click.echo(harmless(text), err=True)


def run(command: click.Command, arguments: Sequence[str]) -> NoReturn:
    """Run the command line and exit; whatever goes wrong ends in one sentence."""
    try:
        code = command.main(list(arguments), prog_name="vendash", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        fail(error, arguments)
    sys.exit(code if isinstance(code, int) else 0)


def fail(error: BaseException, arguments: Sequence[str]) -> NoReturn:
    """Exit after this error: a mistake that a user can make and mend, or a defect of ours."""
    as_json = "--json" in arguments
    match error:
        case click.UsageError():
            where = error.ctx.command_path if error.ctx else "vendash"
            sentence = f"{error.format_message().rstrip('.')}; see {where} --help."
            _fail(sentence, error.exit_code, as_json=as_json)
        case click.ClickException():
            _fail(error.format_message(), error.exit_code, as_json=as_json)
        case click.Abort() if not isinstance(error.__cause__, KeyboardInterrupt):
            _fail("Nothing was changed.", 1, as_json=as_json)
        case click.Abort() | KeyboardInterrupt():
            _fail("Interrupted.", INTERRUPTED, as_json=as_json)
    if (known := mendable(error)) is not None:
        _fail(str(known), known.exit_code, as_json=as_json)
    _fail(_told_to_log(error), 1, as_json=as_json)


def _told_to_log(defect: BaseException) -> str:
    """What to say of a defect of ours, when its traceback is in a file."""
    import logging  # noqa: PLC0415 (not before it is needed: `vendash --help` stays quick)

    from vendash.config import log_to_file  # noqa: PLC0415

    try:
        path = log_to_file("defects")
    except VendashError:
        raise defect from None  # there is no file to tell it to
    logging.getLogger(__name__).critical("a command failed", exc_info=defect)
    return f"vendash has failed ({type(defect).__name__}): please report it with {path}."


def _fail(sentence: str, code: int, *, as_json: bool) -> NoReturn:
    sentence = plain(sentence, _LONGEST_SENTENCE)
    click.echo(f"vendash: {sentence}", err=True)
    if as_json:
        click.echo(_json({"error": sentence}))
    sys.exit(code)


def _json(document: Mapping[str, object]) -> str:
    import json  # noqa: PLC0415 (the console does without)

    return json.dumps(document)
