"""The parts that objects of both dialects are made of, strict as the official YAML.

Reading is liberal in one thing: a null in an optional field counts as absent. Fields the schema
does not know are dropped. Answers never hold a null.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

ObjectKind = Literal["PROGRAM", "EVENT", "REPORT", "SUBSCRIPTION", "VEN", "RESOURCE"]
Operation = Literal["READ", "CREATE", "UPDATE", "DELETE"]
ReportIntervals = Literal["INTERVALS", "SUB_INTERVALS", "OPEN_INTERVALS"]

_INT32 = 2**31


def json_name(name: str) -> str:
    """`program_id` -> `programID`, `reading_type` -> `readingType`: the protocol's spelling."""
    head, *rest = name.split("_")
    return head + "".join("ID" if word == "id" else word.capitalize() for word in rest)


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True, rename=json_name):
    """Base of all parts: JSON names, absent where not given."""


ObjectID = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]+\Z", max_length=128)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]
Int32 = Annotated[int, Meta(ge=-_INT32, lt=_INT32)]
Natural = Annotated[int, Meta(ge=0)]
Percent = Annotated[int, Meta(ge=0, le=100)]
DateTime = Annotated[datetime, Meta(tz=True)]
Uri = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[!#$%-;=?-\[\]_a-z~]+\Z", max_length=8000),
]
Duration = Annotated[
    str,
    Meta(
        pattern=r"^-?P(?=[0-9]|T[0-9])([0-9]+Y)?([0-9]+M)?([0-9]+[DW])?"
        r"(T([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?\Z"
    ),
]


class Point(Part, frozen=True, kw_only=True):
    """A pair of floats, for instance longitude and latitude."""

    x: float
    y: float


class ValuesMap(Part, frozen=True, kw_only=True):
    """Values of one type: an attribute, a payload, or a target of 3.0.1."""

    type: Name
    values: list[float | int | str | bool | Point]


class SubscribedOperation(Part, frozen=True, kw_only=True):
    """Which operations on which objects are told to whom."""

    objects: list[ObjectKind]
    operations: list[Operation]
    callback_url: Uri
    bearer_token: str | None = None
