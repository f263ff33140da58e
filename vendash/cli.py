"""The command line: the operator's verbs without a screen.

Every command here is a few lines; what it does is in `vendash.commands`, imported when it runs, so
that `vendash --help` costs no more than this module.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from vendash import output
from vendash.options import (
    A_PATH,
    Work,
    answer,
    answering,
    db_option,
    do,
    json_option,
    selection_options,
    vtn_name_options,
    vtn_options,
)

if TYPE_CHECKING:
    from vendash.engine.connecting import VtnChoice


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vendash", message="%(prog)s %(version)s")
@db_option
@click.option("--read-only", is_flag=True, help="Look, but change nothing.")
@click.pass_context
def cli(context: click.Context, db_path: Path | None, read_only: bool) -> None:
    """The operator's console for an OpenADR 3 fleet. Without a command: the console."""
    if context.invoked_subcommand is None:
        from vendash.commands.console import console

        sys.exit(console(db_path, read_only=read_only))
    if db_path is not None or read_only:
        raise click.UsageError(
            "--db-path comes after the command, and --read-only is for the console alone"
        )


@cli.command()
@click.option("--fresh", is_flag=True, help="Forget the last demo and start over.")
@click.option("--headless", is_flag=True, help="No screen: do the whole job and say what was done.")
@click.option("--seconds", type=click.IntRange(1), default=10, show_default=True)
@json_option
def demo(fresh: bool, headless: bool, seconds: int, as_json: bool) -> None:
    """The sample fleet, a VTN and a running simulation; touches nothing else."""
    from vendash import demo

    if headless:
        answer(demo.headless(fresh=fresh, seconds=seconds), as_json=as_json)
    sys.exit(demo.show(fresh=fresh))


@answering(cli)
@click.option("--assets", type=A_PATH, help="Folder with CSV files.")
@click.option("--sample", is_flag=True, help="The sample fleet that comes with vendash.")
@click.option("--skip-bad", is_flag=True, help="Leave bad rows out instead of refusing them all.")
def prepare(assets: Path | None, sample: bool, skip_bad: bool, db_path: Path | None) -> Work:
    """Import resources from CSV files; importing again changes nothing twice."""
    from vendash.commands import fleet

    if assets and sample:
        raise click.UsageError("Give --assets or --sample, not both.")
    return fleet.prepare(db_path, assets, sample=sample, skip_bad=skip_bad)


@answering(cli)
@click.option("--limit", type=click.IntRange(1), help="Only the first N VENs by name.")
@click.option("--ven", "vens", multiple=True, help="Only this VEN.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent; send and write nothing.")
@click.option("--show", default="", metavar="ID", help="With --dry-run: the requests of this one.")
@vtn_options
def register(
    vtn: VtnChoice,
    vens: tuple[str, ...],
    limit: int | None,
    dry_run: bool,
    show: str,
    db_path: Path | None,
) -> Work:
    """Register VENs and their resources with the VTN, each exactly once."""
    from vendash.commands import registration

    wanted = registration.Wanted(vtn, vens, limit)
    if dry_run:
        from vendash.commands import preview

        return preview.dry_run(db_path, wanted, show)
    if show:
        raise click.UsageError("--show goes with --dry-run.")
    return registration.register(db_path, wanted)


def _decision(name: str, help_text: str) -> None:
    @answering(cli, name, help_text)
    @selection_options
    def decide(
        ids: tuple[str, ...],
        vens: tuple[str, ...],
        text: str | None,
        reason: str,
        yes: bool,
        db_path: Path | None,
    ) -> Work:
        from vendash.commands import fleet

        if not (ids or vens or text):
            raise click.UsageError("Nothing is selected: give IDs, --ven NAME or --filter TEXT.")
        chosen = fleet.Chosen(ids, vens, text)
        return fleet.decide(db_path, name, chosen, reason=reason, yes=yes)


_decision("approve", "Approve resources: they deliver readings from the next tick.")
_decision("suspend", "Suspend resources: their readings stop with the next tick.")
_decision("pending", "Take the decision on resources back.")


@answering(cli)
def undo(db_path: Path | None) -> Work:
    """Undo your last action, as one unit."""
    from vendash.commands import fleet

    return fleet.undo(db_path)


