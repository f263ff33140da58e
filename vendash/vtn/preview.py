"""The requests that the registrar would send for an item: pure, nothing is sent."""

from __future__ import annotations

from vendash.planned import PlannedRequest
from vendash.vtn.dialects import Dialect
from vendash.vtn.dialects.base import Request
from vendash.vtn.moves import Create, Delete, LookUp, Others, Read, Work
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
    work = state.work

    def planned(when: str, request: Request) -> PlannedRequest:
        return PlannedRequest(when, shown(request, dialect, base=base, token=token))

    match state.asked:
        case Create():
            return (planned("at once", dialect.create(work)),)
        case LookUp() if work.wanted:
            return (
                planned("first, as it may be there", dialect.find(work, 0)),
                planned("where it is not there", dialect.create(work)),
            )
        case LookUp():
            return (planned("first, as it may be there", dialect.find(work, 0)),)
        case Read(remote_id):
            write = dialect.replace(work, remote_id, Others())
            return (
                planned("first", dialect.read(work, remote_id)),
                planned("where it differs, with what others have written there", write),
            )
        case Delete(remote_id):
            return (planned("at once", dialect.delete(work, remote_id)),)
        case _:
            return ()
