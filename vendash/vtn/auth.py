"""Who we are to a VTN, and the one token that all connections share.

OAuth2 client credentials as OpenADR 3 uses them, a bearer token given by the user, or nothing.
Lifetimes are measured on the monotonic clock: a Raspberry Pi boots with a wrong time of day.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

import msgspec

from vendash.errors import VendashError
from vendash.vtn.address import is_loopback, same_host
from vendash.vtn.answers import Reply, kind, redirected, words
from vendash.vtn.errors import (
    VtnAnswerError,
    VtnAuthError,
    VtnBusyError,
    VtnError,
    VtnUntrustedError,
)

RENEW_AT = 0.8
"""Of its life, a token is renewed."""
FORBIDDEN_AGAIN = 30.0
"""Seconds in which a second 403 is taken for a missing right, not for a dead token."""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """Client id and secret. The secret is in no repr, error or log."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r}, client_secret='***')"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Self | None:
        """From `OAUTH_CLIENT_ID` and `OAUTH_CLIENT_SECRET`; None where neither is set.

        Raises:
            VendashError: Only one of them is set.
        """
        client_id = environ.get("OAUTH_CLIENT_ID", "")
        client_secret = environ.get("OAUTH_CLIENT_SECRET", "")
        if not client_id and not client_secret:
            return None
        if not client_id or not client_secret:
            missing = "OAUTH_CLIENT_SECRET" if client_id else "OAUTH_CLIENT_ID"
            raise VendashError(f"{missing} is not set: set both, or neither for a VTN without.")
        return cls(client_id, client_secret)


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A bearer token and when to renew it, in seconds on the monotonic clock."""

    value: str
    renew_at: float

    def __repr__(self) -> str:
        return "Token('***')"


class Tokens:
    """The one token of a VTN: fetched once, however many requests wait for it."""

    def __init__(self, fixed: str | None = None) -> None:
        self._fixed = fixed
        self._token: Token | None = None
        self._lock = asyncio.Lock()
        self._forbidden_at = float("-inf")

    async def current(self, fetch: Callable[[], Awaitable[Token]] | None) -> str | None:
        """The token to send; None where there is none to send."""
        if fetch is None:
            return self._fixed
        async with self._lock:
            if self._token is None or time.monotonic() >= self._token.renew_at:
                self._token = await fetch()
            return self._token.value

    async def after_refusal(
        self, refused: str | None, status: int, fetch: Callable[[], Awaitable[Token]] | None
    ) -> str | None:
        """Another token to try once after a 401 or 403; None where that makes no sense."""
        if fetch is None:
            return None
        async with self._lock:
            if self._token is not None and self._token.value == refused:
                now = time.monotonic()
                if status == 403 and now - self._forbidden_at < FORBIDDEN_AGAIN:
                    return None
                self._forbidden_at = now if status == 403 else self._forbidden_at
                self._token = await fetch()
            return None if self._token is None else self._token.value


def token_form(credentials: Credentials) -> bytes:
    """The body of a request for a token (RFC 6749, 4.4.2), as every known VTN but one takes it."""
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
    }
    return urlencode(form).encode()


def checked_token_url(token_url: str, vtn_url: str, *, insecure: bool) -> str:
    """The token URL that a VTN named, where the secret may go.

    Raises:
        VtnUntrustedError: It is on another host, or unprotected.
    """
    if not token_url.startswith(("https://", "http://")) or not same_host(token_url, vtn_url):
        raise VtnUntrustedError(
            "The VTN names a place for tokens that is not on its own host: "
            "the client secret is not sent there."
        )
    check_protected(token_url, insecure=insecure)
    return token_url


def check_protected(url: str, *, insecure: bool) -> None:
    """Plain http only to this machine itself, unless the user says otherwise.

    Raises:
        VtnUntrustedError: Secrets would travel unprotected.
    """
    if url.startswith("http://") and not is_loopback(url) and not insecure:
        raise VtnUntrustedError(
            f"{url} is not protected, and secrets would travel on it: use https://,"
            " or a tunnel to this machine (ssh -L)."
        )


def read_token(reply: Reply, url: str) -> Token:
    """The token of an answer; one without `expires_in` lives until it is refused.

    Raises:
        VtnError: The answer holds none; which error says why.
    """
    if not reply.ok:
        raise _refused(reply, url)
    try:
        answer = msgspec.json.decode(reply.body, type=dict[str, object])
    except (ValueError, RecursionError):
        answer = {}
    value, life = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise VtnAnswerError(f"{url} answers with {kind(reply)} and not with a token.")
    return Token(value, time.monotonic() + RENEW_AT * _seconds(life))


def _seconds(life: object) -> float:
    try:
        seconds = float(life)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("inf")
    return float("inf") if math.isnan(seconds) else max(seconds, 1.0)


def _refused(reply: Reply, url: str) -> VtnError:
    status, said = reply.status, words(reply)
    if status in {400, 401, 403}:
        shown = f" ({said})" if said else ""
        return VtnAuthError(
            f"The VTN refuses the client id or secret{shown}: "
            "check OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET."
        )
    if 300 <= status < 400:
        return VtnAnswerError(redirected(reply, url))
    if status == 429 or status >= 500:
        return VtnBusyError(
            f"The VTN gives no token now ({status}): {said or 'it does not say why'}."
        )
    return VtnAnswerError(f"There are no tokens at {url} ({status}): check the address of the VTN.")