@answering(cli)
@click.option("--verify", is_flag=True, help="Check the hash chain of the log.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
def audit(verify: bool, limit: int, db_path: Path | None) -> Work:
    """The audit log, newest first: who changed what, when and why."""
    from vendash.commands import inspect

    return inspect.audit(db_path, verify=verify, limit=limit)


@answering(cli)
def stats(db_path: Path | None) -> Work:
    """Totals by type, sub type, VEN and status."""
    from vendash.commands import inspect

    return inspect.stats(db_path)


@answering(cli)
def status(db_path: Path | None) -> Work:
    """One line: the work to do, and how the engine is."""
    from vendash.commands import inspect

    return inspect.status(db_path)


@answering(cli)
@click.argument("ids", nargs=-1)
@click.option("--ven", "vens", multiple=True, help="Only what is in this VEN.")
@click.option("--all", "everything", is_flag=True, help="Choose for all that was found.")
@click.option(
    "--keep-ours",
    "choice",
    flag_value="ours",
    help="Send ours again; what is only there, or there twice, is deleted there.",
)
@click.option("--take-theirs", "choice", flag_value="theirs", help="Take over what differs.")
@click.option("--adopt", "choice", flag_value="adopt", help="Know here what is only there.")
@click.option(
    "--forget", "choice", flag_value="forget", help="Do not show it again until it changes there."
)
@click.option("--cached", is_flag=True, help="Show the newest comparison; do not make another.")
@click.option(
    "--exit-code",
    is_flag=True,
    help="End with 2 where something differs, with 0 where nothing does.",
)
@click.option("--reason", default="", help="Kept in the audit log.")
@click.option("--yes", is_flag=True, help="Do not ask, whatever is deleted.")
@vtn_options
def drift(
    choice: str | None,
    db_path: Path | None,
    **asked: Any,  # noqa: ANN401 (the fields of Asked, as the options name them)
) -> Work:
    """Compare everything with the VTN; with a choice, settle what the newest comparison found.

    IDs are those of resources, names of VENs, or, of doubles, ids at the VTN. The engine makes the
    comparison where one runs. The exit code is 0 when it was made, whatever it found, and 1 when it
    could not be; with --exit-code it is 2 where something differs.
    """
    from vendash.commands.drift import Asked
    from vendash.commands.drift import drift as compare
    from vendash.models import DriftChoice

    chosen = DriftChoice(choice) if choice else None
    return compare(db_path, Asked(choice=chosen, **asked))


@answering(cli)
@vtn_options
def doctor(vtn: VtnChoice, db_path: Path | None) -> Work:
    """What is wrong between here and the VTN, and what to do; changes nothing anywhere."""
    from vendash.commands.doctor import doctor as examine

    return examine(db_path, vtn)


@answering(cli)
def check(db_path: Path | None) -> Work:
    """Check the whole database file, and that every resource id is there once."""
    from vendash.commands import inspect

    return inspect.check(db_path)


@answering(cli)
@click.argument("destination", type=A_PATH, required=False)
def backup(destination: Path | None, db_path: Path | None) -> Work:
    """Make a verified copy, also while the engine runs."""
    from vendash.commands import fleet

    return fleet.backup(db_path, destination)


@answering(cli)
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool, db_path: Path | None) -> Work:
    """Delete all resources here; asks, and makes a backup first."""
    from vendash.commands import fleet

    return fleet.reset(db_path, yes=yes)


@cli.command()
@vtn_options
@click.option("--with-stdin", is_flag=True, hidden=True, help="End when stdin ends.")
@db_option
def run(vtn: VtnChoice, with_stdin: bool, db_path: Path | None) -> None:
    """The engine: registers what is wanted and simulates, until it is told to stop."""
    from vendash.commands import services

    do(services.engine(db_path, vtn, with_stdin=with_stdin))


@answering(cli)
def stop(db_path: Path | None) -> Work:
    """End the engine of the database, and wait until it has."""
    from vendash.commands import stopping

    return stopping.stop(db_path)


@cli.group()
def secret() -> None:
    """Secrets that a VTN gives only once, or that belong to a single VEN."""


@secret.group("set")
def set_secret() -> None:
    """Keep a secret, read from the terminal without showing it, or from stdin."""


@answering(set_secret, "ven")
@click.argument("name")
@click.option("--client-id", help="It is the secret of this client id of the VEN, for reports.")
@vtn_name_options
def set_ven_secret(name: str, client_id: str | None, vtn: VtnChoice, db_path: Path | None) -> Work:
    """The token that the VTN gave the VEN NAME; with --client-id, the VEN's own client secret."""
    from vendash.commands import secrets

    given = secrets.ask(f"Secret of {name}")
    return secrets.keep(db_path, vtn, ven=name, client_id=client_id, given=given)


@answering(cli)
@click.argument("wanted", type=click.Choice(["on", "off"]), required=False)
@click.option("--ven", "vens", multiple=True, help="Only this VEN.")
@click.option("--seconds", type=click.IntRange(1), default=10, show_default=True)
@click.option("--speed", type=float, help="Simulated seconds per second.")
def simulate(
    wanted: str | None,
    vens: tuple[str, ...],
    seconds: int,
    speed: float | None,
    db_path: Path | None,
) -> Work:
    """`on` and `off` tell the engine; without either: simulate here and print what it reads."""
    from vendash.commands import simulation

    if wanted:
        return simulation.switch(db_path, wanted == "on", speed)
    return simulation.simulate(db_path, vens, seconds, 1.0 if speed is None else speed)


@cli.command()
@click.option("--host", help="Else 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Else 8000; 0 for any that is free.")
@click.option("--dialect", type=click.Choice(["3.1", "3.0.1", "energydesk"]), help="Else 3.1.")
@click.option("--state", help="Keep its objects in this file.", metavar="FILE")
@click.option("--no-auth", is_flag=True, help="Let anyone in.")
@click.option("--config", type=A_PATH, help="TOML file; these options go over its [vtn-server].")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME=VALUE",
    help="Misbehave on purpose, for instance error_503=0.2 (docs/testbed.md); repeatable.",
)
@click.option("--control", is_flag=True, help="Let tests on this machine use /_control.")
@click.option("--with-stdin", is_flag=True, hidden=True, help="End when stdin ends.")
@click.option("--announce", is_flag=True, hidden=True, help="URL and credentials as JSON.")
def vtn(
    no_auth: bool,
    config: Path | None,
    faults: tuple[str, ...],
    control: bool,
    with_stdin: bool,
    announce: bool,
    **given: Any,  # noqa: ANN401 (options of the VTN, as its settings name them)
) -> None:
    """The embedded VTN, on its own: something to register with, and to test clients with."""
    from vendash.commands import testbed

    given |= {"auth": False if no_auth else None, "control": control or None}
    do(testbed.vtn(config, given, faults, announce=announce, with_stdin=with_stdin))


def main() -> NoReturn:
    """Run the command line; everything that can go wrong ends in one sentence."""
    gc.enable()  # off since `vendash.__main__` began to import
    output.run(cli, sys.argv[1:])
