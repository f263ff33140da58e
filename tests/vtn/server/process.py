"""The VTN as a process of its own, as the command and the demo run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.vtn.server.client import ssl_context
from vendash.vtn.server import Dialect

_PROGRAM = """
import asyncio, json, resource, sys
from pathlib import Path
from vendash.errors import VendashError
from vendash.vtn.server import run_vtn
options = json.loads(sys.argv[1])
if options["file_bytes"]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (options["file_bytes"],) * 2)
try:
    asyncio.run(run_vtn(
        host=options["host"],
        port=options["port"],
        dialect=options["dialect"],
        state_file=Path(options["state_file"]) if options["state_file"] else None,
        auth=options["auth"],
        announce=options["announce"],
        exit_with_stdin=options["exit_with_stdin"],
    ))
except VendashError as error:
    sys.exit(str(error))
"""


@dataclass(frozen=True, slots=True)
class VtnProcess:
    """A running process and what it announced."""

    process: subprocess.Popen[str]
    announced: Mapping[str, str | None]

    @property
    def url(self) -> str:
        """Its base URL."""
        return str(self.announced["url"])

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A client with a token of the announced credentials."""
        with httpx.Client(base_url=self.url, verify=ssl_context(), timeout=20) as client:
            if self.announced["client_id"] is not None:
                form = {"grant_type": "client_credentials", **self.announced}
                token = client.post("/auth/token", data=form).json()["access_token"]
                client.headers["Authorization"] = f"Bearer {token}"
            yield client


def start(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    dialect: Dialect = "3.1",
    state_file: Path | None = None,
    auth: bool = True,
    announce: str = "json",
    exit_with_stdin: bool = True,
    file_bytes: int | None = None,
    environ: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    """Start `run_vtn`; `file_bytes` limits how large a file it can write, as a full disk does."""
    options = {
        "host": host,
        "port": port,
        "dialect": dialect,
        "state_file": str(state_file) if state_file else None,
        "auth": auth,
        "announce": announce,
        "exit_with_stdin": exit_with_stdin,
        "file_bytes": file_bytes,
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OAUTH_")}
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, json.dumps(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=kept | dict(environ or {}),
    )


@contextmanager
def running(process: subprocess.Popen[str]) -> Iterator[VtnProcess]:
    """The process once it has announced itself; killed at the end of the block."""
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise AssertionError(process.communicate()[1])
            yield VtnProcess(process, json.loads(line))
        finally:
            process.kill()
