"""The client of an OpenADR 3 VTN: one VTN, and a connection of its own for every worker."""

from __future__ import annotations

import asyncio
import functools
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin

import msgspec

from vendash.vtn.answers import Reply, UnexpectedReplyError, trouble
from vendash.vtn.auth import (
    Credentials,
    Token,
    Tokens,
    check_protected,
    checked_token_url,
    read_token,
    token_form,
)
from vendash.vtn.dialects import Dialect, dialect_named
from vendash.vtn.dialects.base import PAGE, Listed, Request, page_of
from vendash.vtn.errors import VtnAnswerError, VtnAuthError

if TYPE_CHECKING:
    from types import ModuleType

    from vendash.vtn.wire import Wire

TIMEOUT = 10.0
"""Seconds for a whole call."""
MOST_PAGES = 20_000
"""Of one list; a VTN that always has another page is left here."""

_NOT_NOW = frozenset({429, 500, 502, 503, 504})
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}
_FORM = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}


class Vtn:
    """One VTN: its address, who we are to it, and the dialect it speaks.

    Args:
        url: As `vtn_address` returns it.
        credentials: Client id and secret; None for a VTN that asks for none.
        bearer_token: A token to send as it is, instead of credentials.
        dialect: `3.1` or `3.0.1`; empty to find out, which only reads.
        insecure: Allow plain http to another machine.
        ca_file: PEM file of the authorities to trust instead of the system's.
        timeout: Seconds for a whole call.

    Raises:
        VendashError: Plain http to another machine, or an unknown dialect.
    """

    def __init__(
        self,
        url: str,
        *,
        credentials: Credentials | None = None,
        bearer_token: str | None = None,
        dialect: str = "",
        insecure: bool = False,
        ca_file: str | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        check_protected(url, insecure=insecure)
        if bearer_token is not None and not (bearer_token.isascii() and bearer_token.isprintable()):
            raise VtnAuthError("The bearer token holds characters that no token has.")
        self.url = url
        self.credentials = credentials
        self.tokens = Tokens(bearer_token)
        self.insecure = insecure
        self._dialect = dialect_named(dialect) if dialect else None
        self._ca_file = ca_file
        self._timeout = timeout
        self._token_url = ""
        self._discovering = asyncio.Lock()

    @property
    def dialect(self) -> str:
        """The name of the dialect; empty while it is not known."""
        return self._dialect.name if self._dialect else ""

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        """A connection for one worker; nothing is sent before its first request."""
        wire = await _wire()
        context = await asyncio.to_thread(wire.ssl_context, self._ca_file)
        async with wire.Wire(context, timeout=self._timeout) as open_wire:
            yield Connection(self, open_wire)

    async def discover(self, wire: Wire) -> tuple[Dialect, str]:
        """The dialect and the token URL, found out once, by reading only.

        A VTN that answers `GET /auth/server` speaks 3.1; any other 3.0.1.

        Raises:
            VtnError: The VTN cannot be asked.
        """
        async with self._discovering:
            if self._dialect is None or not self._token_url:
                reply = await wire.exchange("GET", f"{self.url}/auth/server", headers=_JSON)
                if 300 <= reply.status < 400 or reply.status in _NOT_NOW:
                    raise trouble(reply, self.url)
                self._token_url = self._token_url_of(reply)
                self._dialect = self._dialect or dialect_named("3.1" if reply.ok else "3.0.1")
            return self._dialect, self._token_url

    def _token_url_of(self, reply: Reply) -> str:
        named: object = None
        if reply.ok:
            try:
                named = msgspec.json.decode(reply.body, type=dict[str, object]).get("tokenURL")
            except (ValueError, RecursionError):
                raise trouble(reply, self.url) from None
        if not isinstance(named, str) or self.credentials is None:
            return f"{self.url}/auth/token"
        return checked_token_url(urljoin(f"{self.url}/", named), self.url, insecure=self.insecure)


class Connection:
    """One worker's way to the VTN. Requests on it follow one another."""

    def __init__(self, vtn: Vtn, wire: Wire) -> None:
        self._vtn = vtn
        self._wire = wire

    async def dialect(self) -> Dialect:
        """The dialect of the VTN, found out where it is not known."""
        return (await self._vtn.discover(self._wire))[0]

    async def access_token(self) -> str:
        """The token that all connections share, fetched where there is none yet. It is a secret.

        Raises:
            VtnAuthError: We have neither credentials nor a token, or the VTN refuses them.
            VtnError: It cannot be asked.
        """
        token = await self._vtn.tokens.current(self._fetch)
        if token is None:
            raise VtnAuthError(
                "There is no client id to get a token with: "
                "set OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET."
            )
        return token

    async def send(self, request: Request) -> Reply:
        """Send with the token that all connections share; renew it once where it is refused.

        Raises:
            VtnAuthError: The VTN does not let us in (401), or gives no token.
            VtnError: As `Wire.exchange`.
        """
        fetch = self._fetch
        token = await self._vtn.tokens.current(fetch)
        reply = await self._exchange(request, token)
        if reply.status in {401, 403}:
            fresh = await self._vtn.tokens.after_refusal(token, reply.status, fetch)
            if fresh is not None:
                reply = await self._exchange(request, fresh)
        if reply.status == 401:
            raise trouble(reply, self._vtn.url)
        return reply

    async def greet(self) -> str:
        """Whether all is well with the VTN: dialect, token and the right to read.

        Returns:
            The name of the dialect.

        Raises:
            VtnError: What is wrong, and what to do.
        """
        dialect = await self.dialect()
        first = Request("GET", "/vens", (("skip", "0"), ("limit", "1")))
        reply = await self.send(first)
        if not reply.ok:
            raise trouble(reply, self._vtn.url)
        try:
            dialect.listed(reply.body)
        except ValueError:
            raise trouble(reply, self._vtn.url) from None
        return dialect.name

    async def pages(
        self, path: str, query: tuple[tuple[str, str], ...] = ()
    ) -> AsyncIterator[list[Listed]]:
        """The objects of a list, page by page, each once.

        Pages of VTNs have no order and no end mark: they shift while others write, a limit may be
        ignored, and so may `skip`.

        Raises:
            UnexpectedReplyError: A page was refused, or is no list.
            VtnError: As `send`; also when the list has no end.
        """
        dialect = await self.dialect()
        seen: set[str] = set()
        skip = 0
        for _ in range(MOST_PAGES):
            reply = await self.send(page_of(path, skip, query))
            if not reply.ok:
                raise UnexpectedReplyError(reply)
            try:
                listed = dialect.listed(reply.body)
            except ValueError:
                raise UnexpectedReplyError(reply) from None
            fresh = [one for one in listed if one.id not in seen]
            seen.update(one.id for one in fresh)
            yield fresh
            if len(listed) != PAGE or not fresh:
                return
            skip += len(listed)
        raise VtnAnswerError(f"The list {path} of the VTN has no end.")

    async def count(self) -> tuple[int, int]:
        """How many VENs and resources the VTN holds, by reading its lists.

        Raises:
            VtnError: They cannot be read.
        """
        try:
            dialect = await self.dialect()
            vens = [ven.id async for page in self.pages("/vens") for ven in page]
            resources = 0
            for path in dialect.resource_lists(vens):
                async for page in self.pages(path):
                    resources += len(page)
        except UnexpectedReplyError as error:
            raise trouble(error.reply, self._vtn.url) from None
        return len(vens), resources

    @property
    def _fetch(self) -> Callable[[], Awaitable[Token]] | None:
        credentials = self._vtn.credentials
        return None if credentials is None else functools.partial(self._fetch_token, credentials)

    async def _fetch_token(self, credentials: Credentials) -> Token:
        _, url = await self._vtn.discover(self._wire)
        body = token_form(credentials)
        reply = await self._wire.exchange("POST", url, headers=_FORM, body=body)
        return read_token(reply, url)

    async def _exchange(self, request: Request, token: str | None) -> Reply:
        headers = _JSON if token is None else {**_JSON, "Authorization": f"Bearer {token}"}
        url = self._vtn.url + request.path
        if request.query:
            url = f"{url}?{urlencode(request.query)}"
        return await self._wire.exchange(request.method, url, headers=headers, body=request.body)


async def _wire() -> ModuleType:
    """The module that knows httpx, loaded on first use and beside the event loop."""
    return await asyncio.to_thread(importlib.import_module, "vendash.vtn.wire")
