"""Whether one side of a choice is how it is: what is here, and in the list, of its object."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from vendash.models import DriftItem
from vendash.store.choices import COLUMNS, Here, Row, Side, columns_of
from vendash.store.decisions import current_vtn
from vendash.store.drift import ITEM_IS
from vendash.store.standing import CURRENT_VTN, HAS_VEN

OBJECT_IS = f"vtn = {CURRENT_VTN} AND what = ? AND name = ? AND remote_id = ?"
"""Of a row of `vendash_removals`: that it is `Side.object`."""


def here_of(connection: sqlite3.Connection, item: DriftItem) -> Here:
    """What is here of the object of an item, whose `key` is that of its resource now."""
    found = connection.execute(
        f"SELECT {HAS_VEN}, {', '.join(COLUMNS)} FROM resources r WHERE id = ?", (item.key,)
    ).fetchone()
    return Here(
        vtn=current_vtn(connection),
        row=_row(connection, item.what, item.name),
        columns=dict(zip(COLUMNS, found[1:], strict=True)) if found else None,
        sendable=bool(found and found[0]),
    )


def stands(connection: sqlite3.Connection, side: Side) -> bool:
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
        has_place = side.makes or side.what == "ven" or key_of(connection, side) is not None
        return row is then and has_place
    if (row.wanted, row.remote_id) != (then.wanted, then.remote_id) or row.state == "sending":
        return False
    # What was sent is gone; what was only looked at is still the same.
    looked_at = side.settled in {"theirs", "adopt"} and row.state in {"ok", "different"}
    return row.state == then.state or looked_at


def _resource_stands(connection: sqlite3.Connection, side: Side) -> bool:
    if side.made is None:
        return key_of(connection, side) is None
    made = columns_of(side.made)
    return _columns(connection, side, list(made)) == made


def _removal_stands(connection: sqlite3.Connection, side: Side) -> bool:
    states = {
        state
        for (state,) in connection.execute(
            f"SELECT state FROM vendash_removals WHERE {OBJECT_IS}", side.object
        )
    }
    return bool(states) is side.removal and "sending" not in states


def key_of(connection: sqlite3.Connection, side: Side) -> int | None:
    """The key of its resource now."""
    return key_named(connection, side.what, side.name)


def key_named(connection: sqlite3.Connection, what: str, name: str) -> int | None:
    """The key of the resource of this name at the VTN; none is a VEN."""
    if what != "resource":
        return None
    row = connection.execute("SELECT id FROM resources WHERE resource_id = ?", (name,)).fetchone()
    return int(row[0]) if row else None


def shown_name(connection: sqlite3.Connection, side: Side) -> str:
    """As lists show its resource, or else as the VTN knows the object."""
    row = connection.execute(
        "SELECT CAST(resource_name AS TEXT) FROM resources WHERE id = ?",
        (key_of(connection, side),),
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
    names = names or side.column_names
    if not names:
        return None
    found = connection.execute(
        f"SELECT {', '.join(names)} FROM resources WHERE resource_id = ?", (side.name,)
    ).fetchone()
    return dict(zip(names, found, strict=True)) if found else None
