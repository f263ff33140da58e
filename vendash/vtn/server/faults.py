"""Faults on purpose: what a bad line or a busy VTN does to a client, for tests."""

from __future__ import annotations

import asyncio
from random import Random

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vendash.vtn.server.problems import ProblemError
from vendash.vtn.server.settings import NO_FAULTS, Faults
from vendash.vtn.server.stored import Stored

ABORT = "vendash.abort"
"""Key in the scope's extensions: a callable that resets the connection (see serving)."""

_WRITES = frozenset({"POST", "PUT", "DELETE"})


def changed(faults: Faults) -> dict[str, object]:
    """Those that differ from a good VTN on a good line, by name."""
    good = msgspec.to_builtins(NO_FAULTS)
    return {k: v for k, v in msgspec.to_builtins(faults).items() if v != good[k]}


class FaultControl:
    """The faults in force; assigning others starts their random numbers anew."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._random = Random(faults.seed)  # noqa: S311

    @property
    def current(self) -> Faults:
        """The faults in force."""
        return self._faults

    @current.setter
    def current(self, faults: Faults) -> None:
        self._faults = faults
        self._random = Random(faults.seed)  # noqa: S311

    def strikes(self, probability: float) -> bool:
        """Whether a fault of this probability happens now."""
        return probability > 0 and self._random.random() < probability

    def shuffle(self, items: list[Stored]) -> None:
        """Bring a list into another order."""
        self._random.shuffle(items)


class FaultMiddleware:
    """Around the whole application: delay, 503, 429, 500 after a write, connection reset."""

    def __init__(self, app: ASGIApp, control: FaultControl) -> None:
        self._app = app
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or not."""
        faults, strikes = self._control.current, self._control.strikes
        if scope["type"] != "http" or _is_exempt(scope["path"]):
            return await self._app(scope, receive, send)
        if faults.delay_s > 0:
            await asyncio.sleep(faults.delay_s)
        for status, probability in ((503, faults.error_503), (429, faults.error_429)):
            if strikes(probability):
                return await _come_back_later(status, faults)(scope, receive, send)
        if scope["method"] in _WRITES:
            return await self._write(scope, receive, send)
        return await self._app(scope, receive, send)

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        faults, strikes = self._control.current, self._control.strikes
        if strikes(faults.reset_before_write):
            await _reset(scope, receive)
        elif strikes(faults.reset_after_write):
            await self._app(scope, receive, _nowhere)
            await _reset(scope, receive)
        elif strikes(faults.fail_after_write):
            await self._fail_after_write(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _fail_after_write(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: list[Message] = []

        async def hold(message: Message) -> None:
            answer.append(message)

        await self._app(scope, receive, hold)
        if answer and 200 <= answer[0]["status"] < 300:
            failed = ProblemError(500, "Made to fail after the write.").response()
            return await failed(scope, receive, send)
        for message in answer:
            await send(message)
        return None


def _is_exempt(path: str) -> bool:
    return path.endswith(("/health", "/auth/token", "/auth/server"))


def _come_back_later(status: int, faults: Faults) -> ASGIApp:
    after = faults.retry_after_s
    headers = None if after is None else {"Retry-After": str(after)}
    return ProblemError(status, "Made to be too busy.", headers=headers).response()


async def _nowhere(_message: Message) -> None:
    """Where an answer goes that the client never gets."""


async def _reset(scope: Scope, receive: Receive) -> None:
    scope["extensions"][ABORT]()
    # Only when the server has noticed may the application return without an answer.
    while (await receive())["type"] != "http.disconnect":
        pass
