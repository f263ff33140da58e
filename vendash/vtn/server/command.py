"""`vendash vtn`: the embedded VTN as a process of its own, and as the peer of a parent."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TextIO

import msgspec

from vendash.errors import VendashError
from vendash.lifetime import run_until_stopped
from vendash.vtn.server.app import VtnApp
from vendash.vtn.server.control import CONTROL
from vendash.vtn.server.faults import changed
from vendash.vtn.server.journal import durable_state
from vendash.vtn.server.serving import LOOPBACK, serve
from vendash.vtn.server.settings import (
    ALL_SCOPES,
    NO_FAULTS,
    Dialect,
    Faults,
    VtnSettings,
    is_loopback,
)
from vendash.vtn.server.state import VtnState


@dataclass(frozen=True, slots=True)
class _Credentials:
    client_id: str
    secret: str = field(repr=False)
    made: bool
    """Here, for development; not given by the environment."""


async def run_vtn(
    host: str = LOOPBACK,
    port: int = 8000,
    *,
    dialect: Dialect = "3.1",
    state_file: Path | None = None,
    auth: bool = True,
    faults: Faults = NO_FAULTS,
    control: bool = False,
    announce: Literal["text", "json"] = "text",
    exit_with_stdin: bool = False,
    out: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Serve a VTN until SIGTERM, SIGINT or SIGHUP.

    Args:
        host: address to listen on.
        port: 0 for any that is free.
        dialect: the version of OpenADR 3 to speak.
        state_file: where the state is kept; None keeps it in memory. Tokens are never kept.
        auth: False lets anyone in.
        faults: what it does on purpose that a good VTN does not.
        control: whether programs on this machine may change that at run time (`/_control`).
        announce: `text` for a person; `json` for a parent process, one line with `url`,
            `client_id` and `client_secret` (both null without auth).
        exit_with_stdin: end at the end of standard input: a parent that holds the other end of
            the pipe takes this process with it, however it dies.
        out: where to announce; standard output by default.
        environ: OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET are the credentials that are let in;
            without them a client with a new secret is made, and announced.

    Raises:
        VendashError: the port or the state file cannot be used, or credentials are missing.
    """
    credentials = _credentials(environ, host) if auth else None
    clients = {credentials.client_id: (credentials.secret, ALL_SCOPES)} if credentials else {}
    settings = VtnSettings(
        dialect=dialect, auth=auth, clients=clients, faults=faults, control=control
    )
    stream = out or sys.stdout

    def announce_url(url: str) -> None:
        line = _json_line if announce == "json" else _text
        stream.write(line(url, settings, state_file, credentials))
        stream.flush()

    async with _state(state_file, dialect) as state:
        serving = serve(host, port, VtnApp(state, settings), announce_url)
        await run_until_stopped(serving, with_stdin=exit_with_stdin)


@asynccontextmanager
async def _state(path: Path | None, dialect: Dialect) -> AsyncIterator[VtnState]:
    if path is None:
        yield VtnState()
        return
    async with durable_state(path, dialect) as state:
        yield state


def _credentials(environ: Mapping[str, str], host: str) -> _Credentials:
    client_id = environ.get("OAUTH_CLIENT_ID", "")
    secret = environ.get("OAUTH_CLIENT_SECRET", "")
    if client_id and secret:
        return _Credentials(client_id, secret, made=False)
    if client_id or secret:
        raise VendashError("Set both OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET, or neither.")
    if not is_loopback(host):
        raise VendashError(
            f"To be reached at {host} the VTN needs credentials of yours: set OAUTH_CLIENT_ID and "
            "OAUTH_CLIENT_SECRET (or let anyone in with --no-auth)."
        )
    return _Credentials("vendash", secrets.token_urlsafe(24), made=True)


def _json_line(
    url: str, _settings: VtnSettings, _path: Path | None, credentials: _Credentials | None
) -> str:
    line = {
        "url": url,
        "client_id": credentials.client_id if credentials else None,
        "client_secret": credentials.secret if credentials else None,
    }
    return msgspec.json.encode(line).decode() + "\n"


def _text(
    url: str, settings: VtnSettings, path: Path | None, credentials: _Credentials | None
) -> str:
    spoken = "EnergyDesk" if settings.dialect == "energydesk" else f"OpenADR {settings.dialect}"
    lines = [f"VTN ({spoken}) at {url}"]
    lines.append(f"State: {path}" if path else "State: in memory, gone when this ends")
    if credentials is None:
        lines.append("Without authentication: anyone who reaches it may do everything.")
    else:
        lines.append(f"OAUTH_CLIENT_ID={credentials.client_id}")
        lines.append(
            f"OAUTH_CLIENT_SECRET={credentials.secret}"
            if credentials.made
            else "OAUTH_CLIENT_SECRET is the one of the environment"
        )
    if faults := changed(settings.faults):
        lines.append(
            "Faults on purpose: " + ", ".join(f"{k}={str(v).lower()}" for k, v in faults.items())
        )
    if settings.control:
        lines.append(f"Control path for programs on this machine: {url}{CONTROL}")
    return "\n".join(lines) + "\n"
