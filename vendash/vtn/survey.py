"""Comparing everything with a VTN: its lists page by page, against what is known here.

The next pages are read while these are compared. Nothing is concluded before the end of the last
list, so that a survey which was cut off, or cancelled, has never happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from vendash.errors import VendashError
from vendash.models import (
    DriftItem,
    DriftKind,
    RegistrationStatus,
    Resource,
    ResourceWork,
    Seen,
    SurveyOutcome,
    VenWork,
)
from vendash.vtn.answers import UnexpectedReplyError, trouble
from vendash.vtn.client import Connection
from vendash.vtn.dialects import Dialect
from vendash.vtn.dialects.base import Listed

BATCH = 500
"""Objects compared at once: ten pages."""
AHEAD = 2
"""Batches read while one is compared."""
LARGEST_KEPT = 20_000
"""Bytes of an object at a VTN that are kept to be shown."""

_WHOLE_SECOND = ".000000Z"
"""A VTN whose stamps all end so may have changed an object twice in one of its seconds."""
_GONE = frozenset({404, 410})

Batch = tuple[str, list[Listed]]
"""`ven` or `resource`, and objects of that kind."""
Found = tuple[list[DriftItem], list[Seen]]


class SurveyBooks(Protocol):
    """The survey's side of a store (`vendash.store.protocol.SurveyBooks`)."""

    async def vens_named(self, names: Sequence[str]) -> list[VenWork]:
        """What is known of these VENs."""

    async def resources_named(self, resource_ids: Sequence[str]) -> list[ResourceWork]:
        """What is known of these resources."""

    async def stamps_named(self, resource_ids: Sequence[str]) -> Mapping[str, tuple[str, str, str]]:
        """Id, VEN and stamp of those that the VTN has accepted as they are now."""

    async def begin_survey(self) -> None:
        """Begin."""

    async def record_survey(self, items: Sequence[DriftItem], seen: Sequence[Seen]) -> None:
        """Keep what was seen, and where it disagrees."""

    async def end_survey(self) -> SurveyOutcome:
        """Evaluate it."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a whole survey came to."""

    outcome: SurveyOutcome
    vens: int
    resources: int
    statuses: Mapping[str, RegistrationStatus]
    """By resource id, what the VTN says of it; empty where nobody asked."""


async def survey(
    books: SurveyBooks,
    connection: Connection,
    *,
    statuses: bool = False,
    trust_stamps: bool = True,
) -> Surveyed:
    """Compare everything; cancelled or failed, it leaves no trace.

    Args:
        books: What is known here.
        connection: To the VTN.
        statuses: Read the decision of every resource, too.
        trust_stamps: An object that the VTN has not changed, by its own clock, since it accepted
            what is here now, is not compared field by field.

    Raises:
        VtnError: The lists cannot be read to their end; nothing was concluded.
        VendashError: The store fails, or its VTN was changed meanwhile.
    """
    await books.begin_survey()
    comparison = Comparison(await connection.dialect())
    decisions = Decisions()
    async with reading(connection) as batches:
        async for what, listed in batches:
            if what == "ven":
                await _compare_vens(books, comparison, listed)
                continue
            await _compare_resources(books, comparison, listed, trust_stamps=trust_stamps)
            if statuses:
                await asyncio.to_thread(decisions.add, listed)
    return Surveyed(
        outcome=await books.end_survey(),
        vens=comparison.vens_seen,
        resources=comparison.resources_seen,
        statuses=decisions.once,
    )


async def _compare_vens(
    books: SurveyBooks, comparison: Comparison, listed: Sequence[Listed]
) -> None:
    known = await books.vens_named([one.name for one in listed])
    await books.record_survey(*comparison.vens(listed, known))


async def _compare_resources(
    books: SurveyBooks, comparison: Comparison, listed: Sequence[Listed], *, trust_stamps: bool
) -> None:
    names = [one.name for one in listed]
    exact = any(not one.stamp.endswith(_WHOLE_SECOND) for one in listed)
    stamps = await books.stamps_named(names) if trust_stamps and exact else {}
    same = {one.id for one in listed if untouched(one, stamps.get(one.name))}
    closer = [one.name for one in listed if one.id not in same]
    works = await books.resources_named(closer) if closer else []
    # Off the event loop, which others need: a fleet that all differs takes a while.
    found = await asyncio.to_thread(comparison.resources, listed, works, same)
    await books.record_survey(*found)


