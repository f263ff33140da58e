"""What a VTN answered, and how to say it to an operator. Everything in it is hostile text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from vendash.text import is_control, plain
from vendash.vtn.errors import VtnAnswerError, VtnAuthError, VtnBusyError, VtnError

LONGEST_WORDS = 160
SHORTEST_SECRET = 6
"""Characters; a shorter one is found in any text."""
A_PAGE, SOMETHING = "a web page", "something else"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, whatever its status."""

    status: int
    body: bytes = b""
    content_type: str = ""
    location: str = ""
    retry_after: float | None = None
    """Seconds, where the VTN asks for a pause."""
    date: float | None = None
    """The VTN's clock as it answered, in Unix seconds without a fraction."""
    certificate_ends: float | None = None
    """Unix time at which the certificate of the VTN ends; None without TLS."""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


def scrubbed(reply: Reply, secrets: Iterable[str]) -> Reply:
    """The answer with every secret in it made unreadable: some servers repeat what they refuse."""
    body, to = reply.body, reply.location
    for secret in secrets:
        if len(secret) < SHORTEST_SECRET:
            continue
        body = body.replace(secret.encode(), b"***")
        to = to.replace(secret, "***")
    return (
        reply
        if (body, to) == (reply.body, reply.location)
        else replace(reply, body=body, location=to)
    )


class UnexpectedReplyError(Exception):
    """An answer that a list or an object cannot be read from; `reply` holds it."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"HTTP {reply.status}")
        self.reply = reply


def words(reply: Reply) -> str:
    """The VTN's own words on one line, safe to show and short; empty where there are none.

    Reads a problem object (RFC 9457), an OAuth error, lists of either, and plain text.
    """
    if _is_page(reply):
        return A_PAGE
    try:
        text = _said(msgspec.json.decode(reply.body[:100_000]))
    except (ValueError, RecursionError):
        text = reply.body[:1000].decode(errors="replace")
    return plain(" ".join(_calm(text).split()), LONGEST_WORDS)


def refusal(reply: Reply, what: str) -> str:
    """A sentence that the VTN refuses something, with its status and words."""
    said = words(reply)
    return f"The VTN refuses {what} ({reply.status}){': ' + said if said else ''}".rstrip(".") + "."


CHECK_CREDENTIALS = "check OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET"


def trouble(reply: Reply, url: str, advice: str = CHECK_CREDENTIALS) -> VtnError:
    """The error that this answer to a plain reading request means for the VTN as a whole.

    Args:
        reply: The answer.
        url: Of the VTN.
        advice: What to do where it does not let us in.
    """
    status = reply.status
    if status in {401, 403}:
        return VtnAuthError(_not_let_in(reply, url, advice))
    if status == 429 or status >= 500:
        said = words(reply)
        return VtnBusyError(
            f"The VTN at {url} cannot work now ({status}{': ' + said if said else ''})."
        )
    if 300 <= status < 400:
        return VtnAnswerError(redirected(reply, url))
    path = "check its path, which is often like /openadr3/3.1.0"
    if status == 404:
        return VtnAnswerError(f"There is no OpenADR 3 at {url} (404): {path}.")
    if reply.ok:
        return VtnAnswerError(f"{url} answers with {kind(reply)} and not with OpenADR 3: {path}.")
    return VtnAnswerError(refusal(reply, f"a plain question at {url}"))


def _not_let_in(reply: Reply, url: str, advice: str) -> str:
    if reply.status == 401:
        return f"The VTN at {url} does not let us in (401): {advice}."
    return (
        f"The VTN at {url} does not let this client read VENs (403): "
        "it needs the rights of business logic (read_all, write_vens)."
    )


def redirected(reply: Reply, url: str) -> str:
    """A sentence about an answer that leads elsewhere; nobody follows it."""
    to = plain(reply.location, 100) or "an unnamed place"
    return f"{url} sends us on to {to} ({reply.status}): give the VTN's own address instead."


def kind(reply: Reply) -> str:
    """What a useless answer is, in words for a person."""
    what = shape(reply)
    said = words(reply) if what == SOMETHING else ""
    return f"'{plain(said, 60)}'" if said else what


def shape(reply: Reply) -> str:
    """The same without the VTN's own words: in some answers they may be a secret."""
    if not reply.body.strip():
        return "nothing"
    return A_PAGE if _is_page(reply) else SOMETHING


def _is_page(reply: Reply) -> bool:
    return b"<html" in reply.body[:2000].lower() or "html" in reply.content_type


def _said(value: object) -> str:
    if isinstance(value, dict):
        for key in ("detail", "title", "error_description", "error", "message", "msg"):
            if said := _said(value.get(key)):
                return said
    if isinstance(value, list):
        return next((said for item in value[:5] if (said := _said(item))), "")
    return value if isinstance(value, str) else ""


def _calm(text: str) -> str:
    return "".join(" " if is_control(c) else c for c in text[:2000])
