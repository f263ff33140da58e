"""A fleet that is read a page at a time."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from tests.sim.fleets import resources
from vendash.sim.simulation import SimulatedFleet, fleet_arrays, joined
from vendash.telemetry.ticks import Roster


@pytest.mark.parametrize("page", [1, 7, 100])
def test_a_fleet_joined_from_pages_is_the_fleet_made_at_once(page: int) -> None:
    rows = list(resources(30))
    pages = [fleet_arrays(rows[start : start + page], 5) for start in range(0, len(rows), page)]
    at_once, together = fleet_arrays(rows, 5), joined([fleet_arrays((), 5), *pages], 5)
    assert together.roster.ven_names == at_once.roster.ven_names
    assert together.roster.generation == 5
    for kind, one, other in (
        (Roster, together.roster, at_once.roster),
        (SimulatedFleet, together, at_once),
    ):
        for field in fields(kind):
            value, expected = getattr(one, field.name), getattr(other, field.name)
            if isinstance(expected, np.ndarray):
                assert value.dtype == expected.dtype, field.name
            if not isinstance(expected, Roster):
                assert list(np.atleast_1d(value)) == list(np.atleast_1d(expected)), field.name


def test_no_pages_but_an_empty_one_are_an_empty_fleet() -> None:
    assert len(joined([fleet_arrays((), 5)], 5).roster) == 0
