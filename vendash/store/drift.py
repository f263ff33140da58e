"""Where the newest survey of the current VTN found it to hold something else."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from vendash.models import DriftItem, DriftKind, Resource
from vendash.store.decisions import current_vtn, set_setting, setting
from vendash.store.standing import CURRENT_VTN, NOW

ITEM_COLUMNS = (
    "kind, what, key, name, ven, ven_remote_id, remote_id, fields, stamp, body, resource, settled"
)
ITEM_IS = f"vtn = {CURRENT_VTN} AND kind = ? AND what = ? AND name = ? AND remote_id = ?"
"""Of a row of `vendash_drift`: that it is the item of `identity`."""
_OPEN = f"vtn = {CURRENT_VTN} AND (settled IS NULL OR settled = 'again')"


def drift(connection: sqlite3.Connection, *, bodies: bool = True) -> list[DriftItem]:
    """Where the newest survey found the VTN to disagree, and nothing was decided about it.

    Most of what it keeps are the bodies: a list of thousands goes without them.
    """
    columns = ITEM_COLUMNS if bodies else ITEM_COLUMNS.replace(" body,", " '',")
    rows = connection.execute(
        f"SELECT {columns} FROM vendash_drift WHERE {_OPEN}"
        " ORDER BY kind, what DESC, ven, name, remote_id"
    )
    return [item_of(row) for row in rows]


def body_of(connection: sqlite3.Connection, item: DriftItem) -> str:
    """What the VTN sent of an item; empty where that is not known any more."""
    row = connection.execute(
        f"SELECT body FROM vendash_drift WHERE {ITEM_IS}", identity(item)
    ).fetchone()
    return str(row[0]) if row else ""


def drift_counts(connection: sqlite3.Connection) -> dict[DriftKind, int]:
    """How many of each kind."""
    counts = dict.fromkeys(DriftKind, 0)
    for kind, number in connection.execute(
        f"SELECT kind, count(*) FROM vendash_drift WHERE {_OPEN} GROUP BY 1"
    ):
        counts[DriftKind(kind)] = number
    return counts


def surveyed(connection: sqlite3.Connection) -> float | None:
    """When the newest survey of the current VTN that was ended began, Unix time."""
    value = setting(connection, f"surveyed {current_vtn(connection)}")
    return float(value) if value else None


def want_survey(connection: sqlite3.Connection) -> float:
    """Want a survey of the current VTN that is newer than now, Unix time."""
    (now,) = connection.execute(f"SELECT {NOW}").fetchone()
    set_setting(connection, f"survey wanted {current_vtn(connection)}", repr(now))
    return float(now)


def survey_wanted(connection: sqlite3.Connection) -> float | None:
    """Than when the survey of the current VTN has to be newer; None where nobody asked."""
    value = setting(connection, f"survey wanted {current_vtn(connection)}")
    return float(value) if value else None


def item_of(row: tuple[Any, ...]) -> DriftItem:
    """An item from a row of its columns."""
    kind, what, key, name, ven, ven_id, remote_id, fields, stamp, body, resource, settled = row
    return DriftItem(
        kind=DriftKind(kind),
        what=what,
        key=key,
        name=name,
        ven=ven,
        ven_remote_id=ven_id,
        remote_id=remote_id,
        fields=msgspec.json.decode(fields, type=tuple[tuple[str, str, str], ...]),
        stamp=stamp,
        body=body,
        resource=msgspec.json.decode(resource, type=Resource) if resource else None,
        again=settled == "again",
    )


def identity(item: DriftItem) -> tuple[str, str, str, str]:
    """What tells an item of one VTN from all others; the values of `ITEM_IS`."""
    return item.kind.value, item.what, item.name, item.remote_id
