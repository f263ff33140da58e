"""Between the values in the original's columns and ours. The columns may hold anything."""

from __future__ import annotations

import math
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from vendash.models import (
    NO_VEN,
    ActorType,
    Capacities,
    Connection,
    ConnectionType,
    Location,
    RegistrationStatus,
    Resource,
    ResourceType,
)

IMPORTED = (
    "resource_name, resource_type, resource_sub_type, meter_point_id, capacities, location,"
    " address, ven"
)
"""The columns of `resources` that an import writes."""

E = TypeVar("E", bound=StrEnum)

_STATUSES = {status.value: status for status in RegistrationStatus}
_TYPES = {kind.value: kind for kind in ResourceType}
_encode = msgspec.json.Encoder().encode


def text_of(value: object) -> str:
    """The value as text; empty for NULL."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def ven_of(value: object) -> str:
    """The VEN as lists show it."""
    return text_of(value) or NO_VEN


def status_of(value: object) -> RegistrationStatus:
    """The decision: written in any case, and PENDING for whatever is none."""
    found = _STATUSES.get(value) if isinstance(value, str) else None
    return found or _STATUSES.get(text_of(value).strip().upper(), RegistrationStatus.PENDING)


def type_of(value: object) -> ResourceType:
    """The resource type; DSR for an unknown one (`check` names those)."""
    return _TYPES.get(text_of(value).strip().upper(), ResourceType.DSR)


def object_of(value: object) -> dict[str, Any]:
    """A JSON column as a dict; empty where it holds no JSON object."""
    try:
        decoded = msgspec.json.decode(value if isinstance(value, bytes) else text_of(value))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return {}
    return decoded if isinstance(decoded, dict) else {}


def number_of(value: object) -> float:
    """A finite number; 0 for whatever is none."""
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return number if math.isfinite(number) else 0.0


class _Capacities(msgspec.Struct):
    """As the original keeps them."""

    P_max_kw: float = 0.0
    P_min_kw: float = 0.0
    E_max_kwh: float = 0.0
    E_min_kwh: float = 0.0


class _Location(msgspec.Struct):
    latitude: float = 0.0
    longitude: float = 0.0


_read_capacities = msgspec.json.Decoder(_Capacities).decode
_read_location = msgspec.json.Decoder(_Location).decode


def capacities_of(value: object) -> Capacities:
    """The capacities; 0 for each one that is missing or no number."""
    try:
        found = _read_capacities(value)  # type: ignore[arg-type]
    except (msgspec.MsgspecError, TypeError, UnicodeEncodeError, RecursionError):
        given = object_of(value)
        found = _Capacities(*(number_of(given.get(name)) for name in _Capacities.__struct_fields__))
    return Capacities(
        p_max_kw=found.P_max_kw,
        p_min_kw=found.P_min_kw,
        e_max_kwh=found.E_max_kwh,
        e_min_kwh=found.E_min_kwh,
    )


def location_of(value: object) -> Location:
    """The place; 0, 0 where it is missing."""
    try:
        found = _read_location(value)  # type: ignore[arg-type]
    except (msgspec.MsgspecError, TypeError, UnicodeEncodeError, RecursionError):
        given = object_of(value)
        found = _Location(*(number_of(given.get(name)) for name in _Location.__struct_fields__))
    return Location(found.latitude, found.longitude)


@lru_cache(maxsize=1024)  # most resources of a sub type have the same
def values_of(resource: Resource) -> tuple[str | None, ...]:
    """The values of the columns `IMPORTED`."""
    return (
        resource.resource_name,
        str(resource.resource_type),  # what `.value` is, in a quarter of its time
        resource.resource_sub_type,
        resource.meter_point_id,
        capacities_json(resource.capacities),
        location_json(resource.location),
        resource.address,
        resource.ven,
    )


def capacities_json(capacities: Capacities) -> str:
    """The capacities as the original keeps them."""
    return _encode(
        {
            "P_max_kw": capacities.p_max_kw,
            "P_min_kw": capacities.p_min_kw,
            "E_max_kwh": capacities.e_max_kwh,
            "E_min_kwh": capacities.e_min_kwh,
        }
    ).decode()


def location_json(location: Location) -> str:
    """The place as the original keeps it."""
    return _encode({"latitude": location.latitude, "longitude": location.longitude}).decode()


RESOURCE_COLUMNS = (
    "r.resource_id, r.resource_name, r.resource_type, r.resource_sub_type, r.meter_point_id,"
    " r.capacities, r.location, r.address, r.ven, r.enabled, r.reporting, r.registration_status,"
    " c.type, c.actortype, c.host, c.port, c.topic, c.file, c.username, c.password"
)
"""What `resource_of` takes, of `resources r LEFT JOIN connections c ON c.id = r.connection_id`."""
RESOURCE_TABLES = "resources r LEFT JOIN connections c ON c.id = r.connection_id"


def resource_of(row: tuple[Any, ...]) -> Resource:
    """A resource from a row of `RESOURCE_COLUMNS`."""
    return Resource(
        resource_id=text_of(row[0]),
        resource_name=text_of(row[1]),
        resource_type=type_of(row[2]),
        resource_sub_type=_optional(row[3]),
        meter_point_id=text_of(row[4]),
        capacities=capacities_of(row[5]),
        location=location_of(row[6]),
        address=_optional(row[7]),
        ven=_optional(row[8]) or None,
        enabled=row[9] is None or bool(row[9]),
        reporting=_optional(row[10]),
        registration_status=status_of(row[11]),
        connection=_connection_of(row[12:]),
    )


def _connection_of(row: tuple[Any, ...]) -> Connection:
    kind, actor, host, port, topic, file, username, password = row
    return Connection(
        type=_member(kind, ConnectionType.FILEREADER),
        actortype=_member(actor, ActorType.READER),
        host=_optional(host),
        port=port if isinstance(port, int) else None,
        topic=_optional(topic),
        file=_optional(file),
        username=_optional(username),
        password=_optional(password),
    )


@lru_cache(maxsize=256)
def _member(value: object, default: E) -> E:
    """The member of the default's kind that the value names, else the default."""
    try:
        return type(default)(text_of(value).strip().upper())
    except ValueError:
        return default


def _optional(value: object) -> str | None:
    return None if value is None else text_of(value)
