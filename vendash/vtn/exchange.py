"""Carries out one command of the registrar's core at a VTN and says what came of it."""

from __future__ import annotations

from dataclasses import replace

from vendash.models import ResourceWork, VenWork
from vendash.text import plain
from vendash.vtn.answers import Reply, UnexpectedReplyError, kind, redirected, refusal, shape
from vendash.vtn.client import Connection
from vendash.vtn.dialects.base import Dialect, Listed, Request, name_of
from vendash.vtn.errors import VtnAnswerError, VtnSilentError
from vendash.vtn.moves import (
    Command,
    Create,
    Delete,
    Event,
    Held,
    LookUp,
    Lost,
    Missing,
    Read,
    Rejected,
    Replace,
    Taken,
    Unsent,
    VenGone,
    Work,
)

PAUSE = 1.0
"""Seconds to wait after a 429 that names no time."""
MOST_READINGS = 6
"""Of one list for one look-up; of objects in no order a reading may miss every third."""

_GONE = frozenset({404, 410})
_BAD = frozenset({400, 422})
_NO_VENS = "The VTN has no VENs under this address (404): check its path."


async def carry_out(connection: Connection, item: Work, command: Command) -> Event:
    """Do it, and put the answer into the core's terms.

    Raises:
        VtnError: Something is wrong with the VTN as a whole, and the command has not left.
    """
    dialect = await connection.dialect()
    try:
        match command:
            case LookUp():
                return await _look_up(connection, dialect, item)
            case Read(remote_id):
                return await _read(connection, dialect, item, remote_id)
            case Create():
                return await _create(connection, dialect, item)
            case Replace(remote_id, others):
                request = dialect.replace(item, remote_id, others)
                return await _write(connection, dialect, item, request, remote_id)
            case Delete(remote_id):
                return await _delete(connection, dialect, item, remote_id)
            case _:
                raise TypeError(f"not a command for a VTN: {command!r}")
    except (VtnSilentError, VtnAnswerError) as error:
        return Lost(str(error))


async def _look_up(connection: Connection, dialect: Dialect, item: Work) -> Event:
    """Look until several pages show nothing new: they shift, and may come in no order at all."""
    seen: set[str] = set()
    for _ in range(MOST_READINGS):
        found, fresh = await _searched(connection, dialect, item, seen)
        if not fresh or not isinstance(found, Missing):
            break
    return found


async def _searched(
    connection: Connection, dialect: Dialect, item: Work, seen: set[str]
) -> tuple[Event, bool]:
    """What was found in the list, and whether it takes several pages and showed something new."""
    foreign: Taken | None = None
    pages, before = 0, len(seen)
    try:
        async for page in connection.pages(*_unpaged(dialect.find(item, 0))):
            pages += 1
            seen.update(listed.id for listed in page)
            for listed in page:
                if not _is_it(item, listed):
                    continue
                if _is_foreign(item, listed):
                    foreign = Taken(f"by the client {plain(str(listed.client_id), 40)}")
                    continue
                return dialect.compared(item, listed.body), True
    except UnexpectedReplyError as error:
        return _no_list(item, error.reply), False
    except ValueError:
        return Rejected(200, "The VTN lists this item in a form that cannot be read."), False
    return foreign or Missing(), pages > 1 and len(seen) > before


