"""The control path: faults, counters and the state itself, at run time, for tests.

It exists only where the VTN was started with it, and answers only a program on this machine: not
another host, not one behind a proxy, and not a page in a browser (which says its Origin, or
reaches for us by a name of its own).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from vendash.vtn.server.bodies import read_body, require_type
from vendash.vtn.server.counters import Counters, doubles, objects
from vendash.vtn.server.faults import FaultControl
from vendash.vtn.server.problems import ProblemError, json_response
from vendash.vtn.server.settings import Faults, is_loopback
from vendash.vtn.server.state import StateLostError, VtnState
from vendash.vtn.server.stored import Stored
from vendash.vtn.server.tokens import Gate

CONTROL = "/_control"

Endpoint = Callable[[Request], Awaitable[object]]

_FOREIGN = ("origin", "forwarded", "x-forwarded-for", "x-real-ip", "via")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MOST_SNAPSHOTS = 16


class Control:
    """The endpoints under `/_control`."""

    def __init__(
        self, state: VtnState, faults: FaultControl, gate: Gate, counters: Counters
    ) -> None:
        self._state = state
        self._faults = faults
        self._gate = gate
        self._counters = counters
        self._snapshots: dict[str, tuple[Stored, ...]] = {}

    def router(self) -> Router:
        """To be asked before the VTN's own, for every path that begins with CONTROL."""
        endpoints: dict[str, tuple[Endpoint, list[str]]] = {
            "/faults": (self._faults_now, ["GET", "PUT", "PATCH", "DELETE"]),
            "/counters": (self._counts, ["GET", "DELETE"]),
            "/tokens": (self._revoke, ["DELETE"]),
            "/reset": (self._reset, ["POST"]),
            "/snapshots/{name}": (self._snapshot, ["PUT", "DELETE"]),
            "/snapshots/{name}/restore": (self._restore, ["POST"]),
        }
        routes = [
            Route(CONTROL + path, _guarded(endpoint), methods=methods)
            for path, (endpoint, methods) in endpoints.items()
        ]
        return Router(routes, redirect_slashes=False, default=_nothing_here)

    async def _faults_now(self, request: Request) -> object:
        """PUT sets all (what is not named is off), PATCH those named; DELETE turns all off."""
        if request.method == "GET":
            return self._faults.current
        named = {} if request.method == "DELETE" else await _object(request)
        if request.method == "PATCH":
            named = msgspec.to_builtins(self._faults.current) | named
        try:
            self._faults.current = msgspec.convert(named, Faults)
        except msgspec.ValidationError as error:
            raise ProblemError(400, f"{error}.") from None
        return self._faults.current

    async def _counts(self, request: Request) -> object:
        if request.method == "DELETE":
            self._counters.clear()
        return {
            "requests": self._counters.requests,
            "answers": self._counters.answers,
            "objects": objects(self._state),
            "doubles": doubles(self._state),
        }

    async def _revoke(self, _request: Request) -> object:
        self._gate.revoke_all()
        return {}

    async def _reset(self, _request: Request) -> object:
        """As a VTN that restarts with nothing: no objects, no tokens."""
        return await self._hold(())

    async def _snapshot(self, request: Request) -> object:
        name = request.path_params["name"]
        if request.method == "DELETE":
            self._snapshots.pop(self._known(name))
            return {}
        if not _NAME.fullmatch(name):
            raise ProblemError(400, "A snapshot's name has 1 to 64 letters, digits, '_', '.', '-'.")
        if len(self._snapshots.keys() | {name}) > _MOST_SNAPSHOTS:
            raise ProblemError(409, f"There are {_MOST_SNAPSHOTS} snapshots: delete one first.")
        self._snapshots[name] = self._state.snapshot()
        return {"objects": objects(self._state)}

    async def _restore(self, request: Request) -> object:
        """As a VTN that comes back with yesterday's data: its objects, no tokens."""
        return await self._hold(self._snapshots[self._known(request.path_params["name"])])

    async def _hold(self, snapshot: tuple[Stored, ...]) -> object:
        self._state.restore(snapshot)
        self._gate.revoke_all()
        await self._state.settled()
        return {"objects": objects(self._state)}

    def _known(self, name: str) -> str:
        if name not in self._snapshots:
            raise ProblemError(404, "There is no snapshot of this name.")
        return name


def _guarded(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            _require_local(request)
            return json_response(await endpoint(request))
        except ProblemError as problem:
            return problem.response()
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except StateLostError as error:
            return ProblemError(500, str(error)).response()

    return guarded


def _require_local(request: Request) -> None:
    """Raise ProblemError 403 unless a program on this machine asks."""
    peer = request.client.host if request.client else ""
    foreign = any(name in request.headers for name in _FOREIGN)
    if foreign or not is_loopback(peer) or not is_loopback(request.url.hostname or ""):
        raise ProblemError(403, "The control path answers only programs on this machine.")


async def _object(request: Request) -> dict[str, Any]:
    require_type(request, "application/json")
    try:
        return msgspec.json.decode(await read_body(request), type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ProblemError(400, "The body must be a JSON object.") from None


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    await ProblemError(404, "There is nothing at this path.").response()(scope, receive, send)
