"""`vendash drift`: where the VTN holds something else, and what is to become of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click

from vendash.commands.drifted import Shown, document, found, text
from vendash.commands.looking import looking_closer
from vendash.commands.opening import counted, opened_store, trouble_of, waiting
from vendash.config import database_path, log_to_file
from vendash.engine import surveys
from vendash.engine.connecting import VtnAccess, VtnChoice, take_up
from vendash.errors import VendashError
from vendash.fleet import Fleet, current_actor
from vendash.lock import HeldByOtherError, exclusive, lock_path
from vendash.models import (
    ActionOutcome,
    Authority,
    DriftChoice,
    DriftKind,
)
from vendash.output import Answer, note
from vendash.store.following import ticking
from vendash.store.protocol import FleetStore
from vendash.telemetry.place import live_folder
from vendash.telemetry.status import COMPARE, read_status
from vendash.vtn.survey import survey

DIFFERS = 2
"""Exit code with --exit-code, as of `terraform plan -detailed-exitcode`; 1 is trouble."""
IDLE_SECONDS = 20.0
"""How long an engine may not compare before we stop waiting for it."""
ASK_ABOVE = 100

_DONE = {
    DriftChoice.OURS: "ours goes to the VTN",
    DriftChoice.THEIRS: "theirs taken over",
    DriftChoice.ADOPT: "adopted",
    DriftChoice.FORGET: "not shown again until changed there",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a user asked for. Ids, VENs and `everything` say which items a choice is about."""

    vtn: VtnChoice = field(default_factory=VtnChoice)
    vens: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    everything: bool = False
    cached: bool = False
    exit_code: bool = False
    choice: DriftChoice | None = None
    reason: str = ""
    yes: bool = False


async def drift(db_path: Path | None, asked: Asked) -> Answer:
    """Compare, show, and do what was chosen.

    A choice is about the newest comparison, the one that was looked at: no other one is made.
    """
    started = time.monotonic()
    log_to_file("drift")
    path = database_path(db_path)
    async with opened_store(path) as store:
        fleet = Fleet(store, actor=current_actor())
        if not asked.cached and asked.choice is None:
            await _compared(fleet, store, asked)
        surveyed = await store.surveyed()
        if surveyed is None:
            raise VendashError("Nothing was compared yet: run vendash drift without --cached.")
        fresh = not asked.cached and asked.choice is None
        shown = await found(store, vens=asked.vens, ids=asked.ids, with_orphans=not fresh)
        if asked.choice is not None:
            return await _chosen(fleet, shown, asked, asked.choice)
        authority = await store.authority()
        waits, refused = await waiting(store)
    when = datetime.fromtimestamp(surveyed, UTC)
    seconds = round(time.monotonic() - started, 3)
    code = DIFFERS if shown and asked.exit_code else 0
    told = document(shown, when, seconds) | {"waiting": waits, "refused": refused}
    return told, text(shown, when, authority, waits=waits, refused=refused), code


# --- comparing -----------------------------------------------------------------------------------


async def _compared(fleet: Fleet, store: FleetStore, asked: Asked) -> None:
    """A comparison that begins now, here or in the engine."""
    access = asked.vtn.access()
    url = await access.url(store)
    try:
        with exclusive(lock_path(store.path), "drift", "Another process works on the VTN already"):
            await _compare_here(store, url, access)
    except HeldByOtherError as error:
        if error.holder is None or error.holder.kind != "engine":
            raise
        known = await store.vtn()
        if asked.vtn.url is not None and (known is None or known[0] != url):
            raise VendashError(
                f"The engine works with another VTN ({known[0] if known else 'none yet'}):"
                " leave --vtn-url out, or stop it."
            ) from None
        await _compared_by_engine(fleet, store)


