"""Liberal reading of what VTNs send: their objects, their dates, their numbers as text.

Nothing here raises anything but `ValueError` for what a VTN sends.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

import msgspec

from vendash.models import RegistrationStatus
from vendash.text import plain

LONGEST_NAME = 128
LONGEST_SHOWN = 200
LONGEST_LISTED = 1_000

_AS_IT_SHOULD_BE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,6}Z")

Value = float | int | str | bool
Shape = TypeVar("Shape")


class Difference(NamedTuple):
    """One field in which an object at a VTN differs from the item here, for a person to read."""

    field: str
    ours: str
    theirs: str
    """Empty where the VTN holds nothing of this name; harmless to show."""


def reader(shape: type[Shape]) -> Callable[[bytes | msgspec.Raw], Shape]:
    """A decoder of JSON into this shape that raises nothing but `ValueError`."""
    decode = msgspec.json.Decoder(shape).decode

    def read(body: bytes | msgspec.Raw) -> Shape:
        try:
            return decode(body)
        except RecursionError:
            raise ValueError("JSON nested too deeply") from None

    return read


def checked_id(remote_id: str | int) -> str:
    """The id of an object at a VTN.

    Raises:
        ValueError: It cannot be part of a path.
    """
    text = str(remote_id)
    if not text.strip(".") or len(text) > LONGEST_NAME or not text.isprintable():
        raise ValueError("an object without a usable id")
    return text


def bounded(text: str | None) -> str | None:
    """A name as far as it is remembered: of hundreds of thousands none may be of any length."""
    return None if text is None else text[:LONGEST_LISTED]


def without_nulls(value: object) -> bytes:
    """What others have written, as JSON to send back; some VTNs show nulls and take none.

    Raises:
        ValueError: It is nested too deeply.
    """
    try:
        return msgspec.json.encode(_without_nulls(value))
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_nulls(one) for one in value if one is not None]
    return value


def stamp_of(value: object) -> str:
    """A date and time of a VTN as RFC 3339 in UTC with six decimals, so that text order is time's.

    Seen: RFC 3339 with any zone, `2026-11-21 23:30:27` (taken as UTC), and a bare time of day,
    which says nothing: empty, as for whatever else cannot be read.
    """
    if not isinstance(value, str):
        return ""
    try:
        at = datetime.fromisoformat(value.strip())
        if at.year >= 1000 and _AS_IT_SHOULD_BE.fullmatch(value):
            return f"{value[:-1]:0<26}Z"  # ten thousand are read one after the other
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}Z" if at.year >= 1000 else ""


def decision_in(attributes: bytes) -> RegistrationStatus | None:
    """The decision that the attributes of an object carry, in either form; JSON as it came."""
    if b"prequalification" not in attributes and b'"status"' not in attributes:
        return None
    try:
        found = msgspec.json.decode(attributes)
    except (ValueError, RecursionError):
        return None
    for one in found if isinstance(found, list) else ():
        if not isinstance(one, dict):
            continue
        if one.get("type") == "prequalification" and one.get("values"):
            return status_of(one["values"])
        if one.get("attribute_name") == "status" and one.get("attribute_values"):
            return status_of(one["attribute_values"])
    return None


def values_of(attributes: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The values of each attribute, by type; never empty.

    Of several of one type the first counts that has any, for comparing, for taking theirs and for
    the decision: so it is written, ours before those of others.
    """
    held: dict[str, list[Any]] = {}
    for one in attributes:
        values = one.get("values")
        if isinstance(values, list) and values:
            held.setdefault(str(one.get("type", "")), values)
    return held


def status_of(values: object) -> RegistrationStatus | None:
    """The decision that an attribute `prequalification` carries, in any case of letters."""
    first = values[0] if isinstance(values, list) and values else None
    try:
        return RegistrationStatus(first.strip().upper()) if isinstance(first, str) else None
    except ValueError:
        return None


def same_values(wanted: tuple[Value, ...], there: object) -> bool:
    """Whether an attribute holds these values; numbers are compared as numbers."""
    if not isinstance(there, list) or len(there) != len(wanted):
        return False
    return all(map(same_value, wanted, there))


def same_value(ours: Value, theirs: object) -> bool:
    """Whether both are the same; some VTNs keep numbers as text, and some with 32 bits."""
    if ours == theirs or isinstance(ours, str):
        return ours == theirs
    try:
        return math.isclose(ours, float(theirs), rel_tol=1e-6, abs_tol=1e-9)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False


def in_words(value: Any) -> str:  # noqa: ANN401 (whatever a VTN sends)
    """Values for a person, on one harmless line."""
    if isinstance(value, list | tuple):
        return plain(", ".join(map(in_words, value[:20])), LONGEST_SHOWN)
    if isinstance(value, float):
        return f"{value:.12g}"
    if value is None:
        return ""
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number beyond all measure"
    return plain(str(value), LONGEST_SHOWN)
