"""The connections to one database file, and the rule of one function, one hop, one transaction.

A function handed to `read` or `write` runs as a whole on the thread of one aiosqlite connection,
so that no transaction is ever open while something else is awaited, and a cancelled caller can
never leave half of one behind.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar, cast

import aiosqlite

from vendash.errors import ReadOnlyError
from vendash.finishing import to_its_end
from vendash.store.errors import explain

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Execute = Callable[[Work[object], sqlite3.Connection], Awaitable[object]]

BUSY_SECONDS = 5.0
"""How long to wait for another program's lock before saying so."""
CHECKPOINT_BYTES = 16 * 1024 * 1024
"""A write-ahead log above this is written back into the file by whoever just wrote."""
INSTRUCTIONS = 20_000
"""Of SQLite's virtual machine between two looks at whether anyone still waits: well under 1 ms."""


class Link:
    """One long-lived connection and its thread; functions run on it one after the other."""

    def __init__(self, path: Path, connection: aiosqlite.Connection) -> None:
        self._path = path
        self._connection = connection

    @classmethod
    async def open(cls, path: Path, *pragmas: str, read_only: bool) -> Link:
        """Connect to an existing file. Raises `VendashError` where that cannot be done."""

        def connector() -> sqlite3.Connection:
            return connect(path, *pragmas, read_only=read_only)

        connection = aiosqlite.Connection(connector, iter_chunk_size=64)
        # A program that never closes its store must still end; what it committed is durable.
        connection._thread.daemon = True
        try:
            await connection
        except sqlite3.Error as error:
            raise explain(error, path) from error
        return cls(path, connection)

    async def run(self, work: Work[T]) -> T:
        """Run the function on the connection's thread, to its end even if the caller is cancelled.

        Raises `VendashError` in place of SQLite's errors.
        """
        return await to_its_end(asyncio.create_task(self._hop(tolerant(work))))

    async def ask(self, work: Work[T]) -> T:
        """Run a reading function; when the caller is cancelled it is given up in the middle."""
        question = _Question(work)
        reading = asyncio.create_task(self._hop(question.run))
        return await to_its_end(reading, question.given_up.set)

    async def close(self) -> None:
        """Close when everything queued is done."""
        await self._connection.close()

    async def _hop(self, work: Work[T]) -> T:
        # The one function of aiosqlite that runs a whole function in one hop has no public name.
        try:
            execute = cast(Execute, self._connection._execute)
            return cast(T, await execute(work, self._connection._conn))
        except sqlite3.Error as error:
            raise explain(error, self._path) from error


class _Question(Generic[T]):
    """A reading function that nobody may want to hear the answer of any more."""

    def __init__(self, work: Work[T]) -> None:
        self._work = work
        self.given_up = threading.Event()

    def run(self, connection: sqlite3.Connection) -> T:
        # Not interrupt(): that misses a statement that is about to begin, which then runs on.
        connection.set_progress_handler(self.given_up.is_set, INSTRUCTIONS)
        try:
            return tolerant(self._work)(connection)
        finally:
            connection.set_progress_handler(None, 0)


def connect(path: Path, *pragmas: str, read_only: bool = False) -> sqlite3.Connection:
    """A connection to an existing file in autocommit mode, with our settings."""
    mode = "ro" if read_only else "rw"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_SECONDS,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        for pragma in ("synchronous = FULL", "wal_autocheckpoint = 0", *pragmas):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def transaction(connection: sqlite3.Connection, work: Work[T]) -> T:
    """Run the function in one transaction that holds the write lock from its start."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite has ended it itself when the disk is full
            connection.execute("ROLLBACK")
        raise
    return result


def checkpoint(connection: sqlite3.Connection) -> None:
    """Write the log back and cut it to nothing, unless a reader is in the way."""
    connection.execute("PRAGMA busy_timeout = 50")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")


def tolerant(work: Work[T]) -> Work[T]:
    """The function, run again with damaged characters replaced where text is not UTF-8."""

    def run(connection: sqlite3.Connection) -> T:
        try:
            return work(connection)
        except sqlite3.OperationalError as error:
            if "decode to UTF-8" not in str(error) or connection.text_factory is not str:
                raise
        # Only now are the cursors of the first try gone, which would be in the way.
        connection.text_factory = _damaged
        return work(connection)

    return run


def _damaged(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


class Database:
    """One writer, two readers that cannot write, and a watcher of other programs' changes.

    Quick reads (a screenful) and slow ones (all keys, sums) have a reader each, so that a key
    press never waits for a sum.
    """

    def __init__(
        self, path: Path, writer: Link | None, quick: Link, slow: Link, watcher: Link
    ) -> None:
        self.path = path
        self._writer = writer
        self._quick = quick
        self._slow = slow
        self._watcher = watcher
        self._wal = path.with_name(path.name + "-wal")
        self._closed = False

    @classmethod
    async def open(cls, path: Path, *, read_only: bool) -> Database:
        """Connect four times. The file exists and has our schema."""
        links: list[Link] = []
        try:
            for _ in range(3):
                links.append(await Link.open(path, "query_only = ON", read_only=read_only))
            writer = None if read_only else await Link.open(path, read_only=False)
        except BaseException:
            for link in links:
                await link.close()
            raise
        return cls(path, writer, *links)

    @property
    def read_only(self) -> bool:
        """Whether there is no writer."""
        return self._writer is None

    async def read(self, work: Work[T]) -> T:
        """Run a quick reading function."""
        return await self._quick.ask(lambda connection: snapshot(connection, work))

    async def read_slowly(self, work: Work[T]) -> T:
        """Run a reading function that may take long."""
        return await self._slow.ask(lambda connection: snapshot(connection, work))

    async def write(self, work: Work[T]) -> T:
        """Run a function in one transaction. Raises `ReadOnlyError` in read-only mode."""
        if self._writer is None:
            raise ReadOnlyError("This is read-only: start vendash without --read-only to change.")
        return await self._writer.run(lambda connection: self._commit(connection, work))

    async def version(self) -> int:
        """A number that changes with every commit of any connection or program."""
        return await self._watcher.run(_data_version)

    async def close(self) -> None:
        """Write the log back and close all; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        for link in (self._watcher, self._quick, self._slow):
            await link.close()
        if self._writer is not None:
            try:
                await self._writer.run(checkpoint)
            finally:
                await self._writer.close()

    def _commit(self, connection: sqlite3.Connection, work: Work[T]) -> T:
        result = transaction(connection, work)
        with suppress(FileNotFoundError):
            if self._wal.stat().st_size > CHECKPOINT_BYTES:
                checkpoint(connection)
        return result


def snapshot(connection: sqlite3.Connection, work: Work[T]) -> T:
    """Run a reading function over one state of the file, however many queries it makes."""
    connection.execute("BEGIN")
    try:
        return work(connection)
    finally:
        with suppress(sqlite3.Error):  # nothing was written, and of a damaged file it may fail
            connection.execute("ROLLBACK")


def _data_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
