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
from vendash.store.choices import COLUMNS, Here, Row, Side, columns_of, sides_of
from vendash.store.decisions import current_vtn
from vendash.store.drift import ITEM_COLUMNS, ITEM_IS, identity, item_of
from vendash.store.facts import refresh
from vendash.store.standing import (
    AS_ACCEPTED,
    CURRENT_VTN,
    HAS_VEN,
    NOW,
    mark_differing,
    want_vens,
)
from vendash.store.writing import insert

CHOICES = frozenset(choice.value for choice in DriftChoice)
_OBJECT_IS = f"vtn = {CURRENT_VTN} AND what = ? AND name = ? AND remote_id = ?"


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
            sides = current and sides_of(current, choice, _here(connection, current))
            if current and sides and _replace(connection, *sides):
                settled.append((_key(connection, sides[0]), current.ven, *sides))
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
            made = _key(connection, other) if other.makes else None
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
        values.append((place, before.name, _shown_name(connection, before), ven, *texts))
    if values:
        action.add_each("VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        want_vens(connection, "SELECT key FROM vendash_items WHERE sequence = ?", action.sequence)


# --- how it is -------------------------------------------------------------------------------


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
    return msgspec.structs.replace(found, key=_key_of(connection, found.what, found.name))


def _here(connection: sqlite3.Connection, item: DriftItem) -> Here:
    found = connection.execute(
        f"SELECT {HAS_VEN}, {', '.join(COLUMNS)} FROM resources r WHERE id = ?", (item.key,)
    ).fetchone()
    return Here(
        vtn=current_vtn(connection),
        row=_row(connection, item.what, item.name),
        columns=dict(zip(COLUMNS, found[1:], strict=True)) if found else None,
        sendable=bool(found and found[0]),
    )


def _stands(connection: sqlite3.Connection, side: Side) -> bool:
    """Whether all that a side is about is as it says."""
    return (
        side.vtn in {None, current_vtn(connection)}
        and _choice_stands(connection, side)
        and (not side.touched or _row_stands(connection, side))
        and (not side.makes or _resource_stands(connection, side))
        and (not side.columns or _columns(connection, side) == side.columns)
        and (side.removal is None or _removal_stands(connection, side))
    )


def _choice_stands(connection: sqlite3.Connection, side: Side) -> bool:
    found = connection.execute(
        f"SELECT coalesce(settled, ''), stamp FROM vendash_drift WHERE {ITEM_IS}", side.item
    ).fetchone()
    if found is None:  # a survey has not found it again: what was chosen may yet be taken back
        return side.settled != "" and (side.touched or side.removal is not None)
    settled, stamp = found
    return settled == side.settled and (bool(settled) or side.stamp in {None, stamp})


def _row_stands(connection: sqlite3.Connection, side: Side) -> bool:
    row, then = _row(connection, side.what, side.name), side.row
    if row is None or then is None:
        has_place = side.makes or side.what == "ven" or _key(connection, side) is not None
        return row is then and has_place
    if (row.wanted, row.remote_id) != (then.wanted, then.remote_id) or row.state == "sending":
        return False
    # What was sent is gone; what was only looked at is still the same.
    looked_at = side.settled in {"theirs", "adopt"} and row.state in {"ok", "different"}
    return row.state == then.state or looked_at


def _resource_stands(connection: sqlite3.Connection, side: Side) -> bool:
    if side.made is None:
        return _key(connection, side) is None
    made = columns_of(side.made)
    return _columns(connection, side, list(made)) == made


def _removal_stands(connection: sqlite3.Connection, side: Side) -> bool:
    states = {
        state
        for (state,) in connection.execute(
            f"SELECT state FROM vendash_removals WHERE {_OBJECT_IS}", side.object
        )
    }
    return bool(states) is side.removal and "sending" not in states


def _key(connection: sqlite3.Connection, side: Side) -> int | None:
    return _key_of(connection, side.what, side.name)


def _key_of(connection: sqlite3.Connection, what: str, name: str) -> int | None:
    if what != "resource":
        return None
    row = connection.execute("SELECT id FROM resources WHERE resource_id = ?", (name,)).fetchone()
    return int(row[0]) if row else None


def _shown_name(connection: sqlite3.Connection, side: Side) -> str:
    row = connection.execute(
        "SELECT CAST(resource_name AS TEXT) FROM resources WHERE id = ?", (_key(connection, side),)
    ).fetchone()
    return str(row[0]) if row else side.name


def _row(connection: sqlite3.Connection, what: str, name: str) -> Row | None:
    if what == "ven":
        found = connection.execute(
            "SELECT state, wanted, remote_id, NULL FROM vendash_vens"
            f" WHERE vtn = {CURRENT_VTN} AND name = ?",
            (name,),
        ).fetchone()
    else:
        found = connection.execute(
            "SELECT o.state, o.wanted, o.remote_id, o.held_under FROM resources r"
            " CROSS JOIN vendash_observations o ON o.key = r.id WHERE r.resource_id = ?",
            (name,),
        ).fetchone()
    return None if found is None else Row(found[0], bool(found[1]), found[2], found[3])


def _columns(
    connection: sqlite3.Connection, side: Side, names: Sequence[str] = ()
) -> dict[str, str | None] | None:
    """These columns of its resource, or those that it changes; None where there is none."""
    names = names or _known(side)
    found = connection.execute(
        f"SELECT {', '.join(names)} FROM resources WHERE resource_id = ?", (side.name,)
    ).fetchone()
    return dict(zip(names, found, strict=True)) if found else None


def _known(side: Side) -> list[str]:
    return [name for name in COLUMNS if name in side.columns]


# --- one side for the other ------------------------------------------------------------------


def _replace(connection: sqlite3.Connection, there: Side, other: Side) -> bool:
    """Put one side in the place of the other, if that is how it is; whether it was."""
    if not _stands(connection, there):
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
    mark_differing(connection, "SELECT ?", _key(connection, other))
    return True


def _write_ven(connection: sqlite3.Connection, side: Side) -> None:
    if side.row is not None:
        connection.execute(
            f"UPDATE vendash_vens SET state = ?, since = {NOW}"
            f" WHERE vtn = {CURRENT_VTN} AND name = ?",
            (side.row.state, side.name),
        )


def _write_row(connection: sqlite3.Connection, side: Side) -> None:
    key, row = _key(connection, side), side.row
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
    key, names = _key(connection, side), _known(side)
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
        connection.execute(f"DELETE FROM vendash_removals WHERE {_OBJECT_IS}", side.object)
        return
    ven_id, ven = side.held
    connection.execute(
        "INSERT INTO vendash_removals (vtn, what, name, remote_id, ven, held_under, since)"
        f" VALUES ({CURRENT_VTN}, ?, ?, ?, ?, nullif(?, ''), {NOW})",
        (*side.object, ven, ven_id),
    )
