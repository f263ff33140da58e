"""Commands that only look: stats, status, audit, check."""

from __future__ import annotations

from pathlib import Path

from vendash.commands.opening import counted, opened, opened_store, waiting
from vendash.config import database_path
from vendash.lock import holder, lock_path
from vendash.models import AuditAction
from vendash.output import Answer
from vendash.telemetry.place import live_folder
from vendash.telemetry.status import EngineStatus, read_status
from vendash.text import plain


async def stats(db_path: Path | None) -> Answer:
    """Totals by type, sub type, VEN and status."""
    async with opened(db_path) as fleet:
        figures = dict(await fleet.reader.statistics())
    lines = [f"Resources {figures['total_resources']:,} in {counted(figures['total_vens'], 'VEN')}"]
    for title, group in (
        ("By status", "by_status"),
        ("By type", "by_type"),
        ("By sub type", "by_sub_type"),
        ("Largest VENs", "top_10_vens"),
    ):
        lines += ["", title]
        lines += [f"  {plain(name, 40):<24} {count:>10,}" for name, count in figures[group].items()]
    return figures, "\n".join(lines), 0


async def status(db_path: Path | None) -> Answer:
    """The work to do and the engine's health, in one line."""
    path = database_path(db_path)
    async with opened_store(path) as store:
        work = await store.work()
        waits, refused = await waiting(store)
    engine = engine_status(path)
    document = {
        "resources": work.total,
        "decide": work.decide,
        "unsent": work.unsent,
        "approved": work.approved,
        "suspended": work.suspended,
        "different": work.different,
        "trouble": work.trouble,
        "waiting": waits,
        "refused": refused,
        "engine": None if engine is None else {"pid": engine.pid, "vtn": engine.vtn.health},
    }
    line = (
        f"{work.total:,} decide {work.decide:,} unsent {work.unsent:,}"
        f" approved {work.approved:,} suspended {work.suspended:,}"
        f" ≠ {work.different:,} waiting {waits:,} ! {refused:,} | {_engine_words(engine)}"
    )
    return document, line, 0


def engine_status(path: Path) -> EngineStatus | None:
    """The status of the engine that runs for this database; None when none runs."""
    running = holder(lock_path(path))
    if running is None or running.kind != "engine":
        return None
    return read_status(live_folder(path))


def _engine_words(engine: EngineStatus | None) -> str:
    if engine is None:
        return "ENGINE none"
    if not engine.fresh:
        return f"ENGINE silent for {engine.age:.0f} s"
    words = engine.vtn.text or engine.vtn.health
    mark = "VTN ok" if engine.vtn.health == "ok" else "VTN !"
    return f"ENGINE ok, {mark} {words}"


async def audit(db_path: Path | None, *, verify: bool, limit: int) -> Answer:
    """The log, newest first, or whether its chain holds."""
    async with opened(db_path) as fleet:
        if verify:
            broken = await fleet.reader.verify_audit()
            verdict = broken or "The audit log is whole: every action is chained to the one before."
            return {"whole": broken is None, "reason": broken}, verdict, 1 if broken else 0
        actions = await fleet.reader.actions(limit=limit)
    return {"actions": [_action(one) for one in actions]}, "\n".join(map(_line, actions)), 0


def _action(action: AuditAction) -> dict[str, object]:
    return {
        "sequence": action.sequence,
        "at": action.at.isoformat(),
        "actor": action.actor,
        "verb": action.verb,
        "count": action.count,
        "subject": action.subject,
        "reason": action.reason,
        "undone_by": action.undone_by,
        "undoes": action.undoes,
    }


def _line(action: AuditAction) -> str:
    when = action.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    undone = f"  (undone by {action.undone_by})" if action.undone_by else ""
    reason = f"  {plain(action.reason, 200)}" if action.reason else ""
    return (
        f"{action.sequence:>6}  {when}  {plain(action.actor):<28}"
        f" {plain(action.verb):<10} {action.count:>7,}  {plain(action.subject)}{reason}{undone}"
    )


async def check(db_path: Path | None) -> Answer:
    """The full check of the file."""
    async with opened(db_path) as fleet:
        problems = await fleet.reader.check()
        total = (await fleet.reader.work()).total
    if problems:
        return {"ok": False, "problems": problems, "resources": total}, "\n".join(problems), 1
    text = f"✓ The file is sound; {counted(total, 'resource')}, every resource id is there once."
    return {"ok": True, "problems": [], "resources": total}, text, 0
