"""Where a VTN is when it is not at the address that was given: looked for by reading only."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from vendash.vtn.answers import Reply
from vendash.vtn.connection import HEADERS, LARGEST_LIST, Connection, url_of
from vendash.vtn.detection import AUTH_SERVER, token_url_named
from vendash.vtn.dialects.base import Request, read_list
from vendash.vtn.errors import VtnError, VtnSilentError, VtnUnreachableError

USUAL = ("", "/openadr3/3.1.0", "/openadr3/3.1.1", "/openadr3/3.0.1", "/openadr3", "/api", "/vtn")
"""Base paths of VTNs that were seen."""

VENS = Request("GET", "/vens", (("skip", "0"), ("limit", "1")))
"""The smallest question that is only answered where a VTN is."""


async def found_elsewhere(connection: Connection, url: str) -> str | None:
    """The address of a VTN on the same host; None where none is found."""
    for other in _others(url):
        try:
            if await _is_there(connection, other):
                return other
        except (VtnSilentError, VtnUnreachableError):
            return None  # nor will it answer elsewhere, and each question takes its time
        except VtnError:
            continue
    return None


async def bare(connection: Connection, base: str, request: Request) -> Reply:
    """What a request without a token is answered with, at this base URL.

    Raises:
        VtnError: As `Wire.exchange`.
    """
    url = url_of(base, request)
    send = connection.wire.exchange
    return await send(request.method, url, headers=HEADERS, largest=LARGEST_LIST)


def is_vtn(reply: Reply) -> bool:
    """Whether a question for a list of VENs was answered as a VTN does: with one, or guarded."""
    if reply.status in {401, 403}:
        return True
    try:
        read_list(reply.body)
    except ValueError:
        return False
    return reply.ok


async def _is_there(connection: Connection, url: str) -> bool:
    reply = await bare(connection, url, AUTH_SERVER)
    if reply.ok and token_url_named(reply, url):
        return True
    return is_vtn(await bare(connection, url, VENS))


def _others(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    above = parts.path.rstrip("/")
    paths = list(USUAL)
    while above := above.rpartition("/")[0]:
        paths.append(above)
    for path in dict.fromkeys(paths):
        other = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
        if other != url:
            yield other
