"""What is left at the VTN of resources that are gone from here; deleted there when confirmed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from vendash.models import ActionOutcome, Orphan, VtnState
from vendash.store import audit
from vendash.store.resources import json_list
from vendash.store.standing import CURRENT_VTN, NOW

_LEFT = (
    " FROM vendash_elsewhere e LEFT JOIN vendash_removals m ON m.vtn = e.vtn"
    " AND m.what = 'resource' AND m.name = e.resource_id AND m.remote_id IS e.remote_id"
    f" WHERE e.vtn = {CURRENT_VTN} AND (e.remote_id IS NOT NULL OR e.doubtful)"
)


def orphans(connection: sqlite3.Connection) -> list[Orphan]:
    """All of them at the current VTN, by VEN and name."""
    rows = connection.execute(
        "SELECT e.resource_id, e.remote_id, e.held_under, e.name, e.ven,"
        f" coalesce(m.state, 'ok'), coalesce(m.error, ''){_LEFT}"
        " ORDER BY e.ven, e.name, e.resource_id"
    )
    return [
        Orphan(resource_id=resource_id, remote_id=remote_id, ven_remote_id=held_under, name=name,
               ven=ven, state=VtnState(state), error=error)
        for resource_id, remote_id, held_under, name, ven, state, error in rows
    ]  # fmt: skip


def remove_orphans(
    connection: sqlite3.Connection,
    resource_ids: Sequence[str],
    *,
    actor: str,
    reason: str = "",
    subject: str = "",
) -> ActionOutcome:
    """Want these deleted at the VTN; also again, where that failed."""
    named = json_list(sorted(set(resource_ids)))
    with audit.action(
        connection, actor=actor, verb="remove", reason=reason, subject=subject
    ) as action:
        changed = action.add(
            "SELECT ?, -row_number() OVER (ORDER BY e.resource_id), e.resource_id, e.name, e.ven,"
            f" 'left', 'removed' {_LEFT}"
            " AND e.resource_id IN (SELECT value FROM json_each(?))"
            " AND coalesce(m.state, 'failed') NOT IN ('waiting', 'sending')",
            (named,),
        )
        (known,) = connection.execute(
            f"SELECT count(*) {_LEFT} AND e.resource_id IN (SELECT value FROM json_each(?))",
            (named,),
        ).fetchone()
        _remove(connection, action.sequence)
    return ActionOutcome(
        sequence=action.sequence if changed else None,
        verb="remove",
        changed=changed,
        unchanged=known - changed,
        skipped=len(set(resource_ids)) - known,
    )


def undo_removals(connection: sqlite3.Connection, action: audit.Action, sequence: int) -> None:
    """Leave there what has not been sent for deletion yet; or want it deleted again."""
    waiting = (
        "EXISTS (SELECT 1 FROM vendash_removals m WHERE m.name = e.resource_id AND m.vtn = e.vtn"
        " AND m.what = 'resource' AND m.state IN ('waiting', 'failed', 'conflict'))"
    )
    action.add(
        "SELECT ?, i.key, i.resource_id, i.name, i.ven, i.after, i.before FROM vendash_items i"
        f" CROSS JOIN vendash_elsewhere e ON e.vtn = {CURRENT_VTN}"
        " AND e.resource_id = i.resource_id"
        f" WHERE i.sequence = ? AND CASE i.after WHEN 'removed' THEN {waiting} ELSE 1 END",
        (sequence,),
    )
    connection.execute(
        f"DELETE FROM vendash_removals WHERE vtn = {CURRENT_VTN} AND what = 'resource'"
        " AND state <> 'sending' AND name IN"
        " (SELECT resource_id FROM vendash_items WHERE sequence = ? AND after = 'left')",
        (action.sequence,),
    )
    _remove(connection, action.sequence)


def _remove(connection: sqlite3.Connection, sequence: int) -> None:
    """Want those items of an action deleted that it says so of. Part of a transaction."""
    items = "SELECT resource_id FROM vendash_items WHERE sequence = ? AND after = 'removed'"
    connection.execute(
        f"DELETE FROM vendash_removals WHERE vtn = {CURRENT_VTN} AND what = 'resource'"
        f" AND state <> 'sending' AND name IN ({items})",
        (sequence,),
    )
    connection.execute(
        "INSERT INTO vendash_removals (vtn, what, name, ven, held_under, remote_id, doubtful,"
        f" since) SELECT vtn, 'resource', resource_id, ven, held_under, remote_id, doubtful, {NOW}"
        f" FROM vendash_elsewhere WHERE vtn = {CURRENT_VTN} AND resource_id IN ({items})",
        (sequence,),
    )
