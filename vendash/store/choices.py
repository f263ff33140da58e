"""What an operator's choice about a difference with the VTN means: decides, without I/O.

A choice is a pair of sides: all that it changes, as it is and as it shall be. Undoing puts the one
in place of the other, and so does redoing; `vendash.store.settling` does that.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from vendash.models import DriftChoice, DriftItem, DriftKind, Resource
from vendash.store.values import IMPORTED, values_of

Columns = Mapping[str, str | None]
"""Values by column of `resources`."""

_replaced = msgspec.structs.replace
_ANYWAY = frozenset({DriftChoice.OURS, DriftChoice.FORGET})
_COLUMN_OF = {
    "DESCRIPTION": "resource_name",
    "LOCATION": "location",
    "MAX_POWER_CONSUMPTION": "capacities",
    "MAX_POWER_EXPORT": "capacities",
    "p_min_kw": "capacities",
    "e_max_kwh": "capacities",
    "e_min_kwh": "capacities",
    "meter_point_id": "meter_point_id",
    "resource_type": "resource_type",
    "resource_sub_type": "resource_sub_type",
    "address": "address",
    "prequalification": "registration_status",
    # As EnergyDesk's dialect names them.
    "name": "resource_name",
    "p_max_kw": "capacities",
    "latitude": "location",
    "longitude": "location",
}
"""By field of `DriftItem.fields`, the column of `resources` that it is about."""
COLUMNS = tuple(dict.fromkeys(_COLUMN_OF.values()))
"""Those that a choice may change."""


class Row(msgspec.Struct, frozen=True):
    """How a resource, or a VEN, stands with the VTN."""

    state: str
    wanted: bool = True
    remote_id: str | None = None
    held_under: str | None = None


class Here(msgspec.Struct, frozen=True, kw_only=True):
    """What is here of the object that an item is about."""

    vtn: int
    """The current one."""
    row: Row | None
    columns: Columns | None = None
    """Of its resource; None where there is none."""
    sendable: bool = False
    """Its resource has a VEN."""


class Side(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a choice changes, as it is on one side of it; what it leaves alone is None.

    The audit log holds it as JSON, so that names and meanings stay.
    """

    item: tuple[str, str, str, str]
    """Kind, what, name and remote id."""
    vtn: int | None = None
    """None in a log of before it was kept."""
    stamp: str | None = None
    """Of the object there, the same on both sides: what was chosen about; None as above."""
    held: tuple[str, str] = ("", "")
    """The VEN there, and its name."""
    settled: str = ""
    """The choice; empty while there is none."""
    row: Row | None = None
    """None with `touched`: there is none."""
    touched: bool = False
    columns: dict[str, str | None] = {}
    removal: bool | None = None
    """Whether the object is wanted deleted there, though nothing here stands for it."""
    made: Resource | None = None
    """A resource that is here because it was adopted."""
    makes: bool = False

    @property
    def what(self) -> str:
        """`ven` or `resource`."""
        return self.item[1]

    @property
    def name(self) -> str:
        """As the VTN knows the object."""
        return self.item[2]

    @property
    def column_names(self) -> list[str]:
        """Those of `columns` that we know: what a log says is never part of SQL."""
        return [name for name in COLUMNS if name in self.columns]

    @property
    def object(self) -> tuple[str, str, str]:
        """What, name and remote id."""
        return self.item[1:]


Sides = tuple[Side, Side]
"""What is, and what shall be."""


def choices_for(item: DriftItem) -> frozenset[DriftChoice]:
    """Which choices make sense for an item.

    A VEN is here only as the name that its resources carry: there is nothing to write theirs to.
    """
    if item.again:
        return frozenset()
    if item.what != "resource":
        return _ANYWAY
    if item.kind is DriftKind.DIFFERENT and item.key is not None and _columns_theirs(item):
        return _ANYWAY | {DriftChoice.THEIRS}
    known = item.key is not None or (item.resource is not None and item.resource.ven)
    if item.kind is DriftKind.ONLY_THERE and known:
        return _ANYWAY | {DriftChoice.ADOPT}
    return _ANYWAY


def sides_of(item: DriftItem, choice: DriftChoice, here: Here) -> Sides | None:
    """What a choice changes; None where it makes no sense, or not as things are here."""
    if choice not in choices_for(item):
        return None
    before = Side(
        item=(item.kind.value, item.what, item.name, item.remote_id),
        vtn=here.vtn,
        stamp=item.stamp,
        held=(item.ven_remote_id, item.ven),
    )
    after = _replaced(before, settled=choice.value)
    match choice:
        case DriftChoice.OURS:
            return _sending_ours(before, after, item, here.row)
        case DriftChoice.THEIRS:
            return _taking_theirs(before, after, item, here)
        case DriftChoice.ADOPT:
            return _adopting(before, after, item, here)
        case DriftChoice.FORGET:
            return before, after


def columns_of(resource: Resource) -> dict[str, str | None]:
    """What a resource that is adopted says, by column."""
    imported = zip(IMPORTED.split(", "), values_of(resource), strict=True)
    return {**dict(imported), "registration_status": resource.registration_status.value}


def _columns_theirs(item: DriftItem) -> dict[str, str | None]:
    if item.resource is None:
        return {}
    given = columns_of(item.resource)
    differing = {_COLUMN_OF[field] for field, _, _ in item.fields if field in _COLUMN_OF}
    return {name: given[name] for name in COLUMNS if name in differing}


def _sending_ours(before: Side, after: Side, item: DriftItem, row: Row | None) -> Sides | None:
    if item.kind is DriftKind.DOUBLE:
        if row is not None and row.remote_id == item.remote_id:
            return before, after  # this is the one that stays
        if row is not None and row.wanted and row.remote_id is None:
            return None  # it may become the one that is ours
    if item.kind in {DriftKind.ONLY_THERE, DriftKind.DOUBLE}:
        return _replaced(before, removal=False), _replaced(after, removal=True)
    if row is None:
        return None
    sent = _replaced(row, state="waiting")
    if item.what == "resource":
        sent = _replaced(
            sent,
            remote_id=item.remote_id or row.remote_id,
            held_under=item.ven_remote_id or row.held_under,
        )
    return _touching(before, row), _touching(after, sent)


def _taking_theirs(before: Side, after: Side, item: DriftItem, here: Here) -> Sides | None:
    if here.row is None or here.columns is None:
        return None
    theirs = _columns_theirs(item)
    ours = {name: here.columns[name] for name in theirs}
    # Looked at once more, since it may hold something that has no column here.
    looked_at = _replaced(here.row, state="waiting")
    return (
        _replaced(_touching(before, here.row), columns=ours),
        _replaced(_touching(after, looked_at), columns=theirs),
    )


def _adopting(before: Side, after: Side, item: DriftItem, here: Here) -> Sides | None:
    if here.row is not None and here.row.remote_id is not None:
        return None  # another object of its name is the one that we know
    if item.key is not None and not here.sendable:
        return None
    held = Row("waiting", True, item.remote_id, item.ven_remote_id or None)
    before, after = _touching(before, here.row), _touching(after, held)
    if item.key is not None:
        return before, after
    return _replaced(before, makes=True), _replaced(after, makes=True, made=item.resource)


def _touching(side: Side, row: Row | None) -> Side:
    return _replaced(side, touched=True, row=row)
