"""Request bodies of OpenADR 3.0.1, as in the official YAML.

One schema serves requests and answers there, so a request may hold what the VTN provides (`id`,
times, `venID` of a resource); it is checked and then ignored.
"""

from __future__ import annotations

from typing import Literal

from vendash.vtn.server.parts import (
    DateTime,
    Duration,
    Int32,
    Name,
    Natural,
    ObjectID,
    Part,
    Percent,
    SubscribedOperation,
    ValuesMap,
)

Targets = list[ValuesMap]


class Provided(Part, frozen=True, kw_only=True):
    """What the VTN provides and a request may repeat."""

    id: ObjectID | None = None
    created_date_time: DateTime | None = None
    modification_date_time: DateTime | None = None


class IntervalPeriod(Part, frozen=True, kw_only=True):
    """A span of time."""

    start: DateTime
    duration: Duration | None = None
    randomize_start: Duration | None = None


class Interval(Part, frozen=True, kw_only=True):
    """Payloads of one interval."""

    id: Int32
    interval_period: IntervalPeriod | None = None
    payloads: list[ValuesMap]


class EventPayloadDescriptor(Part, frozen=True, kw_only=True):
    """How the payloads of an event are to be read."""

    object_type: Literal["EVENT_PAYLOAD_DESCRIPTOR"] | None = None
    payload_type: Name
    units: str | None = None
    currency: str | None = None


class ReportPayloadDescriptor(Part, frozen=True, kw_only=True):
    """How the payloads of a report are to be read."""

    object_type: Literal["REPORT_PAYLOAD_DESCRIPTOR"] | None = None
    payload_type: Name
    reading_type: str | None = None
    units: str | None = None
    accuracy: float | None = None
    confidence: Percent | None = None


class PayloadDescriptor(Part, frozen=True, kw_only=True):
    """Either of the two; without an `objectType` they cannot be told apart."""

    object_type: Literal["EVENT_PAYLOAD_DESCRIPTOR", "REPORT_PAYLOAD_DESCRIPTOR"] | None = None
    payload_type: Name
    reading_type: str | None = None
    units: str | None = None
    currency: str | None = None
    accuracy: float | None = None
    confidence: Percent | None = None


class ReportDescriptor(Part, frozen=True, kw_only=True):
    """The report that an event asks for."""

    payload_type: Name
    reading_type: str | None = None
    units: str | None = None
    targets: Targets | None = None
    aggregate: bool | None = None
    start_interval: Int32 | None = None
    num_intervals: Int32 | None = None
    historical: bool | None = None
    frequency: Int32 | None = None
    repeat: Int32 | None = None


class ProgramDescription(Part, frozen=True, kw_only=True, rename={"url": "URL"}):
    """Where a program is described; the official example is no URI, so any text will do."""

    url: str


class Program(Provided, frozen=True, kw_only=True):
    """`program`."""

    object_type: Literal["PROGRAM"] | None = None
    program_name: Name
    program_long_name: str | None = None
    retailer_name: str | None = None
    retailer_long_name: str | None = None
    program_type: str | None = None
    country: str | None = None
    principal_subdivision: str | None = None
    time_zone_offset: Duration | None = None
    interval_period: IntervalPeriod | None = None
    program_descriptions: list[ProgramDescription] | None = None
    binding_events: bool | None = None
    local_price: bool | None = None
    payload_descriptors: list[PayloadDescriptor] | None = None
    targets: Targets | None = None


class Event(Provided, frozen=True, kw_only=True):
    """`event`."""

    object_type: Literal["EVENT"] | None = None
    program_id: ObjectID
    event_name: str | None = None
    priority: Natural | None = None
    targets: Targets | None = None
    report_descriptors: list[ReportDescriptor] | None = None
    payload_descriptors: list[EventPayloadDescriptor] | None = None
    interval_period: IntervalPeriod | None = None
    intervals: list[Interval]


class ReportedResource(Part, frozen=True, kw_only=True):
    """What a report says of one resource."""

    resource_name: Name
    interval_period: IntervalPeriod | None = None
    intervals: list[Interval]


class Report(Provided, frozen=True, kw_only=True):
    """`report`."""

    object_type: Literal["REPORT"] | None = None
    program_id: ObjectID
    event_id: ObjectID
    client_name: Name
    report_name: str | None = None
    payload_descriptors: list[ReportPayloadDescriptor] | None = None
    resources: list[ReportedResource]


class Subscription(Provided, frozen=True, kw_only=True):
    """`subscription`."""

    object_type: Literal["SUBSCRIPTION"] | None = None
    client_name: Name
    program_id: ObjectID
    object_operations: list[SubscribedOperation]
    targets: Targets | None = None


class Resource(Provided, frozen=True, kw_only=True):
    """`resource`."""

    object_type: Literal["RESOURCE"] | None = None
    resource_name: Name
    ven_id: ObjectID | None = None
    attributes: list[ValuesMap] | None = None
    targets: Targets | None = None


class Ven(Provided, frozen=True, kw_only=True):
    """`ven`; its `resources` are created with it."""

    object_type: Literal["VEN"] | None = None
    ven_name: Name
    attributes: list[ValuesMap] | None = None
    targets: Targets | None = None
    resources: list[Resource] | None = None
