"""Which action an undo would reverse, and how that is asked: pure."""

from __future__ import annotations

from collections.abc import Sequence

from vendash.models import AuditAction

UNDOABLE = frozenset({"approve", "suspend", "pend", "register", "unregister", "undo", "simulate"})


def last_undoable(log: Sequence[AuditAction], actor: str) -> AuditAction | None:
    """The actor's newest action that can be undone and is not; `log` is newest first."""
    for one in log:
        if one.actor == actor and one.undone_by is None and one.verb in UNDOABLE:
            return one
    return None


def undo_words(last: AuditAction, actor: str) -> str:
    """What is asked: `UNDO suspend of 112 in Aalborg, 14:01, by you`.

    Of a register it is said first what that means: what was sent there is deleted there.
    """
    who = "you" if last.actor == actor else last.actor
    what = f"UNDO {about(last)}"
    if last.verb == "register":
        where = f" in {last.subject}" if last.subject else ""
        what = f"UNDO register: removes {last.count:,} at the VTN{where}"
    return f"{what}, {last.at.astimezone():%H:%M}, by {who}"


def about(action: AuditAction) -> str:
    """The action in words: `suspend of 112 in Aalborg`, `simulate on, x1`."""
    verb = action.verb if action.verb != "undo" else f"undo {action.reason}"
    if "simulate" in verb:  # about the whole database, and no number of rows
        return f"{verb} {action.subject}".rstrip()
    where = f" in {action.subject}" if action.subject else ""
    return (
        f"{verb}, {action.count:,}{where}"
        if " of " in verb
        else f"{verb} of {action.count:,}{where}"
    )
