"""The nouns of a fleet, without behaviour beyond their own validity.

They are msgspec structs: a frozen dataclass with slots takes forty times longer to define, which
the console would wait for before its first paint, and longer to make ten thousand of.

Column and JSON names of the original sample client are kept in the database; here they are
written as Python writes names. Power is in kW and energy in kWh, consumption positive and export
negative. Coordinates are WGS84 degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from vendash.errors import VendashError

NO_VEN = "(none)"
"""Stands for a resource without a VEN, in lists and counts; such a resource is never sent."""


class RegistrationStatus(StrEnum):
    """The operator's decision about a resource. Every transition between two is legal."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    SUSPENDED = "SUSPENDED"


class Authority(StrEnum):
    """Who decides on the status of a resource that is at a VTN."""

    OPERATOR = "operator"
    """Approved here, and the VTN is told."""
    VTN = "vtn"
    """The VTN decides and is followed; approving here asks for it."""


class ResourceType(StrEnum):
    """What kind of flexibility a resource offers."""

    DSR = "DSR"
    BATTERY = "BATTERY"
    PV = "PV"
    EV = "EV"


class ConnectionType(StrEnum):
    """How a meter is read."""

    MODBUSTCP = "MODBUSTCP"
    MQTT = "MQTT"
    FILEREADER = "FILEREADER"


class ActorType(StrEnum):
    """Whether a connection reads a meter or writes a set point."""

    READER = "READER"
    WRITER = "WRITER"


class VtnState(StrEnum):
    """What is known of one item at one VTN, in the order an operator cares about it."""

    UNWANTED = "unwanted"
    """Nobody asked for it to be there, and it is not."""
    WAITING = "waiting"
    """Wanted there, and what it is now has not been accepted yet."""
    SENDING = "sending"
    """A request is, or was when a process died, under way: look up before sending again."""
    OK = "ok"
    """The VTN has accepted the item as it is here."""
    DIFFERENT = "different"
    """The VTN holds something else and nothing is wanted of us."""
    FAILED = "failed"
    """Refused or unreachable for this item; tried again when the operator asks."""
    CONFLICT = "conflict"
    """A person is needed: the name is taken, or the VTN does not take the object."""


NEEDS_A_PERSON = frozenset({VtnState.FAILED, VtnState.CONFLICT})
"""Nothing more is sent of such an item before somebody asks for it."""


