"""The requests that the registrar would send for an item: pure, nothing is sent."""

from __future__ import annotations

from vendash.models import VenWork
from vendash.planned import PlannedRequest
from vendash.vtn.dialects import Dialect
from vendash.vtn.dialects.base import Request
from vendash.vtn.moves import Command, Create, Delete, LookUp, Others, Read, Work
from vendash.vtn.registrar import begin
from vendash.vtn.shown import shown


def requests_for(
    item: Work, dialect: Dialect, *, base: str, token: bool
) -> tuple[PlannedRequest, ...]:
    """In the order in which they would be sent, as far as that does not depend on answers.

    Args:
        item: As the ledger would hand it out.
        dialect: Of the VTN.
        base: The VTN's URL.
        token: Whether a token goes with them; it is masked.
    """
    state = begin(item)
    return tuple(
        PlannedRequest(when, shown(request, dialect, base=base, token=token))
        for when, request in _in_order(state.asked, state.work, dialect)
    )


def _in_order(command: Command, work: Work, dialect: Dialect) -> list[tuple[str, Request]]:
    """Each with the condition under which it is sent."""
    match command:
        case Create():
            return [("at once", dialect.create(work))]
        case LookUp():
            find = ("first, as it may be there", dialect.find(work, 0))
            create = ("where it is not there", dialect.create(work))
            return [find, create] if work.wanted else [find]
        case Read(remote_id):
            write = dialect.replace(work, remote_id, Others())
            return [
                ("first", dialect.read(work, remote_id)),
                ("where it differs, with what others have written there", write),
            ]
        case Delete(remote_id):
            return _removal(remote_id, work, dialect)
        case _:
            return []


def _removal(remote_id: str, work: Work, dialect: Dialect) -> list[tuple[str, Request]]:
    delete = dialect.delete(work, remote_id)
    if delete.cannot:
        return [("never", delete)]
    first = ("first", dialect.read(work, remote_id))
    if isinstance(work, VenWork):
        inside = ("where it has this name", dialect.inside(remote_id))
        return [first, inside, ("where nothing is in it", delete)]
    return [first, ("where it has this name", delete)]
