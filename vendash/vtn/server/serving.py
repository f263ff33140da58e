"""Running the VTN on a port: bound before it is announced, gone within 2 s of a cancel."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from vendash.errors import VendashError
from vendash.vtn.server.app import VtnApp
from vendash.vtn.server.counters import Counters
from vendash.vtn.server.faults import ABORT
from vendash.vtn.server.settings import ALL_SCOPES, NO_FAULTS, Clients, Dialect, Faults, VtnSettings
from vendash.vtn.server.state import VtnState

LOOPBACK = "127.0.0.1"
_SHUTDOWN_S = 1
_KEEP_ALIVE_S = 75
_HIGHEST_PORT = 65_535


async def serve(
    host: str, port: int, app: VtnApp, on_bound: Callable[[str], None] | None = None
) -> None:
    """Serve `app` until cancelled.

    Args:
        host: name or address to listen on.
        port: 0 for any that is free.
        app: what answers.
        on_bound: called with the base URL as soon as connections are accepted.

    Raises:
        VendashError: the port is taken or the address is not of this machine.
    """
    listener = _bind(host, port)
    server = _Server(
        uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_SHUTDOWN_S,
            backlog=2048,
        )
    )
    with listener:
        if on_bound is not None:
            on_bound(_url(host, listener))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(running)
        finally:
            server.end()
            await running


@dataclass(slots=True, kw_only=True)
class VtnServer:
    """A running VTN, as tests and the demo see it."""

    url: str
    state: VtnState
    client_id: str
    client_secret: str = field(repr=False)
    _app: VtnApp

    @property
    def faults(self) -> Faults:
        """The faults in force; assign others at any time."""
        return self._app.faults.current

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._app.faults.current = faults

    def revoke_tokens(self) -> None:
        """Forget every token, as a restart does."""
        self._app.gate.revoke_all()

    @property
    def counters(self) -> Counters:
        """What it was asked and what it answered."""
        return self._app.counters


@asynccontextmanager
async def vtn_server(
    *,
    dialect: Dialect = "3.1",
    auth: bool = True,
    clients: Clients | None = None,
    state: VtnState | None = None,
    faults: Faults = NO_FAULTS,
    token_life_s: int = 3600,
    clock: Callable[[], float] = time.monotonic,
    control: bool = False,
    host: str = LOOPBACK,
    port: int = 0,
) -> AsyncIterator[VtnServer]:
    """A VTN on a port, for the length of the block.

    Without `clients` there is one, `vendash` with the secret `secret` and every scope. Give the
    same `state` to a second block for a VTN that restarts with what it had.
    """
    clients = clients or {"vendash": ("secret", ALL_SCOPES)}
    settings = VtnSettings(
        dialect=dialect,
        auth=auth,
        clients=clients,
        faults=faults,
        token_life_s=token_life_s,
        clock=clock,
        control=control,
    )
    state = state or VtnState()
    app = VtnApp(state, settings)
    bound: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    client_id, (secret, _scopes) = next(iter(clients.items()))
    # No task group: what the block raises must come out as it is.
    serving = asyncio.create_task(serve(host, port, app, bound.set_result))
    serving.add_done_callback(lambda _task: bound.cancel())
    try:
        await asyncio.wait([bound])
        if bound.cancelled():
            await serving
        url = bound.result()
        yield VtnServer(url=url, state=state, client_id=client_id, client_secret=secret, _app=app)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


def _bind(host: str, port: int) -> socket.socket:
    if not 0 <= port <= _HIGHEST_PORT:  # getaddrinfo would silently take another one
        raise VendashError(f"A port is a number from 0 to {_HIGHEST_PORT}, not {port}.")
    try:
        info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = info[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(2048)
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise VendashError(
            f"The VTN cannot listen on {host} port {port} ({reason}): "
            "choose another --host or --port."
        ) from error
    return listener


def _url(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Signals belong to whoever runs the loop; and the end is an event, not looked for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Accept nothing more, finish what is under way, return."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Refresh the Date header, which uvicorn does every tenth tick, until the end."""
        tick = 0
        while not await self.on_tick(tick):
            tick += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await self._ending.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(H11Protocol):
    """Lets the application reset the connection it is asked on."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        inner: ASGIApp = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope["extensions"] = scope.get("extensions", {}) | {ABORT: self._abort}
            await inner(scope, receive, send)

        self.app = app

    def _abort(self) -> None:
        connection: socket.socket = self.transport.get_extra_info("socket")
        # Linger 0 makes close() send RST, as a router does that lost its table.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
