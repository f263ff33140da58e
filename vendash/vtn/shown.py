"""A request as a person reads it before it leaves: exactly what is sent, without its secrets."""

from __future__ import annotations

import json

from vendash.text import harmless
from vendash.vtn.connection import HEADERS, url_of
from vendash.vtn.dialects import Dialect
from vendash.vtn.dialects.base import Request

MASKED = "Bearer ***"


def shown(request: Request, dialect: Dialect, *, base: str = "", token: bool = True) -> str:
    """The request as text of several lines, fit for a terminal: method, URL, headers, body.

    Args:
        request: As a dialect writes it.
        dialect: Named above the request.
        base: The VTN's URL.
        token: Whether a token goes with it; it is masked.
    """
    headers = {**HEADERS, "Authorization": MASKED} if token else HEADERS
    lines = [f"# OpenADR {dialect.name}", f"{request.method} {url_of(base, request)}"]
    if request.cannot:
        lines.append(f"# Not sent: {request.cannot}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if request.body is not None:
        lines += ["", _pretty(request.body)]
    return harmless("\n".join(lines))


def _pretty(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body.decode(errors="replace")
