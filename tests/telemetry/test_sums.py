"""Sums count what flows now and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from tests.telemetry.rosters import roster
from vendash.telemetry.sums import readings_of, sums_of
from vendash.telemetry.ticks import TYPES, Quality, Tick


def test_sums_are_those_of_the_good_readings_of_each_type_and_ven() -> None:
    """Worked out one by one for a thousand readings of all qualities."""
    rng = np.random.default_rng(3)
    members = roster(1000, vens=7)
    kw = rng.uniform(-50, 50, 1000).astype(np.float32)
    quality = rng.integers(0, 4, 1000).astype(np.uint8)
    kw[quality == Quality.NONE] = np.nan
    tick = Tick(1, 0.0, 1, kw, quality, simulated=True)
    by_type, by_ven = sums_of(tick, members)
    type_sums, ven_sums = [0.0] * len(TYPES), [0.0] * 7
    good = 0
    for place in range(1000):
        if quality[place] == Quality.GOOD:
            type_sums[members.types[place]] += float(kw[place])
            ven_sums[members.vens[place]] += float(kw[place])
            good += 1
    assert by_type == pytest.approx(type_sums, abs=1e-3)
    assert by_ven == pytest.approx(ven_sums, abs=1e-3)
    assert readings_of(tick) == good


def test_without_a_reading_a_sum_is_nan_rather_than_zero() -> None:
    members = roster(8, vens=8)
    kw = np.full(8, np.nan, dtype=np.float32)
    quality = np.full(8, Quality.NONE, dtype=np.uint8)
    kw[5], quality[5] = 2.5, Quality.GOOD
    by_type, by_ven = sums_of(Tick(1, 0.0, 1, kw, quality, simulated=True), members)
    assert np.flatnonzero(~np.isnan(by_type)).tolist() == [1]
    assert np.flatnonzero(~np.isnan(by_ven)).tolist() == [5]
    assert by_ven[5] == 2.5


def test_an_empty_roster_has_sums_without_values() -> None:
    nothing = np.zeros(0, dtype=np.float32)
    tick = Tick(1, 0.0, 1, nothing, nothing.astype(np.uint8), simulated=True)
    by_type, by_ven = sums_of(tick, roster(0, vens=0))
    assert np.isnan(by_type).all()
    assert by_ven.shape == (0,)
