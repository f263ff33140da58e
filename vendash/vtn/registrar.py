"""What decides how an item gets to a VTN exactly once: a pure function of state and event.

The rule: POST what was never sent; after any doubt look up by name first; compare; adopt what is
there, or PUT where it differs. Before a PUT the object is read, because a PUT replaces on some
VTNs: what others have written into it (targets above all) goes back unchanged.

What moved to another VEN is first removed where it was and then due again as never sent, so that
a ledger has only ever to remember one place where something of an item may be.

`begin` and `step` return the command to carry out next; the driver carries it out and comes back
with the event. A process may die at any point: the ledger then says "sending", and the next process
begins with the same item in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from vendash.models import Accepted, Refused, VenWork, VtnState
from vendash.vtn import reasons
from vendash.vtn.moves import (
    Command,
    Create,
    Delete,
    Event,
    Finish,
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

MAX_CALLS = 8
"""For one item in one go; more than this only a VTN that contradicts itself can ask for."""


@dataclass(frozen=True, slots=True)
class State:
    """One item on its way."""

    item: Work
    """As the ledger gave it."""
    work: Work
    """As it is carried out: the same, or its removal from the VEN that it has left."""
    asked: Command
    doubtful: bool
    """An object may be at the VTN whose id the ledger does not know."""
    created: bool = False
    taken: Taken | None = None
    """A POST was answered so; looking up decides what it means."""
    calls: int = 1


def begin(item: Work) -> State:
    """The state whose `asked` is the first command."""
    work = _as_carried_out(item)
    if work.remote_id is not None:
        first: Command = Read(work.remote_id) if work.wanted else Delete(work.remote_id)
    elif work.doubtful:
        first = LookUp()
    else:
        first = Create() if work.wanted else Finish(Accepted(item=work, remote_id="", already=True))
    return State(item, work, first, doubtful=item.doubtful)


def step(state: State, event: Event) -> State:
    """The state after the event; its `asked` is what to do next."""
    following = _STEPS[type(state.asked)](state, event)
    if isinstance(following.asked, Finish):
        return following
    if state.calls == MAX_CALLS:
        return _refuse(following, VtnState.FAILED, reasons.CONTRADICTION)
    return replace(following, calls=state.calls + 1)


def _as_carried_out(item: Work) -> Work:
    if isinstance(item, VenWork) or item.held_under is None:
        return item
    return msgspec.structs.replace(item, ven_remote_id=item.held_under, wanted=False)


def _after_look_up(state: State, event: Event) -> State:
    match event:
        case Held():
            found = replace(state, doubtful=True)  # the ledger does not know this id yet
            return _compare(found, event)
        case Missing() if state.taken is not None:
            return _conflict_of_names(state, state.taken)
        case Missing():
            clear = replace(state, doubtful=False)
            return replace(clear, asked=Create()) if state.work.wanted else _accept_gone(clear)
        case VenGone() if not state.work.wanted:
            return _accept_gone(state)
        case _:
            return _hindered(state, event)


def _after_read(state: State, event: Event) -> State:
    if isinstance(event, Held):
        return _compare(state, event)
    return _lost_there(state) if isinstance(event, Missing) else _hindered(state, event)


def _after_create(state: State, event: Event) -> State:
    match event:
        case Held():
            return _compare(replace(state, created=True, doubtful=True), event)
        case Taken():
            return replace(state, asked=LookUp(), taken=event, doubtful=True)
        case _:
            return _hindered(state, event)


def _after_replace(state: State, event: Event) -> State:
    match event:
        case Held(differs=()):
            return _accept(state, event)
        case Held(differs=differs):
            return _refuse(state, VtnState.CONFLICT, reasons.kept_otherwise(differs))
        case Missing():
            return _lost_there(state)
        case _:
            return _hindered(state, event)


def _after_delete(state: State, event: Event) -> State:
    match event:
        case Held():
            return _accept_gone(state, already=False)
        case Missing():  # an object made since may be there under another id
            return _lost_there(state)
        case Taken() | Rejected(403):
            return _refuse(
                state,
                VtnState.CONFLICT,
                reasons.not_deleted(state.item, event),
                409 if isinstance(event, Taken) else event.status,
            )
        case _:
            return _hindered(state, event)


_STEPS = {
    LookUp: _after_look_up,
    Read: _after_read,
    Create: _after_create,
    Replace: _after_replace,
    Delete: _after_delete,
}


def _compare(state: State, held: Held) -> State:
    if not state.work.wanted:
        return replace(state, asked=Delete(held.remote_id))
    if held.differs:
        return replace(state, asked=Replace(held.remote_id, held.others))
    return _accept(state, held)


def _lost_there(state: State) -> State:
    """The VTN does not know the id any more: it may hold the item under another one."""
    return replace(state, asked=LookUp(), taken=None)


def _hindered(state: State, event: Event) -> State:
    match event:
        case Taken():
            return _conflict_of_names(state, event)
        case Rejected(400 | 405 | 415 | 422 as status, reason):
            return _refuse(state, VtnState.CONFLICT, reason, status)
        case Rejected(status, reason):
            return _refuse(state, VtnState.FAILED, reason, status)
        case VenGone():
            return _ven_lost(state)
        case Unsent(reason, status) | Lost(reason, status):
            clear = not state.doubtful and (
                isinstance(event, Unsent) or isinstance(state.asked, LookUp | Read)
            )
            return _refuse(state, VtnState.WAITING if clear else VtnState.SENDING, reason, status)
        case _:
            return _refuse(state, VtnState.FAILED, reasons.NO_SENSE)


def _accept(state: State, held: Held) -> State:
    outcome = Accepted(
        item=state.work, remote_id=held.remote_id, already=not state.created, stamp=held.stamp
    )
    return replace(state, asked=Finish(outcome))


def _accept_gone(state: State, *, already: bool = True) -> State:
    outcome = Accepted(item=state.work, remote_id="", already=already)
    return replace(state, asked=Finish(outcome))


def _refuse(state: State, to: VtnState, reason: str, status: int | None = None) -> State:
    outcome = Refused(item=state.item, state=to, reason=reason, http_status=status)
    return replace(state, asked=Finish(outcome))


def _ven_lost(state: State) -> State:
    item = state.item
    outcome = Refused(
        item=item,
        state=VtnState.SENDING if state.doubtful else VtnState.WAITING,
        reason=reasons.ven_gone(None if isinstance(item, VenWork) else item.resource.ven),
        http_status=404,
        ven_lost=True,
    )
    return replace(state, asked=Finish(outcome))


def _conflict_of_names(state: State, taken: Taken) -> State:
    return _refuse(state, VtnState.CONFLICT, reasons.name_taken(state.item, taken), 409)
