"""What decides how an item gets to a VTN exactly once: a pure function of state and event.

The rule: POST what was never sent; after any doubt look up by name first; compare; adopt what is
there, or PUT where it differs. Before a PUT the object is read, because a PUT replaces on some
VTNs: what others have written into it (targets above all) goes back unchanged.

`begin` and `step` return the command to carry out next; the driver carries it out and comes back
with the event. A process may die at any point: the ledger then says "sending", and the next process
begins with the same item in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vendash.models import (
    Accepted,
    Refused,
    RegistrationOutcome,
    ResourceWork,
    VenWork,
    VtnState,
)

Work = VenWork | ResourceWork

MAX_CALLS = 8
"""For one item in one go; more than this only a VTN that contradicts itself can ask for."""


@dataclass(frozen=True, slots=True)
class Others:
    """What an object at the VTN holds that others have written, as JSON."""

    targets: bytes | None = None
    attributes: tuple[bytes, ...] = ()


# --- commands: what to do next ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LookUp:
    """Find the item by its name."""


@dataclass(frozen=True, slots=True)
class Read:
    """Get the object with this id."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class Create:
    """POST the item."""


@dataclass(frozen=True, slots=True)
class Replace:
    """PUT the item, with what others have written into it."""

    remote_id: str
    others: Others


@dataclass(frozen=True, slots=True)
class Delete:
    """DELETE the object with this id."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing more to do: this is the outcome."""

    outcome: RegistrationOutcome


Command = LookUp | Read | Create | Replace | Delete | Finish


# --- events: what came of it -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """The VTN holds the item under this id: found, or just written."""

    remote_id: str
    differs: tuple[str, ...] = ()
    """What it holds otherwise than we want it, in words for the operator."""
    others: Others = Others()
    stamp: str = ""
    """The object's modificationDateTime as the VTN gives it; empty where it gives none."""


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such object (any more)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """409, or an object of this name that belongs to another client."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The VTN has understood the request and does not do it (4xx)."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """The request has not left, or the VTN says that it has not looked at it (429)."""

    reason: str
    status: int | None = None
    retry_after: float | None = None
    """Seconds that the VTN asked us to wait."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The request left and may have been carried out: no answer, a useless one, or 5xx."""

    reason: str
    status: int | None = None
    retry_after: float | None = None


Event = Held | Missing | Taken | Rejected | Unsent | Lost


# --- the state of one item and its steps -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    """One item on its way."""

    item: Work
    asked: Command
    doubtful: bool
    """An object may be at the VTN whose id the ledger does not know."""
    created: bool = False
    taken: Taken | None = None
    """A POST was answered so; looking up decides what it means."""
    calls: int = 1


def wanted(item: Work) -> bool:
    """Whether the item should be at the VTN, rather than be gone from there."""
    return isinstance(item, VenWork) or item.wanted


def begin(item: Work) -> State:
    """The state whose `asked` is the first command."""
    if item.remote_id is not None:
        first: Command = Read(item.remote_id) if wanted(item) else Delete(item.remote_id)
    elif item.doubtful:
        first = LookUp()
    else:
        first = (
            Create() if wanted(item) else Finish(Accepted(item=item, remote_id="", already=True))
        )
    return State(item, first, doubtful=item.doubtful)


def step(state: State, event: Event) -> State:
    """The state after the event; its `asked` is what to do next."""
    following = _STEPS[type(state.asked)](state, event)
    if isinstance(following.asked, Finish):
        return following
    if state.calls == MAX_CALLS:
        return _refuse(following, VtnState.FAILED, "The VTN's answers contradict each other.")
    return replace(following, calls=state.calls + 1)


def _after_look_up(state: State, event: Event) -> State:
    match event:
        case Held():
            found = replace(state, doubtful=True)  # the ledger does not know this id yet
            return _compare(found, event)
        case Missing() if state.taken is not None:
            return _conflict_of_names(state, state.taken)
        case Missing():
            clear = replace(state, doubtful=False)
            return replace(clear, asked=Create()) if wanted(state.item) else _accept(clear, "")
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
        case Missing():
            return _refuse(state, VtnState.FAILED, _no_collection(state.item), 404)
        case _:
            return _hindered(state, event)


def _after_replace(state: State, event: Event) -> State:
    match event:
        case Held(remote_id, ()):
            return _accept(state, remote_id)
        case Held(_, differs):
            return _refuse(
                state,
                VtnState.CONFLICT,
                f"The VTN took it but keeps another {', '.join(differs)}.",
            )
        case Missing():
            return _lost_there(state)
        case _:
            return _hindered(state, event)


def _after_delete(state: State, event: Event) -> State:
    match event:
        case Held():
            return _accept(state, "", already=False)
        case Missing() if state.doubtful:  # an object made since may be there under another id
            return _lost_there(state)
        case Missing():
            return _accept(state, "")
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
    if not wanted(state.item):
        return replace(state, asked=Delete(held.remote_id))
    if held.differs:
        return replace(state, asked=Replace(held.remote_id, held.others))
    return _accept(state, held.remote_id)


def _lost_there(state: State) -> State:
    """The VTN does not know the id any more: it may hold the item under another one."""
    return replace(state, asked=LookUp(), taken=None)


def _hindered(state: State, event: Event) -> State:
    match event:
        case Taken():
            return _conflict_of_names(state, event)
        case Rejected(400 | 415 | 422 as status, reason):
            return _refuse(state, VtnState.CONFLICT, reason, status)
        case Rejected(status, reason):
            return _refuse(state, VtnState.FAILED, reason, status)
        case Unsent(reason, status) | Lost(reason, status):
            clear = not state.doubtful and (
                isinstance(event, Unsent) or isinstance(state.asked, LookUp | Read)
            )
            return _refuse(state, VtnState.WAITING if clear else VtnState.SENDING, reason, status)
        case _:
            return _refuse(state, VtnState.FAILED, "The VTN's answer fits no question.")


def _accept(state: State, remote_id: str, *, already: bool | None = None) -> State:
    known = not state.created if already is None else already
    outcome = Accepted(item=state.item, remote_id=remote_id, already=known)
    return replace(state, asked=Finish(outcome))


def _refuse(state: State, to: VtnState, reason: str, status: int | None = None) -> State:
    outcome = Refused(item=state.item, state=to, reason=reason, http_status=status)
    return replace(state, asked=Finish(outcome))


def _conflict_of_names(state: State, taken: Taken) -> State:
    item = state.item
    if isinstance(item, VenWork):
        what = f"The name {item.name} or the clientID {item.client_id} is taken at the VTN"
        then = "rename the VEN, or have the other one removed there"
    else:
        what = "The name of this resource is taken at the VTN"
        then = "have the other one removed there"
    whom = taken.reason or "by another client or under another VEN"
    return _refuse(state, VtnState.CONFLICT, f"{what} {whom}: {then}.", 409)


def _no_collection(item: Work) -> str:
    if isinstance(item, VenWork):
        return "The VTN has no VENs under this address: check its path."
    return f"The VTN does not know the VEN {item.resource.ven} any more: has it lost its data?"
