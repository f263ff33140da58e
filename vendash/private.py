"""Files with secrets: only their owner can read them, or they are not read."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vendash.errors import VendashError

LARGEST = 10_000_000
"""Bytes; no file with secrets is larger."""


def read_private(path: Path) -> bytes | None:
    """The content of a file that only its owner can read; None where there is none.

    Raises:
        VendashError: Others can read it, or it cannot be read at all.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VendashError(
            f"The secrets in {path} cannot be read ({error.strerror}): check its permissions."
        ) from error
    try:
        _check(path, os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(LARGEST)
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes) -> None:
    """Put it in the place of the file, durable, and readable by its owner only.

    Raises:
        VendashError: It cannot be written.
    """
    try:
        _write(path, content)
    except OSError as error:
        raise _unwritable(path, error) from error


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """No other process changes the file during the block.

    Raises:
        VendashError: Its folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # held for milliseconds, by ourselves alone
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # 0600 from the start
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
        raise VendashError(f"{path} is no file with secrets: remove it, or name another.")
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or found.st_uid not in {os.geteuid(), 0}:
        raise VendashError(
            f"Others can read the secrets in {path}, so they are not used:"
            f" chown it to you and run: chmod 600 {path}"
        )


def _unwritable(path: Path, error: OSError) -> VendashError:
    return VendashError(
        f"The secrets cannot be written to {path} ({error.strerror}):"
        " make room, and its folder writable."
    )
