from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleets import make_database
from vendash.original import MeterDataSimulator


@pytest.fixture(autouse=True)
def fresh_simulator() -> Iterator[None]:
    """What all simulators share is of the process, not of a test."""
    MeterDataSimulator().reset()
    yield
    MeterDataSimulator().reset()


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """Aarhus with 12 resources of all types, and Herning with 8."""
    return await make_database(tmp_path / "fleet.db", {"Aarhus": 12, "Herning": 8})