class Capacities(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of power in kW and of energy in kWh.

    For a load, a negative `p_min_kw` is how far it can be lowered in an event, not an export.
    """

    p_max_kw: float
    p_min_kw: float = 0.0
    e_max_kwh: float = 0.0
    e_min_kwh: float = 0.0


class Location(msgspec.Struct, frozen=True):
    """WGS84 degrees."""

    latitude: float
    longitude: float


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """How the meter of a resource is reached. The password never appears in a repr."""

    type: ConnectionType = ConnectionType.FILEREADER
    actortype: ActorType = ActorType.READER
    host: str | None = None
    port: int | None = None
    topic: str | None = None
    file: str | None = None
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        """All but the password."""
        fields = msgspec.structs.asdict(self) | {"password": None}
        shown = [f"{name}={value!r}" for name, value in fields.items() if value is not None]
        return f"Connection({', '.join(shown)})"


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One resource with all that the original's two tables say of it."""

    resource_id: str
    """UUID; the name under which the resource is known to every VTN."""
    resource_name: str
    resource_type: ResourceType
    resource_sub_type: str | None = None
    meter_point_id: str
    """GSRN, 18 digits."""
    capacities: Capacities
    location: Location
    address: str | None = None
    ven: str | None = None
    enabled: bool = True
    reporting: str | None = None
    """JSON text, kept as it is."""
    connection: Connection = Connection()
    registration_status: RegistrationStatus = RegistrationStatus.PENDING


class ResourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shows of a resource; cheap enough to make ten thousand of."""

    key: int
    """`resources.id`: stable for the life of the row, and what cursors and marks hold."""
    resource_id: str
    name: str
    type: ResourceType
    sub_type: str
    ven: str
    status: RegistrationStatus
    enabled: bool
    p_max_kw: float
    meter_point_id: str
    address: str
    changed: str
    """UTC, ISO 8601 as the original writes it (`YYYY-MM-DD HH:MM:SS`)."""
    vtn: VtnState
    vtn_status: RegistrationStatus | None
    """The decision that the VTN was last told, where it differs from ours."""
    vtn_error: str
    """In the operator's words; empty when there is none."""
    vtn_since: float | None = None
    """Unix time: of the last change that waits for the VTN, else since when `vtn` is as it is."""
    vtn_requested: RegistrationStatus | None = None
    """The decision that is asked of a VTN which decides itself."""


class StatusCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many resources carry each decision."""

    pending: int = 0
    approved: int = 0
    suspended: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.pending + self.approved + self.suspended


class WorkCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The work to do. The first four add up to all resources; the last two stand beside them.

    `decide`: at the VTN and pending. `unsent`: not yet accepted there, whatever the decision.
    `approved`, `suspended`: there, and so decided. `different`: the VTN holds something else.
    `trouble`: failed or in conflict, a person is needed.
    """

    decide: int = 0
    unsent: int = 0
    approved: int = 0
    suspended: int = 0
    different: int = 0
    trouble: int = 0

    @property
    def total(self) -> int:
        """All resources counted."""
        return self.decide + self.unsent + self.approved + self.suspended


class VenRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the list of VENs shows of one VEN."""

    name: str
    work: WorkCounts
    decisions: StatusCounts
    wanted: int
    """How many of its resources are wanted at the VTN."""
    accepted: int
    """How many of its resources the VTN has accepted as they are now."""
    vtn: VtnState
    """Of the VEN itself."""
    vtn_error: str
    client_id: str
    remote_id: str | None
    vtn_since: float | None = None
    """As `ResourceRow.vtn_since`, of the VEN itself."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen choice of resources: what a prompt named is what an action changes."""

    keys: Sequence[int]
    by_status: StatusCounts
    p_max_kw: float

    def __len__(self) -> int:
        return len(self.keys)


class ActionOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator's action did."""

    sequence: int | None
    """Its number in the audit log; None when nothing changed and so nothing was recorded."""
    verb: str
    changed: int
    unchanged: int = 0
    """Had the wanted value already."""
    skipped: int = 0
    """Left alone: not of an expected status, or changed by someone else since."""


class ImportOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did. Rows that were here already keep their id and their decision."""

    added: int
    updated: int
    """Were here with other values."""
    unchanged: int
    sequence: int | None = None
    """Its number in the audit log; None when nothing changed."""


class AuditAction(msgspec.Struct, frozen=True, kw_only=True):
    """One action of the audit log, without its items."""

    sequence: int
    at: datetime
    """UTC."""
    actor: str
    verb: str
    """approve, suspend, pend, register, unregister, undo, import, normalise, simulate, reset,
    take (as the VTN decided), request (of the VTN), authority, remove (orphans), and the choices
    on what differs: ours, theirs, adopt, forget."""
    reason: str
    count: int
    subject: str
    """What it was about, for instance `Aalborg` or `3 VENs`."""
    undone_by: int | None = None
    undoes: int | None = None


class AuditItem(msgspec.Struct, frozen=True, kw_only=True):
    """One row that an action changed."""

    key: int
    resource_id: str
    name: str
    ven: str
    before: str
    after: str


class ResourceDetail(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known here of one resource."""

    key: int
    resource: Resource
    row: ResourceRow
    revision: int
    accepted_revision: int | None
    remote_id: str | None
    vtn_http_status: int | None
    history: Sequence[tuple[AuditAction, AuditItem]]
    """Newest first, at most twenty."""


FASTEST = 100_000.0
"""Of a simulation, in simulated seconds per second: more than a day at every tick."""


class SimulationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The wanted state of the simulation, kept in the database.

    Raises:
        VendashError: The speed is out of its range.
    """

    on: bool = False
    speed: float = 1.0
    """Simulated seconds per second."""
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse a speed that no simulation can run at."""
        if not 0 < self.speed <= FASTEST:  # not a number is in no range
            raise VendashError(f"The speed has to be a number above 0, at most {FASTEST:,.0f}.")


class Orphan(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that is gone from here and that the current VTN still holds, or may hold."""

    resource_id: str
    remote_id: str | None
    """None: a request may have arrived, nobody knows."""
    ven_remote_id: str | None
    """The VTN's id of the VEN that it is under."""
    name: str = ""
    """As it was called here, where that is known."""
    ven: str = ""
    state: VtnState = VtnState.OK
    """OK: it is left there. WAITING and SENDING: being removed. FAILED, CONFLICT: that failed."""
    error: str = ""


# --- where a VTN holds something else --------------------------------------------------------


class DriftKind(StrEnum):
    """How what is here and what the VTN holds disagree."""

    ONLY_HERE = "only here"
    ONLY_THERE = "only there"
    DIFFERENT = "different"
    DOUBLE = "double"
    """One of several objects there under one name."""


class DriftChoice(StrEnum):
    """What an operator does about it."""

    OURS = "ours"
    """Send ours again; what is only there, or there twice, is deleted there."""
    THEIRS = "theirs"
    """Take the fields that differ over, the decision among them."""
    ADOPT = "adopt"
    """What is only there is known and wanted here from now on."""
    FORGET = "forget"
    """Not shown again until it changes there."""


class DriftItem(msgspec.Struct, frozen=True, kw_only=True):
    """One object about which the VTN and we disagree."""

    kind: DriftKind
    what: str
    """`ven` or `resource`."""
    key: int | None = None
    """`resources.id`, where there is such a resource here."""
    name: str
    """As the VTN knows it: the name of a VEN, the id of a resource."""
    ven: str = ""
    """The name of its VEN, where that is known."""
    remote_id: str = ""
    """Of the object there; of one that is only here, as it was known."""
    ven_remote_id: str = ""
    """Of the VEN that the object is under there."""
    fields: tuple[tuple[str, str, str], ...] = ()
    """Field, ours, theirs; for a person to read."""
    stamp: str = ""
    """As `Accepted.stamp`, of what is there now."""
    body: str = ""
    """What is there, JSON as the VTN sent it."""
    resource: Resource | None = None
    """What it says as a resource of ours, where its attributes allow; its connection is unused."""
    again: bool = False
    """It is being sent again by itself: the VTN has lost it, or what we last wrote of it."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a VTN's lists, as far as knowing that it is there goes."""

    what: str
    """`ven` or `resource`."""
    name: str
    remote_id: str
    ven_remote_id: str = ""
    """Of the VEN that a resource is under; empty where that is not said."""
    stamp: str = ""


class SurveyOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison of everything with the VTN came to."""

    open: int
    """Items that wait for the operator."""
    again: int
    """Items that are sent again by themselves."""
    adopted: int
    """Items whose id at the VTN had changed, and is known now."""
    forgotten: int
    """Items that the operator did not want to see again."""


# --- between the store and whoever talks to a VTN ------------------------------------------


class VenWork(msgspec.Struct, frozen=True, kw_only=True):
    """A VEN that a VTN should hold and whose revision it has not accepted."""

    name: str
    client_id: str
    revision: int
    remote_id: str | None
    doubtful: bool
    """An earlier request may have arrived: look up before sending."""
    wanted: bool = True
    """False: the VTN should no longer hold it; none of its resources is wanted or left there."""


class ResourceWork(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that a VTN should hold (or no longer hold) as it is now."""

    key: int
    resource: Resource
    revision: int
    ven_remote_id: str
    client_id: str
    """Of its VEN."""
    remote_id: str | None
    doubtful: bool
    wanted: bool = True
    """False: the VTN should no longer hold it."""
    held_under: str | None = None
    """The VTN's id of the VEN under which `remote_id` was accepted; None when it is the same."""
    requested: RegistrationStatus | None = None
    """The decision that is asked of a VTN which decides itself; None where nothing is asked."""
    decided_there: bool = False
    """The VTN decides on it: the decision is its to write, and ours to read."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The VTN holds the item with this revision, under this id.

    For a resource that is not wanted there: the VTN holds it no longer, and the id is empty.
    """

    item: VenWork | ResourceWork
    remote_id: str
    already: bool
    """It was there before: adopted, nothing was created."""
    stamp: str = ""
    """The object's modificationDateTime as the VTN gave it; empty where it gives none.

    Compared only with later ones of the same VTN, so that nobody's clock matters.
    """


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The item is not there as wanted. Says whether a request may yet have arrived.

    WAITING is the only state that promises that nothing of it is at the VTN under an unknown id;
    a row that becomes due again from any other one, without a remote id, is doubtful.
    """

    item: VenWork | ResourceWork
    state: VtnState
    """WAITING (never left), SENDING (doubtful), FAILED or CONFLICT."""
    reason: str
    """One short sentence in the operator's words."""
    http_status: int | None = None
    ven_lost: bool = False
    """The VTN does not know the VEN of this resource any more: the VEN has to be looked up."""


RegistrationOutcome = Accepted | Refused
