"""An HTTP server on a port that answers what a test says, also what no VTN should."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def what(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Say:
    """One answer. `body` is sent as JSON unless it is bytes."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"content-type": "application/json", **self.headers}
        lines = [f"HTTP/1.1 {self.status} Said", f"content-length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Handler = Callable[[Asked], "Say | bytes | Awaitable[Say | bytes]"]


@dataclass
class Scripted:
    """The running server: its address and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    def count(self, what: str) -> int:
        return sum(one.what == what for one in self.asked)


@asynccontextmanager
async def scripted(
    handler: Handler, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Scripted]:
    """Serve for the length of the block. A handler that returns bytes has the line closed after."""
    found = Scripted("")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (asked := await _read(reader)) is not None:
            found.asked.append(asked)
            answer = handler(asked)
            if isinstance(answer, Awaitable):
                answer = await answer
            writer.write(answer if isinstance(answer, bytes) else answer.encoded())
            await writer.drain()
            if isinstance(answer, bytes):
                break

    async with listening(talk, tls=tls) as url:
        found.url = url
        yield found


@asynccontextmanager
async def listening(talk: Talk, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Every connection is talked to so; all have ended when the block has."""
    talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks[task] = writer
        try:
            with suppress(ConnectionError):
                await talk(reader, writer)
        finally:
            writer.close()
            del talks[task]

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in talks.values():
            writer.transport.abort()
        async with asyncio.timeout(5):
            await asyncio.gather(*talks)


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None
    first, *rest = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (r.partition(":") for r in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Asked(method, parts.path, parse_qs(parts.query), headers, body)


def vtn_like(handler: Handler) -> Handler:
    """A 3.1 VTN with tokens, whose objects are answered by the handler."""
    tokens = iter(range(1, 1_000_000))

    def answer(asked: Asked) -> Say | bytes | Awaitable[Say | bytes]:
        if asked.path.endswith("/auth/server"):
            return Say(404)
        if asked.path.endswith("/auth/token"):
            return Say(200, {"access_token": f"t{next(tokens)}", "token_type": "Bearer"})
        return handler(asked)

    return answer
