"""Options that several commands of the command line have, and how a command is made of its work.

Like `vendash.cli` it imports nothing slow before a command runs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from vendash import output
from vendash.output import Answer

Work = Coroutine[Any, Any, Answer]
"""Of a command: it does all of it, and gives what is to be printed."""
Command = TypeVar("Command", bound=Callable[..., Any])
Result = TypeVar("Result")
Option = Callable[[Any], Any]
"""Adds itself to a command."""

A_PATH = click.Path(path_type=Path, readable=False)
"""Whether it can be used is said by what uses it."""

db_option = click.option(
    "--db-path", type=A_PATH, help="The database (else $VENDASH_DB, else "
    "./config/resources.db where it exists, else the user's data folder).",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")

_URL = click.option(
    "--vtn-url", "url", help="Else $VTN_SERVER_ADDRESS, else the VTN of the settings, else that of"
    " the database, else http://localhost:8000.",
)  # fmt: skip
_DIALECT = click.option(
    "--dialect",
    type=click.Choice(["3.1", "3.0.1", "3.0", "energydesk"], case_sensitive=False),
    help="Else asked of the VTN.",
)
_NO_AUTH = click.option("--no-auth", is_flag=True, help="The VTN asks for no token.")
_CONFIG = click.option(
    "--config", type=A_PATH, help="The settings (else $VENDASH_CONFIG, else ./config/vendash.toml, "
    "else vendash.toml in the user's configuration folder).",
)  # fmt: skip


def vtn_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Which VTN, as whom: handed over as one argument `vtn`, a `VtnChoice`."""
    return _choosing(command, _URL, _DIALECT, _NO_AUTH, _CONFIG)


def vtn_name_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Which VTN, for a command that does not talk to it; as `vtn_options`."""
    return _choosing(command, _URL, _CONFIG)


def _choosing(command: Callable[..., Result], *options: Option) -> Callable[..., Result]:
    @functools.wraps(command)
    def chosen(**given: Any) -> Result:  # noqa: ANN401 (of click)
        from vendash.engine.connecting import VtnChoice  # noqa: PLC0415 (the VTN's room)

        names = [name for name in ("url", "dialect", "no_auth", "config") if name in given]
        vtn = VtnChoice(**{name: given.pop(name) for name in names})
        return command(vtn=vtn, **given)

    return _with(chosen, *options)


def selection_options(command: Command) -> Command:
    """`[--ven NAME]... [--filter F] [ID]...`, `--reason`, `--yes`."""
    return _with(
        command,
        click.argument("ids", nargs=-1),
        click.option("--ven", "vens", multiple=True, help="All resources of this VEN."),
        click.option("--filter", "text", help="As in the lists: 'type:ev p>20'."),
        click.option("--reason", default="", help="Kept in the audit log."),
        click.option("--yes", is_flag=True, help="Do not ask, however many they are."),
    )


def _with(command: Command, *options: Option) -> Command:
    """The command with these options, shown in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def answering(
    group: click.Group, name: str | None = None, help_text: str | None = None
) -> Callable[[Callable[..., Work]], click.Command]:
    """A command of a group, for a body whose work gives an answer: that is printed.

    `--db-path`, which the body takes, and `--json` come after its own options.
    """

    def made(body: Callable[..., Work]) -> click.Command:
        @functools.wraps(body)
        def run(*, as_json: bool, **given: Any) -> NoReturn:  # noqa: ANN401 (of click)
            answer(body(**given), as_json=as_json)

        command: click.Command = group.command(name, help=help_text)(run)
        return json_option(db_option(command))  # of a command: after those that it has

    return made


def do(work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work of a command."""
    import asyncio  # noqa: PLC0415 (`vendash --help` stays quick)

    return asyncio.run(work)


def answer(work: Work, *, as_json: bool) -> NoReturn:
    """Do the work, print its answer and exit with its code."""
    output.answer(*do(work), as_json=as_json)
