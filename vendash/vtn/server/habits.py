"""Habits of VTNs: answers written as seen in the field, not as the specification has them."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from vendash.vtn.server.settings import Faults
from vendash.vtn.server.stored import Stored

_DATES = ("createdDateTime", "modificationDateTime")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def written(stored: Stored, faults: Faults) -> bytes:
    """An object as this VTN writes it."""
    if faults.dates == "rfc3339" and faults.object_type == "present":
        return stored.json
    body = _decode(stored.json)
    date_fields(body, _DATES, faults)
    if faults.object_type == "absent":
        del body["objectType"]
    return msgspec.json.encode(body)


def date_fields(body: dict[str, Any], names: Iterable[str], faults: Faults) -> None:
    """Write the dates of these names as this VTN does."""
    for name in names:
        if faults.dates == "absent":
            body.pop(name, None)
        elif faults.dates != "rfc3339" and name in body:
            date, _, time = body[name][:19].partition("T")
            body[name] = time if faults.dates == "time" else f"{date} {time}"


def problem_status(status: int, faults: Faults) -> int | str:
    """The status inside a problem."""
    if faults.problem_status == "text":
        return str(status)
    if faults.problem_status == "name":
        return f"HTTPStatus.{HTTPStatus(status).name}"
    return status
