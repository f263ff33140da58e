"""Who we are to a VTN, and the one token that all connections share.

OAuth2 client credentials as OpenADR 3 uses them, a bearer token given by the user, or nothing.
Lifetimes are measured on the monotonic clock: a Raspberry Pi boots with a wrong time of day.
"""

from __future__ import annotations

import asyncio
import base64
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote_plus, urlencode

import msgspec

from vendash.text import plain
from vendash.vtn.answers import CHECK_CREDENTIALS, Reply, redirected, shape, words
from vendash.vtn.errors import (
    VtnAnswerError,
    VtnAuthError,
    VtnBusyError,
    VtnError,
)

RENEW_AT = 0.8
"""Of its life, a token is renewed."""
FORBIDDEN_AGAIN = 30.0
"""Seconds in which a second 403 is taken for a missing right, not for a dead token."""
LONGEST_TOKEN = 20_000
"""Characters."""

Style = Literal["form", "basic"]
"""How client id and secret go to the token endpoint."""
Fetch = Callable[[], Awaitable["Token"]]

_HEADERS = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """Client id and secret. The secret is in no repr, error or log."""

    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r}, client_secret='***')"


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A bearer token and its life, in seconds on the monotonic clock."""

    value: str
    renew_at: float
    expires_at: float = math.inf
    fetched_at: float = 0.0
    scopes: tuple[str, ...] | None = None
    """That it was given; None where the VTN does not say."""

    def __repr__(self) -> str:
        return "Token('***')"


class Tokens:
    """The one token of a VTN: fetched once, however many requests wait for it."""

    def __init__(self, fixed: str | None = None) -> None:
        self._fixed = fixed
        self._token: Token | None = None
        self._lock = asyncio.Lock()
        self._forbidden_at = float("-inf")
        self._fetches = 0
        self._failure: VtnError | None = None

    @property
    def fixed(self) -> bool:
        """Whether a token of the user's is sent as it is."""
        return self._fixed is not None

    async def current(self, fetch: Fetch | None) -> str | None:
        """The token to send; None where there is none to send.

        Raises:
            VtnError: There is none to be had; said to all who waited for the same answer.
        """
        if fetch is None:
            return self._fixed
        asked = self._fetches
        async with self._lock:
            token = self._token
            if token is None or time.monotonic() >= token.renew_at:
                token = await self._fetched(fetch, asked)
            return token.value

    async def after_refusal(
        self, refused: str | None, status: int, fetch: Fetch | None
    ) -> str | None:
        """Another token to try once after a 401 or 403; None where that makes no sense.

        Raises:
            VtnError: As `current`.
        """
        if fetch is None:
            return None
        asked = self._fetches
        async with self._lock:
            if self._token is not None and self._token.value == refused:
                now = time.monotonic()
                if status == 403 and now - self._forbidden_at < FORBIDDEN_AGAIN:
                    return None
                self._forbidden_at = now if status == 403 else self._forbidden_at
                await self._fetched(fetch, asked)
            return None if self._token is None else self._token.value

    async def _fetched(self, fetch: Fetch, asked: int) -> Token:
        """A new token; an answer that came while we waited counts for us, also a refusal."""
        if self._failure is not None and self._fetches > asked:
            raise type(self._failure)(str(self._failure))
        try:
            self._token = await fetch()
        except VtnError as error:
            self._failure = error
            self._fetches += 1
            raise
        self._failure = None
        self._fetches += 1
        return self._token


def token_request(credentials: Credentials, style: Style) -> tuple[dict[str, str], bytes]:
    """Headers and body of a request for a token (RFC 6749, 4.4.2 and 2.3.1)."""
    form = {"grant_type": "client_credentials"}
    if style == "basic":
        return {**_HEADERS, "Authorization": f"Basic {_basic(credentials)}"}, _form(form)
    form |= {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
    return dict(_HEADERS), _form(form)


def secrets_in(credentials: Credentials) -> tuple[str, ...]:
    """The secret in every form in which it travels."""
    secret = credentials.client_secret
    return (_basic(credentials), secret, quote_plus(secret))


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.client_id}:{credentials.client_secret}"
    return base64.b64encode(pair.encode()).decode()


def _form(fields: Mapping[str, str]) -> bytes:
    return urlencode(fields).encode()


def read_token(reply: Reply, url: str) -> Token:
    """The token of an answer; one without `expires_in` lives until it is refused.

    `access_token_jwt` (EnergyDesk) comes before `access_token`.

    Raises:
        VtnError: The answer holds none; which error says why.
    """
    if not reply.ok:
        raise _refused(reply, url)
    try:
        answer = msgspec.json.decode(reply.body, type=dict[str, object])
    except (ValueError, RecursionError):
        answer = {}
    value = answer.get("access_token_jwt") or answer.get("access_token")
    if not isinstance(value, str) or not is_token(value):
        found = _fields(answer) or shape(reply)  # never its words: they may be the token
        raise VtnAnswerError(
            f"{url} answers with {found} and not with an access_token: "
            "check the address of tokens (token_url)."
        )
    now, life = time.monotonic(), _seconds(answer.get("expires_in"))
    return Token(value, now + RENEW_AT * life, now + life, now, _scopes(answer.get("scope")))


def is_token(text: str) -> bool:
    """Whether a header can carry it."""
    fits = 0 < len(text) <= LONGEST_TOKEN
    return fits and text.isascii() and text.isprintable() and " " not in text


def _fields(answer: Mapping[str, object]) -> str:
    names = ", ".join(plain(name, 20) for name in list(answer)[:5])
    return f"an object of {names}" if names else ""


def _scopes(said: object) -> tuple[str, ...] | None:
    """Words in one text (RFC 6749, 3.3), or a list as some VTNs send it."""
    if isinstance(said, str):
        said = said.split()
    if not isinstance(said, list):
        return None
    return tuple(plain(one, 60) for one in said[:100] if isinstance(one, str))


def _seconds(life: object) -> float:
    try:
        seconds = float(life)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return float("inf")
    return float("inf") if math.isnan(seconds) else max(seconds, 1.0)


def _refused(reply: Reply, url: str) -> VtnError:
    status, said = reply.status, words(reply)
    if status in {400, 401, 403}:
        shown = f" ({said})" if said else ""
        return VtnAuthError(f"The VTN refuses the client id or secret{shown}: {CHECK_CREDENTIALS}.")
    if 300 <= status < 400:
        return VtnAnswerError(redirected(reply, url))
    if status == 429 or status >= 500:
        return VtnBusyError(
            f"The VTN gives no token now ({status}): {said.rstrip('.') or 'it does not say why'}."
        )
    return VtnAnswerError(
        f"There are no tokens at {url} ({status}): the base path of the VTN may be wrong "
        "(vendash doctor looks for the right one), or token_url."
    )
