"""What the VTN holds: objects as they are answered, with the indexes that searches need.

Everything here happens in one event loop, so an operation is atomic. `settled` is how answers
wait for the disk: an operation is seen by others at once, so no answer (not even a 409 or a list)
may leave before everything it may rest on is durable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol
from uuid import uuid4

import msgspec

from vendash.vtn.server.parts import ObjectKind
from vendash.vtn.server.periods import over_at

Label = tuple[str, Hashable]
"""A field and a value it holds; searches are intersections of sets of labels."""
UNTARGETED: Label = ("targets", None)

_LABELLED = (
    "programID", "eventID", "venID", "clientID",
    "programName", "clientName", "venName", "resourceName",
)  # fmt: skip
_UNIQUE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "PROGRAM": (("programName",),),
    "VEN": (("venName",), ("clientID",)),
    "RESOURCE": (("venID", "resourceName"),),
}


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One object."""

    id: str
    kind: ObjectKind
    created: str
    seq: int
    """Order of creation."""
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


class TakenError(Exception):
    """Another object has a name or a client id that must be unique."""

    def __init__(self, field: str, existing_id: str) -> None:
        super().__init__(f"Another object has this {field}.")
        self.existing_id = existing_id


class Journal(Protocol):
    """Where changes are made durable."""

    def record(self, before: Stored | None, after: Stored | None) -> None:
        """Take note of a change; at least one of the two is an object."""

    async def settled(self) -> None:
        """Return when everything recorded so far is durable.

        Raises:
            StateLostError: it could not be written, and was undone.
        """


class StateLostError(Exception):
    """Changes could not be written; they were undone."""


class InMemory:
    """A journal that keeps nothing."""

    def record(self, before: Stored | None, after: Stored | None) -> None:
        """Nothing to do."""

    async def settled(self) -> None:
        """At once."""


class VtnState:
    """All objects of a VTN, in order of creation."""

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal or InMemory()
        self._objects: dict[str, dict[str, Stored]] = {}
        self._by_label: dict[tuple[str, Label], dict[str, Stored]] = {}
        self._unique: dict[Hashable, str] = {}
        self._seq = 0

    async def settled(self) -> None:
        """Return when everything seen so far is durable; see `Journal.settled`."""
        await self._journal.settled()

    # --- reading ---------------------------------------------------------------------------

    def get(self, kind: ObjectKind, object_id: str) -> Stored | None:
        """The object with this id."""
        return self._objects.get(kind, {}).get(object_id)

    def count(self, kind: ObjectKind) -> int:
        """How many there are."""
        return len(self._objects.get(kind, {}))

    def holds(self, kind: ObjectKind, label: Label) -> bool:
        """Whether any object of the kind has the label."""
        return bool(self._by_label.get((kind, label)))

    def find(
        self,
        kind: ObjectKind,
        groups: Sequence[frozenset[Label]] = (),
        *,
        keep: Callable[[Stored], bool] | None = None,
    ) -> Iterator[Stored]:
        """Objects that have a label of every group, in order of creation."""
        found: Collection[Stored] = self._objects.get(kind, {}).values()
        if groups:
            found = min((self._with_label_of(kind, group) for group in groups), key=len)
        for stored in found:
            if len(groups) > 1 and any(group.isdisjoint(stored.labels) for group in groups):
                continue
            if keep is None or keep(stored):
                yield stored

    def _with_label_of(self, kind: ObjectKind, group: frozenset[Label]) -> Collection[Stored]:
        indexes = [self._by_label.get((kind, label), {}) for label in group]
        if len(indexes) == 1:
            return indexes[0].values()
        merged = {object_id: stored for index in indexes for object_id, stored in index.items()}
        return sorted(merged.values(), key=lambda stored: stored.seq)

    def page(
        self,
        kind: ObjectKind,
        groups: Sequence[frozenset[Label]],
        *,
        skip: int,
        limit: int,
        keep: Callable[[Stored], bool] | None = None,
    ) -> bytes:
        """A page of a search, as a JSON array."""
        found = self.find(kind, groups, keep=keep)
        return b"[" + b",".join(s.json for s in islice(found, skip, skip + limit)) + b"]"

    # --- writing ---------------------------------------------------------------------------

    def add(self, kind: ObjectKind, fields: Mapping[str, Any]) -> Stored:
        """Create an object.

        Raises:
            TakenError: a name or client id that must be unique is not.
        """
        now = _now()
        after = make_stored(kind, str(uuid4()), now, now, fields, self._next_seq())
        self._change(None, after)
        return after

    def replace(self, before: Stored, fields: Mapping[str, Any]) -> Stored:
        """Give an object other fields; its id and its creation time stay.

        Raises:
            TakenError: a name or client id that must be unique is not.
        """
        after = make_stored(before.kind, before.id, before.created, _now(), fields, before.seq)
        self._change(before, after)
        return after

    def remove(self, before: Stored) -> None:
        """Delete an object."""
        self._change(before, None)

    def load(self, stored: Stored) -> None:
        """Take in an object that is already durable."""
        self._seq = max(self._seq, stored.seq)
        self._apply(None, stored)

    def undo(self, before: Stored | None, after: Stored | None) -> None:
        """Take back a change that could not be made durable; latest first."""
        self._apply(after, before)

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _change(self, before: Stored | None, after: Stored | None) -> None:
        for key in after.unique if after else ():
            holder = self._unique.get(key)
            if holder is not None and (before is None or holder != before.id):
                raise TakenError(str(key[0]) if isinstance(key, tuple) else "", holder)
        self._apply(before, after)
        self._journal.record(before, after)

    def _apply(self, before: Stored | None, after: Stored | None) -> None:
        # What stays is overwritten in place, so that a page does not shift under a reader.
        if before is not None:
            for key in before.unique:
                self._unique.pop(key, None)
            for label in before.labels - (after.labels if after else frozenset()):
                index = self._by_label[before.kind, label]
                del index[before.id]
                if not index:
                    del self._by_label[before.kind, label]
            if after is None:
                del self._objects[before.kind][before.id]
        if after is not None:
            for key in after.unique:
                self._unique[key] = after.id
            for label in after.labels:
                self._by_label.setdefault((after.kind, label), {})[after.id] = after
            self._objects.setdefault(after.kind, {})[after.id] = after


def make_stored(
    kind: ObjectKind,
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
    """Labels of targets: names (3.1), or a type with values (3.0.1)."""
    for target in targets:
        if isinstance(target, str):
            yield ("targets", target)
        else:
            for value in target["values"]:
                yield ("targets", (target["type"], str(value)))


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


def _now() -> str:
    """UTC in RFC 3339 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
