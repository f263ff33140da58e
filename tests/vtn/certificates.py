"""A VTN behind TLS whose certificate is good, expired, for another name, or of a stranger."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trustme

from tests.vtn.scripted import Handler, Scripted, scripted

NOW = datetime.datetime.now(datetime.UTC)


@asynccontextmanager
async def behind_tls(
    handler: Handler,
    folder: Path,
    *,
    name: str = "localhost",
    ends: datetime.datetime | None = None,
) -> AsyncIterator[tuple[Scripted, str]]:
    """The server (its URL begins with https://localhost) and the CA file to trust it with."""
    authority = trustme.CA()
    certificate = authority.issue_cert(name, not_after=ends)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(file)
    async with scripted(handler, tls=context) as server:
        server.url = server.url.replace("http://127.0.0.1", "https://localhost")
        yield server, str(file)
