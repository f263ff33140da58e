"""The operator's choices about what a VTN holds otherwise, each one an action that can be undone.

What a choice changes is kept as two sides, before and after, of which the one that is there is
replaced by the other: undoing puts them the other way round, and so does redoing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from vendash.models import (
    ActionOutcome,
    AuditAction,
    DriftChoice,
    DriftItem,
    DriftKind,
    Resource,
)
from vendash.store import audit
from vendash.store.drift import item_of
from vendash.store.facts import refresh
from vendash.store.standing import AS_ACCEPTED, CURRENT_VTN, NOW, want_vens
from vendash.store.values import capacities_json, location_json
from vendash.store.writing import insert

_replaced = msgspec.structs.replace
CHOICES = frozenset(choice.value for choice in DriftChoice)
_CAPACITIES = ("capacities",)
_COLUMNS_OF = {
    "DESCRIPTION": ("resource_name",),
    "LOCATION": ("location",),
    "MAX_POWER_CONSUMPTION": _CAPACITIES,
    "MAX_POWER_EXPORT": _CAPACITIES,
    "p_min_kw": _CAPACITIES,
    "e_max_kwh": _CAPACITIES,
    "e_min_kwh": _CAPACITIES,
    "meter_point_id": ("meter_point_id",),
    "resource_type": ("resource_type",),
    "resource_sub_type": ("resource_sub_type",),
    "address": ("address",),
    "prequalification": ("registration_status",),
    # As EnergyDesk's dialect names them.
    "name": ("resource_name",),
    "p_max_kw": _CAPACITIES,
    "latitude": ("location",),
    "longitude": ("location",),
}
"""By field of `DriftItem.fields`, what of `resources` it is about."""


class _Row(msgspec.Struct, frozen=True):
    """How a resource, or a VEN, stands with the VTN."""

    state: str
    wanted: bool = True
    remote_id: str | None = None
    held_under: str | None = None


class _Side(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a choice changes, as it is on one side of it; what it leaves alone is None."""

    item: tuple[str, str, str, str]
    """Kind, what, name and remote id."""
    held: tuple[str, str] = ("", "")
    """The VEN there, and its name."""
    settled: str = ""
    row: _Row | None = None
    """None with `touched`: there is none."""
    touched: bool = False
    columns: dict[str, str | None] = {}
    removal: bool | None = None
    made: Resource | None = None
    """A resource that is here because it was adopted."""
    makes: bool = False


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
    made = []
    with audit.action(
        connection, actor=actor, verb=choice.value, reason=reason, subject=subject
    ) as action:
        for item in items:
            current = _open_item(connection, item)
            sides = None if current is None else _sides(connection, current, choice)
            if current is not None and sides is not None and _replace(connection, *sides):
                made.append((current.key, current.name, current.ven, *sides))
        _record(connection, action, made)
    return ActionOutcome(
        sequence=action.sequence if made else None,
        verb=choice.value,
        changed=len(made),
        skipped=len(items) - len(made),
    )


def undo_settling(connection: sqlite3.Connection, action: audit.Action, found: AuditAction) -> None:
    """Put the other side back where nothing has changed since."""
    undone = []
    for item in audit.items(connection, found.sequence):
        there = msgspec.json.decode(item.after, type=_Side)
        back = msgspec.json.decode(item.before, type=_Side)
        if _replace(connection, there, back):
            undone.append((item.key, item.resource_id, item.ven, there, back))
    _record(connection, action, undone)


