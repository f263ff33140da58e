"""Request bodies of the EnergyDesk dialect: snake_case, and what is not named is dropped."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from vendash.vtn.server.parts import ObjectID

Text = Annotated[str, Meta(min_length=1, max_length=256)]
Duration = Annotated[str, Meta(pattern=r"^P[0-9A-Z.]+\Z", max_length=64)]


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all parts."""


class Ven(Part, frozen=True, kw_only=True):
    """POST /vens."""

    ven_name: Text
    client_name: Text


class Attribute(Part, frozen=True, kw_only=True):
    """One attribute; its values are text."""

    resource_id: ObjectID
    attribute_name: Text
    attribute_type: Text
    attribute_values: list[str]


class ServiceLocation(Part, frozen=True, kw_only=True):
    """Where a resource is."""

    meterpoint_id: str
    latitude: float
    longitude: float
    address: str | None = None


class Resource(Part, frozen=True, kw_only=True):
    """POST /resources; the client chooses the id."""

    id: ObjectID
    resource_name: Text
    resource_type: Text
    ven_name: Text
    attributes: list[Attribute] = []
    external_resource_id: str | None = None
    service_location: ServiceLocation | None = None


class Program(Part, frozen=True, kw_only=True):
    """POST /programs, for tests: EnergyDesk's clients only read them."""

    program_name: Text


class Event(Part, frozen=True, kw_only=True):
    """POST /events, for tests: EnergyDesk's clients only read them."""

    event_name: Text
    program_id: ObjectID
    start_date: datetime
    end_date: datetime
    status: Literal["scheduled", "active", "completed", "cancelled"] | None = None
    """None: as the clock has it."""


class Answer(Part, frozen=True, kw_only=True):
    """POST /events/{id}/responses."""

    event_id: ObjectID
    response_type: Literal["optIn", "optOut", "notParticipating"]


class Payload(Part, frozen=True, kw_only=True):
    """Values of one type, in kW."""

    type: Text
    values: list[float]


class Interval(Part, frozen=True, kw_only=True):
    """Payloads of one interval."""

    id: int
    payloads: list[Payload]


class ReportedResource(Part, frozen=True, kw_only=True):
    """Which resource a report is about."""

    resource_name: Text


class MeterReport(Part, frozen=True, kw_only=True):
    """POST /reports with readings."""

    report_name: Text
    ven_id: ObjectID
    resource_id: ObjectID
    client_name: Text
    report_type: Text
    reading_type: Text
    start: datetime
    duration: Duration
    intervals: list[Interval]
    resources: list[ReportedResource]


class NewReport(Part, frozen=True, kw_only=True):
    """POST /reports that announces one to come."""

    report_name: Text
    program_id: ObjectID
    ven_id: ObjectID
    report_type: Text
    reading_type: Text
    interval_period: Duration
