"""One sender per database: a file lock beside it, which says who holds it.

The engine holds it for as long as it runs, and `vendash register` while it sends without one. The
kernel lets go of it when its process dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from vendash.errors import VendashError

_PATIENCE_SECONDS = 0.3
"""Looking at a lock (`holder`) takes it for an instant; that must not fail who wants it."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lock."""

    kind: Literal["engine", "register", "drift", "demo"]
    pid: Annotated[int, msgspec.Meta(gt=0)]
    """Never one of the numbers that stand for many processes: this one may be told to end."""
    since: Annotated[float, msgspec.Meta(ge=0, le=1e11)]
    """Unix time."""

    def __str__(self) -> str:
        when = time.strftime("%H:%M", time.localtime(self.since))
        return f"{self.kind}, process {self.pid}, since {when}"


class HeldByOtherError(VendashError):
    """Someone else holds the lock; `holder` says who."""

    def __init__(self, message: str, holder: Holder | None) -> None:
        super().__init__(message)
        self.holder = holder


def lock_path(database: Path) -> Path:
    """The lock file of a database."""
    return database.with_name(database.name + ".sender")


@contextmanager
def exclusive(
    path: Path, kind: Literal["engine", "register", "drift", "demo"], refusal: str
) -> Iterator[None]:
    """Hold the lock at `path` for the time of the block.

    Raises `HeldByOtherError` with `refusal` and the holder when another process has it, and
    `VendashError` when the file cannot be written.
    """
    descriptor = _open(path)
    try:
        _take(descriptor, path, refusal)
        _sign(descriptor, path, Holder(kind, os.getpid(), time.time()))
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder(path: Path) -> Holder | None:
    """Who holds the lock now; None when nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe must not hang us
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(path)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(path, error) from error


def _sign(descriptor: int, path: Path, holder: Holder) -> None:
    """Write who holds the lock."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(holder), 0)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> VendashError:
    return VendashError(
        f"Cannot write the lock {path} ({error.strerror}): make room, and its folder writable."
    )


def _take(descriptor: int, path: Path, refusal: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                who = _read(path)
                raise HeldByOtherError(f"{refusal} ({who})" if who else refusal, who) from None
            time.sleep(0.02)
        except OSError as error:  # a file system without locks
            raise _unusable(path, error) from error
        else:
            return


def _read(path: Path) -> Holder | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None
