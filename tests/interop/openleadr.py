"""openleadr-vtn, the certified OpenADR 3.1 VTN in Rust, as a process that can be killed."""

from __future__ import annotations

import base64
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.interop.postgres import BUILD, ENVIRONMENT, Cluster
from tests.interop.processes import start, tied, wait_for_service

PROGRAM = BUILD / "openleadr" / "bin" / "openleadr-vtn"
CLIENT_ID = "console"
_SCOPES = ("read_all", "write_vens_bl", "write_programs", "write_events", "write_reports_bl")
_FIRST_USER = """
insert into "user" (id, reference, created, modified, scopes)
values ('1', '{client}', now(), now(), '{{{scopes}}}'::scope[]);
insert into user_credentials (user_id, client_id, client_secret)
values ('1', '{client}', '{hash}');
"""
_HASH = "import argon2; print(argon2.PasswordHasher(1, 64).hash(input()))"


class OpenLeadr:
    """One VTN with a database of its own; the database stays when the VTN is killed."""

    def __init__(self, cluster: Cluster, database: str) -> None:
        self._cluster = cluster
        self._database = database
        self._port = _free_port()
        self._log = cluster.folder / f"{database}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"
        self.client_id = CLIENT_ID
        self.client_secret = secrets.token_urlsafe(24)

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to reach it."""
        return {
            "VTN_SERVER_ADDRESS": self.url,
            "OAUTH_CLIENT_ID": self.client_id,
            "OAUTH_CLIENT_SECRET": self.client_secret,
        }

    def start(self) -> None:
        """Start it and wait until it answers. It forgets the tokens it gave before."""
        self._process = start(
            tied([PROGRAM]),
            log=self._log,
            folder=self._cluster.folder,  # it would read a .env of the folder it is started in
            environment={
                "PATH": os.environ["PATH"],
                "DATABASE_URL": self._cluster.url(self._database),
                "PORT": str(self._port),
                "OAUTH_BASE64_SECRET": base64.b64encode(secrets.token_bytes(32)).decode(),
                "OAUTH_TOKEN_URL": f"{self.url}/auth/token",
                "RUST_LOG": "warn",
            },
        )
        wait_for_service(self._process, self._healthy, self._log)

    def kill(self) -> None:
        """As a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def admit(self) -> None:
        """Insert the first user, who may do what business logic may."""
        hashed = subprocess.run(
            [ENVIRONMENT / "bin" / "python", "-c", _HASH],
            input=self.client_secret,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        self.sql(_FIRST_USER.format(client=CLIENT_ID, scopes=",".join(_SCOPES), hash=hashed))

    def sql(self, text: str) -> list[list[str]]:
        """What its database says, past the VTN."""
        return self._cluster.sql(self._database, text)

    def count(self) -> tuple[int, int]:
        """How many VENs and resources are in its database."""
        ((vens, resources),) = self.sql(
            "select (select count(*) from ven), (select count(*) from resource)"
        )
        return int(vens), int(resources)

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=1).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def openleadr(cluster: Cluster, database: str) -> Iterator[OpenLeadr]:
    """An empty VTN for the length of the block."""
    cluster.create(database)
    vtn = OpenLeadr(cluster, database)
    try:
        vtn.start()
        vtn.admit()
        yield vtn
    finally:
        vtn.kill()
        cluster.drop(database)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
