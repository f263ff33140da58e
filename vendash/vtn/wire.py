"""The only module that knows httpx: one connection to a VTN, and its failures in our words.

Imported when the first request is made, because httpx takes a tenth of a second to load.
Every worker has a connection, hence an httpx transport, of its own: one pool shared by many gets
slower with every one of them, and a cancelled request can leave it full for good. A client around
the transport would follow redirects, keep cookies and undo compression, none of which is wanted
here, for a third more processor time a request.
"""

from __future__ import annotations

import asyncio
import functools
import math
import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self
from urllib.parse import urlsplit

import httpx

from vendash.text import plain
from vendash.vtn.answers import Reply
from vendash.vtn.errors import (
    VtnAnswerError,
    VtnError,
    VtnSilentError,
    VtnUnreachableError,
    VtnUntrustedError,
)

LARGEST_ANSWER = 5_000_000
"""Bytes; a page of 50 resources is about 60,000."""
LONGEST_PAUSE = 300.0
"""Seconds; no VTN can stop us for longer."""
KEEP_ALIVE = 75.0
"""Seconds that an idle connection stays open."""

_ALWAYS = {"User-Agent": "vendash", "Accept-Encoding": "identity"}
_NO_HOST = (httpx.InvalidURL, UnicodeError)  # names that no DNS could hold
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, *_NO_HOST)


class Wire:
    """One connection, kept alive between requests."""

    def __init__(self, context: ssl.SSLContext, *, timeout: float) -> None:
        self._context = context
        self._timeout = timeout
        # The shorter one first: httpx closes a socket that it gave up, but not a cancelled one.
        self._patience = httpx.Timeout(timeout, connect=timeout / 2).as_dict()
        self._transport = self._new_transport()
        self._tls: object | None = None
        self._ends: float | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        body: bytes | None = None,
        largest: int = LARGEST_ANSWER,
        patience: float = 1.0,
    ) -> Reply:
        """Send one request and read its answer, all within the timeout.

        Args:
            method: HTTP's.
            url: The whole of it.
            headers: Of the request.
            body: Of the request.
            largest: Bytes of the answer that are read at most.
            patience: How many times the timeout this answer may take.

        Raises:
            VtnUnreachableError: Nothing has left.
            VtnUntrustedError: The certificate is not valid; nothing has left.
            VtnSilentError: It has left, and there is no whole answer.
            VtnAnswerError: It has left, and the answer is too large.
        """
        try:
            # httpx never gives up on a slow drip of bytes
            async with asyncio.timeout(self._timeout * patience):
                return await self._exchange(method, url, headers, body, largest)
        except _NEVER_LEFT as error:
            raise _unreachable(error, url) from error
        except (TimeoutError, httpx.TimeoutException) as error:
            await self._renew()
            silent = isinstance(error, httpx.TimeoutException)  # not a byte for so long
            seconds = self._timeout * (1.0 if silent else patience)
            raise VtnSilentError(f"The VTN did not answer within {seconds:g} s.") from error
        except httpx.RequestError as error:
            raise VtnSilentError(
                "The connection to the VTN broke before its answer was complete."
            ) from error

    async def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, largest: int
    ) -> Reply:
        request = httpx.Request(method, url, headers=_ALWAYS | headers, content=body)
        request.extensions = {"timeout": self._patience}
        response = await self._transport.handle_async_request(request)
        try:
            content = await _bounded(response, largest)
            ends = self._certificate_ends(response) if url.startswith("https:") else None
        finally:
            await response.aclose()
        return _reply(response, content, ends)

    def _certificate_ends(self, response: httpx.Response) -> float | None:
        """Read once for every connection that was made."""
        stream = response.extensions.get("network_stream")
        tls = stream.get_extra_info("ssl_object") if stream is not None else None
        if tls is not self._tls:
            self._tls = tls
            end = str((tls.getpeercert() or {}).get("notAfter", "")) if tls is not None else ""
            self._ends = float(ssl.cert_time_to_seconds(end)) if end else None
        return self._ends

    async def _renew(self) -> None:
        """A request that was cancelled while it connected can leave the pool full for good."""
        abandoned, self._transport = self._transport, self._new_transport()
        await abandoned.aclose()

    def _new_transport(self) -> httpx.AsyncHTTPTransport:
        limits = httpx.Limits(
            max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_ALIVE
        )
        return httpx.AsyncHTTPTransport(verify=self._context, limits=limits, trust_env=False)


@functools.cache
def ssl_context(ca_file: str | None) -> ssl.SSLContext:
    """The context for every connection of this process (30 ms and 0.8 MB each).

    Raises:
        VtnUntrustedError: The CA file cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise VtnUntrustedError(
            f"The CA file {plain(str(ca_file), 80)} cannot be used: give a readable PEM file."
        ) from error


async def _bounded(response: httpx.Response, largest: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > largest:
            raise VtnAnswerError(
                f"The VTN's answer is larger than {largest // 1_000_000} MB:"
                " is this the right address?"
            )
        parts.append(part)
    return b"".join(parts)


def _reply(response: httpx.Response, content: bytes, certificate_ends: float | None) -> Reply:
    headers = {name.lower(): value.decode("latin-1") for name, value in response.headers.raw}
    return Reply(
        status=response.status_code,
        body=content,
        content_type=headers.get(b"content-type", ""),
        location=headers.get(b"location", ""),
        retry_after=_retry_after(headers.get(b"retry-after"), headers.get(b"date")),
        date=_timestamp(headers.get(b"date", "")),
        certificate_ends=certificate_ends,
    )


def _retry_after(value: str | None, date: str | None) -> float | None:
    """Seconds or an HTTP date (RFC 9110, 10.2.3), the latter by the VTN's own clock."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        until, now = _http_date(value), _http_date(date or "")
        if until is None or now is None:
            return None
        seconds = (until - now).total_seconds()
    return None if math.isnan(seconds) else min(max(0.0, seconds), LONGEST_PAUSE)


def _timestamp(date: str) -> float | None:
    at = _http_date(date)
    return None if at is None else at.timestamp()


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _unreachable(error: Exception, url: str) -> VtnError:
    parts = urlsplit(url)
    at = f"{parts.scheme}://{parts.netloc}"
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return VtnUntrustedError(f"The certificate of the VTN at {at} {_distrusted(cause)}.")
        if isinstance(cause, ssl.SSLError):
            return VtnUntrustedError(
                f"The VTN at {at} does not speak TLS here: is it an http:// address?"
            )
        if isinstance(cause, (socket.gaierror, *_NO_HOST)):
            return VtnUnreachableError(
                f"The host {parts.hostname} of the VTN is not known: check the address."
            )
    if isinstance(error, httpx.TimeoutException):
        return VtnUnreachableError(
            f"There is no connection to the VTN at {at}: check the address and the network."
        )
    return VtnUnreachableError(
        f"The VTN at {at} refuses the connection: is it running, and is the address right?"
    )


_DISTRUST = {  # X509_V_ERR_...: why, and what to do
    9: "is not valid yet: set the clock of this machine right, or the one it was made with",
    10: "has expired: have it renewed there, or set the clock of this machine right",
    18: "is signed by itself: give it as the CA file (ca_file) if you trust it",
    62: "is for another name: correct the address, or the certificate",
    64: "is for another address: correct the address, or the certificate",
}


def _distrusted(error: ssl.SSLCertVerificationError) -> str:
    if known := _DISTRUST.get(error.verify_code):
        return known
    why = plain(error.verify_message or "verification failed", 100)
    return f"is not valid here ({why}): give the CA file it was signed with (ca_file)"


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or following.__context__
    return chain
