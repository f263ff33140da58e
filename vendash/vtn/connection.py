"""One worker's way to a VTN: requests with a token, lists, and what they say of the VTN."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from vendash.errors import VendashError
from vendash.vtn.answers import Reply, UnexpectedReplyError, refusal, scrubbed, trouble
from vendash.vtn.auth import Fetch, is_token
from vendash.vtn.detection import (
    ONE_RESOURCE,
    OPENAPI,
    dialect_of_openapi,
    dialect_of_resources,
)
from vendash.vtn.dialects import Dialect
from vendash.vtn.dialects.base import Listed, Request
from vendash.vtn.errors import VtnAuthError, VtnError
from vendash.vtn.fetching import fetch_token
from vendash.vtn.lists import Pages, WholeList, paged, read_page, unlisted

if TYPE_CHECKING:
    from vendash.vtn.client import Vtn
    from vendash.vtn.wire import Wire

HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}
LARGEST_LIST = 64_000_000
"""Bytes of a list, which may come whole; 10,562 resources are about 17,000,000."""
LIST_PATIENCE = 6.0
"""Times the timeout of other calls, for such a list."""
NO_LIST = "This VTN shows no list, so what it holds cannot be compared: have a look there."

_TROUBLE = frozenset({401, 403, 429})


class Connection:
    """One worker's way to the VTN. Requests on it follow one another."""

    def __init__(self, vtn: Vtn, wire: Wire) -> None:
        self._vtn = vtn
        self.wire = wire
        """For what is asked without a token."""
        self._pages = Pages()

    @property
    def url(self) -> str:
        """Of the VTN."""
        return self._vtn.url

    @property
    def advice(self) -> str:
        """What to do where the VTN does not let us in."""
        return self._vtn.advice

    async def dialect(self) -> Dialect:
        """The dialect of the VTN, found out by reading only where it is not known.

        Raises:
            VtnError: It cannot be found out now.
        """
        known = self._vtn.known_dialect
        if known is not None:
            return known
        async with self._vtn.detecting:
            return self._vtn.known_dialect or await self._detected()

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

        What the dialect has no call for is answered here with 405, and an object that can only be
        had with its whole list is taken out of that.

        Raises:
            VtnAuthError: The VTN does not let us in (401), or gives no token.
            VtnError: As `Wire.exchange`.
        """
        if request.cannot:
            return _cannot(request.cannot)
        if request.one_of:
            return await self._one_of(request)
        reply: Reply | None = None
        try:
            reply = await self._sent(request)
        finally:
            if request.name and request.method != "GET":
                self._wrote(request.name, reply)
        if request.method == "POST":
            await self._posted(request, reply)
        return reply

    async def greet(self) -> str:
        """Whether all is well with the VTN: dialect, token and the right to read.

        Returns:
            The name of the dialect.

        Raises:
            VtnError: What is wrong, and what to do.
        """
        dialect = await self.dialect()
        reply = await self._sent_whole(dialect.greeting)  # some VTNs ignore a limit
        try:
            await read_page(dialect, reply)
        except UnexpectedReplyError:
            raise trouble(reply, self._vtn.url, self._vtn.advice) from None
        return dialect.name

    async def pages(
        self, path: str, query: tuple[tuple[str, str], ...] = ()
    ) -> AsyncIterator[list[Listed]]:
        """The objects of a list, page by page, each once, whatever the VTN makes of pages.

        Raises:
            UnexpectedReplyError: A page was refused, or is no list.
            VtnError: As `send`; also when the list has no end.
        """
        dialect = await self.dialect()
        if dialect.paged:
            async for page in paged(self._sent_whole, dialect, path, query, self._pages):
                yield page
            return
        name = dict(query).get("name")
        try:
            whole = await self._whole(dialect, path, name)
            found = whole.objects if name is None else whole.named(name)
        except UnexpectedReplyError as error:
            told = unlisted(self._vtn.lists, path, name, error.reply)
            if told is None:
                raise
            found = told
        if name is not None and found and path == "/vens":
            await self._check_ven_token(dialect, name)
        yield found

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
            raise trouble(error.reply, self._vtn.url, self._vtn.advice) from None
        return len(vens), resources

    async def _detected(self) -> Dialect:
        vtn = self._vtn
        await vtn.ask_auth_server(self.wire)
        found = vtn.known_dialect
        if found is None:
            reply = await self._sent_whole(ONE_RESOURCE)
            name = await asyncio.to_thread(dialect_of_resources, reply, vtn.url)
            found = vtn.speaks(name or dialect_of_openapi(await self.send(OPENAPI), vtn.url))
        return found

    # --- one request ---------------------------------------------------------------------------

    async def _sent(
        self, request: Request, *, largest: int | None = None, patience: float = 1.0
    ) -> Reply:
        vtn, fetch = self._vtn, self._fetch
        try:
            token = await vtn.tokens.current(fetch)
            reply = await self._exchange(request, token, largest, patience)
            if reply.status in {401, 403}:
                fresh = await vtn.tokens.after_refusal(token, reply.status, fetch)
                if fresh is not None:
                    reply = await self._exchange(request, fresh, largest, patience)
            if reply.status == 401:
                raise trouble(reply, vtn.url, vtn.advice)
        except VtnError as error:
            vtn.vitals.failed(str(error))
            raise
        if reply.status in _TROUBLE or reply.status >= 500:
            vtn.vitals.failed(refusal(reply, f"{request.method} {request.path}"))
        return reply

    async def _exchange(
        self, request: Request, token: str | None, largest: int | None, patience: float
    ) -> Reply:
        headers = HEADERS if token is None else {**HEADERS, "Authorization": f"Bearer {token}"}
        limits = {} if largest is None else {"largest": largest}
        started = time.monotonic()
        with self._vtn.vitals.flight():
            reply = await self.wire.exchange(
                request.method,
                url_of(self._vtn.url, request),
                headers=headers,
                body=request.body,
                patience=patience,
                **limits,
            )
        self._vtn.vitals.answered(reply, time.monotonic() - started)
        return scrubbed(reply, (token or "",))

    def _wrote(self, name: str, reply: Reply | None) -> None:
        """What a whole list, read before, is still worth about this item."""
        dialect = self._vtn.known_dialect
        if dialect is None or dialect.paged:
            return
        if reply is not None and reply.status == 409:
            self._vtn.lists.conflict(name, reply.body)
        else:
            self._vtn.lists.touched(name)

    async def _posted(self, request: Request, reply: Reply) -> None:
        """Keep what a VTN says only once: the token of a VEN."""
        vtn, dialect = self._vtn, self._vtn.known_dialect
        if dialect is None or dialect.paged:
            return
        is_new_ven = reply.ok and request.path == "/vens"
        token = dialect.ven_secret(reply.body) if is_new_ven else None
        if token is not None and is_token(token):
            ven = request.name  # not the one that the answer names
            try:
                await asyncio.to_thread(vtn.ven_secrets.keep_token, ven, token)
            except VendashError as error:
                vtn.vitals.failed(str(error))
                vtn.vitals.ven_token(ven, known=False)
            else:
                vtn.vitals.ven_token(ven, known=True)

    async def _check_ven_token(self, dialect: Dialect, ven: str) -> None:
        """A VEN that is there already: was the answer with its token lost?"""
        try:
            token = await asyncio.to_thread(self._vtn.ven_secrets.token, ven)
        except VendashError as error:
            self._vtn.vitals.failed(str(error))
            return
        self._vtn.vitals.ven_token(ven, known=token is not None)

    # --- lists that come whole -----------------------------------------------------------------

    async def _whole(self, dialect: Dialect, path: str, name: str | None) -> WholeList:
        async def read() -> list[Listed]:
            return await read_page(dialect, await self._sent_whole(dialect.page(path, 0)))

        return await self._vtn.lists.get(path, name, read)

    async def _sent_whole(self, request: Request) -> Reply:
        return await self._sent(request, largest=LARGEST_LIST, patience=LIST_PATIENCE)

    async def _one_of(self, request: Request) -> Reply:
        dialect = await self.dialect()
        try:
            whole = await self._whole(dialect, request.path, request.name)
        except UnexpectedReplyError as error:
            hidden = self._vtn.lists.is_hidden(request.path, error.reply)
            return _cannot(NO_LIST) if hidden else error.reply
        found = whole.get(request.one_of)
        return Reply(404) if found is None else Reply(200, found.body, "application/json")

    # --- tokens --------------------------------------------------------------------------------

    @property
    def _fetch(self) -> Fetch | None:
        if self._vtn.credentials is None:
            return None
        return functools.partial(fetch_token, self._vtn, self.wire, self._vtn.credentials)


def _cannot(why: str) -> Reply:
    return Reply(405, msgspec.json.encode({"detail": why}), "application/json")


def url_of(base: str, request: Request) -> str:
    """The whole URL of a request."""
    url = base + request.path
    return f"{url}?{urlencode(request.query)}" if request.query else url
