"""Old meter data are read on today's weekday and at the present time of day, local time."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sim.fleets import meter_file
from vendash.sim.meterfiles import MeterFile
from vendash.sim.profiles import LOCAL_TIME
from vendash.sim.replay import MeterReplay

QUARTER = 900


def local(*when: int) -> float:
    """Unix time of a wall clock time."""
    return datetime(*when, tzinfo=LOCAL_TIME).timestamp()  # type: ignore[misc,arg-type]


def units(meters: MeterFile, row: int) -> np.ndarray:
    """A row of the file as fractions of each meter's maximum."""
    fractions: np.ndarray = meters.watts[row] / meters.watts.max(axis=0)
    return fractions


def test_a_summer_wednesday_morning_reads_the_winter_wednesday_mornings() -> None:
    """Both weeks of the file, at 08:15 by the wall clock, although summer time is on."""
    meters = meter_file(weeks=2)
    row = (2 * 24 + 8) * 4 + 1
    assert MeterReplay(meters).at(local(2025, 7, 2, 8, 15)) == pytest.approx(
        np.concatenate([units(meters, row), units(meters, row + 7 * 96)])
    )


def test_a_file_that_crosses_a_change_of_clocks_keeps_its_mornings() -> None:
    """From Monday 2025-03-24 00:00 on; on Sunday the 30th the clocks go forward."""
    meters = meter_file(weeks=2)
    moved = MeterFile(meters.meter_ids, local(2025, 3, 24), QUARTER, meters.watts)
    second_tuesday = (8 * 24 + 9 - 1) * 4  # an hour of the file is missing from the clock
    assert MeterReplay(moved).at(local(2025, 7, 1, 9))[5:] == pytest.approx(
        units(meters, second_tuesday)
    )


def test_between_two_rows_values_are_interpolated() -> None:
    meters = meter_file(weeks=1)
    row = 24 * 4
    assert MeterReplay(meters).at(local(2025, 7, 1) + QUARTER / 3) == pytest.approx(
        units(meters, row) * 2 / 3 + units(meters, row + 1) / 3, rel=1e-3
    )


def test_a_file_that_begins_in_the_middle_of_a_week_is_read_from_its_next_one() -> None:
    meters = meter_file(weeks=1)
    begins_thursday_noon = local(2025, 1, 9, 12)
    moved = MeterFile(meters.meter_ids, begins_thursday_noon, QUARTER, meters.watts)
    monday = int((local(2025, 1, 13, 10) - begins_thursday_noon) / QUARTER)
    assert MeterReplay(moved).at(local(2025, 6, 30, 10)) == pytest.approx(units(meters, monday))
    next_thursday = int((local(2025, 1, 16, 10) - begins_thursday_noon) / QUARTER)
    assert MeterReplay(moved).at(local(2025, 7, 3, 10)) == pytest.approx(
        units(meters, next_thursday)
    )


def test_a_year_is_read_near_the_same_season() -> None:
    meters = meter_file(meters=1, weeks=52)
    values = MeterReplay(meters).at(local(2027, 7, 5, 10))
    weeks = [(local(2025, 7, 7, 10) - meters.start) / QUARTER + week * 7 * 96 for week in range(4)]
    near = {round(float(units(meters, int(row))[0]), 5) for row in weeks}
    assert len({round(float(value), 5) for value in values} & near) >= 3


def test_three_days_are_read_by_the_time_of_day_and_three_hours_over_and_over() -> None:
    days, hours = meter_file(weeks=1), meter_file(weeks=1)
    days = MeterFile(days.meter_ids, days.start, days.step, days.watts[: 3 * 96])
    hours = MeterFile(hours.meter_ids, hours.start, hours.step, hours.watts[: 3 * 4])
    assert MeterReplay(days).at(local(2025, 7, 3, 8)) == pytest.approx(units(days, 8 * 4))
    assert MeterReplay(hours).at(hours.start + 10 * 3 * 3600) == pytest.approx(units(hours, 0))


def test_one_row_stands_for_any_time() -> None:
    meters = MeterFile(("m",), 0.0, 0.0, np.full((1, 1), 500, dtype=np.float32))
    assert MeterReplay(meters).at(local(2025, 7, 3, 8)).tolist() == [1.0]


@given(at=st.floats(0, 4e9), rows=st.integers(1, 2000), start=st.floats(0, 4e9))
def test_whatever_the_time_and_the_file_values_are_fractions(
    at: float, rows: int, start: float
) -> None:
    watts = np.linspace(-100, 1000, rows, dtype=np.float32).reshape(rows, 1)
    replay = MeterReplay(MeterFile(("m",), start, QUARTER, watts))
    values = replay.at(at)
    assert values.shape == (replay.count,)
    assert np.all((values >= 0) & (values <= 1))