def _unpaged(first: Request) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Path and filters of a list, from the request for its first page."""
    return first.path, tuple(pair for pair in first.query if pair[0] not in {"skip", "limit"})


def _no_list(item: Work, reply: Reply) -> Event:
    if reply.ok:
        return _useless(reply)
    if reply.status in _GONE:  # an empty list would be one: this is a place that is not there
        # For a VEN never a reason to believe that it is not there: something else answers.
        return VenGone() if isinstance(item, ResourceWork) else Lost(_NO_VENS, reply.status)
    return _refused(reply)


def _is_it(item: Work, listed: Listed) -> bool:
    """Compared here too: some VTNs ignore a filter that they do not know."""
    in_its_ven = isinstance(item, VenWork) or listed.ven_id in {None, item.ven_remote_id}
    return in_its_ven and listed.name == name_of(item)


def _is_foreign(item: Work, listed: Listed) -> bool:
    return isinstance(item, VenWork) and listed.client_id not in {None, item.client_id}


async def _read(connection: Connection, dialect: Dialect, item: Work, remote_id: str) -> Event:
    reply = await connection.send(dialect.read(item, remote_id))
    if not reply.ok:
        return _refused(reply)
    try:
        held = dialect.compared(item, reply.body)
    except ValueError:
        return _useless(reply)
    id_is_theirs = isinstance(item, VenWork) or not dialect.ids_are_ours
    if id_is_theirs and "name" in held.differs:
        return Missing()  # a VTN that lost its data may give the id of one object to another
    return replace(held, remote_id=remote_id)


async def _create(connection: Connection, dialect: Dialect, item: Work) -> Event:
    event = await _write(connection, dialect, item, dialect.create(item))
    if isinstance(item, VenWork):
        return Lost(_NO_VENS, 404) if isinstance(event, Missing) else event
    if isinstance(event, Missing | Taken) or (isinstance(event, Rejected) and event.status in _BAD):
        return await _blame(connection, dialect, item, event)
    return event


async def _blame(
    connection: Connection,
    dialect: Dialect,
    item: ResourceWork,
    refused: Missing | Taken | Rejected,
) -> Event:
    """Whether the VTN refused a resource because its VEN is gone; some say 400 or 409 to that."""
    ven = VenWork(
        name=item.resource.ven or "",
        client_id=item.client_id,
        revision=0,
        remote_id=item.ven_remote_id,
        doubtful=False,
    )
    reply = await connection.send(dialect.read(ven, item.ven_remote_id))
    if reply.status in _GONE:
        return VenGone()
    if isinstance(refused, Taken | Rejected):
        return refused
    if not reply.ok:
        return _refused(reply)
    return Rejected(404, "The VTN has no resources under this address: check path and dialect.")


async def _write(
    connection: Connection,
    dialect: Dialect,
    item: Work,
    request: Request,
    remote_id: str | None = None,
) -> Event:
    reply = await connection.send(request)
    if not reply.ok:
        return _refused(reply)
    if remote_id is not None and not reply.body.strip():  # 204: taken, and nothing to add
        return Held(remote_id)
    try:
        held = dialect.compared(item, reply.body, trust_silence=True)
    except ValueError:
        return Lost(f"The VTN answered {reply.status} with {_told(item, reply)}.", reply.status)
    return held if remote_id is None else replace(held, remote_id=remote_id)


def _told(item: Work, reply: Reply) -> str:
    """What came back; of a VEN without its words, among which may be the VEN's token."""
    return shape(reply) if isinstance(item, VenWork) else kind(reply)


async def _delete(connection: Connection, dialect: Dialect, item: Work, remote_id: str) -> Event:
    request = dialect.delete(item, remote_id)
    if not request.cannot:
        against = await _against_deleting(connection, dialect, item, remote_id)
        if against is not None:
            return against
    reply = await connection.send(request)
    return Held("") if reply.ok else _refused(reply)


async def _against_deleting(
    connection: Connection, dialect: Dialect, item: Work, remote_id: str
) -> Event | None:
    """What speaks against it: a VEN that is not empty, or another object under this id."""
    there = await _read(connection, dialect, item, remote_id)
    if not isinstance(there, Held):
        return there
    return await _left_in(connection, dialect, remote_id) if isinstance(item, VenWork) else None


async def _left_in(connection: Connection, dialect: Dialect, ven_id: str) -> Event | None:
    """What speaks against deleting a VEN: some VTNs delete what is in it, too."""
    try:
        async for page in connection.pages(*_unpaged(dialect.inside(ven_id))):
            if any(listed.ven_id in {None, ven_id} for listed in page):
                return Taken("The VTN holds resources in this VEN that are not of this fleet.")
    except UnexpectedReplyError as error:
        if error.reply.status not in _GONE:
            return _useless(error.reply) if error.reply.ok else _refused(error.reply)
    return None


def _refused(reply: Reply) -> Event:
    status = reply.status
    if status in _GONE:
        return Missing()
    if status == 409:
        return Taken()
    if status == 429:
        pause = reply.retry_after or PAUSE  # 0 would be asked again at once, and for ever
        return Unsent(refusal(reply, "more requests now"), status, pause)
    if status >= 500:
        return Lost(refusal(reply, "to work now"), status, reply.retry_after)
    return Rejected(status, _why_rejected(reply))


def _why_rejected(reply: Reply) -> str:
    if reply.status < 400:
        return redirected(reply, "The VTN")
    if reply.status == 403:
        return f"{refusal(reply, 'this')} The client may lack a right."
    return refusal(reply, "it")


def _useless(reply: Reply) -> Event:
    return Rejected(reply.status, f"The VTN answers with {kind(reply)} instead of OpenADR.")
