"""Query parameters of a search: paging and filters."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

from starlette.datastructures import QueryParams

from vendash.vtn.server.parts import ObjectKind
from vendash.vtn.server.problems import ProblemError
from vendash.vtn.server.stored import Label

MOST_PER_PAGE = 50
_INT32_MAX = 2**31 - 1
_OBJECT_ID = re.compile(r"[a-zA-Z0-9_-]{1,128}")

Filter = Callable[[QueryParams], frozenset[Label] | None]
"""Labels of which a found object must have one; None where the query does not ask.

Raises ProblemError 400 for a value that the schema does not allow.
"""


def paging(query: QueryParams, default: int = MOST_PER_PAGE) -> tuple[int, int]:
    """`skip` and `limit`.

    Args:
        query: of the request.
        default: the limit of a request that names none; it may exceed what a client may ask.

    Raises:
        ProblemError: 400 for a limit outside 0..50 or a negative skip.
    """
    skip = _number(query, "skip", 0, _INT32_MAX)
    return skip, _number(query, "limit", default, MOST_PER_PAGE)


def wants_active(query: QueryParams) -> bool:
    """Whether the search is for events that are not over (`active=true`)."""
    text = query.get("active", "false")
    if text not in {"true", "false"}:
        raise ProblemError(400, "active must be true or false.")
    return text == "true"


def by_name(parameter: str, *, longest: int | None = 128) -> Filter:
    """Exactly this name; `longest` None where the schema sets no bounds (3.0.1)."""

    def labels(query: QueryParams) -> frozenset[Label] | None:
        value = query.get(parameter)
        if value is None:
            return None
        if longest is not None and not 1 <= len(value) <= longest:
            raise ProblemError(400, f"{parameter} must have 1 to {longest} characters.")
        return frozenset({(parameter, value)})

    return labels


def by_id(parameter: str) -> Filter:
    """Exactly this id."""

    def labels(query: QueryParams) -> frozenset[Label] | None:
        value = query.get(parameter)
        if value is None:
            return None
        if not _OBJECT_ID.fullmatch(value):
            raise ProblemError(400, f"{parameter} is not an id.")
        return frozenset({(parameter, value)})

    return labels


def by_targets(query: QueryParams) -> frozenset[Label] | None:
    """3.1: `targets`, repeatable; an object with any of them is found."""
    targets = query.getlist("targets")
    if any(not 1 <= len(target) <= 128 for target in targets):
        raise ProblemError(400, "A target must have 1 to 128 characters.")
    return frozenset(("targets", target) for target in targets) if targets else None


def by_typed_targets(query: QueryParams) -> frozenset[Label] | None:
    """3.0.1: `targetType`, or `targetValues`, which is repeatable, or both."""
    values = query.getlist("targetValues")
    kind = query.get("targetType")
    if kind is None and not values:
        return None
    if not values:
        return frozenset({("targets", (kind, None))})
    return frozenset(("targets", (kind, value)) for value in values)


def by_objects(query: QueryParams) -> frozenset[Label] | None:
    """Subscriptions to any of these kinds of objects."""
    kinds = query.getlist("objects")
    if unknown := set(kinds).difference(get_args(ObjectKind)):
        raise ProblemError(400, f"{min(unknown)!r} is not a kind of object.")
    return frozenset(("objects", kind) for kind in kinds) if kinds else None


def _number(query: QueryParams, name: str, default: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > most:
        raise ProblemError(400, f"{name} must be a number from 0 to {most}.")
    return int(text)
