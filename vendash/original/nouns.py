"""A resource as programs written for the original sample client know it.

Power is in kW and energy in kWh, consumption positive and export negative; degrees are WGS84.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import msgspec

from vendash import models
from vendash.errors import VendashError
from vendash.models import Connection, RegistrationStatus, ResourceType
from vendash.store.values import object_of
from vendash.text import plain


class Capacities(TypedDict, total=False):
    """Bounds of power and energy, a dict as in the original; what is left out is 0."""

    P_max_kw: float
    P_min_kw: float
    E_max_kwh: float
    E_min_kwh: float


class Location(TypedDict):
    """Where a resource is, a dict as in the original."""

    latitude: float
    longitude: float


@dataclass(slots=True)
class Resource:
    """A resource under the original's names, in the original's order.

    It is a copy: to change the database, hand it to `ResourceDatabase.update_resource`.
    """

    resourceID: str  # noqa: N815
    resourceName: str  # noqa: N815
    resourceType: str  # noqa: N815
    """DSR, BATTERY, PV or EV."""
    resourceSubType: str | None  # noqa: N815
    meterPointId: str  # noqa: N815
    connection: Connection
    capacities: Capacities
    location: Location
    address: str | None = None
    enabled: bool | None = None
    """None counts as enabled."""
    reporting: dict[str, Any] | str | None = None
    """A JSON object; text only where the database holds something else."""
    registration_status: str = "PENDING"
    """PENDING, APPROVED or SUSPENDED."""
    ven: str | None = None


def from_original(given: Resource) -> models.Resource:
    """The resource as the rest of vendash knows it.

    Raises:
        VendashError: A type, a status or a number is none.
    """
    return models.Resource(
        resource_id=given.resourceID,
        resource_name=given.resourceName,
        resource_type=_type(given),
        resource_sub_type=given.resourceSubType,
        meter_point_id=given.meterPointId,
        capacities=models.Capacities(
            p_max_kw=_number(given, given.capacities, "P_max_kw"),
            p_min_kw=_number(given, given.capacities, "P_min_kw"),
            e_max_kwh=_number(given, given.capacities, "E_max_kwh"),
            e_min_kwh=_number(given, given.capacities, "E_min_kwh"),
        ),
        location=models.Location(
            _number(given, given.location, "latitude"),
            _number(given, given.location, "longitude"),
        ),
        address=given.address,
        ven=given.ven,
        enabled=given.enabled is None or given.enabled,
        reporting=_json(given.reporting),
        connection=given.connection,
        registration_status=status_named(given.registration_status),
    )


def to_original(held: models.Resource) -> Resource:
    """The resource as programs of the original know it."""
    power, place = held.capacities, held.location
    return Resource(
        resourceID=held.resource_id,
        resourceName=held.resource_name,
        resourceType=held.resource_type.value,
        resourceSubType=held.resource_sub_type,
        meterPointId=held.meter_point_id,
        connection=held.connection,
        capacities=Capacities(
            P_max_kw=power.p_max_kw,
            P_min_kw=power.p_min_kw,
            E_max_kwh=power.e_max_kwh,
            E_min_kwh=power.e_min_kwh,
        ),
        location=Location(latitude=place.latitude, longitude=place.longitude),
        address=held.address,
        enabled=held.enabled,
        reporting=(object_of(held.reporting) or held.reporting) if held.reporting else None,
        registration_status=held.registration_status.value,
        ven=held.ven,
    )


async def to_originals(held: Sequence[models.Resource]) -> list[Resource]:
    """All of them; beside the event loop, since ten thousand take a while."""
    return await asyncio.to_thread(lambda: [to_original(one) for one in held])


def status_named(name: str) -> RegistrationStatus:
    """The decision of that name, written in any case.

    Raises:
        VendashError: There is none.
    """
    try:
        return RegistrationStatus(name.strip().upper())
    except ValueError:
        raise VendashError(
            f"'{plain(name, 40)}' is no status: write PENDING, APPROVED or SUSPENDED."
        ) from None


def _type(given: Resource) -> ResourceType:
    try:
        return ResourceType(given.resourceType.strip().upper())
    except ValueError:
        raise VendashError(
            f"'{plain(given.resourceType, 40)}' is no resource type: write DSR, BATTERY, PV or EV."
        ) from None


def _number(given: Resource, values: Mapping[str, object], name: str) -> float:
    value = values.get(name, 0.0)
    number = float(value) if isinstance(value, int | float) else math.nan
    if not math.isfinite(number):
        raise VendashError(
            f"{name} of the resource '{plain(given.resourceID, 40)}' is not a number."
        )
    return number


def _json(reporting: dict[str, Any] | str | None) -> str | None:
    if not isinstance(reporting, dict):
        return reporting
    return msgspec.json.encode(reporting).decode()