async def _compare_here(store: FleetStore, url: str, access: VtnAccess) -> None:
    vtn = access.client(url)
    async with looking_closer(vtn), vtn.connect() as connection:
        await take_up(store, vtn, access.settings, actor=current_actor())
        decided_there = await store.authority() is Authority.VTN
        await connection.greet()
        made = await survey(store, connection, statuses=decided_there)
    await store.use_vtn(url, vtn.dialect)
    for sentence in vtn.vitals.snapshot().warnings():
        note(sentence)
    if decided_there:
        await surveys.follow(store, made.statuses)


async def _compared_by_engine(fleet: Fleet, store: FleetStore) -> None:
    """Ask for a comparison, and wait for its end."""
    folder = live_folder(store.path)
    wished = await fleet.want_survey()
    idle = time.monotonic()
    async for _ in ticking(store):
        if (await store.surveyed() or 0.0) >= wished:
            return
        status = read_status(folder)
        if status is not None:
            if status.vtn.health == "trouble":
                raise VendashError(trouble_of(status.vtn))
            if status.survey.text == COMPARE and status.survey.since >= wished:
                raise VendashError(trouble_of(status.survey))
            if status.survey.health == "busy":
                idle = time.monotonic()
        if time.monotonic() - idle > IDLE_SECONDS:
            raise VendashError(
                "The engine does not compare: see vendash doctor; --cached shows the newest"
                " comparison."
            )


# --- choosing ------------------------------------------------------------------------------------


async def _chosen(
    fleet: Fleet, shown: Sequence[Shown], asked: Asked, choice: DriftChoice
) -> Answer:
    """Do what was chosen with these."""
    if not (asked.ids or asked.vens or asked.everything):
        raise click.UsageError("Nothing is selected: give IDs, --ven NAME or --all.")
    known = {name for one in shown for name in (one.item.name, one.item.remote_id)}
    if unknown := [name for name in asked.ids if name not in known]:
        raise VendashError(f"The newest comparison found nothing about {unknown[0]!r}.")
    open_ones = [one for one in shown if not one.item.again]
    if not asked.yes:
        _confirm(open_ones, choice)
    compared = [one.item for one in open_ones if one.compared]
    left = [one.item.name for one in open_ones if not one.compared]
    subject = asked.vens[0] if len(asked.vens) == 1 else ""
    if len(open_ones) == 1:
        subject = open_ones[0].name or open_ones[0].item.name
    outcomes: list[ActionOutcome] = []
    if compared or not left:
        outcomes.append(
            await fleet.settle_drift(compared, choice, reason=asked.reason, subject=subject)
        )
    if left and choice is DriftChoice.OURS:
        outcomes.append(await fleet.remove_orphans(left, reason=asked.reason, subject=subject))
    changed = sum(one.changed for one in outcomes)
    skipped = len(shown) - changed
    done = {
        "choice": choice.value,
        "actions": [one.sequence for one in outcomes if one.sequence is not None],
        "changed": changed,
        "skipped": skipped,
    }
    said = f"{counted(changed, 'item')}: {_DONE[choice]}; vendash undo takes it back."
    if skipped:
        said += f" {skipped:,} left alone: settled already, or this makes no sense for them."
    if changed and choice is not DriftChoice.FORGET:
        said += " The engine, or vendash register, sees to it at the VTN."
    return done, said, 0


def _confirm(chosen: Sequence[Shown], choice: DriftChoice) -> None:
    """Ask where something is deleted there, or much is changed. Raises `click.Abort`."""
    gone = [one for one in chosen if one.item.kind in {DriftKind.ONLY_THERE, DriftKind.DOUBLE}]
    deletes = len(gone) if choice is DriftChoice.OURS else 0
    if not deletes and len(chosen) <= ASK_ABOVE:
        return
    what = f"{counted(len(chosen), 'item')}, {deletes:,} of them deleted at the VTN"
    if not sys.stdin.isatty():
        raise click.UsageError(f"That is {what}: add --yes to do it without being asked.")
    note(what)
    typed = click.prompt(f"Type {len(chosen)} to go on", default="no", err=True)
    if typed != str(len(chosen)):
        raise click.Abort
