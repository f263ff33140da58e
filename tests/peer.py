"""The embedded VTN as a process of its own, and what it holds, counted over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vendash.vtn.auth import Credentials
from vendash.vtn.client import Vtn


@dataclass(frozen=True)
class Peer:
    """A running VTN."""

    url: str
    client_id: str
    client_secret: str
    process: subprocess.Popen[str]

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to reach it."""
        return {
            "VTN_SERVER_ADDRESS": self.url,
            "OAUTH_CLIENT_ID": self.client_id,
            "OAUTH_CLIENT_SECRET": self.client_secret,
        }

    def count(self) -> tuple[int, int]:
        """How many VENs and resources it holds."""
        return asyncio.run(self._count())

    async def _count(self) -> tuple[int, int]:
        vtn = Vtn(self.url, credentials=Credentials(self.client_id, self.client_secret))
        async with vtn.connect() as connection:
            return await connection.count()


@contextmanager
def peer(
    *, port: int = 0, state: Path | None = None, dialect: str = "3.1", secret: str = "s3cret"
) -> Iterator[Peer]:
    """A VTN for the length of the block; killed at its end, as a power cut does."""
    arguments = ["--port", str(port), "--dialect", dialect, "--announce"]
    if state is not None:
        arguments += ["--state", str(state)]
    process = subprocess.Popen(
        [sys.executable, "-m", "vendash", "vtn", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OAUTH_CLIENT_ID": "tester", "OAUTH_CLIENT_SECRET": secret},
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield Peer(told["url"], "tester", secret, process)
    finally:
        process.kill()
        process.communicate()
