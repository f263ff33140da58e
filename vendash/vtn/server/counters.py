"""What the VTN was asked and what it answered, by method and path template, for tests to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vendash.vtn.server.state import VtnState

_BASES = ("/openadr3/3.1.0", "/openadr3/3.0.1", "/openadr3")
_NAMES = {
    "VEN": ("venName", "ven_name"),
    "RESOURCE": ("resourceName", "id"),  # EnergyDesk's resources go by the id that the client gave
    "PROGRAM": ("programName", "program_name"),
}


class Counters:
    """Requests and answers since the start or the last `clear`."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._routes = [route for route in routes if isinstance(route, Route)]
        self.requests: Counter[str] = Counter()
        """By `POST /vens`, `GET /vens/{objectID}`...; what no route knows: `GET (other)`."""
        self.answers: Counter[str] = Counter()
        """The same with the status: `POST /vens 201`; `reset` where none was sent."""

    def name(self, scope: Scope) -> str:
        """Method and path template of a request."""
        path = _without_base(scope["path"])
        asked = {"type": "http", "path": path, "method": scope["method"], "root_path": ""}
        for route in self._routes:
            if route.matches(asked)[0] is not Match.NONE:
                return f"{scope['method']} {route.path}"
        return f"{scope['method']} (other)"

    def clear(self) -> None:
        """Begin at nought."""
        self.requests.clear()
        self.answers.clear()


class CountingMiddleware:
    """Counts what arrives and what leaves, faults included; the control path is not counted."""

    def __init__(self, app: ASGIApp, counters: Counters) -> None:
        self._app = app
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it ended."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        name = self._counters.name(scope)
        outcome = "reset"

        async def note(message: Message) -> None:
            nonlocal outcome
            if message["type"] == "http.response.start":
                outcome = str(message["status"])
            await send(message)

        self._counters.requests[name] += 1
        try:
            return await self._app(scope, receive, note)
        finally:
            self._counters.answers[f"{name} {outcome}"] += 1


def objects(state: VtnState) -> dict[str, int]:
    """How many objects there are of each kind."""
    return dict(Counter(stored.kind for stored in state.snapshot()))


def doubles(state: VtnState) -> dict[str, dict[str, int]]:
    """Names, by kind, that more than one object of the VTN has, and how many have it.

    A resource counts whichever VEN it is under: vendash gives each a name of its own.
    """
    found: dict[str, Counter[str]] = {}
    for stored in state.snapshot():
        if names := _NAMES.get(stored.kind):
            body = msgspec.json.decode(stored.json, type=dict[str, Any])
            name = next(str(body[name]) for name in names if name in body)
            found.setdefault(stored.kind, Counter())[name] += 1
    return {
        kind: many
        for kind, counts in found.items()
        if (many := {name: count for name, count in counts.items() if count > 1})
    }


def _without_base(path: str) -> str:
    for base in _BASES:
        if path.startswith(base + "/"):
            return path[len(base) :]
    return path