# --- the VTN's lists -------------------------------------------------------------------------


@asynccontextmanager
async def reading(connection: Connection) -> AsyncIterator[AsyncIterator[Batch]]:
    """Every object of the VTN, in batches that are read ahead of whoever takes them.

    Raises:
        VtnError: A list cannot be read; no batch follows.
    """
    batches: asyncio.Queue[Batch | None] = asyncio.Queue(AHEAD)
    try:
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(_read(connection, batches))
            yield _until_none(batches)
            reader.cancel()
    except ExceptionGroup as errors:
        first = errors.exceptions[0]
        raise (first if isinstance(first, VendashError) else errors) from None


async def _until_none(batches: asyncio.Queue[Batch | None]) -> AsyncIterator[Batch]:
    while (batch := await batches.get()) is not None:
        yield batch


async def _read(connection: Connection, batches: asyncio.Queue[Batch | None]) -> None:
    """Every object, and None after the last one."""
    try:
        ids = await _read_list(connection, "/vens", batches)
        dialect = await connection.dialect()
        if not dialect.lists_by_ven:
            for path in dialect.resource_lists(ids):
                await _read_list(connection, path, batches)
        for ven_id in ids if dialect.lists_by_ven else ():
            for path in dialect.resource_lists([ven_id]):
                await _read_list(connection, path, batches, under=ven_id)
    except UnexpectedReplyError as error:
        raise trouble(error.reply, connection.url, connection.advice) from None
    await batches.put(None)


async def _read_list(
    connection: Connection, path: str, batches: asyncio.Queue[Batch | None], *, under: str = ""
) -> list[str]:
    """One list, in batches; the ids in it."""
    what = "ven" if path == "/vens" else "resource"
    ids, waiting = [], []
    try:
        async for page in connection.pages(path):
            ids += [one.id for one in page]
            waiting += [_placed(one, under) for one in page] if under else page
            if len(waiting) >= BATCH:
                await batches.put((what, waiting))
                waiting = []
    except UnexpectedReplyError as error:
        if not (under and error.reply.status in _GONE):  # a VEN that went while we read
            raise
    for first in range(0, len(waiting), BATCH):
        await batches.put((what, waiting[first : first + BATCH]))
    return ids


def _placed(one: Listed, under: str) -> Listed:
    return one if one.ven_id else msgspec.structs.replace(one, ven_id=under)


# --- what of them disagrees ------------------------------------------------------------------


@dataclass(slots=True)
class Comparison:
    """What was seen so far of a VTN's lists; decides about each object, without I/O."""

    dialect: Dialect
    vens_seen: int = 0
    resources_seen: int = 0
    _ven_names: dict[str, str] = field(default_factory=dict)
    _once: dict[tuple[str, str], Seen] = field(default_factory=dict)
    _doubles: set[tuple[str, str]] = field(default_factory=set)

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
        return items, seen

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
        return items, seen

    def _double(self, this: Seen, one: Listed) -> list[DriftItem]:
        """An item for each object of a name, from the second one on."""
        name = (this.what, this.name)
        first = self._once.setdefault(name, this)
        if first.remote_id == this.remote_id:  # itself, or listed under two VENs
            return []
        items = [] if name in self._doubles else [self._first_double(first)]
        self._doubles.add(name)
        return [*items, _item(DriftKind.DOUBLE, this.what, one, ven=self._ven(this))]

    def _first_double(self, first: Seen) -> DriftItem:
        return DriftItem(
            kind=DriftKind.DOUBLE, what=first.what, name=first.name, ven=self._ven(first),
            remote_id=first.remote_id, ven_remote_id=first.ven_remote_id, stamp=first.stamp,
        )  # fmt: skip

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
        moved = ((("VEN", ours, there or one.ven_id or ""),)
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


async def decisions(connection: Connection) -> Mapping[str, RegistrationStatus]:
    """What the VTN has decided about each resource, by resource id; reads all of its lists.

    Raises:
        VtnError: The lists cannot be read to their end.
    """
    found = Decisions()
    async with reading(connection) as batches:
        async for what, listed in batches:
            if what == "resource":
                await asyncio.to_thread(found.add, listed)
    return found.once


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
        body=one.body.decode(errors="replace") if small else "",
        resource=resource,
    )
