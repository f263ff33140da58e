"""What a comparison with the VTN has found, for a person and for a program."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vendash.commands.opening import counted, named_vens
from vendash.drifting import field_title
from vendash.models import Authority, DriftItem, DriftKind, Orphan, VtnState
from vendash.store.protocol import FleetReader
from vendash.text import plain

SHOWN = 40
"""Items of one kind that a person is shown; --json has all."""

_TITLES = {
    DriftKind.ONLY_HERE: "Only here",
    DriftKind.ONLY_THERE: "Only there",
    DriftKind.DIFFERENT: "Different (ours -> theirs)",
    DriftKind.DOUBLE: "Double there",
}
_BEING_REMOVED = frozenset({VtnState.WAITING, VtnState.SENDING})


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as a person knows it."""

    item: DriftItem
    name: str
    orphan: bool
    """It was ours, and was deleted here."""
    compared: bool
    """The comparison has found it; else it is only known to have been left there."""


async def found(
    store: FleetReader, *, vens: Sequence[str], ids: Collection[str], with_orphans: bool
) -> list[Shown]:
    """What the newest comparison has found, of these VENs and with these ids; empty: of all.

    Raises:
        VendashError: There is no such VEN.
    """
    compared = await store.drift()
    orphans = {one.resource_id: one for one in await store.orphans()}
    items = list(compared)
    if with_orphans:  # the comparison may be older than their deletion
        seen = {item.name for item in items if item.what == "resource"}
        items += [_orphaned(one) for one in orphans.values() if _is_left(one, seen)]
    keys = sorted({item.key for item in items if item.key is not None})
    names = {row.key: row.name for row in await store.rows(keys)}
    named = frozenset(named_vens(vens, await store.vens()) if vens else ())
    return [
        Shown(item, _name(item, names, orphans), item.name in orphans, number < len(compared))
        for number, item in enumerate(items)
        if (not named or item.ven in named)
        and (not ids or item.name in ids or item.remote_id in ids)
    ]


def _is_left(orphan: Orphan, named: set[str]) -> bool:
    return orphan.resource_id not in named and orphan.state not in _BEING_REMOVED


def _orphaned(orphan: Orphan) -> DriftItem:
    return DriftItem(
        kind=DriftKind.ONLY_THERE,
        what="resource",
        name=orphan.resource_id,
        ven=orphan.ven,
        remote_id=orphan.remote_id or "",
        ven_remote_id=orphan.ven_remote_id or "",
    )


def _name(item: DriftItem, names: dict[int, str], orphans: dict[str, Orphan]) -> str:
    """As a person calls it."""
    if item.what == "ven":
        return item.name
    if item.key in names:
        return names[item.key]
    known = item.name in orphans and orphans[item.name].name
    return known or (item.resource.resource_name if item.resource else "")


def document(found: Sequence[Shown], when: datetime, seconds: float) -> dict[str, Any]:
    """As one JSON document."""

    def of(kind: DriftKind) -> list[dict[str, Any]]:
        return [_as_json(one) for one in found if one.item.kind is kind]

    return {
        "only_here": of(DriftKind.ONLY_HERE),
        "only_there": of(DriftKind.ONLY_THERE),
        "different": of(DriftKind.DIFFERENT),
        "double": of(DriftKind.DOUBLE),
        "surveyed": when.isoformat(timespec="seconds"),
        "seconds": seconds,
    }


def _as_json(one: Shown) -> dict[str, Any]:
    item = one.item
    return {
        "what": item.what,
        "id": item.name,
        "name": one.name,
        "ven": item.ven,
        "remote_id": item.remote_id,
        "fields": [
            {"field": field, "ours": ours, "theirs": theirs} for field, ours, theirs in item.fields
        ],
        "again": item.again,
        "orphan": one.orphan,
    }


def text(
    found: Sequence[Shown], when: datetime, authority: Authority, *, waits: int, refused: int
) -> str:
    """As lines for a person; with how much has yet to be sent, and how much the VTN refuses."""
    at = when.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    lines = []
    for kind, title in _TITLES.items():
        of_kind = [one for one in found if one.item.kind is kind]
        if not of_kind:
            continue
        lines += [f"{title}: {counted(len(of_kind), 'item')}"]
        lines += [line for one in of_kind[:SHOWN] for line in _lines(one)]
        if len(of_kind) > SHOWN:
            lines.append(f"  ... and {len(of_kind) - SHOWN:,} more (--json lists all)")
        lines.append("")
    if any(not one.item.again for one in found):
        lines.append(
            "Choose with --keep-ours, --take-theirs, --adopt or --forget, and IDs or --all."
        )
    if authority is Authority.VTN:
        lines.append("The VTN decides on approval: its decisions are taken over, and no drift.")
    if waits:
        lines.append(
            f"{counted(waits, 'change')} yet to be sent: the engine does it, or vendash register."
        )
    if refused:
        lines.append(
            f"{counted(refused, 'item')} refused by the VTN: vendash doctor says why, and n in"
            " the console goes to each."
        )
    if not found:
        what = "everything else" if waits or refused else "everything"
        lines.append(f"The VTN holds {what} as it is here.")
    return "\n".join([*lines, f"Compared at {at}."])


def _lines(one: Shown) -> list[str]:
    item = one.item
    marks = [
        word
        for word, holds in (("VEN", item.what == "ven"), ("deleted here", one.orphan),
                            ("sent again", item.again))
        if holds
    ]  # fmt: skip
    head = f"  {plain(item.ven, 24):<24} {plain(one.name, 40):<30} {plain(item.name, 40)}"
    if item.kind is DriftKind.DOUBLE:
        head += f" (there as {plain(item.remote_id, 40)})"
    head += f"  [{', '.join(marks)}]" if marks else ""
    return [head.rstrip(), *(_difference(*field) for field in item.fields)]


def _difference(field: str, ours: str, theirs: str) -> str:
    title = plain(field_title(field), 30)
    return f"      {title}: {plain(ours, 60) or '-'} -> {plain(theirs, 60) or '-'}"
