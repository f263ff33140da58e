"""What the VTN holds: objects as they are answered, with the indexes that searches need.

Everything here happens in one event loop, so an operation is atomic. `settled` is how answers
wait for the disk: an operation is seen by others at once, so no answer (not even a 409 or a list)
may leave before everything it may rest on is durable.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, ValuesView
from typing import Any, Protocol
from uuid import uuid4

from vendash.vtn.server.stored import Kind, Label, Stored, make_stored, utc_now

_Ordered = ValuesView[Stored] | list[Stored]


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

    def get(self, kind: Kind, object_id: str) -> Stored | None:
        """The object with this id."""
        return self._objects.get(kind, {}).get(object_id)

    def count(self, kind: Kind) -> int:
        """How many there are."""
        return len(self._objects.get(kind, {}))

    def holds(self, kind: Kind, label: Label) -> bool:
        """Whether any object of the kind has the label."""
        return bool(self._by_label.get((kind, label)))

    def find(
        self,
        kind: Kind,
        groups: Sequence[frozenset[Label]] = (),
        *,
        keep: Callable[[Stored], bool] | None = None,
        newest_first: bool = False,
    ) -> Iterator[Stored]:
        """Objects that have a label of every group, in order of creation."""
        found: _Ordered = self._objects.get(kind, {}).values()
        if groups:
            found = min((self._with_label_of(kind, group) for group in groups), key=len)
        ordered = reversed(list(found)) if newest_first else iter(found)
        if len(groups) < 2 and keep is None:
            return ordered
        return (
            stored
            for stored in ordered
            if not any(group.isdisjoint(stored.labels) for group in groups)
            and (keep is None or keep(stored))
        )

    def _with_label_of(self, kind: Kind, group: frozenset[Label]) -> _Ordered:
        indexes = [self._by_label.get((kind, label), {}) for label in group]
        if len(indexes) == 1:
            return indexes[0].values()
        merged = {object_id: stored for index in indexes for object_id, stored in index.items()}
        return sorted(merged.values(), key=lambda stored: stored.seq)

    # --- all of it -------------------------------------------------------------------------

    def snapshot(self) -> tuple[Stored, ...]:
        """Every object as it is now."""
        return tuple(stored for kind in self._objects.values() for stored in kind.values())

    def restore(self, snapshot: Iterable[Stored]) -> None:
        """Hold what a snapshot holds and nothing else, with the times it had."""
        before = {stored.id: stored for stored in self.snapshot()}
        after = {stored.id: stored for stored in snapshot}
        # All of it anew, so that lists stay in order of creation.
        for stored in before.values():
            self._apply(stored, None)
        for stored in sorted(after.values(), key=lambda stored: stored.seq):
            self._apply(None, stored)
        for object_id in before.keys() | after.keys():
            if before.get(object_id) is not after.get(object_id):
                self._journal.record(before.get(object_id), after.get(object_id))

    # --- writing ---------------------------------------------------------------------------

    def add(
        self,
        kind: Kind,
        fields: Mapping[str, Any],
        *,
        object_id: str | None = None,
        doubles: bool = False,
    ) -> Stored:
        """Create an object.

        Args:
            kind: of the object.
            fields: all but its metadata.
            object_id: one that the client chose, which is known to be free.
            doubles: do not look whether what must be unique is.

        Raises:
            TakenError: a name or client id that must be unique is not.
        """
        now = utc_now()
        object_id = object_id or str(uuid4())
        after = make_stored(kind, object_id, now, now, fields, self._next_seq())
        if not doubles:
            self._require_unique(None, after)
        self._change(None, after)
        return after

    def replace(
        self, before: Stored, fields: Mapping[str, Any], *, doubles: bool = False
    ) -> Stored:
        """Give an object other fields; its id and its creation time stay.

        Raises:
            TakenError: a name or client id that must be unique is not.
        """
        after = make_stored(before.kind, before.id, before.created, utc_now(), fields, before.seq)
        if not doubles:
            self._require_unique(before, after)
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

    def _require_unique(self, before: Stored | None, after: Stored) -> None:
        for key in after.unique:
            holder = self._unique.get(key)
            if holder is not None and (before is None or holder != before.id):
                raise TakenError(str(key[0]) if isinstance(key, tuple) else "", holder)

    def _change(self, before: Stored | None, after: Stored | None) -> None:
        self._apply(before, after)
        self._journal.record(before, after)

    def _apply(self, before: Stored | None, after: Stored | None) -> None:
        # What stays is overwritten in place, so that a page does not shift under a reader.
        if before is not None:
            for key in before.unique:
                if self._unique.get(key) == before.id:  # else a double holds it
                    del self._unique[key]
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
