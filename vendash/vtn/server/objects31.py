"""Request bodies of OpenADR 3.1.0, as in the official YAML."""

from __future__ import annotations

from vendash.vtn.server.parts import (
    DateTime,
    Duration,
    Int32,
    Name,
    Natural,
    ObjectID,
    Part,
    Percent,
    ReportIntervals,
    SubscribedOperation,
    Uri,
    ValuesMap,
)

Targets = list[Name]


class IntervalPeriod(Part, frozen=True, kw_only=True):
    """A span of time; no start, or the year 1, means now."""

    start: DateTime | None = None
    duration: Duration | None = None
    randomize_start: Duration | None = None


class Interval(Part, frozen=True, kw_only=True):
    """Payloads of one interval."""

    id: Int32
    interval_period: IntervalPeriod | None = None
    payloads: list[ValuesMap]


class EventPayloadDescriptor(
    Part, frozen=True, kw_only=True, tag_field="objectType", tag="EVENT_PAYLOAD_DESCRIPTOR"
):
    """How the payloads of an event are to be read."""

    payload_type: Name
    units: Name | None = None
    currency: str | None = None


class ReportPayloadDescriptor(
    Part, frozen=True, kw_only=True, tag_field="objectType", tag="REPORT_PAYLOAD_DESCRIPTOR"
):
    """How the payloads of a report are to be read."""

    payload_type: Name
    reading_type: Name | None = None
    units: Name | None = None
    accuracy: float | None = None
    confidence: Percent | None = None


class ReportDescriptor(Part, frozen=True, kw_only=True):
    """The report that an event asks for."""

    payload_type: Name
    reading_type: Name | None = None
    units: Name | None = None
    targets: Targets | None = None
    aggregate: bool | None = None
    start_interval: Int32 | None = None
    num_intervals: Int32 | None = None
    historical: bool | None = None
    frequency: Int32 | None = None
    repeat: Int32 | None = None
    report_intervals: ReportIntervals | None = None


class ProgramDescription(Part, frozen=True, kw_only=True, rename={"url": "URL"}):
    """Where a program is described."""

    url: Uri


class Program(Part, frozen=True, kw_only=True):
    """`programRequest`."""

    program_name: Name
    interval_period: IntervalPeriod | None = None
    program_descriptions: list[ProgramDescription] | None = None
    payload_descriptors: list[EventPayloadDescriptor | ReportPayloadDescriptor] | None = None
    attributes: list[ValuesMap] | None = None
    targets: Targets | None = None


class Event(Part, frozen=True, kw_only=True):
    """`eventRequest`."""

    program_id: ObjectID
    event_name: str | None = None
    duration: Duration | None = None
    priority: Natural | None = None
    targets: Targets | None = None
    report_descriptors: list[ReportDescriptor] | None = None
    payload_descriptors: list[EventPayloadDescriptor] | None = None
    interval_period: IntervalPeriod | None = None
    intervals: list[Interval] | None = None


class ReportedResource(Part, frozen=True, kw_only=True):
    """What a report says of one resource."""

    resource_name: Name
    interval_period: IntervalPeriod | None = None
    intervals: list[Interval]


class Report(Part, frozen=True, kw_only=True):
    """`reportRequest`."""

    event_id: ObjectID
    client_name: Name
    report_name: str | None = None
    payload_descriptors: list[ReportPayloadDescriptor] | None = None
    resources: list[ReportedResource]


class Subscription(Part, frozen=True, kw_only=True):
    """`subscriptionRequest`."""

    client_name: Name
    program_id: ObjectID | None = None
    object_operations: list[SubscribedOperation]
    targets: Targets | None = None


class BlVen(Part, frozen=True, kw_only=True, tag_field="objectType", tag="BL_VEN_REQUEST"):
    """A VEN as business logic writes it."""

    client_id: Name
    ven_name: Name
    targets: Targets | None = None
    attributes: list[ValuesMap] | None = None


class VenVen(Part, frozen=True, kw_only=True, tag_field="objectType", tag="VEN_VEN_REQUEST"):
    """A VEN as it writes itself."""

    ven_name: Name
    attributes: list[ValuesMap] | None = None


class BlResource(
    Part, frozen=True, kw_only=True, tag_field="objectType", tag="BL_RESOURCE_REQUEST"
):
    """A resource as business logic writes it."""

    client_id: Name
    ven_id: ObjectID
    resource_name: Name
    targets: Targets | None = None
    attributes: list[ValuesMap] | None = None


class VenResource(
    Part, frozen=True, kw_only=True, tag_field="objectType", tag="VEN_RESOURCE_REQUEST"
):
    """A resource as its VEN writes it."""

    ven_id: ObjectID
    resource_name: Name
    attributes: list[ValuesMap] | None = None
