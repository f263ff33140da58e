"""Where the VTN is: from an option, the environment, or the default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit, urlunsplit

from vendash.errors import VendashError
from vendash.text import first_control, is_control, plain
from vendash.vtn.errors import VtnUntrustedError

DEFAULT_ADDRESS = "http://localhost:8000"


def vtn_address(url: str | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """The base URL of the VTN, without a slash at its end.

    Either the given one, else `VTN_SERVER_ADDRESS` with `VTN_API_PREFIX`, else
    `http://localhost:8000`; each with or without a path (`http://host:port/openadr3/3.1.0`).

    Raises:
        VendashError: It is not an address of a VTN.
    """
    if url:
        return checked_address(url, "--vtn-url")
    if named := environ.get("VTN_SERVER_ADDRESS", ""):
        prefix = environ.get("VTN_API_PREFIX", "").strip("/ ")
        return checked_address(f"{named.strip().rstrip('/')}/{prefix}", "VTN_SERVER_ADDRESS")
    return DEFAULT_ADDRESS


def is_loopback(url: str) -> bool:
    """Whether the host of the URL is this machine itself."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def same_host(one: str, other: str) -> bool:
    """Whether both URLs lead to the same host, whatever the port."""
    if is_loopback(one) and is_loopback(other):
        return True
    return urlsplit(one).hostname == urlsplit(other).hostname


def checked_token_url(token_url: str, vtn_url: str, *, insecure: bool) -> str:
    """The token URL that a VTN named, where the secret may go.

    Raises:
        VtnUntrustedError: It is on another host, or unprotected.
    """
    try:
        own = token_url.startswith(("https://", "http://")) and same_host(token_url, vtn_url)
    except ValueError:  # not even an address
        own = False
    if not own or "@" in token_url or first_control(token_url) is not None:
        raise VtnUntrustedError(
            "The VTN names a place for tokens that is not on its own host, so the client secret is"
            " not sent there: set token_url if that place is right."
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
            " a tunnel to this machine (ssh -L), or insecure = true in the settings."
        )


def checked_address(text: str, source: str) -> str:
    """A base URL, or one of tokens, as it was set in `source`; without a slash at its end.

    Raises:
        VendashError: It is not an address.
    """
    if "@" in text:  # never shown: what stands before it may be a password
        raise VendashError(
            f"{source}: leave user and password out of the address: "
            "give them as OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET."
        )
    text = text.strip()
    shown = plain(text, 80)
    example = "write it like http://localhost:8000 or https://vtn.example.com/openadr3/3.1.0"
    if not text.lower().startswith(("http://", "https://")):
        raise VendashError(f"{source}: '{shown}' has to begin with http:// or https://: {example}.")
    parts = _split(text)
    if parts is None or any(is_control(c) or c.isspace() for c in text):
        raise VendashError(f"{source}: '{shown}' is not the address of a VTN: {example}.")
    if parts.query or parts.fragment:
        raise VendashError(f"{source}: '{shown}' must end with its path, without '?' or '#'.")
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts if valid else None
