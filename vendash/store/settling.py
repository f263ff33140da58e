"""Doing what an operator chose about a difference with the VTN, and undoing it.

Of the two sides of a choice (`vendash.store.choices`) the one that is there is replaced by the
other, or, where it is not there any more, nothing happens.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from vendash.models import ActionOutcome, AuditAction, DriftChoice, DriftItem
from vendash.store import audit
from vendash.store.choices import Side, sides_of
from vendash.store.drift import ITEM_COLUMNS, ITEM_IS, identity, item_of
from vendash.store.facts import refresh
from vendash.store.sides import (
    OBJECT_IS,
    here_of,
    key_named,
    key_of,
    shown_name,
    stands,
)
from vendash.store.standing import (
    AS_ACCEPTED,
    CURRENT_VTN,
    NOW,
    mark_differing,
    want_vens,
)
from vendash.store.writing import insert

CHOICES = frozenset(choice.value for choice in DriftChoice)


def settle_drift(
    connection: sqlite3.Connection,
    items: Sequence[DriftItem],
    choice: DriftChoice,
    *,
    actor: str,
    reason: str = "",
    subject: str = "",
) -> ActionOutcome:
    """Choose for each of these; those that stand otherwise by now, or cannot so, are skipped."""
    settled = []
    with audit.action(
        connection, actor=actor, verb=choice.value, reason=reason, subject=subject
    ) as action:
        for item in items:
            current = _open_item(connection, item)
            sides = current and sides_of(current, choice, here_of(connection, current))
            if current and sides and _replace(connection, *sides):
                settled.append((key_of(connection, sides[0]), current.ven, *sides))
        _record(connection, action, settled)
    return ActionOutcome(
        sequence=action.sequence if settled else None,
        verb=choice.value,
        changed=len(settled),
        skipped=len(items) - len(settled),
    )


def undo_settling(connection: sqlite3.Connection, action: audit.Action, found: AuditAction) -> None:
    """Put the other side back where nothing has changed since."""
    undone = []
    for item in audit.items(connection, found.sequence):
        there = msgspec.json.decode(item.after, type=Side)
        other = msgspec.json.decode(item.before, type=Side)
        if _replace(connection, there, other):
            # Made again, a resource has another key.
            made = key_of(connection, other) if other.makes else None
            undone.append((made or item.key, item.ven, there, other))
    _record(connection, action, undone)


def _record(
    connection: sqlite3.Connection,
    action: audit.Action,
    changed: Sequence[tuple[int | None, str, Side, Side]],
) -> None:
    used: set[int] = set()
    values = []
    for number, (key, ven, before, after) in enumerate(changed, start=1):
        # Two objects of one name are two items, and some have no resource here.
        place = key if key is not None and key not in used else -number
        used.add(place)
        texts = [msgspec.json.encode(side).decode() for side in (before, after)]
        values.append((place, before.name, shown_name(connection, before), ven, *texts))
    if values:
        action.add_each("VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        want_vens(connection, "SELECT key FROM vendash_items WHERE sequence = ?", action.sequence)


def _open_item(connection: sqlite3.Connection, item: DriftItem) -> DriftItem | None:
    """The item as it stands in the file; None where it was settled, or is gone."""
    row = connection.execute(
        f"SELECT {ITEM_COLUMNS} FROM vendash_drift WHERE {ITEM_IS} AND settled IS NULL",
        identity(item),
    ).fetchone()
    if row is None:
        return None
    found = item_of(row)
    # Resources have come and gone since the survey.
    return msgspec.structs.replace(found, key=key_named(connection, found.what, found.name))


# --- one side for the other ------------------------------------------------------------------


def _replace(connection: sqlite3.Connection, there: Side, other: Side) -> bool:
    """Put one side in the place of the other, if that is how it is; whether it was."""
    if not stands(connection, there):
        return False
    connection.execute(
        f"UPDATE vendash_drift SET settled = nullif(?, '') WHERE {ITEM_IS}",
        (other.settled, *other.item),
    )
    if other.made is not None:
        insert(connection, [other.made])
    if other.columns:
        _write_columns(connection, other)
    if other.touched and other.what == "ven":
        _write_ven(connection, other)
    elif other.touched:
        _write_row(connection, other)
    if there.made is not None:
        _unmake(connection, there)
    if other.removal is not None:
        _write_removal(connection, other)
    mark_differing(connection, "SELECT ?", key_of(connection, other))
    return True


def _write_ven(connection: sqlite3.Connection, side: Side) -> None:
    if side.row is not None:
        connection.execute(
            f"UPDATE vendash_vens SET state = ?, since = {NOW}"
            f" WHERE vtn = {CURRENT_VTN} AND name = ?",
            (side.row.state, side.name),
        )


def _write_row(connection: sqlite3.Connection, side: Side) -> None:
    key, row = key_of(connection, side), side.row
    if row is None:
        connection.execute("DELETE FROM vendash_observations WHERE key = ?", (key,))
        return
    # Another change that waits for the VTN goes on waiting; what it had refused is tried again.
    connection.execute(
        "INSERT INTO vendash_observations (key, resource_id, wanted, remote_id, held_under, state,"
        f" since) VALUES (?, ?, ?, ?, ?, ?, {NOW}) ON CONFLICT (key) DO UPDATE SET"
        " wanted = excluded.wanted, remote_id = excluded.remote_id,"
        " held_under = excluded.held_under, since = excluded.since,"
        f" state = CASE WHEN {AS_ACCEPTED} THEN excluded.state ELSE 'waiting' END,"
        " error = '', http_status = NULL",
        (key, side.name, row.wanted, row.remote_id, row.held_under, row.state),
    )


def _write_columns(connection: sqlite3.Connection, side: Side) -> None:
    key, names = key_of(connection, side), side.column_names
    revision = "(SELECT revision FROM vendash_facts f WHERE f.key = o.key)"
    decision = "(SELECT registration_status FROM resources r WHERE r.id = o.key)"
    knew_values, knew_decision = connection.execute(
        f"SELECT accepted_revision = {revision}, told = {decision} FROM vendash_observations o"
        " WHERE key = ?",
        (key,),
    ).fetchone()
    connection.execute(
        f"UPDATE resources SET {', '.join(f'{name} = ?' for name in names)},"
        " updated_at = CURRENT_TIMESTAMP WHERE id = ?",
        (*(side.columns[name] for name in names), key),
    )
    refresh(connection)
    # What is here now the VTN is known to hold, or to hold otherwise: there is nothing to send,
    # unless something else was to be sent before.
    connection.execute(
        "UPDATE vendash_observations AS o SET"
        f" accepted_revision = CASE WHEN ? THEN {revision} ELSE accepted_revision END,"
        f" told = CASE WHEN ? THEN {decision} ELSE told END WHERE key = ?",
        (knew_values, knew_decision, key),
    )


def _unmake(connection: sqlite3.Connection, side: Side) -> None:
    """An adopted resource goes again; the VTN keeps it."""
    connection.execute(
        "DELETE FROM connections WHERE id ="
        " (SELECT connection_id FROM resources WHERE resource_id = ?)",
        (side.name,),
    )
    connection.execute("DELETE FROM resources WHERE resource_id = ?", (side.name,))
    refresh(connection)


def _write_removal(connection: sqlite3.Connection, side: Side) -> None:
    if not side.removal:
        connection.execute(f"DELETE FROM vendash_removals WHERE {OBJECT_IS}", side.object)
        return
    ven_id, ven = side.held
    connection.execute(
        "INSERT INTO vendash_removals (vtn, what, name, remote_id, ven, held_under, since)"
        f" VALUES ({CURRENT_VTN}, ?, ?, ?, ?, nullif(?, ''), {NOW})",
        (*side.object, ven, ven_id),
    )
