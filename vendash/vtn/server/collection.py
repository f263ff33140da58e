"""What one collection of objects is in one dialect: its path, its body, its scopes, its rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from vendash.vtn.server.parts import ObjectKind, Part
from vendash.vtn.server.problems import ProblemError
from vendash.vtn.server.search import Filter
from vendash.vtn.server.state import VtnState
from vendash.vtn.server.stored import Label, Stored
from vendash.vtn.server.tokens import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A POST (no `before`) or a PUT, with its body decoded."""

    state: VtnState
    caller: Caller
    body: Part
    before: Stored | None
    path: Mapping[str, str]
    """Parameters of the path."""


Fields = dict[str, Any]
Rule = Callable[[Write], Fields]
"""The fields to keep of a body; raises ProblemError where the dialect forbids it."""
Visible = Callable[[VtnState, Caller], tuple[frozenset[Label], ...]]
"""Sets of labels of which an object must have one each, for the caller to see it."""


def everything(_state: VtnState, _caller: Caller) -> tuple[frozenset[Label], ...]:
    """No restriction."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One kind of object under one path."""

    kind: ObjectKind
    path: str
    body: msgspec.json.Decoder[Any]
    read: frozenset[str]
    """Any of these scopes reads."""
    write: str
    """This scope writes."""
    fields: Rule
    filters: tuple[Filter, ...] = ()
    visible: Visible = everything
    has_active: bool = False
    """Whether `?active=true` leaves out what is over."""
    created: Callable[[Write, Stored], None] | None = None
    """Called after a POST has made its object, in the same step."""


def plain(write: Write) -> Fields:
    """All fields of the body."""
    fields: Fields = msgspec.to_builtins(write.body)
    return fields


def require(state: VtnState, kind: ObjectKind, object_id: str | None) -> None:
    """Raise ProblemError 409 (a foreign key, in the words of the YAML) unless the object exists."""
    if object_id is not None and state.get(kind, object_id) is None:
        raise ProblemError(409, f"There is no {kind.lower()} with the id {object_id}.")


def refuse_if_it_holds_others(state: VtnState, stored: Stored) -> None:
    """Raise ProblemError 403 for a VEN with resources or a program with events.

    Events may go although reports refer to them: deleting one is how it is cancelled.
    """
    if stored.kind == "VEN" and state.holds("RESOURCE", ("venID", stored.id)):
        raise ProblemError(403, "This VEN still has resources: delete them first.")
    if stored.kind == "PROGRAM" and state.holds("EVENT", ("programID", stored.id)):
        raise ProblemError(403, "This program still has events: delete them first.")
