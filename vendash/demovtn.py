"""The VTN of the demo: a process that ends with this one, and is started again where it has ended.

It keeps its objects in a file, and while the demo runs its address and credentials, so that engine
and console go on with it as if it had only been away.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from vendash.keeping import RESTARTS, WITHIN_SECONDS, CompanionEngine
from vendash.processes import Companion


@dataclass(frozen=True, slots=True)
class Peer:
    """Where the demo's VTN is, and the development credentials it made for loopback."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)

    @property
    def credentials(self) -> dict[str, str]:
        """As the VTN and the engine take them from the environment."""
        return {"OAUTH_CLIENT_ID": self.client_id, "OAUTH_CLIENT_SECRET": self.client_secret}


class DemoVtn:
    """Started by `start`; `tend` starts it again."""

    peer: Peer
    _companion: Companion | None = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._restarts: list[float] = []

    async def start(self) -> None:
        """Start it with credentials of its own, at the port of the last run where that is free.

        Raises:
            VendashError: It does not start.
        """
        none = {"OAUTH_CLIENT_ID": "", "OAUTH_CLIENT_SECRET": ""}
        self.peer = await self._started(self._free_port(), none)
        (self._folder / "port").write_text(str(urlsplit(self.peer.url).port))

    async def tend(self) -> str:
        """Start it again where it has ended; what was done about it, in a sentence, or nothing.

        However it ended: nobody else could start it, for only we know its credentials.

        Raises:
            VendashError: It does not start, for instance as its port is taken.
        """
        if self._companion is None or self._companion.alive:
            return ""
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < WITHIN_SECONDS]
        if len(self._restarts) >= RESTARTS:
            return ""
        self._restarts.append(now)
        await self._started(urlsplit(self.peer.url).port or 0, self.peer.credentials)
        return "The demo's VTN had ended; it was started again with all that it held."

    async def stop(self) -> None:
        """Tell it to end, and wait until it has."""
        if self._companion is not None:
            await self._companion.stop()

    async def _started(self, port: int, credentials: dict[str, str]) -> Peer:
        state = str(self._folder / "vtn.db")
        self._companion = await Companion.start(
            ["vtn", "--port", str(port), "--state", state, "--announce"],
            name="demo-vtn",
            environment=credentials,
        )
        return msgspec.json.decode(await self._companion.first_line(), type=Peer)

    def _free_port(self) -> int:
        """The port of the last run where it is still free, else 0 for any."""
        try:
            port = int((self._folder / "port").read_text())
            with socket.create_server(("127.0.0.1", port)):
                return port
        except (OSError, ValueError):
            return 0


class DemoEngine(CompanionEngine):
    """The demo's engine; who tends it tends the demo's VTN, too."""

    def __init__(self, database: Path, vtn: DemoVtn, environment: dict[str, str]) -> None:
        super().__init__(database, name="demo-engine", environment=environment)
        self._vtn = vtn

    async def tend(self) -> str:
        """Start again what has ended of the two; what was done about it, in a sentence.

        Raises:
            VendashError: The VTN does not start.
        """
        return await self._vtn.tend() or await super().tend()
