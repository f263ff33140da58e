"""One object of the VTN: as it is answered, with the labels that searches and rules need."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from vendash.vtn.server.parts import ObjectKind
from vendash.vtn.server.periods import over_at

Kind = ObjectKind | Literal["ENROLMENT", "RESPONSE"]
"""Objects of OpenADR, and two more of EnergyDesk's."""

Label = tuple[str, Hashable]
"""A field and a value it holds; searches are intersections of sets of labels."""
UNTARGETED: Label = ("targets", None)

_LABELLED = (
    "programID", "eventID", "venID", "clientID",
    "programName", "clientName", "venName", "resourceName",
    "program_id", "event_id", "ven_id", "ven_name", "auth_digest",
)  # fmt: skip
_UNIQUE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "PROGRAM": (("programName",),),
    "VEN": (("venName",), ("clientID",), ("ven_name",)),
    "RESOURCE": (("venID", "resourceName"),),
    "ENROLMENT": (("program_id", "resource_id"),),
}


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One object."""

    id: str
    kind: Kind
    created: str
    seq: int
    """Order of creation; never used twice."""
    labels: frozenset[Label]
    unique: tuple[Hashable, ...]
    """Keys that no other object may have."""
    over_at: float | None
    """Seconds since 1970 when an event is over; None: never, or not an event."""
    json: bytes
    """As it is answered."""

    def value(self, name: str) -> Hashable:
        """The value of a labelled field; None without one."""
        return next((value for field, value in self.labels if field == name), None)


def make_stored(
    kind: Kind,
    object_id: str,
    created: str,
    modified: str,
    fields: Mapping[str, Any],
    seq: int,
) -> Stored:
    """An object with its metadata, its labels and its JSON."""
    body = {
        "id": object_id,
        "createdDateTime": created,
        "modificationDateTime": modified,
        **fields,
        "objectType": kind,
    }
    return Stored(
        id=object_id,
        kind=kind,
        created=created,
        seq=seq,
        labels=frozenset(_labels(fields)),
        unique=tuple(
            (names[-1], *(fields[name] for name in names))
            for names in _UNIQUE.get(kind, ())
            if all(name in fields for name in names)
        ),
        over_at=over_at(fields) if kind == "EVENT" else None,
        json=msgspec.json.encode(body),
    )


def target_labels(targets: Iterable[Any]) -> Iterator[Label]:
    """Labels of targets: names (3.1), or a type with values, and either alone (3.0.1)."""
    for target in targets:
        if isinstance(target, str):
            yield ("targets", target)
        else:
            yield ("targets", (target["type"], None))
            for value in target["values"]:
                yield ("targets", (target["type"], str(value)))
                yield ("targets", (None, str(value)))


def _labels(fields: Mapping[str, Any]) -> Iterator[Label]:
    for name in _LABELLED:
        if name in fields:
            yield (name, fields[name])
    yield from target_labels(fields.get("targets", ()))
    if not fields.get("targets"):
        yield UNTARGETED
    for operation in fields.get("objectOperations", ()):
        for kind in operation["objects"]:
            yield ("objects", kind)


def utc_now() -> str:
    """UTC in RFC 3339 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
