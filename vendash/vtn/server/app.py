"""The HTTP application: routes of a dialect, at the bare root and under the official base path."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from vendash.vtn.server import dialect31, dialect301
from vendash.vtn.server.api import CollectionApi, Endpoint, Serve, VtnContext
from vendash.vtn.server.bodies import read_body, require_type
from vendash.vtn.server.control import CONTROL, Control
from vendash.vtn.server.counters import Counters, CountingMiddleware
from vendash.vtn.server.energydesk import EnergyDesk
from vendash.vtn.server.faults import FaultControl, FaultMiddleware
from vendash.vtn.server.problems import ProblemError, json_response
from vendash.vtn.server.settings import Dialect, VtnSettings
from vendash.vtn.server.state import StateLostError, VtnState
from vendash.vtn.server.tokens import Gate

_COLLECTIONS = {"3.1": dialect31.COLLECTIONS, "3.0.1": dialect301.COLLECTIONS}
_BASES: dict[Dialect, tuple[str, ...]] = {
    "3.1": ("/openadr3/3.1.0", "/openadr3"),
    "3.0.1": ("/openadr3/3.0.1", "/openadr3"),
    "energydesk": ("/openadr3",),
}


class VtnApp:
    """The ASGI application of a VTN, and what tests and the control path reach into."""

    def __init__(self, state: VtnState, settings: VtnSettings) -> None:
        self.faults = FaultControl(settings.faults)
        self.gate = Gate(settings, self.faults)
        context = VtnContext(state=state, settings=settings, gate=self.gate, faults=self.faults)
        routes = _routes(context)
        self.counters = Counters(routes)
        whole = FaultMiddleware(_starlette(routes, settings.dialect), self.faults)
        self._vtn = CountingMiddleware(whole, self.counters)
        control = Control(state, self.faults, self.gate, self.counters)
        self._control = control.router() if settings.control else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if self._control and scope["type"] == "http" and scope["path"].startswith(CONTROL + "/"):
            return await self._control(scope, receive, send)
        return await self._vtn(scope, receive, send)


def _starlette(routes: list[BaseRoute], dialect: Dialect) -> Starlette:
    app = Starlette(
        routes=[*routes, *(Mount(base, app=_router(routes)) for base in _BASES[dialect])],
        exception_handlers={HTTPException: _http_problem, 500: _unexpected},
    )
    # A client is told of a wrong path, never sent elsewhere.
    app.router.redirect_slashes = False
    return app


def _router(routes: list[BaseRoute]) -> Router:
    return Router(routes, redirect_slashes=False)


def _routes(context: VtnContext) -> list[BaseRoute]:
    dialect = context.settings.dialect
    endpoints = EnergyDesk(context).endpoints() if dialect == "energydesk" else []
    for collection in _COLLECTIONS.get(dialect, ()):
        api = CollectionApi(context, collection)
        item = collection.path + "/{objectID}"
        endpoints.append(Endpoint(collection.path, api.collection, ("GET", "POST")))
        endpoints.append(Endpoint(item, api.item, ("GET", "PUT", "DELETE")))
    endpoints.append(Endpoint("/auth/token", _token(context), ("POST",)))
    endpoints.append(Endpoint("/health", _health, ("GET",)))
    if dialect == "3.1":
        endpoints.append(Endpoint("/auth/server", _auth_server, ("GET",)))
        endpoints.append(Endpoint("/notifiers", _notifiers(context), ("GET",)))
        endpoints.append(Endpoint("/notifiers/mqtt/topics/{topic:path}", _no_mqtt, ("GET",)))
    return [
        Route(one.path, _guarded(context, one.serve), methods=list(one.methods))
        for one in endpoints
    ]


def _guarded(context: VtnContext, endpoint: Serve) -> Serve:
    """Problems become answers, and an answer waits until what it rests on is durable."""

    async def guarded(request: Request) -> Response:
        try:
            answer = await endpoint(request)
        except ProblemError as problem:
            answer = context.refusal(problem)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        try:
            await context.state.settled()
        except StateLostError as error:
            return ProblemError(500, str(error)).response()
        return answer

    return guarded


def _token(context: VtnContext) -> Serve:
    async def token(request: Request) -> Response:
        require_type(request, "application/x-www-form-urlencoded")
        form = await read_body(request)
        granted = context.gate.grant(request.headers.get("authorization", ""), form)
        return json_response(granted, headers={"Cache-Control": "no-store"})

    return token


async def _auth_server(request: Request) -> Response:
    # The host as the client wrote it: it will not follow a token URL to another one.
    path = request.scope.get("root_path", "") + "/auth/token"
    return json_response({"tokenURL": str(request.base_url.replace(path=path))})


def _notifiers(context: VtnContext) -> Serve:
    async def notifiers(request: Request) -> Response:
        context.caller(request, frozenset({"read_all"}))
        # Subscriptions are kept but nobody is called back, so this does not say otherwise.
        return json_response({"WEBHOOK": False})

    return notifiers


async def _no_mqtt(_request: Request) -> Response:
    raise ProblemError(404, "This VTN has no MQTT broker: ask /notifiers what it has.")


async def _health(_request: Request) -> Response:
    return PlainTextResponse("OK")


async def _http_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    details = {404: "There is nothing at this path.", 405: "This path does not take this method."}
    detail = details.get(error.status_code, error.detail)
    return ProblemError(error.status_code, detail, headers=error.headers).response()


async def _unexpected(_request: Request, _error: Exception) -> Response:
    return ProblemError(500, "The VTN made a mistake; its log says which.").response()
