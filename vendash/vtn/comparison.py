"""What of a VTN's lists disagrees with what is known here: decides, without I/O."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import msgspec

from vendash.models import (
    DriftItem,
    DriftKind,
    RegistrationStatus,
    Resource,
    ResourceWork,
    Seen,
    VenWork,
)
from vendash.vtn.dialects import Dialect
from vendash.vtn.dialects.base import Listed
from vendash.vtn.dialects.reading import in_words
from vendash.vtn.errors import VtnAnswerError

LARGEST_KEPT = 5_000
"""Bytes of an object at a VTN that are kept to be shown; ours have about 1,200."""
MOST_STRANGERS = 50_000
"""Objects that are not of this fleet, or double; as large as can be, they take 250 MB of disk."""

Found = tuple[list[DriftItem], list[Seen]]


@dataclass(slots=True)
class Comparison:
    """What was seen so far of a VTN's lists; decides about each object, without I/O.

    Raises `VtnAnswerError` where there are too many of them that are not ours.
    """

    dialect: Dialect
    vens_seen: int = 0
    resources_seen: int = 0
    _ven_names: dict[str, str] = field(default_factory=dict)
    _once: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """By kind and name, ids of the first object and of its VEN: no more, for they are many."""
    _doubles: set[tuple[str, str]] = field(default_factory=set)
    _strangers: int = 0

    def vens(self, listed: Sequence[Listed], known: Sequence[VenWork]) -> Found:
        """What these VENs are."""
        works = {work.name: work for work in known}
        items: list[DriftItem] = []
        seen: list[Seen] = []
        for one in listed:
            self.vens_seen += 1
            self._ven_names[one.id] = one.name
            work = works.get(one.name)
            if work is None or one.client_id not in {None, work.client_id}:
                # Another client's: not seen by this name, so that ours is looked up.
                items.append(_item(DriftKind.ONLY_THERE, "ven", one, ven=one.name))
            else:
                seen.append(Seen(what="ven", name=one.name, remote_id=one.id, stamp=one.stamp))
                items += self._double(seen[-1], one)
        return self._bounded(items), seen

    def resources(
        self, listed: Sequence[Listed], known: Sequence[ResourceWork], same: Collection[str] = ()
    ) -> Found:
        """What these resources are; those with ids in `same` are as they should be."""
        works = {work.resource.resource_id: work for work in known}
        items: list[DriftItem] = []
        seen: list[Seen] = []
        for one in listed:
            self.resources_seen += 1
            this = Seen(what="resource", name=one.name, remote_id=one.id,
                        ven_remote_id=one.ven_id or "", stamp=one.stamp)  # fmt: skip
            seen.append(this)
            if doubles := self._double(this, one):
                items += doubles
            elif one.id in same:
                continue
            elif (item := self._resource(one, works.get(one.name))) is not None:
                items.append(item)
        return self._bounded(items), seen

    def _bounded(self, items: list[DriftItem]) -> list[DriftItem]:
        """These; a VTN that does not hold the fleet must not fill memory and disk."""
        self._strangers += sum(item.kind is not DriftKind.DIFFERENT for item in items)
        if self._strangers > MOST_STRANGERS:
            raise VtnAnswerError(
                f"The VTN holds more than {MOST_STRANGERS:,} objects that are not of this fleet, "
                "or double: have a look there, and whether it is the right one."
            )
        return items

    def _double(self, this: Seen, one: Listed) -> list[DriftItem]:
        """An item for each object of a name, from the second one on."""
        name = (this.what, this.name)
        first = self._once.setdefault(name, (this.remote_id, this.ven_remote_id))
        if first[0] == this.remote_id:  # itself, or listed under two VENs
            return []
        items = [] if name in self._doubles else [self._first_double(this, *first)]
        self._doubles.add(name)
        return [*items, _item(DriftKind.DOUBLE, this.what, one, ven=self._ven(this))]

    def _first_double(self, this: Seen, remote_id: str, ven_id: str) -> DriftItem:
        first = Seen(what=this.what, name=this.name, remote_id=remote_id, ven_remote_id=ven_id)
        return DriftItem(
            kind=DriftKind.DOUBLE,
            what=first.what,
            name=first.name,
            ven=self._ven(first),
            remote_id=remote_id,
            ven_remote_id=ven_id,
        )

    def _ven(self, seen: Seen) -> str:
        if seen.what == "ven":
            return seen.name
        return self._ven_names.get(seen.ven_remote_id, "")

    def _resource(self, one: Listed, work: ResourceWork | None) -> DriftItem | None:
        there = self._ven_names.get(one.ven_id or "", "")
        if work is None or _no_longer_ours(work):
            return _item(
                DriftKind.ONLY_THERE, "resource", one, ven=there,
                resource=self.dialect.resource(one, None, there),
            )  # fmt: skip
        if not work.wanted or work.remote_id is None:
            return None  # on its way
        fields = self._fields(one, work, there)
        if not fields:
            return None
        return _item(
            DriftKind.DIFFERENT, "resource", one, ven=work.resource.ven or "", key=work.key,
            fields=fields, resource=self.dialect.resource(one, work.resource, there),
        )  # fmt: skip

    def _fields(
        self, one: Listed, work: ResourceWork, there: str
    ) -> tuple[tuple[str, str, str], ...]:
        """Field, ours, theirs."""
        ours = work.resource.ven or ""
        elsewhere = one.ven_id not in {None, work.held_under or work.ven_remote_id}
        moved = ((("VEN", ours, in_words(there or one.ven_id)),)
                 if elsewhere and there != ours and work.held_under is None else ())  # fmt: skip
        if self.dialect.unchanged(work, one):
            return moved
        try:
            found = self.dialect.fields(work, one.body)
        except ValueError:
            return (*moved, ("object", "", "cannot be read"))
        return (*moved, *((each.field, each.ours, each.theirs) for each in found))


class Decisions:
    """What a VTN says about the decision on each resource."""

    def __init__(self) -> None:
        self.once: dict[str, RegistrationStatus] = {}
        self._doubles: set[str] = set()

    def add(self, listed: Sequence[Listed]) -> None:
        """Of these; where there are two of a name, it has said nothing that is clear."""
        for one in listed:
            status = one.status
            if status is None or one.name in self._doubles:
                continue
            if self.once.setdefault(one.name, status) is not status:
                self._doubles.add(one.name)
                del self.once[one.name]


def untouched(one: Listed, accepted: tuple[str, str, str] | None) -> bool:
    """Whether the VTN has not changed an object since it accepted what is here now."""
    if accepted is None:
        return False
    remote_id, ven_id, stamp = accepted
    return one.id == remote_id and one.stamp == stamp and one.ven_id in {None, ven_id}


def _no_longer_ours(work: ResourceWork) -> bool:
    """Not wanted there, and nothing is left to remove as far as is known here."""
    return not work.wanted and work.remote_id is None and not work.doubtful


def _item(
    kind: DriftKind, what: str, one: Listed, *, ven: str, key: int | None = None,
    fields: tuple[tuple[str, str, str], ...] = (), resource: Resource | None = None,
) -> DriftItem:  # fmt: skip
    small = len(one.body) <= LARGEST_KEPT
    return DriftItem(
        kind=kind,
        what=what,
        key=key,
        name=one.name,
        ven=ven,
        remote_id=one.id,
        ven_remote_id=one.ven_id or "",
        fields=fields,
        stamp=one.stamp,
        body=_without_secrets(one.body) if small else "",
        resource=resource,
    )


def _without_secrets(body: bytes) -> str:
    """The object as it came, but for a token that EnergyDesk may list with a VEN."""
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    if fields.pop("auth_token", None) is None:
        return body.decode(errors="replace")
    return msgspec.json.encode(fields).decode()
