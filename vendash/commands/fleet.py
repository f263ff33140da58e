"""Commands that change the fleet: prepare, approve, suspend, pending, undo, backup, reset."""

from __future__ import annotations

import asyncio
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from vendash.commands.opening import counted, named_vens, opened
from vendash.config import assets_path
from vendash.errors import VendashError
from vendash.filters import Query, parse_filter
from vendash.fleet import Fleet
from vendash.lock import holder, lock_path
from vendash.models import ActionOutcome, AuditAction, ImportOutcome, Selection, VtnState
from vendash.output import Answer, note
from vendash.sample import sample_assets
from vendash.store.assets import Assets, read_assets

ASK_ABOVE_ROWS = 100
ASK_ABOVE_KW = 1000.0
_VERBS = {"approve": "approved", "suspend": "suspended", "pending": "set to pending"}
_IN_WORDS = {
    "ours": "sending ours again to the VTN",
    "theirs": "taking theirs over from the VTN",
    "adopt": "adopting from the VTN",
    "forget": "forgetting what differs at the VTN",
    "remove": "removing at the VTN",
    "request": "asking the VTN",
    "take": "following the VTN",
    "authority": "letting decide: the",
}
"""Verbs of the log that are no words for what was done."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a user named: ids, VENs and a filter. They add up; the filter narrows the VENs."""

    ids: tuple[str, ...] = ()
    vens: tuple[str, ...] = ()
    text: str | None = None


async def prepare(
    db_path: Path | None, assets: Path | None, *, sample: bool, skip_bad: bool
) -> Answer:
    """Import a folder of CSV files; with a bad row and no `skip_bad`, nothing of it."""
    folder = sample_assets() if sample else assets_path(assets)
    found = await asyncio.to_thread(read_assets, folder)
    for remark in (*found.problems, *found.duplicates):
        note(f"vendash: {remark}")
    if found.problems and not skip_bad:
        raise VendashError(
            f"Nothing was imported: {counted(len(found.problems), 'problem')} above;"
            " mend them, or leave those rows out with --skip-bad."
        )
    async with opened(db_path, create=True) as fleet:
        outcome = await fleet.import_resources(found.resources, subject=folder.name)
        if sample:
            await fleet.simulate(True)
        total = (await fleet.reader.work()).total
    document = {
        "added": outcome.added,
        "updated": outcome.updated,
        "unchanged": outcome.unchanged,
        "duplicates": len(found.duplicates),
        "skipped": len(found.problems),
        "total": total,
        "database": str(fleet.path),
    }
    text = f"{_imported(outcome, found)}; {total:,} in {fleet.path}."
    return document, text, 1 if found.problems else 0


async def import_folder(fleet: Fleet, folder: Path) -> str:
    """Import a folder for the console; what came of it, in a sentence.

    Raises:
        VendashError: There is a bad row; nothing was imported.
    """
    if not await asyncio.to_thread(_has_tables, folder):
        raise VendashError(f"No CSV file in {folder}: name the folder with yours.")
    found = await asyncio.to_thread(read_assets, folder)
    if found.problems:
        first, more = found.problems[0], len(found.problems) - 1
        others = f" (and {more:,} more: vendash prepare --assets lists them)" if more else ""
        raise VendashError(f"Nothing was imported: {first}{others}")
    return (
        f"{_imported(await fleet.import_resources(found.resources, subject=folder.name), found)}."
    )


def _has_tables(folder: Path) -> bool:
    return folder.is_file() or any(folder.glob("*.[cC][sS][vV]"))


def _imported(outcome: ImportOutcome, found: Assets) -> str:
    duplicates = counted(len(found.duplicates), "duplicate row")
    return (
        f"{counted(outcome.added, 'resource')} added, {outcome.updated:,} updated,"
        f" {outcome.unchanged:,} unchanged{f', {duplicates}' if found.duplicates else ''}"
    )


async def choose(fleet: Fleet, chosen: Chosen) -> Selection:
    """Freeze what was named. Raises `VendashError` for an unknown id or VEN."""
    keys: dict[int, None] = {}
    known = await fleet.reader.find(chosen.ids)
    if unknown := [given for given in chosen.ids if given not in known]:
        raise VendashError(f"There is no resource with the id {unknown[0]!r} here.")
    keys.update(dict.fromkeys(known.values()))
    wanted = parse_filter(chosen.text or "")
    for ven in named_vens(chosen.vens, await fleet.reader.vens() if chosen.vens else ()):
        keys.update(dict.fromkeys(await fleet.reader.keys(Query(ven=ven, filter=wanted))))
    if chosen.text and not chosen.vens:
        keys.update(dict.fromkeys(await fleet.reader.keys(Query(filter=wanted))))
    return await fleet.reader.select(array("q", keys))


