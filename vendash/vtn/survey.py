"""Comparing everything with a VTN: its lists page by page, against what is known here.

The next pages are read while these are compared. Nothing is concluded before the end of the last
list, so that a survey which was cut off, or cancelled, has never happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import msgspec

from vendash.errors import VendashError
from vendash.models import (
    DriftItem,
    RegistrationStatus,
    ResourceWork,
    Seen,
    SurveyOutcome,
    VenWork,
)
from vendash.vtn.answers import UnexpectedReplyError, trouble
from vendash.vtn.client import Connection
from vendash.vtn.comparison import Comparison, Decisions, untouched
from vendash.vtn.dialects.base import Dialect, Listed
from vendash.vtn.lists import check_number

BATCH = 500
"""Objects compared at once: ten pages."""
AHEAD = 2
"""Batches read while one is compared."""

_WHOLE_SECOND = ".000000Z"
"""A VTN whose stamps all end so may have changed an object twice in one of its seconds."""
_GONE = frozenset({404, 410})

Batch = tuple[str, list[Listed]]
"""`ven` or `resource`, and objects of that kind."""


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
        number = len(ids)
        for path, ven_id in _resource_lists(await connection.dialect(), ids):
            number += len(await _read_list(connection, path, batches, under=ven_id))
            check_number(number)
    except UnexpectedReplyError as error:
        raise trouble(error.reply, connection.url, connection.advice) from None
    await batches.put(None)


def _resource_lists(dialect: Dialect, ven_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each path, and the VEN that the resources are in where they do not say so themselves."""
    if not dialect.lists_by_ven:
        yield from ((path, "") for path in dialect.resource_lists(ven_ids))
        return
    for ven_id in ven_ids:
        yield from ((path, ven_id) for path in dialect.resource_lists([ven_id]))


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
            while len(waiting) >= BATCH:
                await batches.put((what, waiting[:BATCH]))
                waiting = waiting[BATCH:]
    except UnexpectedReplyError as error:
        if not (under and error.reply.status in _GONE):  # a VEN that went while we read
            raise
    if waiting:
        await batches.put((what, waiting))
    return ids


def _placed(one: Listed, under: str) -> Listed:
    return one if one.ven_id else msgspec.structs.replace(one, ven_id=under)
