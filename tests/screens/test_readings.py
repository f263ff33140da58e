"""Live numbers in lists: what is old or of another time is never shown as fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.fleet import NOON, open_fleet
from tests.screens.readers import SteadyReader
from vendash.filters import Query
from vendash.models import RegistrationStatus
from vendash.screens.readings import Readings

AT = NOON.timestamp()


@pytest.mark.parametrize(
    ("after", "age", "fresh"), [(1, "1s", True), (240, "4m", False), (-3600, "1h", False)]
)
async def test_a_reading_of_another_time_is_stale(
    tmp_path: Path, after: int, age: str, fresh: bool
) -> None:
    """Also one that lies ahead, because the clock was set back since."""
    async with await open_fleet(tmp_path / "fleet.db") as store:
        readings = Readings(await SteadyReader.of(store, clock=lambda: AT))
        readings.update(AT + after, vens=False)
        keys = await store.keys(Query(status=RegistrationStatus.APPROVED))
        found = [one for one in map(readings.of, keys) if one is not None]
    assert {one.age_cell()[0] for one in found} == {age}
    assert any(one.fresh for one in found) is fresh
