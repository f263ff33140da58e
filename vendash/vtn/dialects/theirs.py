"""What the object of a VTN says as a resource of ours; everything in it is hostile."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from vendash.models import Capacities, Location, Resource, ResourceType
from vendash.text import plain
from vendash.vtn.dialects.reading import LONGEST_NAME, status_of, values_of

LONGEST_TEXT = 200

Values = Mapping[str, object]
"""By the names that attributes have in EnergyDesk's dialect, the first value of each."""

_NAMES = {
    "DESCRIPTION": "resource_name",
    "MAX_POWER_CONSUMPTION": "p_max_kw",
    "prequalification": "status",
}
_NORTHERNMOST = 90.0
_DENMARK = ((54.0, 58.0), (7.5, 15.5))
"""WGS84 degrees: latitudes, and longitudes, which never overlap."""


def resource_of(name: str, values: Values, ours: Resource | None, ven: str) -> Resource | None:
    """The resource that these values describe.

    Args:
        name: The id of the resource, under which the VTN knows it.
        values: What the VTN says of it.
        ours: The same resource as it is here, which fills what the VTN does not say.
        ven: The name of its VEN there; empty where that is not known.

    Returns:
        None where there is no such resource here and the values are too few to make one.
    """
    kind = _kind(values.get("resource_type")) or (ours.resource_type if ours else None)
    p_max = _number(values.get("p_max_kw"))
    if ours is not None and p_max == max(0.0, ours.capacities.p_max_kw):
        p_max = ours.capacities.p_max_kw  # some attributes hold no negative power
    if kind is None or (ours is None and (p_max is None or not _is_name(name))):
        return None
    before = ours or Resource(
        resource_id=name,
        resource_name=name,
        resource_type=kind,
        meter_point_id="",
        capacities=Capacities(p_max_kw=p_max or 0.0),
        location=Location(0.0, 0.0),
        ven=ven or None,
    )
    return msgspec.structs.replace(
        before,
        resource_name=_text(values.get("resource_name")) or before.resource_name,
        resource_type=kind,
        resource_sub_type=_told(values, "resource_sub_type", before.resource_sub_type),
        meter_point_id=_told(values, "meter_point_id", before.meter_point_id) or "",
        capacities=_capacities(values, before.capacities, p_max),
        location=_location(values) or before.location,
        address=_told(values, "address", before.address),
        registration_status=status_of([values.get("status")]) or before.registration_status,
    )


def told_in(attributes: Iterable[Mapping[str, Any]]) -> Values:
    """What attributes as OpenADR writes them say, by the names that `resource_of` knows."""
    held: dict[str, object] = {}
    for type_, values in values_of(attributes).items():
        held.setdefault(_NAMES.get(type_, type_), values[0])
        if type_ == "LOCATION" and len(values) > 1:
            held["latitude"], held["longitude"] = place_of(values[0], values[1])
    return held


def place_of(first: object, second: object) -> tuple[object, object]:
    """Latitude and longitude of a LOCATION; written longitude first, and read either way."""
    one, two = _number(first), _number(second)
    if one is None or two is None or abs(one) > _NORTHERNMOST:
        return second, first
    (south, north), (west, east) = _DENMARK
    latitude_first = south <= one <= north and west <= two <= east
    return (first, second) if latitude_first or abs(two) > _NORTHERNMOST else (second, first)


def _capacities(values: Values, before: Capacities, p_max: float | None) -> Capacities:
    def told(name: str, otherwise: float) -> float:
        found = _number(values.get(name))
        return otherwise if found is None else found

    return Capacities(
        p_max_kw=before.p_max_kw if p_max is None else p_max,
        p_min_kw=told("p_min_kw", before.p_min_kw),
        e_max_kwh=told("e_max_kwh", before.e_max_kwh),
        e_min_kwh=told("e_min_kwh", before.e_min_kwh),
    )


def _location(values: Values) -> Location | None:
    latitude, longitude = _number(values.get("latitude")), _number(values.get("longitude"))
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Location(latitude, longitude)


def _told(values: Values, name: str, before: str | None) -> str | None:
    """A text as it is told, also an empty one; as it was where nothing is told."""
    found = values.get(name)
    if not isinstance(found, str):
        return before
    return _text(found) or (None if before is None else "")


def _text(value: object) -> str:
    return plain(value, LONGEST_TEXT) if isinstance(value, str) else ""


def _kind(value: object) -> ResourceType | None:
    try:
        return ResourceType(value.strip().upper()) if isinstance(value, str) else None
    except ValueError:
        return None


def _number(value: object) -> float | None:
    """A finite number; some VTNs write them as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _is_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name == plain(name, LONGEST_NAME)
