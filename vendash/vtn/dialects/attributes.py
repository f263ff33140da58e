"""The attributes that an OpenADR 3 VTN is told of a resource."""

from __future__ import annotations

from itertools import starmap

import msgspec

from vendash.models import Resource, ResourceType, ResourceWork
from vendash.vtn.dialects.reading import LONGEST_NAME, Value
from vendash.vtn.moves import Others

DECISION = "prequalification"
"""The private attribute type that carries the decision on a resource."""
REQUESTED = "prequalification_requested"
"""The one that asks a VTN which decides itself for a decision."""


class ValuesMap(msgspec.Struct, frozen=True):
    """An attribute as OpenADR writes it."""

    type: str
    values: tuple[Value, ...]


def attributes_of(resource: Resource) -> dict[str, tuple[Value, ...]]:
    """What a VTN is told of a resource, by attribute type.

    LOCATION is longitude, latitude; powers are in kW. The types in lower case are private, as
    OpenADR 3 allows; `prequalification` carries the operator's decision.
    """
    capacities = resource.capacities
    exports = resource.resource_type is not ResourceType.DSR  # else p_min is flexibility
    return {
        "DESCRIPTION": (resource.resource_name[:LONGEST_NAME],),
        "LOCATION": (resource.location.longitude, resource.location.latitude),
        "MAX_POWER_CONSUMPTION": (max(0.0, capacities.p_max_kw),),
        "MAX_POWER_EXPORT": (max(0.0, -capacities.p_min_kw) if exports else 0.0,),
        "p_min_kw": (capacities.p_min_kw,),
        "e_max_kwh": (capacities.e_max_kwh,),
        "e_min_kwh": (capacities.e_min_kwh,),
        "meter_point_id": (resource.meter_point_id,),
        "resource_type": (resource.resource_type,),
        "resource_sub_type": (resource.resource_sub_type or "",),
        "address": (resource.address or "",),
        DECISION: (resource.registration_status,),
    }


def told_of(item: ResourceWork) -> dict[str, tuple[Value, ...]]:
    """What a VTN is told of an item: where it decides itself, what we ask for in place of it."""
    attributes = attributes_of(item.resource)
    if item.decided_there:
        del attributes[DECISION]
    if item.requested is not None:
        attributes[REQUESTED] = (item.requested,)
    return attributes


def written(item: ResourceWork, others: Others) -> list[ValuesMap | msgspec.Raw]:
    """The attributes to send: ours, and after them those of others."""
    return [*starmap(ValuesMap, told_of(item).items()), *map(msgspec.Raw, others.attributes)]
