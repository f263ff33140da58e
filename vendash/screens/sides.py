"""What an item of the audit log was before and is after, field by field and in words: pure.

Where an action changes more than one word of a row, the log holds a JSON object for each side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

Change = tuple[str, str, str]
"""Field, before, after."""

NOTHING = "-"
_TITLES = {
    "settled": "choice",
    "row.state": "at the VTN",
    "row.wanted": "wanted there",
    "row.remote_id": "id there",
    "row.held_under": "VEN there",
    "removal": "delete there",
    "on": "simulation",
    "registration_status": "decision",
    "resource_name": "name",
    "resource_type": "type",
    "resource_sub_type": "sub type",
    "meter_point_id": "meter",
    "P_max_kw": "P max kW",
    "P_min_kw": "P min kW",
    "E_max_kwh": "E max kWh",
    "E_min_kwh": "E min kWh",
    "made.resource_name": "new here",
}
_CHOICES = {"ours": "ours", "theirs": "theirs", "adopt": "adopted", "forget": "forgotten"}
_LEFT_OUT = ("item", "held", "touched", "makes", "made.")
"""What the log needs for an undo, and tells nobody anything."""


def changes(before: str, after: str) -> list[Change]:
    """The fields that differ, the most telling first; one without a name for two plain words."""
    old, new = _fields(before), _fields(after)
    if old is None or new is None:
        return [("", before, after)]
    names = dict.fromkeys([*old, *new])
    return [
        (_TITLES.get(name, name), old.get(name, NOTHING), new.get(name, NOTHING))
        for name in sorted(names, key=lambda name: name != "settled")
        if old.get(name) != new.get(name)
    ] or [("", NOTHING, NOTHING)]


def _fields(side: str) -> dict[str, str] | None:
    """Name and value in words of every field of a JSON object; None for what is none."""
    given = _object(side)
    if given is None:
        return None
    found = dict(_flat("", given))
    return {
        name: text
        for name, text in found.items()
        if name in _TITLES or not name.startswith(_LEFT_OUT)
    }


def _object(text: object) -> Mapping[str, Any] | None:
    if not isinstance(text, str) or not text.startswith("{"):
        return None
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return None


def _flat(prefix: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in given.items():
        inner = value if isinstance(value, dict) else _object(value)
        if inner is None:
            yield prefix + name, _words(name, value)
        else:  # of the columns of a resource the names alone say enough
            yield from _flat(prefix or (f"{name}." if name in {"row", "made"} else ""), inner)


def _words(name: str, value: object) -> str:
    if name == "on":
        return "on" if value else "off"
    if name == "settled":
        return _CHOICES.get(str(value), NOTHING)
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
