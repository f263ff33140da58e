"""OpenADR 3.1: collections, and who may see and write what.

Business logic (BL) sees and writes everything. A VEN reads programs and events that carry none or
one of its targets, and of VENs, resources, reports and subscriptions its own (the same clientID).
"""

from __future__ import annotations

from msgspec.json import Decoder

from vendash.vtn.server import objects31 as v31
from vendash.vtn.server.collection import Collection, Fields, Write, plain, require
from vendash.vtn.server.problems import ProblemError
from vendash.vtn.server.search import by_id, by_name, by_objects, by_targets
from vendash.vtn.server.state import VtnState
from vendash.vtn.server.stored import UNTARGETED, Label, Stored
from vendash.vtn.server.tokens import Caller

BY_TARGETS = frozenset({"read_all", "read_targets"})
BY_OWNER = frozenset({"read_all", "read_ven_objects"})


def _targeted(state: VtnState, caller: Caller) -> tuple[frozenset[Label], ...]:
    if caller.is_bl:
        return ()
    own = _owned(state, caller)
    held = (
        label
        for kind in ("VEN", "RESOURCE")
        for stored in state.find(kind, own)
        for label in stored.labels
        if label[0] == "targets"
    )
    return (frozenset({UNTARGETED, *held}),)


def _owned(_state: VtnState, caller: Caller) -> tuple[frozenset[Label], ...]:
    return () if caller.is_bl else (frozenset({("clientID", caller.client_id)}),)


def _event(write: Write) -> Fields:
    fields = plain(write)
    require(write.state, "PROGRAM", fields["programID"])
    return fields


def _report(write: Write) -> Fields:
    fields = plain(write)
    require(write.state, "EVENT", fields["eventID"])
    return fields | {"clientID": _client_id(write, fields["clientName"])}


def _subscription(write: Write) -> Fields:
    fields = plain(write)
    require(write.state, "PROGRAM", fields.get("programID"))
    return fields | {"clientID": _client_id(write, fields["clientName"])}


def _ven(write: Write) -> Fields:
    fields = plain(write)
    if isinstance(write.body, v31.BlVen):
        return _only_bl(write, fields)
    kept = _kept_targets(write.before)
    return fields | kept | {"clientID": _client_id(write, fields["venName"])}


def _resource(write: Write) -> Fields:
    fields = plain(write)
    ven = write.state.get("VEN", fields["venID"])
    if ven is None or not all(
        not group.isdisjoint(ven.labels) for group in _owned(write.state, write.caller)
    ):
        raise ProblemError(404, f"There is no VEN with the id {fields['venID']}.")
    if isinstance(write.body, v31.BlResource):
        return _only_bl(write, fields)
    return fields | _kept_targets(write.before) | {"clientID": ven.value("clientID")}


def _only_bl(write: Write, fields: Fields) -> Fields:
    if not write.caller.is_bl:
        raise ProblemError(403, "Only business logic may send this objectType.")
    return fields


def _kept_targets(before: Stored | None) -> Fields:
    """Targets belong to business logic: a VEN that rewrites its object does not lose them."""
    targets = [
        value
        for name, value in (before.labels if before else ())
        if name == "targets" and value is not None
    ]
    return {"targets": sorted(map(str, targets))} if targets else {}


def _client_id(write: Write, name: str) -> object:
    """Who owns the object: as before, else the caller, or its name where nobody authenticates."""
    if write.before is not None:
        return write.before.value("clientID")
    return write.caller.client_id or name


COLLECTIONS = (
    Collection(
        kind="RESOURCE",
        path="/resources",
        body=Decoder(v31.BlResource | v31.VenResource),
        read=BY_OWNER,
        write="write_vens",
        filters=(by_name("resourceName"), by_id("venID"), by_targets),
        visible=_owned,
        fields=_resource,
    ),
    Collection(
        kind="VEN",
        path="/vens",
        body=Decoder(v31.BlVen | v31.VenVen),
        read=BY_OWNER,
        write="write_vens",
        filters=(by_name("venName"), by_targets),
        visible=_owned,
        fields=_ven,
    ),
    Collection(
        kind="PROGRAM",
        path="/programs",
        body=Decoder(v31.Program),
        read=BY_TARGETS,
        write="write_programs",
        filters=(by_targets,),
        visible=_targeted,
        fields=plain,
    ),
    Collection(
        kind="EVENT",
        path="/events",
        body=Decoder(v31.Event),
        read=BY_TARGETS,
        write="write_events",
        filters=(by_id("programID"), by_targets),
        visible=_targeted,
        fields=_event,
        has_active=True,
    ),
    Collection(
        kind="REPORT",
        path="/reports",
        body=Decoder(v31.Report),
        read=BY_OWNER,
        write="write_reports",
        filters=(by_id("programID"), by_id("eventID"), by_name("clientName")),
        visible=_owned,
        fields=_report,
    ),
    Collection(
        kind="SUBSCRIPTION",
        path="/subscriptions",
        body=Decoder(v31.Subscription),
        read=BY_OWNER,
        write="write_subscriptions",
        filters=(by_id("programID"), by_name("clientName"), by_objects),
        visible=_owned,
        fields=_subscription,
    ),
)
