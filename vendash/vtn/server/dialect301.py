"""OpenADR 3.0.1: collections and rules. Every client that may read reads everything."""

from __future__ import annotations

import msgspec
from msgspec.json import Decoder

from vendash.vtn.server import objects301 as v301
from vendash.vtn.server.collection import Collection, Fields, Write, plain, require
from vendash.vtn.server.problems import ProblemError
from vendash.vtn.server.search import by_id, by_name, by_objects, by_typed_targets
from vendash.vtn.server.stored import Stored

_READ = frozenset({"read_all"})
_PROVIDED = ("id", "createdDateTime", "modificationDateTime", "objectType")


def _fields(write: Write) -> Fields:
    return _without_provided(plain(write))


def _without_provided(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name not in _PROVIDED}


def _event(write: Write) -> Fields:
    fields = _fields(write)
    require(write.state, "PROGRAM", fields["programID"])
    return fields


def _report(write: Write) -> Fields:
    fields = _fields(write)
    require(write.state, "PROGRAM", fields["programID"])
    require(write.state, "EVENT", fields["eventID"])
    return fields


def _ven(write: Write) -> Fields:
    fields = _fields(write)
    names = [resource["resourceName"] for resource in fields.pop("resources", ())]
    if len(set(names)) < len(names):
        raise ProblemError(409, "Two of the resources have the same resourceName.")
    return fields


def _add_resources(write: Write, ven: Stored) -> None:
    if isinstance(write.body, v301.Ven):
        for resource in write.body.resources or ():
            fields = _without_provided(msgspec.to_builtins(resource))
            write.state.add("RESOURCE", fields | {"venID": ven.id})


def _resource(write: Write) -> Fields:
    ven_id = write.path["venID"]
    if write.state.get("VEN", ven_id) is None:
        raise ProblemError(404, "There is no such VEN.")
    return _fields(write) | {"venID": ven_id}


COLLECTIONS = (
    Collection(
        kind="RESOURCE",
        path="/vens/{venID}/resources",
        body=Decoder(v301.Resource),
        read=_READ,
        write="write_vens",
        filters=(by_name("resourceName", longest=None), by_typed_targets),
        fields=_resource,
    ),
    Collection(
        kind="VEN",
        path="/vens",
        body=Decoder(v301.Ven),
        read=_READ,
        write="write_vens",
        filters=(by_name("venName", longest=None), by_typed_targets),
        fields=_ven,
        created=_add_resources,
    ),
    Collection(
        kind="PROGRAM",
        path="/programs",
        body=Decoder(v301.Program),
        read=_READ,
        write="write_programs",
        filters=(by_typed_targets,),
        fields=_fields,
    ),
    Collection(
        kind="EVENT",
        path="/events",
        body=Decoder(v301.Event),
        read=_READ,
        write="write_events",
        filters=(by_id("programID"), by_typed_targets),
        fields=_event,
    ),
    Collection(
        kind="REPORT",
        path="/reports",
        body=Decoder(v301.Report),
        read=_READ,
        write="write_reports",
        filters=(by_id("programID"), by_id("eventID"), by_name("clientName", longest=None)),
        fields=_report,
    ),
    Collection(
        kind="SUBSCRIPTION",
        path="/subscriptions",
        body=Decoder(v301.Subscription),
        read=_READ,
        write="write_subscriptions",
        filters=(
            by_id("programID"),
            by_name("clientName", longest=None),
            by_typed_targets,
            by_objects,
        ),
        fields=_event,
    ),
)
