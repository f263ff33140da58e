"""The audit log: a header per action over a digest of its items, chained by hash.

The hash of a header covers its fields, the digest of its items and the hash of the header before,
so that no action can be changed, taken out or put in between without breaking the chain. A tail
that was cut off shows against the head that went into an earlier backup.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from vendash.models import AuditAction, AuditItem

_GENESIS = "0" * 64
_CHUNK = 50_000
_encoder = msgspec.json.Encoder()

_HEADER = "sequence, at, actor, verb, reason, subject, count, undoes"
_ACTION = (
    f"SELECT {_HEADER}, (SELECT min(u.sequence) FROM vendash_actions u"
    " WHERE u.undoes = a.sequence) FROM vendash_actions a"
)
ITEM_COLUMNS = "key, resource_id, name, ven, before, after"
ITEM_OF = (
    "r.id, CAST(r.resource_id AS TEXT), CAST(r.resource_name AS TEXT),"
    " coalesce(CAST(r.ven AS TEXT), '')"
)
"""The first four of them, of a row of `resources r`."""


class Action(msgspec.Struct):
    """An action being recorded: its items go in first, its header closes it."""

    connection: sqlite3.Connection
    sequence: int
    count: int = 0

    def add(self, select: str, parameters: Iterable[object] = ()) -> int:
        """Add the items that a SELECT of ours yields; its first column is the sequence, as `?`."""
        cursor = self.connection.execute(
            f"INSERT INTO vendash_items (sequence, {ITEM_COLUMNS}) {select}",
            (self.sequence, *parameters),
        )
        self.count += cursor.rowcount
        return cursor.rowcount

    def add_each(self, select: str, parameters: Iterable[tuple[object, ...]]) -> None:
        """Add one item for each set of parameters."""
        cursor = self.connection.executemany(
            f"INSERT INTO vendash_items (sequence, {ITEM_COLUMNS}) {select}",
            [(self.sequence, *values) for values in parameters],
        )
        self.count += cursor.rowcount


@contextmanager
def action(
    connection: sqlite3.Connection,
    *,
    actor: str,
    verb: str,
    reason: str = "",
    subject: str = "",
    undoes: int | None = None,
) -> Iterator[Action]:
    """Record an action within the running transaction; nothing is recorded without items."""
    last = connection.execute("SELECT max(sequence) FROM vendash_actions").fetchone()[0] or 0
    recording = Action(connection, last + 1)
    yield recording
    if recording.count == 0:
        return
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    header = (
        recording.sequence, at, actor, verb, reason, subject, recording.count, undoes,
    )  # fmt: skip
    digest = _items_digest(connection, recording.sequence)
    previous = _head(connection)
    connection.execute(
        f"INSERT INTO vendash_actions ({_HEADER}, items_digest, previous, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*header, digest, previous, _hash(header, digest, previous)),
    )


def actions(connection: sqlite3.Connection, limit: int, before: int | None) -> list[AuditAction]:
    """The newest actions, or the newest before a sequence number."""
    rows = connection.execute(
        f"{_ACTION} WHERE sequence < ? ORDER BY sequence DESC LIMIT ?",
        (2**62 if before is None else before, limit),
    )
    return [_action_of(row) for row in rows]


def find_action(connection: sqlite3.Connection, sequence: int) -> AuditAction | None:
    """One action; None where there is none with this number."""
    row = connection.execute(f"{_ACTION} WHERE sequence = ?", (sequence,)).fetchone()
    return _action_of(row) if row else None


def last_action_of(connection: sqlite3.Connection, actor: str) -> AuditAction | None:
    """The actor's last action that is not undone and has changed something."""
    row = connection.execute(
        f"{_ACTION} WHERE actor = ? AND NOT EXISTS"
        " (SELECT 1 FROM vendash_actions u WHERE u.undoes = a.sequence) AND EXISTS"
        " (SELECT 1 FROM vendash_items i WHERE i.sequence = a.sequence AND i.before <> i.after)"
        " ORDER BY sequence DESC LIMIT 1",
        (actor,),
    ).fetchone()
    return _action_of(row) if row else None


