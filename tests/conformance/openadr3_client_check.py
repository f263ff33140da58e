"""openadr3-client against a VTN: business logic and VENs, each object written, read and deleted.

Run in its own environment, with VTN_URL, CLIENT_ID and CLIENT_SECRET, and the dialect as argument.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from openadr3_client.bl.http_factory import BusinessLogicHttpClientFactory
from openadr3_client.ven.http_factory import VirtualEndNodeHttpClientFactory
from openadr3_client.version import OADRVersion

VERSIONS = {"3.1": OADRVersion.OADR_310, "3.0.1": OADRVersion.OADR_301}
SINCE = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Check:
    """The client's models and clients for one version."""

    def __init__(self, dialect: str) -> None:
        self.new = dialect == "3.1"
        package = "openadr3_client.oadr310" if self.new else "openadr3_client.oadr301"
        self._models = f"{package}.models"
        url, version = os.environ["VTN_URL"], VERSIONS[dialect]
        access: dict[str, Any] = {
            "vtn_base_url": url,
            "client_id": os.environ["CLIENT_ID"],
            "client_secret": os.environ["CLIENT_SECRET"],
            "version": version,
            "allow_insecure_http": True,
            # 3.1 finds it by asking /auth/server.
            "token_url": None if self.new else f"{url}/auth/token",
        }
        self.bl: Any = BusinessLogicHttpClientFactory.create_http_bl_client(**access)
        self.ven: Any = VirtualEndNodeHttpClientFactory.create_http_ven_client(**access)

    def model(self, module: str, name: str) -> Any:  # noqa: ANN401
        """A class of the client's models."""
        return getattr(import_module(f"{self._models}.{module}"), name)


def main() -> None:
    """Everything, once; an exception is a failure."""
    check = Check(sys.argv[1])
    program = programs(check)
    event = events(check, program)
    ven = vens(check)
    resources(check, ven)
    reports(check, program, event)
    for kind, one in (("event", event), ("ven", ven), ("program", program)):
        deleted = getattr(getattr(check.bl, f"{kind}s"), f"delete_{kind}_by_id")(one.id)
        assert deleted.id == one.id
    print(f"openadr3-client, {sys.argv[1]}: programs, events, VENs, resources, reports: ok")  # noqa: T201


def programs(check: Check) -> Any:  # noqa: ANN401
    """Create, find, update."""
    new = check.model("program.program", "NewProgram")(program_name="Peaks")
    program = check.bl.programs.create_program(new)
    assert program.program_name == "Peaks"
    assert check.bl.programs.get_program_by_id(program.id) == program
    assert [one.id for one in check.ven.programs.get_programs(None, None)] == [program.id]
    change = check.model("program.program", "ProgramUpdate")(program_name="Less at noon")
    update = change if check.new else program.update(change)
    updated = check.bl.programs.update_program_by_id(program.id, update)
    assert updated.program_name == "Less at noon"
    return updated


def events(check: Check, program: Any) -> Any:  # noqa: ANN401
    """Create with an interval, find by program."""
    payload = check.model("event.event_payload", "EventPayload")
    kinds = check.model("event.event_payload", "EventPayloadType")
    common = import_module("openadr3_client._models.common.interval")
    period = import_module("openadr3_client._models.common.interval_period").IntervalPeriod
    interval = common.Interval[payload](
        id=0, payloads=(payload[int](type=kinds.SIMPLE, values=(2,)),)
    )
    new = check.model("event.event", "NewEvent")(
        programID=program.id,
        event_name="Less",
        interval_period=period(start=SINCE, duration=timedelta(hours=1)),
        intervals=(interval,),
    )
    event = check.bl.events.create_event(new)
    (seen,) = check.ven.events.get_events(None, None, program.id)
    assert seen == event
    assert seen.interval_period.duration == timedelta(hours=1)
    assert seen.intervals[0].payloads[0].values == (2,)
    return event


def vens(check: Check) -> Any:  # noqa: ANN401
    """Create, find by name."""
    if check.new:
        new = check.model("ven.ven", "NewVenBlRequest")(
            ven_name="Aalborg", clientID="vendash-aalborg", targets=("north",)
        )
    else:
        new = check.model("ven.ven", "NewVen")(ven_name="Aalborg")
    ven = check.bl.vens.create_ven(new)
    assert [one.id for one in check.bl.vens.get_vens("Aalborg", None, None)] == [ven.id]
    assert check.bl.vens.get_vens("Odense", None, None) == ()
    if check.new:
        own = check.ven.vens.create_ven(
            check.model("ven.ven", "NewVenVenRequest")(ven_name="Odense")
        )
        check.ven.vens.delete_ven_by_id(own.id)
    return ven


def resources(check: Check, ven: Any) -> None:  # noqa: ANN401
    """Create, find by VEN, delete."""
    attribute = import_module("openadr3_client._models.common.attribute").Attribute
    kinds = import_module("openadr3_client._models.common.ven_resource_attribute_type")
    description = kinds.VenResourceAttributeType.DESCRIPTION
    held = (attribute[str](type=description, values=("a tank",)),)
    if check.new:
        new = check.model("resource.resource", "NewResourceBlRequest")(
            resource_name="r1", venID=ven.id, clientID="vendash-aalborg", attributes=held
        )
        resource = check.bl.resources.create_resource(new)
        (seen,) = check.bl.resources.get_resources(ven.id, None, None, None)
        check.bl.resources.delete_resource_by_id(resource.id)
    else:
        new = check.model("ven.resource", "NewResource")(
            resource_name="r1", venID=ven.id, attributes=held
        )
        resource = check.bl.vens.create_ven_resource(ven.id, new)
        (seen,) = check.bl.vens.get_ven_resources(ven.id, None, None, None)
        check.bl.vens.delete_ven_resource_by_id(ven.id, resource.id)
    assert seen == resource
    assert seen.attributes[0].values == ("a tank",)


def reports(check: Check, program: Any, event: Any) -> None:  # noqa: ANN401
    """Create, as a VEN; read, as business logic."""
    payload = check.model("report.report_payload", "ReportPayload")
    kinds = check.model("report.report_payload", "ReportPayloadType")
    interval = import_module("openadr3_client._models.common.interval").Interval[payload](
        id=0, payloads=(payload[float](type=kinds.USAGE, values=(1.5,)),)
    )
    resource = check.model("report.report", "ReportResource")(
        resource_name="r1", intervals=(interval,)
    )
    of = {"eventID": event.id} if check.new else {"eventID": event.id, "programID": program.id}
    new = check.model("report.report", "NewReport")(
        client_name="vendash-aalborg", resources=(resource,), **of
    )
    report = check.ven.reports.create_report(new)
    assert check.bl.reports.get_report_by_id(report.id) == report
    check.ven.reports.delete_report_by_id(report.id)


if __name__ == "__main__":
    # The client's OAuth library otherwise refuses a token over http, also from this machine.
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    main()
