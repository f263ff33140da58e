"""What the registrar may ask of a VTN for one item, and what can come of it."""

from __future__ import annotations

from dataclasses import dataclass

from vendash.models import RegistrationOutcome, ResourceWork, VenWork

Work = VenWork | ResourceWork


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
class VenGone:
    """The VTN does not know the VEN of this resource any more, and so not the resource."""


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


Event = Held | Missing | VenGone | Taken | Rejected | Unsent | Lost
