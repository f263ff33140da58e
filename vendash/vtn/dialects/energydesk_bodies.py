"""What an EnergyDesk VTN is told of VENs and resources: bodies to create them with."""

from __future__ import annotations

import msgspec

from vendash.models import Resource, ResourceWork, VenWork
from vendash.vtn.dialects.base import name_of
from vendash.vtn.dialects.reading import Value
from vendash.vtn.moves import Work

CLIENT_NAME = "vendash"
STATUS = "status"
"""The name of the attribute that carries the decision; its type is `prequalification`."""


class VenRequest(msgspec.Struct):
    """A VEN to create."""

    ven_name: str
    client_name: str = CLIENT_NAME


class Attribute(msgspec.Struct):
    """An attribute: every value is text."""

    resource_id: str
    attribute_name: str
    attribute_type: str
    attribute_values: list[str]


class ServiceLocation(msgspec.Struct):
    """Where the resource is metered; WGS84 degrees."""

    meterpoint_id: str
    latitude: float
    longitude: float
    address: str


class ResourceRequest(msgspec.Struct):
    """A resource to create; its VEN is named, and its id is ours."""

    id: str
    resource_name: str
    resource_type: str
    ven_name: str
    attributes: list[Attribute]
    service_location: ServiceLocation


def body_of(item: Work) -> VenRequest | ResourceRequest:
    """The whole object."""
    if isinstance(item, VenWork):
        return VenRequest(item.name)
    resource = item.resource
    return ResourceRequest(
        id=name_of(item),
        resource_name=resource.resource_name,
        resource_type=resource.resource_type.value,
        ven_name=resource.ven or "",
        attributes=[
            Attribute(name_of(item), name, type_of(name), [text_of(value)])
            for name, value in told_of(item).items()
        ],
        service_location=ServiceLocation(
            resource.meter_point_id,
            resource.location.latitude,
            resource.location.longitude,
            resource.address or "",
        ),
    )


def attributes_of(resource: Resource) -> dict[str, Value]:
    """What such a VTN is told of a resource, by attribute name; kW, kWh and WGS84 degrees."""
    capacities = resource.capacities
    return {
        "meter_point_id": resource.meter_point_id,
        "connection": resource.connection.type.value,
        "p_max_kw": capacities.p_max_kw,
        "p_min_kw": capacities.p_min_kw,
        "e_max_kwh": capacities.e_max_kwh,
        "e_min_kwh": capacities.e_min_kwh,
        "address": resource.address or "",
        "latitude": resource.location.latitude,
        "longitude": resource.location.longitude,
        "enabled": resource.enabled,
        STATUS: resource.registration_status.value,
    }


def told_of(item: ResourceWork) -> dict[str, Value]:
    """The attributes of an item; there is no place for what is asked of a VTN that decides."""
    attributes = attributes_of(item.resource)
    if item.decided_there:
        del attributes[STATUS]
    return attributes


def type_of(name: str) -> str:
    """The attribute type that goes with a name: the same word, but for the decision."""
    return "prequalification" if name == STATUS else name


def text_of(value: Value) -> str:
    """A value as such a VTN keeps it."""
    return str(value)
