"""How people call what a VTN holds of an item: for the console and the command line alike."""

from __future__ import annotations

_TITLES = {
    "prequalification": "decision",
    "DESCRIPTION": "name",
    "LOCATION": "place",
    "MAX_POWER_CONSUMPTION": "P max kW",
    "MAX_POWER_EXPORT": "export kW",
    "p_max_kw": "P max kW",
    "p_min_kw": "P min kW",
    "e_max_kwh": "E max kWh",
    "e_min_kwh": "E min kWh",
    "meter_point_id": "meter",
    "resource_type": "type",
    "resource_sub_type": "sub type",
}


def field_title(field: str) -> str:
    """The title of a field of a dialect, as the lists name it; itself where it has none."""
    return _TITLES.get(field, field)
