"""`vendash stop`: end the engine of a database from another terminal."""

from __future__ import annotations

from pathlib import Path

from vendash.config import database_path
from vendash.keeping import end_holder
from vendash.lock import holder, lock_path
from vendash.output import Answer

PATIENCE_SECONDS = 10.0


async def stop(db_path: Path | None) -> Answer:
    """Tell who works on the database to end, and wait for it.

    Raises:
        VendashError: It does not end within 10 s, or belongs to another user.
    """
    path = database_path(db_path).resolve()
    found = holder(lock_path(path))
    if found is None:
        return {"stopped": None}, f"No engine runs for {path}: there is nothing to stop.", 0
    await end_holder(path, found, PATIENCE_SECONDS)
    document = {"stopped": {"kind": found.kind, "pid": found.pid}}
    return document, f"Stopped: {found}. What waits goes on with the next vendash run.", 0