def _record(
    connection: sqlite3.Connection,
    action: audit.Action,
    changed: Sequence[tuple[int | None, str, str, _Side, _Side]],
) -> None:
    used: set[int] = set()
    values = []
    for number, (key, name, ven, before, after) in enumerate(changed, start=1):
        # Two objects of one name are two items, and some have no resource here.
        here = _key(connection, name) if key is None else key
        place = here if here is not None and here not in used else -number
        used.add(place)
        texts = [msgspec.json.encode(side).decode() for side in (before, after)]
        values.append((place, name, _shown_name(connection, here, name), ven, *texts))
    if values:
        action.add_each("VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        want_vens(connection, "SELECT key FROM vendash_items WHERE sequence = ?", action.sequence)


def _shown_name(connection: sqlite3.Connection, key: int | None, name: str) -> str:
    row = connection.execute("SELECT resource_name FROM resources WHERE id = ?", (key,)).fetchone()
    return str(row[0]) if row else name


# --- what a choice means ---------------------------------------------------------------------


def _sides(
    connection: sqlite3.Connection, item: DriftItem, choice: DriftChoice
) -> tuple[_Side, _Side] | None:
    """What is, and what shall be; None where the choice makes no sense."""
    before = _Side(
        item=(item.kind.value, item.what, item.name, item.remote_id),
        held=(item.ven_remote_id, item.ven),
    )
    row = _row(connection, before)
    match choice:
        case DriftChoice.OURS:
            return _sending_ours(before, item, row)
        case DriftChoice.THEIRS:
            return _taking_theirs(connection, before, item, row)
        case DriftChoice.ADOPT:
            return _adopting(before, item, row)
        case DriftChoice.FORGET:
            return _forgetting(before, row)


def _sending_ours(before: _Side, item: DriftItem, row: _Row | None) -> tuple[_Side, _Side] | None:
    another = row is None or row.remote_id != item.remote_id
    if item.kind is DriftKind.ONLY_THERE or (item.kind is DriftKind.DOUBLE and another):
        return _replaced(before, removal=False), _replaced(before, removal=True, settled="ours")
    if item.kind is DriftKind.DOUBLE:  # this is the one that stays
        return before, _replaced(before, settled="ours")
    if row is None:
        return None
    there = _Row(
        "waiting", row.wanted, item.remote_id or row.remote_id, item.ven_remote_id or row.held_under
    )
    return (
        _replaced(before, touched=True, row=row),
        _replaced(before, touched=True, row=there, settled="ours"),
    )


def _forgetting(before: _Side, row: _Row | None) -> tuple[_Side, _Side]:
    after = _replaced(before, settled="forget")
    if row is None or row.state != "different":
        return before, after
    return (
        _replaced(before, touched=True, row=row),
        _replaced(after, touched=True, row=_replaced(row, state="ok")),
    )


def _taking_theirs(
    connection: sqlite3.Connection, before: _Side, item: DriftItem, row: _Row | None
) -> tuple[_Side, _Side] | None:
    names = dict.fromkeys(
        column for field, _, _ in item.fields for column in _COLUMNS_OF.get(field, ())
    )
    if row is None or item.key is None or item.resource is None or not names:
        return None
    given = _values_of(item.resource)
    theirs = {name: given[name] for name in names}
    return (
        _replaced(before, touched=True, row=row, columns=_columns(connection, item.key, theirs)),
        # Looked at once more, since it may hold something that has no column here.
        _replaced(before, touched=True, row=_replaced(row, state="waiting"), columns=theirs,
                 settled="theirs"),
    )  # fmt: skip


def _adopting(before: _Side, item: DriftItem, row: _Row | None) -> tuple[_Side, _Side] | None:
    if item.kind is not DriftKind.ONLY_THERE or item.what != "resource":
        return None
    there = _Row("waiting", True, item.remote_id, item.ven_remote_id or None)
    after = _replaced(before, touched=True, row=there, settled="adopt")
    before = _replaced(before, touched=True, row=row)
    if item.key is not None:
        return before, after
    if item.resource is None or not item.resource.ven:
        return None
    return _replaced(before, makes=True), _replaced(after, makes=True, made=item.resource)


def _values_of(resource: Resource) -> dict[str, str | None]:
    return {
        "resource_name": resource.resource_name,
        "location": location_json(resource.location),
        "capacities": capacities_json(resource.capacities),
        "meter_point_id": resource.meter_point_id,
        "resource_type": resource.resource_type.value,
        "resource_sub_type": resource.resource_sub_type,
        "address": resource.address,
        "registration_status": resource.registration_status.value,
    }


# --- one side for the other ------------------------------------------------------------------


def _replace(connection: sqlite3.Connection, there: _Side, other: _Side) -> bool:
    """Put one side in the place of the other, if that is how it is; whether it was."""
    if not _stands(connection, there):
        return False
    kind, what, name, remote_id = other.item
    connection.execute(
        "UPDATE vendash_drift SET settled = nullif(?, '') WHERE vtn = "
        f"{CURRENT_VTN} AND kind = ? AND what = ? AND name = ? AND remote_id = ?",
        (other.settled, kind, what, name, remote_id),
    )
    if other.makes and other.made is not None:
        insert(connection, [other.made])
    if other.columns:
        _write_columns(connection, other)
    if other.touched:
        _write_row(connection, other)
    if other.makes and other.made is None:
        _unmake(connection, name)
    if other.removal is not None:
        _write_removal(connection, other)
    return True


def _stands(connection: sqlite3.Connection, side: _Side) -> bool:
    if side.touched:
        row = _row(connection, side)
        wanted = side.row
        if (row is None) is not (wanted is None) or (row and row.state == "sending"):
            return False
        if row and wanted and not _still(row, wanted, side.settled):
            return False
    if side.columns:
        key = _key(connection, side.item[2])
        if key is None or _columns(connection, key, side.columns) != side.columns:
            return False
    if side.makes and (_key(connection, side.item[2]) is None) is not (side.made is None):
        return False
    if side.removal is not None:
        states = [state for (state,) in _removals(connection, side)]
        if bool(states) is not side.removal or "sending" in states:
            return False
    return True


def _still(row: _Row, then: _Row, settled: str) -> bool:
    """Whether a row stands as a choice left it: sent means gone, looked at is still the same."""
    looked_at = settled in ("theirs", "adopt") and row.state == "ok"
    return row.remote_id == then.remote_id and (row.state == then.state or looked_at)


def _key(connection: sqlite3.Connection, name: str) -> int | None:
    row = connection.execute("SELECT id FROM resources WHERE resource_id = ?", (name,)).fetchone()
    return int(row[0]) if row else None


def _row(connection: sqlite3.Connection, side: _Side) -> _Row | None:
    _, what, name, _ = side.item
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
    return None if found is None else _Row(found[0], bool(found[1]), found[2], found[3])


def _write_row(connection: sqlite3.Connection, side: _Side) -> None:
    _, what, name, _ = side.item
    row = side.row
    if what == "ven":
        if row is not None:
            connection.execute(
                f"UPDATE vendash_vens SET state = ?, since = {NOW}"
                f" WHERE vtn = {CURRENT_VTN} AND name = ?",
                (row.state, name),
            )
        return
    key = _key(connection, name)
    if row is None:
        connection.execute("DELETE FROM vendash_observations WHERE key = ?", (key,))
        return
    # Another change that waits for the VTN goes on waiting.
    connection.execute(
        "INSERT INTO vendash_observations (key, resource_id, wanted, remote_id, held_under, state,"
        f" since) VALUES (?, ?, ?, ?, ?, ?, {NOW}) ON CONFLICT (key) DO UPDATE SET"
        " wanted = excluded.wanted, remote_id = excluded.remote_id,"
        " held_under = excluded.held_under, since = excluded.since,"
        f" state = CASE WHEN {AS_ACCEPTED} THEN excluded.state ELSE 'waiting' END,"
        " error = '', http_status = NULL",
        (key, name, row.wanted, row.remote_id, row.held_under, row.state),
    )


def _columns(
    connection: sqlite3.Connection, key: int, names: dict[str, str | None]
) -> dict[str, Any]:
    row = connection.execute(
        f"SELECT {', '.join(_known(names))} FROM resources WHERE id = ?", (key,)
    ).fetchone()
    return dict(zip(_known(names), row, strict=True))


def _known(names: dict[str, str | None]) -> Iterator[str]:
    """Columns, by our own names: what an audit item holds is never part of SQL."""
    allowed = {column for columns in _COLUMNS_OF.values() for column in columns}
    return (name for name in names if name in allowed)


def _write_columns(connection: sqlite3.Connection, side: _Side) -> None:
    key = _key(connection, side.item[2])
    names = list(_known(side.columns))
    values = [side.columns[name] for name in names]
    current = "(SELECT revision FROM vendash_facts f WHERE f.key = vendash_observations.key)"
    (told_of_all,) = connection.execute(
        f"SELECT accepted_revision = {current} FROM vendash_observations WHERE key = ?", (key,)
    ).fetchone()
    connection.execute(
        f"UPDATE resources SET {', '.join(f'{name} = ?' for name in names)},"
        " updated_at = CURRENT_TIMESTAMP WHERE id = ?",
        (*values, key),
    )
    refresh(connection)
    # What is here now the VTN is known to hold, or to hold otherwise: there is nothing to send.
    if told_of_all:
        connection.execute(
            f"UPDATE vendash_observations SET accepted_revision = {current} WHERE key = ?", (key,)
        )
    if "registration_status" in names:
        connection.execute(
            "UPDATE vendash_observations SET told = (SELECT registration_status FROM resources r"
            " WHERE r.id = vendash_observations.key) WHERE key = ?",
            (key,),
        )


def _unmake(connection: sqlite3.Connection, name: str) -> None:
    """An adopted resource goes again; the VTN keeps it."""
    connection.execute(
        "DELETE FROM connections WHERE id ="
        " (SELECT connection_id FROM resources WHERE resource_id = ?)",
        (name,),
    )
    connection.execute("DELETE FROM resources WHERE resource_id = ?", (name,))
    refresh(connection)


def _removals(connection: sqlite3.Connection, side: _Side) -> list[tuple[str]]:
    _, what, name, remote_id = side.item
    return connection.execute(
        f"SELECT state FROM vendash_removals WHERE vtn = {CURRENT_VTN} AND what = ?"
        " AND name = ? AND remote_id = ?",
        (what, name, remote_id),
    ).fetchall()


def _write_removal(connection: sqlite3.Connection, side: _Side) -> None:
    _, what, name, remote_id = side.item
    if side.removal:
        connection.execute(
            "INSERT INTO vendash_removals (vtn, what, name, ven, held_under, remote_id, since)"
            f" VALUES ({CURRENT_VTN}, ?, ?, ?, nullif(?, ''), ?, {NOW})",
            (what, name, side.held[1], side.held[0], remote_id),
        )
        return
    connection.execute(
        f"DELETE FROM vendash_removals WHERE vtn = {CURRENT_VTN} AND what = ?"
        " AND name = ? AND remote_id = ?",
        (what, name, remote_id),
    )


def _open_item(connection: sqlite3.Connection, item: DriftItem) -> DriftItem | None:
    """The item as it stands in the file; None where it was settled, or is gone."""
    row = connection.execute(
        "SELECT kind, what, key, name, ven, ven_remote_id, remote_id, fields, stamp, body,"
        f" resource, settled FROM vendash_drift WHERE vtn = {CURRENT_VTN} AND kind = ?"
        " AND what = ? AND name = ? AND remote_id = ? AND settled IS NULL",
        (item.kind.value, item.what, item.name, item.remote_id),
    ).fetchone()
    return item_of(row) if row else None