def repetitions(connection: sqlite3.Connection, sequence: int) -> int:
    """How many rows of an action were before it as it wanted them, and were tried again."""
    (count,) = connection.execute(
        "SELECT count(*) FROM vendash_items WHERE sequence = ? AND before = after", (sequence,)
    ).fetchone()
    return int(count)


def items(connection: sqlite3.Connection, sequence: int) -> list[AuditItem]:
    """The rows that an action changed, by key."""
    return [_item_of(row) for row in _items(connection, sequence)]


def history(
    connection: sqlite3.Connection, key: int, limit: int
) -> list[tuple[AuditAction, AuditItem]]:
    """The newest actions that changed one row."""
    rows = connection.execute(
        f"SELECT sequence, {ITEM_COLUMNS} FROM vendash_items WHERE key = ?"
        " ORDER BY sequence DESC LIMIT ?",
        (key, limit),
    ).fetchall()
    found = []
    for sequence, *row in rows:
        header = find_action(connection, sequence)
        if header is not None:
            found.append((header, _item_of(row)))
    return found


def verify(connection: sqlite3.Connection) -> str | None:
    """None when the chain holds, else a sentence that names the first action that breaks it."""
    previous, expected = _GENESIS, 1
    rows = connection.execute(
        f"SELECT {_HEADER}, items_digest, previous, hash FROM vendash_actions ORDER BY sequence"
    ).fetchall()
    for *header, digest, named, found in rows:
        sequence = header[0]
        if sequence != expected or named != previous:
            return (
                f"The audit log is broken before action {sequence}: actions were taken out or"
                " changed; compare with a backup."
            )
        if found != _hash(header, digest, named):
            return f"Action {sequence} of the audit log was changed; compare with a backup."
        if digest != _items_digest(connection, sequence):
            return f"The items of action {sequence} were changed; compare with a backup."
        previous, expected = found, sequence + 1
    return None


def _head(connection: sqlite3.Connection) -> str:
    row = connection.execute(
        "SELECT hash FROM vendash_actions ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return str(row[0]) if row else _GENESIS


def _hash(header: Iterable[Any], digest: str, previous: str) -> str:
    return hashlib.sha256(_encoder.encode([*header, digest, previous])).hexdigest()


def _items_digest(connection: sqlite3.Connection, sequence: int) -> str:
    """SHA-256 over the items as JSON arrays, one a line, by key."""
    digest, last = hashlib.sha256(), -(2**63)
    while True:
        # Put together inside SQLite: row by row it takes half as long again.
        lines, last = connection.execute(
            f"SELECT group_concat(json_array({ITEM_COLUMNS}), char(10)), max(key) FROM (SELECT *"
            " FROM vendash_items WHERE sequence = ? AND key > ? ORDER BY key LIMIT ?)",
            (sequence, last, _CHUNK),
        ).fetchone()
        if lines is None:
            return digest.hexdigest()
        digest.update(f"{lines}\n".encode("utf-8", "surrogatepass"))


def _items(connection: sqlite3.Connection, sequence: int) -> sqlite3.Cursor:
    return connection.execute(
        f"SELECT {ITEM_COLUMNS} FROM vendash_items WHERE sequence = ? ORDER BY key", (sequence,)
    )


def _item_of(row: Sequence[Any]) -> AuditItem:
    key, resource_id, name, ven, before, after = row
    return AuditItem(
        key=key, resource_id=resource_id, name=name, ven=ven, before=before, after=after
    )


def _action_of(row: tuple[Any, ...]) -> AuditAction:
    sequence, at, actor, verb, reason, subject, count, undoes, undone_by = row
    return AuditAction(
        sequence=sequence,
        at=datetime.fromisoformat(at),
        actor=actor,
        verb=verb,
        reason=reason,
        subject=subject,
        count=count,
        undone_by=undone_by,
        undoes=undoes,
    )
