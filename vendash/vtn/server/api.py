"""List, create, read, update and delete: the same for every collection of every dialect."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from vendash.vtn.server.bodies import read_body, require_type
from vendash.vtn.server.collection import (
    Collection,
    Fields,
    Write,
    refuse_if_it_holds_others,
)
from vendash.vtn.server.faults import FaultControl
from vendash.vtn.server.habits import problem_status, written
from vendash.vtn.server.parts import Part
from vendash.vtn.server.problems import ProblemError, json_response
from vendash.vtn.server.search import paging, wants_active
from vendash.vtn.server.settings import VtnSettings
from vendash.vtn.server.state import TakenError, VtnState
from vendash.vtn.server.stored import Label, Stored
from vendash.vtn.server.tokens import Caller, Gate

Serve = Callable[[Request], Awaitable[Response]]


class Endpoint(NamedTuple):
    """A path, what answers there, and to which methods."""

    path: str
    serve: Serve
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VtnContext:
    """What every endpoint works with."""

    state: VtnState
    settings: VtnSettings
    gate: Gate
    faults: FaultControl

    def caller(self, request: Request, scopes: frozenset[str]) -> Caller:
        """Who asks, holding at least one of the scopes.

        Raises:
            ProblemError: 401 (3.0.1 knows only 403) for a bad token, 403 for a missing scope.
        """
        forbidden = self.settings.dialect == "3.0.1" or self.faults.current.reject_token_403
        caller = self.gate.caller(
            request.headers.get("authorization", ""), rejected_status=403 if forbidden else 401
        )
        if scopes.isdisjoint(caller.scopes):
            raise ProblemError(403, f"The token lacks the scope {' or '.join(sorted(scopes))}.")
        return caller

    def refusal(self, problem: ProblemError) -> Response:
        """The answer for a problem, with the body that a 409 is told to have."""
        faults = self.faults.current
        if problem.status == 409 and faults.body_409 == "list":
            return json_response([], 409)
        if problem.status == 409 and faults.body_409 == "id" and problem.existing_id:
            return json_response({"id": problem.existing_id}, 409)
        if faults.problem_status != "number":
            problem.extra["status"] = problem_status(problem.status, faults)
        return problem.response()

    def written(self, stored: Stored, status: int = 200) -> Response:
        """The answer that is one object."""
        return json_response(written(stored, self.faults.current), status)


class CollectionApi:
    """The endpoints of one collection."""

    def __init__(self, context: VtnContext, collection: Collection) -> None:
        self._context = context
        self._state = context.state
        self._collection = collection
        self._under_ven = "{venID}" in collection.path

    async def collection(self, request: Request) -> Response:
        """`/things`: search or create."""
        if request.method == "POST":
            return await self._create(request)
        caller = self._context.caller(request, self._collection.read)
        return json_response(self._search(request, caller))

    async def item(self, request: Request) -> Response:
        """`/things/{id}`: read, update or delete."""
        if request.method == "PUT":
            return await self._update(request)
        if request.method == "DELETE":
            caller = self._context.caller(request, frozenset({self._collection.write}))
            stored = self._find(request, caller)
            refuse_if_it_holds_others(self._state, stored)
            self._state.remove(stored)
            return self._context.written(stored)
        caller = self._context.caller(request, self._collection.read)
        return self._context.written(self._find(request, caller))

    def _search(self, request: Request, caller: Caller) -> bytes:
        query = request.query_params
        faults = self._context.faults.current
        skip, limit = paging(query, faults.default_limit)
        asked = [g for wanted in self._collection.filters if (g := wanted(query)) is not None]
        active = self._collection.has_active and wants_active(query)
        groups = [*self._collection.visible(self._state, caller), *self._within_ven(request)]
        found: Iterable[Stored] = self._state.find(
            self._collection.kind,
            groups if faults.filters == "ignored" else [*groups, *asked],
            keep=_not_over(time.time()) if active else None,
            newest_first=faults.order == "newest",
        )
        if faults.order == "random":
            self._context.faults.shuffle(found := list(found))
        if faults.limits == "honoured":
            found = islice(found, skip, skip + min(limit, faults.largest_page or limit))
        return b"[" + b",".join([written(stored, faults) for stored in found]) + b"]"

    async def _create(self, request: Request) -> Response:
        caller = self._context.caller(request, frozenset({self._collection.write}))
        write = self._write(request, caller, await self._body(request), None)
        fields = self._collection.fields(write)
        with self._unique(fields, None) as doubles:
            stored = self._state.add(self._collection.kind, fields, doubles=doubles)
        if self._collection.created:
            self._collection.created(write, stored)
        return self._context.written(stored, 201)

    async def _update(self, request: Request) -> Response:
        caller = self._context.caller(request, frozenset({self._collection.write}))
        body = await self._body(request)
        before = self._find(request, caller)
        write = self._write(request, caller, body, before)
        fields = self._collection.fields(write)
        with self._unique(fields, before) as doubles:
            stored = self._state.replace(before, fields, doubles=doubles)
        return self._context.written(stored)

    @contextmanager
    def _unique(self, fields: Fields, before: Stored | None) -> Iterator[bool]:
        """Whether doubles may be made; a name that is taken becomes a 409."""
        names = self._context.faults.current.resource_names
        name = fields.get("resourceName")
        if names == "vtn" and name is not None:
            for other in self._state.find("RESOURCE", [frozenset({("resourceName", name)})]):
                if other is not before:
                    raise ProblemError(409, "The name is taken.", existing_id=other.id)
        try:
            yield names == "any" and self._collection.kind == "RESOURCE"
        except TakenError as error:
            raise ProblemError(409, str(error), existing_id=error.existing_id) from None

    async def _body(self, request: Request) -> Part:
        require_type(request, "application/json")
        raw = await read_body(request)
        try:
            body: Part = self._collection.body.decode(raw)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ProblemError(400, f"The body is not as the schema has it: {error}.") from None
        except RecursionError:
            raise ProblemError(400, "The body is nested too deeply.") from None
        return body

    def _write(self, request: Request, caller: Caller, body: Part, before: Stored | None) -> Write:
        path = request.path_params
        return Write(state=self._state, caller=caller, body=body, before=before, path=path)

    def _find(self, request: Request, caller: Caller) -> Stored:
        """The object of the path, if the caller may see it.

        Raises:
            ProblemError: 404; what is hidden is not told apart from what is not there.
        """
        stored = self._state.get(self._collection.kind, request.path_params["objectID"])
        groups = [*self._collection.visible(self._state, caller), *self._within_ven(request)]
        if stored is None or any(group.isdisjoint(stored.labels) for group in groups):
            raise ProblemError(404, f"There is no such {self._collection.kind.lower()}.")
        return stored

    def _within_ven(self, request: Request) -> list[frozenset[Label]]:
        """3.0.1 nests resources under their VEN.

        Raises:
            ProblemError: 404, no such VEN.
        """
        if not self._under_ven:
            return []
        ven_id = request.path_params["venID"]
        if self._state.get("VEN", ven_id) is None:
            raise ProblemError(404, "There is no such VEN.")
        return [frozenset({("venID", ven_id)})]


def _not_over(now: float) -> Callable[[Stored], bool]:
    return lambda stored: stored.over_at is None or stored.over_at > now
