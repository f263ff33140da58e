"""The EnergyDesk dialect: snake_case, lists without pages or filters, a token for each VEN.

Two kinds of tokens: one of client credentials, and the auth_token that POST /vens answers with,
once; of that only a digest is kept. POST /programs and POST /events are for tests.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from vendash.vtn.server import objects_energydesk as ed
from vendash.vtn.server.api import Endpoint, VtnContext
from vendash.vtn.server.bodies import read_body, require_type
from vendash.vtn.server.habits import date_fields
from vendash.vtn.server.problems import ProblemError, json_response
from vendash.vtn.server.settings import Faults
from vendash.vtn.server.state import TakenError
from vendash.vtn.server.stored import Kind, Stored

_RENAMED = {
    "createdDateTime": "created_date_time",
    "modificationDateTime": "modification_date_time",
}
_HIDDEN = {"objectType", "auth_digest"}
_OUTER = frozenset({"write_vens"})

Body = TypeVar("Body", bound=ed.Part)


class EnergyDesk:
    """The endpoints of the dialect."""

    def __init__(self, context: VtnContext) -> None:
        self._context = context
        self._state = context.state

    def endpoints(self) -> list[Endpoint]:
        """Every path of the dialect but that of tokens."""
        return [
            Endpoint("/openapi.json", _openapi, ("GET",)),
            Endpoint("/vens", self.vens, ("GET", "POST")),
            Endpoint("/resources", self.resources, ("GET", "POST")),
            Endpoint("/events", self.events, ("GET", "POST")),
            Endpoint("/events/{eventID}/responses", self.responses, ("POST",)),
            Endpoint("/reports", self.reports, ("GET", "POST")),
            Endpoint("/programs", self.programs, ("GET", "POST")),
            Endpoint("/programs/{programID}/resources", self.enrolments, ("POST",)),
        ]

    async def vens(self, request: Request) -> Response:
        """GET lists them, without their tokens; POST makes one and gives its token, once."""
        self._outer(request)
        if request.method == "GET":
            return self._list("VEN")
        body = await _body(request, ed.Ven)
        token = secrets.token_urlsafe(32)
        ven = self._add("VEN", msgspec.to_builtins(body) | {"auth_digest": _digest(token)})
        return json_response({"id": ven.id, "ven_name": body.ven_name, "auth_token": token}, 201)

    async def resources(self, request: Request) -> Response:
        """GET lists all; POST makes one with the id that the client chose."""
        self._outer(request)
        if request.method == "GET":
            return self._list("RESOURCE")
        body = await _body(request, ed.Resource)
        ven = self._first("VEN", "ven_name", body.ven_name)
        fields = msgspec.to_builtins(body)
        object_id = fields.pop("id")
        if self._state.get("RESOURCE", object_id):
            raise ProblemError(409, "There is a resource with this id.", existing_id=object_id)
        self._add("RESOURCE", fields | {"ven_id": ven.id}, object_id)
        return json_response({"id": object_id}, 201)

    async def events(self, request: Request) -> Response:
        """GET, by a VEN, lists all."""
        if request.method == "GET":
            self._ven(request)
            return self._list("EVENT")
        self._outer(request)
        body = await _body(request, ed.Event)
        self._known("PROGRAM", body.program_id)
        event = self._add("EVENT", msgspec.to_builtins(body) | {"modification_number": 0})
        return json_response(self._written(event), 201)

    async def responses(self, request: Request) -> Response:
        """POST, by a VEN: whether it takes part in an event."""
        ven_id = self._ven(request)
        body = await _body(request, ed.Answer)
        if body.event_id != self._known("EVENT", request.path_params["eventID"]).id:
            raise ProblemError(422, "event_id is not that of the path.")
        answer = self._add("RESPONSE", msgspec.to_builtins(body) | {"ven_id": ven_id})
        return json_response(self._written(answer), 201)

    async def reports(self, request: Request) -> Response:
        """POST: readings with the outer token, an announcement with that of its VEN."""
        if request.method == "GET":
            self._outer(request)
            return self._list("REPORT")
        raw = await _read(request)
        if b'"program_id"' in raw:
            announced = _decode(raw, ed.NewReport)
            if self._ven(request) not in {announced.ven_id, None}:
                raise ProblemError(403, "This token is of another VEN.")
            self._known("PROGRAM", announced.program_id)
            report: ed.Part = announced
        else:
            self._outer(request)
            report = readings = _decode(raw, ed.MeterReport)
            self._known("VEN", readings.ven_id)
            self._known("RESOURCE", readings.resource_id)
        return json_response(self._written(self._add("REPORT", msgspec.to_builtins(report))), 201)

    async def programs(self, request: Request) -> Response:
        """GET lists all."""
        self._outer(request)
        if request.method == "GET":
            return self._list("PROGRAM")
        program = self._add("PROGRAM", msgspec.to_builtins(await _body(request, ed.Program)))
        return json_response(self._written(program), 201)

    async def enrolments(self, request: Request) -> Response:
        """POST enrols the resource of the query in the program of the path."""
        self._outer(request)
        program = self._known("PROGRAM", request.path_params["programID"])
        resource = self._known("RESOURCE", request.query_params.get("resource_id", ""))
        enrolled = self._add("ENROLMENT", {"program_id": program.id, "resource_id": resource.id})
        return json_response(self._written(enrolled), 201)

    # --- parts -----------------------------------------------------------------------------

    def _outer(self, request: Request) -> None:
        self._context.caller(request, _OUTER)

    def _ven(self, request: Request) -> str | None:
        """The id of the VEN that asks; None where nobody authenticates."""
        if not self._context.settings.auth:
            return None
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        label = ("auth_digest", _digest(token.strip()))
        ven = next(self._state.find("VEN", [frozenset({label})]), None)
        if ven is None or scheme.lower() != "bearer":
            status = 403 if self._context.faults.current.reject_token_403 else 401
            raise ProblemError(status, "This call takes the auth_token of a VEN.")
        return ven.id

    def _known(self, kind: Kind, object_id: str) -> Stored:
        stored = self._state.get(kind, object_id)
        if stored is None:
            raise ProblemError(404, f"There is no {kind.lower()} with this id.")
        return stored

    def _first(self, kind: Kind, field: str, value: str) -> Stored:
        for stored in self._state.find(kind, [frozenset({(field, value)})]):
            return stored
        raise ProblemError(404, f"There is no {kind.lower()} with this {field}.")

    def _add(self, kind: Kind, fields: dict[str, Any], object_id: str | None = None) -> Stored:
        try:
            return self._state.add(kind, fields, object_id=object_id)
        except TakenError as error:
            raise ProblemError(409, str(error), existing_id=error.existing_id) from None

    def _list(self, kind: Kind) -> Response:
        faults = self._context.faults.current
        found = list(self._state.find(kind, newest_first=faults.order == "newest"))
        if faults.order == "random":
            self._context.faults.shuffle(found)
        return json_response(b"[" + b",".join([self._written(one) for one in found]) + b"]")

    def _written(self, stored: Stored) -> bytes:
        # A list is always whole, so what is written of an object is kept.
        write = _write if stored.kind == "EVENT" else _write_once
        return write(stored, self._context.faults.current)


def _write(stored: Stored, faults: Faults) -> bytes:
    body = msgspec.json.decode(stored.json, type=dict[str, Any])
    if stored.kind == "EVENT":
        body.setdefault("status", _status(body["start_date"], body["end_date"]))
    shown = {_RENAMED.get(k, k): v for k, v in body.items() if k not in _HIDDEN}
    date_fields(shown, _RENAMED.values(), faults)
    return msgspec.json.encode(shown)


_write_once = lru_cache(maxsize=20_000)(_write)


async def _openapi(_request: Request) -> Response:
    """As a FastAPI application has it: by this a client knows the dialect."""
    info = {"title": "EnergyDesk VTN", "version": "0.1.0"}
    return json_response({"openapi": "3.1.0", "info": info, "paths": {}})


async def _body(request: Request, shape: type[Body]) -> Body:
    return _decode(await _read(request), shape)


async def _read(request: Request) -> bytes:
    require_type(request, "application/json")
    return await read_body(request)


def _decode(raw: bytes, shape: type[Body]) -> Body:
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ProblemError(422, f"The body is not as it should be: {error}.") from None
    except RecursionError:
        raise ProblemError(422, "The body is nested too deeply.") from None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _status(start: str, end: str) -> str:
    now = datetime.now(UTC)
    if now < _utc(start):
        return "scheduled"
    return "active" if now < _utc(end) else "completed"


def _utc(text: str) -> datetime:
    date = datetime.fromisoformat(text)
    return date if date.tzinfo else date.replace(tzinfo=UTC)
