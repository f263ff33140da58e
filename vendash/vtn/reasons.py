"""Why an item is not at the VTN as wanted: one sentence each, for the operator."""

from __future__ import annotations

from vendash.models import VenWork
from vendash.vtn.moves import Rejected, Taken, Work

CONTRADICTION = "The VTN's answers contradict each other."
NO_SENSE = "The VTN's answer fits no question."


def name_taken(item: Work, taken: Taken) -> str:
    """Another object has the name, and ours is not there."""
    if isinstance(item, VenWork):
        what = f"The name {item.name} or the clientID {item.client_id} is taken at the VTN"
        then = "rename the VEN, or have the other one removed there"
    else:
        what = "The name of this resource is taken at the VTN"
        then = "have the other one removed there"
    whom = taken.reason or "by another client or under another VEN"
    return f"{what} {whom}: {then}."


def kept_otherwise(differs: tuple[str, ...]) -> str:
    """The VTN took the object and still answers with something else."""
    return f"The VTN took it but keeps another {', '.join(differs)}."


def ven_gone(ven: str | None) -> str:
    """The VEN of a resource is not there any more; it follows by itself."""
    return f"The VTN does not know the VEN {ven} any more: it is registered again first."


def not_deleted(item: Work, answer: Taken | Rejected) -> str:
    """The VTN knows the object and does not let it go."""
    said = answer.reason or "The VTN does not delete it (409)."
    if isinstance(item, VenWork):
        return f"{said} Something in {item.name} there is not ours: have it removed there."
    return said