async def decide(
    db_path: Path | None, verb: str, chosen: Chosen, *, reason: str, yes: bool
) -> Answer:
    """Approve, suspend or set to pending; ask first when they are many."""
    async with opened(db_path) as fleet:
        selection = await choose(fleet, chosen)
        if not yes:
            _confirm(verb, selection)
        act = {"approve": fleet.approve, "suspend": fleet.suspend, "pending": fleet.pend}[verb]
        outcome = await act(selection, reason=reason, subject=_subject(chosen))
        unsent = await _among(fleet, selection, VtnState.UNWANTED)
        running = holder(lock_path(fleet.path)) is not None
        waiting = 0 if running else await _among(fleet, selection, VtnState.WAITING)
    if outcome.verb == "request":
        return _document(outcome), _requested(verb, outcome), 0
    text = f"{counted(outcome.changed, 'resource')} {_VERBS[verb]}"
    text += f", {outcome.unchanged:,} were so already." if outcome.unchanged else "."
    if unsent:
        text += f" {unsent:,} of them are not at the VTN yet (vendash register sends them)."
    if waiting:
        text += f" {waiting:,} wait to be told to the VTN: vendash run, or vendash register."
    return _document(outcome), text, 0


def _requested(verb: str, outcome: ActionOutcome) -> str:
    """What came of asking a VTN that decides itself."""
    text = f"The VTN decides: it is asked to have {counted(outcome.changed, 'resource')}"
    text += f" {_VERBS[verb]}, and is followed when it has."
    if outcome.unchanged:
        text += f" {outcome.unchanged:,} are so, or were asked for, already."
    if outcome.skipped:
        text += f" {outcome.skipped:,} are not at the VTN (vendash register sends them)."
    return text


async def _among(fleet: Fleet, selection: Selection, state: VtnState) -> int:
    """How many of these are in this state at the VTN."""
    keys = await fleet.reader.keys(Query(filter=parse_filter(f"vtn:{state}")))
    return len(set(selection.keys).intersection(keys))


def _confirm(verb: str, selection: Selection) -> None:
    many = len(selection) > ASK_ABOVE_ROWS or selection.p_max_kw > ASK_ABOVE_KW
    if not many:
        return
    what = f"{counted(len(selection), 'resource')}, {selection.p_max_kw / 1000:,.1f} MW"
    if not sys.stdin.isatty():
        raise click.UsageError(f"That is {what}: add --yes to {verb} them without being asked.")
    _type_number(f"{verb.upper()} {what}", len(selection))


def _type_number(question: str, number: int) -> None:
    """Ask as the console does: what is large is not done by habit. Raises `click.Abort`."""
    typed = click.prompt(f"{question}: type {number} to go on", default="no", err=True)
    if typed != str(number):
        raise click.Abort


def _subject(chosen: Chosen) -> str:
    if len(chosen.vens) == 1 and not chosen.ids:
        return chosen.vens[0]
    if chosen.vens:
        return counted(len(chosen.vens), "VEN")
    return chosen.text or ""


def _document(outcome: ActionOutcome) -> dict[str, object]:
    return {
        "action": outcome.sequence,
        "verb": outcome.verb,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
        "skipped": outcome.skipped,
    }


async def undo(db_path: Path | None) -> Answer:
    """Undo the last own action."""
    async with opened(db_path) as fleet:
        outcome = await fleet.undo()
        recorded = await fleet.reader.actions(limit=200)
    done = next((one for one in recorded if one.sequence == outcome.sequence), None)
    skipped = f", {outcome.skipped:,} changed since and stay" if outcome.skipped else ""
    repeated = f", {outcome.unchanged:,} were only tried again" if outcome.unchanged else ""
    if done is None:
        text = f"Nothing was undone{skipped}{repeated}: vendash audit lists what was done since."
    else:
        did, what, other = _undone(done, recorded)
        items = counted(outcome.changed, "item")
        text = f"{did} {what}: {items} as before{skipped}{repeated}; undo again {other}."
    return _document(outcome), text, 0


def _undone(done: AuditAction, log: Sequence[AuditAction]) -> tuple[str, str, str]:
    """What came of an undo, of what, and what the next one does; to undo an undo is to redo."""
    by_number = {one.sequence: one for one in log}
    chain = [done]
    while (one := by_number.get(chain[-1].undoes or 0)) is not None and one.verb == "undo":
        chain.append(one)
    verb = chain[-1].reason.removeprefix("of ")
    did, other = ("Undid", "redoes") if len(chain) % 2 else ("Redid", "undoes")
    return did, f"{_IN_WORDS.get(verb, verb)} {done.subject}".strip(), other


async def backup(db_path: Path | None, destination: Path | None) -> Answer:
    """A verified copy."""
    async with opened(db_path) as fleet:
        copy = await fleet.backup(destination)
    return {"backup": str(copy)}, f"Backup written and verified: {copy}", 0


async def reset(db_path: Path | None, *, yes: bool) -> Answer:
    """Delete all resources after asking, and after a backup."""
    async with opened(db_path) as fleet:
        total = (await fleet.reader.work()).total
        if total and not yes:
            what = f"RESET: delete all {counted(total, 'resource')}, after a backup"
            if not sys.stdin.isatty():
                raise click.UsageError(f"{what}: add --yes to do it without being asked.")
            _type_number(what, total)
        copy = await fleet.reset()
    return {"backup": str(copy)}, f"All resources deleted; the backup before it is {copy}.", 0
