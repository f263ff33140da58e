"""What the Activity screen says of the audit log, in words: pure."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from vendash.errors import VendashError
from vendash.models import AuditAction, WorkCounts
from vendash.screens.undo_text import UNDOABLE, VERB_WORDS

_NOT_UNDOABLE = {
    "import": "An import stays; take its resources out with :reset, which makes a backup first.",
    "reset": "A reset is taken back by restoring the backup it made.",
    "normalise": "Unknown statuses were made PENDING; decide about the resources instead.",
}

_AGO = re.compile(r"(\d{1,5})\s*(m|h|d)(?:in|ins|ours?|ays?)?")
_MINUTES = {"m": 1, "h": 60, "d": 1440}


def local_time(at: datetime, now: datetime) -> str:
    """A moment as the operator's clock shows it, with the day when it was not today."""
    there = at.astimezone()
    if there.date() == now.astimezone().date():
        return f"{there:%H:%M:%S}"
    if abs(now - at) < timedelta(days=300):
        return f"{there:%d %b %H:%M}"
    return f"{there:%Y-%m-%d}"


def what(action: AuditAction) -> str:
    """The verb and what it was about."""
    return f"{VERB_WORDS.get(action.verb, action.verb)} {action.subject}".rstrip()


def remark(action: AuditAction) -> str:
    """Whether it was undone, and what it undoes or the reason that was given."""
    parts = []
    if action.undone_by is not None:
        parts.append(f"undone by {action.undone_by}")
    if action.undoes is not None:
        parts.append(f"undoes {action.undoes}")
    elif action.reason:
        parts.append(action.reason)
    return "; ".join(parts)


def why_not_undone(action: AuditAction) -> str:
    """Why an action cannot be undone, as a sentence; empty when it can."""
    if action.undone_by is not None:
        return f"It was undone by action {action.undone_by}: undo that one to have it again."
    if action.verb not in UNDOABLE:
        return _NOT_UNDOABLE.get(action.verb, f"To {action.verb} is not something to undo.")
    return "" if action.count else "It changed nothing."


def parse_since(text: str, now: datetime) -> datetime:
    """The moment of `5m`, `2h` or `1d` ago, `22:00` (the last one), `2025-11-21 22:00`, local time.

    Raises:
        VendashError: The text is none of these, or a moment to come.
    """
    ago = _AGO.fullmatch(text.strip().lower())
    if ago is not None:
        return now - timedelta(minutes=int(ago[1]) * _MINUTES[ago[2]])
    clock = _parsed_clock(text)
    if clock is not None:
        moment = datetime.combine(now.astimezone().date(), clock).astimezone()
        if moment > now:
            yesterday = now.astimezone().date() - timedelta(days=1)
            moment = datetime.combine(yesterday, clock).astimezone()
        return moment
    try:
        moment = datetime.fromisoformat(text.strip()).astimezone()
    except ValueError:
        raise VendashError(
            "Since when? Type :since 22:00, :since 5m (or 2h, 1d), or :since 2025-11-21."
        ) from None
    if moment > now:
        raise VendashError(f"{text.strip()} is still to come; type a time that has passed.")
    return moment


def _parsed_clock(text: str) -> time | None:
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()
    except ValueError:
        return None


def handover(changed: int, since: datetime, now: datetime, work: WorkCounts) -> str:
    """What has happened since, and what is still open."""
    actions = f"{changed:,} action" if changed == 1 else f"{changed:,} actions"
    left = [
        f"{count:,} {word}"
        for count, word in (
            (work.decide, "to decide"),
            (work.unsent, "unsent"),
            (work.different, "≠"),
            (work.trouble, "!"),
        )
        if count
    ]
    still = f"still open: {', '.join(left)}" if left else "nothing is open"
    return f"{actions} since {local_time(since, now)}; {still}"
