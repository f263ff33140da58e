"""List, create, read, update and delete: the same for every collection of every dialect."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from vendash.vtn.server.bodies import read_body, require_type
from vendash.vtn.server.collection import (
    Collection,
    Write,
    refuse_if_it_holds_others,
)
from vendash.vtn.server.faults import FaultControl
from vendash.vtn.server.parts import Part
from vendash.vtn.server.problems import ProblemError, json_response
from vendash.vtn.server.search import paging, wants_active
from vendash.vtn.server.settings import VtnSettings
from vendash.vtn.server.state import Label, Stored, TakenError, VtnState
from vendash.vtn.server.tokens import Caller, Gate


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
        if problem.status == 409 and self.faults.current.body_409 == "list":
            return json_response([], 409)
        if problem.status == 409 and self.faults.current.body_409 == "id" and problem.existing_id:
            return json_response({"id": problem.existing_id}, 409)
        return problem.response()


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
            return json_response(stored.json)
        caller = self._context.caller(request, self._collection.read)
        return json_response(self._find(request, caller).json)

    def _search(self, request: Request, caller: Caller) -> bytes:
        query = request.query_params
        skip, limit = paging(query)
        groups = [*self._collection.visible(self._state, caller), *self._within_ven(request)]
        groups += [g for wanted in self._collection.filters if (g := wanted(query)) is not None]
        active = self._collection.has_active and wants_active(query)
        keep = _not_over(time.time()) if active else None
        return self._state.page(self._collection.kind, groups, skip=skip, limit=limit, keep=keep)

    async def _create(self, request: Request) -> Response:
        caller = self._context.caller(request, frozenset({self._collection.write}))
        write = self._write(request, caller, await self._body(request), None)
        try:
            stored = self._state.add(self._collection.kind, self._collection.fields(write))
        except TakenError as error:
            raise ProblemError(409, str(error), existing_id=error.existing_id) from None
        if self._collection.created:
            self._collection.created(write, stored)
        return json_response(stored.json, 201)

    async def _update(self, request: Request) -> Response:
        caller = self._context.caller(request, frozenset({self._collection.write}))
        body = await self._body(request)
        before = self._find(request, caller)
        write = self._write(request, caller, body, before)
        try:
            stored = self._state.replace(before, self._collection.fields(write))
        except TakenError as error:
            raise ProblemError(409, str(error), existing_id=error.existing_id) from None
        return json_response(stored.json)

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
