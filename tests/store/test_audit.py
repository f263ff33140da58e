"""The audit log shows every later change of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.making import ANY, APPROVED, SUSPENDED, everything, other_program
from vendash.store import SqliteStore


async def _busy(store: SqliteStore) -> None:
    keys = (await everything(store)).keys
    await store.set_status(keys[:3], ANY, APPROVED, actor="anna", reason="night shift")
    await store.set_status(keys[3:], ANY, SUSPENDED, actor="bo")
    await store.undo(actor="bo")


async def test_an_untouched_log_holds(store: SqliteStore) -> None:
    await _busy(store)
    assert await store.verify_audit() is None


@pytest.mark.parametrize(
    "tampering",
    [
        *(
            f"UPDATE vendash_actions SET {column} = {value} WHERE sequence = 2"
            for column, value in {
                "at": "'2020-01-01T00:00:00.000+00:00'",
                "actor": "'bo'",
                "verb": "'suspend'",
                "reason": "''",
                "subject": "'else'",
                "count": "2",
                "undoes": "1",
                "items_digest": "previous",
                "previous": "hash",
                "hash": "previous",
            }.items()
        ),
        *(
            f"UPDATE vendash_items SET {column} = {value} WHERE sequence = 2"
            for column, value in {
                "resource_id": "'x'",
                "name": "name || ' '",
                "ven": "'Herning'",
                "before": "'SUSPENDED'",
                "after": "'PENDING'",
            }.items()
        ),
        "DELETE FROM vendash_items WHERE sequence = 2 AND key IN"
        " (SELECT max(key) FROM vendash_items WHERE sequence = 2)",
        "INSERT INTO vendash_items SELECT sequence, key + 1000, resource_id, name, ven, before,"
        " after FROM vendash_items WHERE sequence = 2",
        "DELETE FROM vendash_actions WHERE sequence = 2",
        "DELETE FROM vendash_actions WHERE sequence = 1",
        "UPDATE vendash_actions SET sequence = 9 WHERE sequence = 4",
    ],
)
async def test_every_change_of_the_log_is_found(
    store: SqliteStore, path: Path, tampering: str
) -> None:
    await _busy(store)
    with other_program(path) as connection:
        assert connection.execute(tampering).rowcount > 0
    broken = await store.verify_audit()
    assert broken is not None
    assert "backup" in broken
    assert broken in await store.check()


async def test_items_cannot_be_shifted_between_columns(store: SqliteStore, path: Path) -> None:
    """Digests of plainly joined columns would not see this."""
    await _busy(store)
    with other_program(path) as connection:
        connection.execute(
            "UPDATE vendash_items SET name = name || substr(ven, 1, 1), ven = substr(ven, 2)"
            " WHERE sequence = 2"
        )
    assert await store.verify_audit() is not None


async def test_the_log_can_be_read_in_pages_newest_first(store: SqliteStore) -> None:
    await _busy(store)
    first = await store.actions(limit=2)
    rest = await store.actions(limit=2, before=first[-1].sequence)
    assert [action.sequence for action in first + rest] == [4, 3, 2, 1]
    assert [action.verb for action in first + rest] == ["undo", "suspend", "approve", "import"]
