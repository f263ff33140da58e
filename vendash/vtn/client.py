"""The client of an OpenADR 3 VTN: one VTN, and a connection of its own for every worker."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin

from vendash.vtn.address import check_protected, checked_token_url
from vendash.vtn.answers import CHECK_CREDENTIALS
from vendash.vtn.auth import Credentials, Style, Tokens, is_token
from vendash.vtn.connection import HEADERS, Connection
from vendash.vtn.detection import AUTH_SERVER, token_url_named
from vendash.vtn.dialects import Dialect, dialect_named
from vendash.vtn.errors import VtnAuthError
from vendash.vtn.lists import WholeLists
from vendash.vtn.vensecrets import NoVenSecrets, VenSecrets
from vendash.vtn.vitals import Vitals

if TYPE_CHECKING:
    from types import ModuleType

    from vendash.vtn.wire import Wire

TIMEOUT = 10.0
"""Seconds for a whole call."""


class Vtn:
    """One VTN: its address, who we are to it, and the dialect it speaks.

    Args:
        url: As `vtn_address` returns it.
        credentials: Client id and secret; None for a VTN that asks for none.
        bearer_token: A token to send as it is, instead of credentials.
        dialect: `3.1`, `3.0.1` or `energydesk`; empty to find out, which only reads.
        token_url: Where tokens come from; empty to ask the VTN.
        auth: How credentials go to the token endpoint; `auto` tries the form first.
        insecure: Allow plain http to another machine.
        ca_file: PEM file of the authorities to trust instead of the system's.
        timeout: Seconds for a whole call.
        ven_secrets: Where the tokens of single VENs are kept; nowhere by default.

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
        token_url: str = "",
        auth: Literal["auto", "form", "basic"] = "auto",
        insecure: bool = False,
        ca_file: str | None = None,
        timeout: float = TIMEOUT,
        ven_secrets: VenSecrets | None = None,
    ) -> None:
        check_protected(url, insecure=insecure)
        if token_url:
            check_protected(token_url, insecure=insecure)
        if bearer_token is not None and not is_token(bearer_token):
            raise VtnAuthError("The bearer token holds characters that no token has.")
        self.url = url
        self.credentials = credentials
        self.tokens = Tokens(bearer_token)
        self.insecure = insecure
        self.vitals = Vitals()
        self.ven_secrets = ven_secrets or NoVenSecrets()
        self.lists = WholeLists()
        self._dialect = dialect_named(dialect) if dialect else None
        self._ca_file = ca_file
        self._timeout = timeout
        self._configured_token_url = token_url
        self._named_token_url: str | None = None
        self._asked_for_tokens = False
        self._style: Style | None = None if auth == "auto" else auth
        self._asking = asyncio.Lock()
        self.detecting = asyncio.Lock()

    @property
    def dialect(self) -> str:
        """The name of the dialect; empty while it is not known."""
        return self._dialect.name if self._dialect else ""

    @property
    def known_dialect(self) -> Dialect | None:
        """The dialect; None while it is not known."""
        return self._dialect

    @property
    def advice(self) -> str:
        """What to do where the VTN does not let us in."""
        if self.tokens.fixed:
            return "give another bearer token"
        return CHECK_CREDENTIALS if self.credentials else CHECK_CREDENTIALS.replace("check", "set")

    def speaks(self, name: str) -> Dialect:
        """It was found out that this is its dialect; a configured one stays."""
        self._dialect = self._dialect or dialect_named(name)
        return self._dialect

    def styles(self) -> tuple[Style, ...]:
        """How credentials may go to the token endpoint, in the order to try."""
        if self._style is not None:
            return (self._style,)
        basic_only = self._dialect is not None and self._dialect.basic_only
        return ("basic",) if basic_only else ("form", "basic")

    def style_worked(self, style: Style) -> None:
        """The token endpoint takes credentials in this way."""
        self._style = style

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        """A connection for one worker; nothing is sent before its first request."""
        wire = await _wire()
        context = await asyncio.to_thread(wire.ssl_context, self._ca_file)
        async with wire.Wire(context, timeout=self._timeout) as open_wire:
            yield Connection(self, open_wire)

    async def token_url(self, wire: Wire) -> str:
        """Where tokens come from: as configured, else as the VTN says, else by custom.

        Raises:
            VtnError: The VTN cannot be asked, or names a place on another host.
        """
        if self._configured_token_url:
            return self._configured_token_url
        if self._dialect is not None and self._dialect.basic_only:
            raise VtnAuthError(
                "This VTN does not say where its tokens come from: set token_url, or"
                " OAUTHCHECK_ACCESS_TOKEN_OBTAIN_URL."
            )
        named = await self.ask_auth_server(wire)
        if named is None:
            return f"{self.url}/auth/token"
        try:
            absolute = urljoin(f"{self.url}/", named)
        except ValueError:
            absolute = ""
        return checked_token_url(absolute, self.url, insecure=self.insecure)

    async def ask_auth_server(self, wire: Wire) -> str | None:
        """The token URL that the VTN names, asked once; a VTN that can be asked so speaks 3.1.

        Raises:
            VtnError: It cannot answer now, or is no VTN.
        """
        async with self._asking:
            if not self._asked_for_tokens:
                url = self.url + AUTH_SERVER.path
                reply = await wire.exchange("GET", url, headers=HEADERS)
                self._named_token_url = token_url_named(reply, self.url)
                if reply.ok:
                    self.speaks("3.1")
                self._asked_for_tokens = True
            return self._named_token_url


async def _wire() -> ModuleType:
    """The module that knows httpx, loaded on first use and beside the event loop."""
    return await asyncio.to_thread(importlib.import_module, "vendash.vtn.wire")


__all__ = ["TIMEOUT", "Connection", "Vtn"]
