"""A store with a small fleet, for the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fleets import fleet
from tests.store.making import filled
from vendash.store import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database of a test lies."""
    return tmp_path / "resources.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """Twelve resources in three VENs, open for writing."""
    async with await filled(path, fleet({"Aalborg": 5, "Herning": 4, "Køge": 3})) as store:
        yield store
