"""Which actions an undo may reverse, how that is asked, and what came of it: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from vendash.models import ActionOutcome, AuditAction

UNDOABLE = frozenset(
    {"approve", "suspend", "pend", "register", "unregister", "undo", "simulate", "take", "request"}
    | {"authority", "remove", "ours", "theirs", "adopt", "forget"}
)
VERB_WORDS = {
    "take": "as the VTN decided:",
    "request": "ask the VTN:",
    "authority": "who decides:",
    "remove": "remove what is left there",
    "ours": "keep ours",
    "theirs": "take theirs",
}
"""Verbs of the audit log that are not the word an operator knows them by."""


def undoable(log: Iterable[AuditAction], actor: str) -> Iterator[AuditAction]:
    """The actor's actions that can be undone and are not, in the order of the log."""
    for one in log:
        if one.actor == actor and one.undone_by is None and one.verb in UNDOABLE:
            yield one


def undo_words(last: AuditAction, actor: str, sent: int) -> str:
    """What is asked: `UNDO suspend of 112 in Aalborg, 14:01, by you`; to undo an undo is to redo.

    Of a register it is said first what that means: of what it wanted the VTN holds so many as
    `sent`, and they are deleted there. Where nothing has left for the VTN yet, that is said.
    """
    who = f", by {'you' if last.actor == actor else last.actor}"
    what = f"{'REDO' if _redone(last) else 'UNDO'} {about(last)}"
    if not sent and not _redone(last):  # a moment ago, and on one line with the answers
        what, who = f"{what}, nothing sent yet", who.removesuffix(", by you")
    elif last.verb == "register":
        where = f" in {last.subject}" if last.subject else ""
        upto = "up to " if sent < last.count else ""  # more may be sent until it is answered
        what = f"UNDO register: removes {upto}{last.count:,} at the VTN{where}"
    return f"{what}, {last.at.astimezone():%H:%M}{who}"


def undone_words(last: AuditAction, outcome: ActionOutcome, *, unsent: bool = False) -> str:
    """What came of it: `undid suspend of 112 in Aalborg; u redoes`; `unsent`: nothing had left."""
    skipped = f"; {outcome.skipped:,} changed since, left alone" if outcome.skipped else ""
    if not outcome.changed:
        return f"nothing was undone{skipped}; 4 lists what was done before"
    done, other = ("redid", "u undoes") if _redone(last) else ("undid", "u redoes")
    nothing = ", nothing was sent" if unsent and not _redone(last) else ""
    return f"{done} {about(replace(last, count=outcome.changed))}{nothing}; {other}{skipped}"


def about(action: AuditAction) -> str:
    """The action in words: `suspend of 112 in Aalborg`, `simulate on, x1`."""
    verb = _redone(action) or action.verb
    verb = VERB_WORDS.get(verb, verb)
    if verb in {"simulate", VERB_WORDS["authority"]}:
        # About the whole database, and no number of rows.
        return f"{verb} {action.subject}".rstrip()
    where = f" in {action.subject}" if action.subject else ""
    return f"{verb} of {action.count:,}{where}"


def _redone(action: AuditAction) -> str:
    """The verb that an undo took back; empty for what is no undo, or the undo of one."""
    verb = action.reason.removeprefix("of ") if action.verb == "undo" else ""
    return verb if verb != "undo" else ""
