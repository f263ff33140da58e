"""Reversing an action as one unit, row by row where nobody has changed the row since."""

from __future__ import annotations

import sqlite3

import msgspec

from vendash.errors import VendashError
from vendash.models import ActionOutcome, AuditAction, Authority, SimulationSettings
from vendash.store import audit
from vendash.store.authority import authority, record_authority, undo_requests
from vendash.store.decisions import record_simulation, simulation
from vendash.store.observations import want_items
from vendash.store.orphans import undo_removals
from vendash.store.settling import CHOICES, undo_settling

_DECISIONS = frozenset({"approve", "suspend", "pend", "take"})
_WANTS = frozenset({"register", "unregister"})
_REFUSALS = {
    "import": "an import stays: the resources may be in use since; vendash reset starts over",
    "edit": "a program wrote those values, and may have meant it",
    "reset": "the resources are gone: take the backup that was made before",
    "normalise": "the value before was not a decision",
}


def undo(
    connection: sqlite3.Connection, *, actor: str, sequence: int | None = None
) -> ActionOutcome:
    """Reverse an action, by default the actor's last one that is not undone."""
    found = _find(connection, actor, sequence)
    what = _original_verb(connection, found)
    if reason := _REFUSALS.get(what):
        raise VendashError(f"Action {found.sequence} ({what}) cannot be undone: {reason}.")
    repeated = audit.repetitions(connection, found.sequence)
    if repeated == found.count:
        raise VendashError(
            f"Action {found.sequence} ({what}) only tried again what was wanted before it:"
            " there is nothing to take back."
        )
    with audit.action(
        connection, actor=actor, verb="undo", reason=f"of {found.verb}", subject=found.subject,
        undoes=found.sequence,
    ) as action:  # fmt: skip
        if what in _DECISIONS:
            _undo_decisions(connection, action, found)
        elif what in _WANTS:
            _undo_wants(connection, action, found)
        elif what == "request":
            undo_requests(connection, action, found.sequence)
        elif what == "remove":
            undo_removals(connection, action, found.sequence)
        elif what in CHOICES:
            undo_settling(connection, action, found)
        elif what == "authority":
            _undo_authority(connection, action, found)
        else:
            _undo_simulation(connection, action, found)
    return ActionOutcome(
        sequence=action.sequence if action.count else None,
        verb="undo",
        changed=action.count,
        unchanged=repeated,
        skipped=found.count - action.count - repeated,
    )


def _find(connection: sqlite3.Connection, actor: str, sequence: int | None) -> AuditAction:
    if sequence is None:
        found = audit.last_action_of(connection, actor)
        if found is None:
            raise VendashError("There is nothing of yours to undo.")
        return found
    found = audit.find_action(connection, sequence)
    if found is None:
        raise VendashError(f"There is no action {sequence}: vendash audit lists them.")
    if found.undone_by is not None:
        raise VendashError(
            f"Action {sequence} is undone already, by action {found.undone_by}:"
            " undo that one to do it again."
        )
    return found


def _original_verb(connection: sqlite3.Connection, found: AuditAction) -> str:
    """What a chain of undos began with."""
    while found.undoes is not None:
        before = audit.find_action(connection, found.undoes)
        if before is None:
            raise VendashError(f"Action {found.undoes} is missing: run vendash audit --verify.")
        found = before
    return found.verb


def _undo_decisions(
    connection: sqlite3.Connection, action: audit.Action, found: AuditAction
) -> None:
    action.add(
        f"SELECT ?, {audit.ITEM_OF},"
        " r.registration_status, i.before FROM vendash_items i"
        " CROSS JOIN resources r ON r.id = i.key AND r.resource_id = i.resource_id"
        " WHERE i.sequence = ? AND r.registration_status = i.after",
        (found.sequence,),
    )
    connection.execute(
        "UPDATE resources SET updated_at = CURRENT_TIMESTAMP, registration_status ="
        " (SELECT after FROM vendash_items i WHERE i.sequence = ? AND i.key = id)"
        " WHERE id IN (SELECT key FROM vendash_items WHERE sequence = ?)",
        (action.sequence, action.sequence),
    )


def _undo_wants(connection: sqlite3.Connection, action: audit.Action, found: AuditAction) -> None:
    # An item that was wanted before and after was a repetition: there is nothing to take back.
    action.add(
        f"SELECT ?, {audit.ITEM_OF}, i.after, i.before"
        " FROM vendash_items i"
        " CROSS JOIN resources r ON r.id = i.key AND r.resource_id = i.resource_id"
        " LEFT JOIN vendash_observations o ON o.key = i.key WHERE i.sequence = ?"
        " AND i.before <> i.after AND coalesce(o.wanted, 0) = (i.after = 'wanted')",
        (found.sequence,),
    )
    want_items(connection, action.sequence)


def _undo_authority(
    connection: sqlite3.Connection, action: audit.Action, found: AuditAction
) -> None:
    (item,) = audit.items(connection, found.sequence)
    if authority(connection) == item.after:
        record_authority(connection, action, Authority(item.after), Authority(item.before))


def _undo_simulation(
    connection: sqlite3.Connection, action: audit.Action, found: AuditAction
) -> None:
    (item,) = audit.items(connection, found.sequence)
    now = simulation(connection)
    if now == msgspec.json.decode(item.after, type=SimulationSettings):
        before = msgspec.json.decode(item.before, type=SimulationSettings)
        record_simulation(connection, action, now, before)
