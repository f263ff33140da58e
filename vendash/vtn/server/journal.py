"""The state of a VTN in a SQLite file of its own: committed before an answer leaves.

Group commit: what is recorded while one transaction is written goes into the next, so that many
clients share the syncs. WAL with synchronous=FULL; one connection, which holds the file
exclusively for as long as the VTN runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiosqlite
import msgspec

from vendash.errors import VendashError
from vendash.vtn.server.settings import Dialect
from vendash.vtn.server.state import StateLostError, VtnState
from vendash.vtn.server.stored import Kind, Stored, make_stored

APPLICATION_ID = 0x76654456
"""Marks the file as a state of this VTN (`PRAGMA application_id`)."""
SCHEMA_VERSION = 1

_SCHEMA = (
    "CREATE TABLE objects (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
    "kind TEXT NOT NULL, json BLOB NOT NULL) STRICT",
    "CREATE TABLE vtn (dialect TEXT NOT NULL) STRICT",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)
_PUT = (
    "INSERT INTO objects (seq, id, kind, json) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET json = excluded.json"
)
_DELETE = "DELETE FROM objects WHERE id = ?"

Change = tuple[Stored | None, Stored | None]


@dataclass(slots=True)
class _Batch:
    """Changes that share a transaction, and its outcome."""

    done: asyncio.Future[None]
    changes: list[Change] = field(default_factory=list)


class SqliteJournal:
    """Writes batches of changes; made and ended by `durable_state`."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._loop = asyncio.get_running_loop()
        self._open = self._new_batch()
        self._writing: _Batch | None = None
        self._wake = asyncio.Event()
        self._closing = False

    def record(self, before: Stored | None, after: Stored | None) -> None:
        """See `state.Journal`. Call `settled` in the same step, with no await between."""
        self._open.changes.append((before, after))
        self._wake.set()

    async def settled(self) -> None:
        """See `state.Journal`."""
        batch = self._open if self._open.changes else self._writing
        if batch is not None:
            # A client that hangs up must not cancel the outcome that others wait for.
            await asyncio.shield(batch.done)

    async def run(self, state: VtnState) -> None:
        """Write batches until `close`; a batch that fails is undone in `state`."""
        while not self._closing or self._open.changes:
            await self._wake.wait()
            self._wake.clear()
            self._writing, self._open = self._open, self._new_batch()
            try:
                await self._write(self._writing.changes)
            except Exception as error:  # whatever it was: nobody may wait forever
                self._give_up(state, error)
            else:
                self._writing.done.set_result(None)
            self._writing = None

    def close(self) -> None:
        """Let `run` end when everything is written."""
        self._closing = True
        self._wake.set()

    async def _write(self, changes: list[Change]) -> None:
        last: dict[str, Stored | None] = {}
        for before, after in changes:
            held = after or before
            if held is not None:
                last[held.id] = after
        puts = [(s.seq, s.id, s.kind, s.json) for s in last.values() if s is not None]
        deletes = [(object_id,) for object_id, stored in last.items() if stored is None]
        if not last:
            return
        try:
            await self._db.execute("BEGIN IMMEDIATE")
            await self._db.executemany(_PUT, puts)
            await self._db.executemany(_DELETE, deletes)
            await self._db.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                await self._db.execute("ROLLBACK")
            raise

    def _give_up(self, state: VtnState, error: Exception) -> None:
        """Undo the batch and, as they may rest on it, the changes made since."""
        lost = StateLostError(f"The VTN could not write its state file ({error}).")
        assert self._writing is not None  # noqa: S101
        for batch in (self._open, self._writing):
            for before, after in reversed(batch.changes):
                state.undo(before, after)
            batch.done.set_exception(lost)
            batch.done.exception()  # nobody may be left to hear of it
        self._open = self._new_batch()

    def _new_batch(self) -> _Batch:
        return _Batch(self._loop.create_future())


@asynccontextmanager
async def durable_state(path: Path, dialect: Dialect) -> AsyncIterator[VtnState]:
    """The state in the file at `path`, which is made where there is none.

    Raises:
        VendashError: the file is of another program, newer, damaged, in use by another VTN, or
            holds objects of the other dialect.
    """
    try:
        _create_private(path)
        db = await aiosqlite.connect(path, isolation_level=None, timeout=1.0)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise VendashError(
            f"The state file {path} cannot be opened ({why}): name a file that you may write."
        ) from error
    try:
        stored = await _open(db, path, dialect)
        journal = SqliteJournal(db)
        state = VtnState(journal)
        for item in stored:
            state.load(item)
        writing = asyncio.create_task(journal.run(state))
        try:
            yield state
        finally:
            journal.close()
            await writing
    finally:
        await db.close()


def _create_private(path: Path) -> None:
    """Only its owner may read it: subscriptions hold tokens for callbacks."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


async def _open(db: aiosqlite.Connection, path: Path, dialect: Dialect) -> list[Stored]:
    try:
        await db.execute("PRAGMA locking_mode = EXCLUSIVE")
        await _require_ours(db, path)
        await db.execute("PRAGMA journal_mode = WAL")
        await db.execute("PRAGMA synchronous = FULL")
        await _create_tables(db, dialect)
        await _require_dialect(db, path, dialect)
        rows = await db.execute_fetchall("SELECT seq, kind, json FROM objects ORDER BY seq")
        return [_stored(seq, kind, json) for seq, kind, json in rows]
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise VendashError(
                f"The state file {path} is in use by another VTN: stop it, or name another file."
            ) from error
        raise VendashError(f"The state file {path} cannot be opened ({error}).") from error
    except (sqlite3.DatabaseError, msgspec.MsgspecError, KeyError, TypeError) as error:
        raise VendashError(
            f"The state file {path} is damaged ({error}): restore a copy, or name another file."
        ) from error


async def _require_ours(db: aiosqlite.Connection, path: Path) -> None:
    application_id = await _value(db, "PRAGMA application_id")
    tables = await _value(db, "SELECT count(*) FROM sqlite_schema")
    if tables and application_id != APPLICATION_ID:
        raise VendashError(f"{path} belongs to another program: name another state file.")
    if tables and int(str(await _value(db, "PRAGMA user_version"))) > SCHEMA_VERSION:
        raise VendashError(f"The state file {path} was made by a newer vendash: install that one.")
    if (check := await _value(db, "PRAGMA quick_check(1)")) != "ok":
        raise sqlite3.DatabaseError(str(check))


async def _create_tables(db: aiosqlite.Connection, dialect: Dialect) -> None:
    if await _value(db, "SELECT count(*) FROM sqlite_schema"):
        return
    await db.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA:
        await db.execute(statement)
    await db.execute("INSERT INTO vtn (dialect) VALUES (?)", (dialect,))
    await db.execute("COMMIT")


async def _require_dialect(db: aiosqlite.Connection, path: Path, dialect: Dialect) -> None:
    held = await _value(db, "SELECT dialect FROM vtn")
    if held != dialect:
        raise VendashError(
            f"The state file {path} is of a VTN that speaks OpenADR {held}: "
            f"start it with --dialect {held}, or name another file."
        )


async def _value(db: aiosqlite.Connection, sql: str) -> object:
    async with db.execute(sql) as cursor:
        row = await cursor.fetchone()
    return row[0] if row else None


def _stored(seq: int, kind: str, json: bytes) -> Stored:
    body = msgspec.json.decode(json, type=dict[str, object])
    names = ("id", "createdDateTime", "modificationDateTime")
    object_id, created, modified = (str(body.pop(name)) for name in names)
    return make_stored(msgspec.convert(kind, Kind), object_id, created, modified, body, seq)
