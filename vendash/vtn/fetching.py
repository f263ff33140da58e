"""Getting a token, in whichever way the VTN's token endpoint takes credentials."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vendash.vtn.answers import Reply, scrubbed
from vendash.vtn.auth import Credentials, Style, Token, read_token, secrets_in, token_request

if TYPE_CHECKING:
    from vendash.vtn.client import Vtn
    from vendash.vtn.wire import Wire

_OTHER_STYLE = frozenset({400, 401, 415, 422})
"""Answers of a token endpoint that may mean: not in this way."""


async def fetch_token(vtn: Vtn, wire: Wire, credentials: Credentials) -> Token:
    """A new token; the way that works is remembered.

    Raises:
        VtnAuthError: The VTN refuses the credentials.
        VtnError: It cannot be asked, or answers with something else.
    """
    url = await vtn.token_url(wire)
    refused: Reply | None = None
    for style in vtn.styles():
        reply = await _asked(vtn, wire, url, credentials, style)
        if reply.ok:
            token = read_token(reply, url)
            vtn.style_worked(style)
            vtn.vitals.token_came(token)
            return token
        if refused is None or (reply.status == 401 and refused.status != 401):
            refused = reply  # the one that has understood us
        if reply.status not in _OTHER_STYLE:
            break
    return read_token(refused or Reply(401), url)


async def _asked(vtn: Vtn, wire: Wire, url: str, credentials: Credentials, style: Style) -> Reply:
    headers, body = token_request(credentials, style)
    started = time.monotonic()
    reply = await wire.exchange("POST", url, headers=headers, body=body)
    vtn.vitals.answered(reply, time.monotonic() - started)
    return scrubbed(reply, secrets_in(credentials))
