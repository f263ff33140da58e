"""Unit profiles: fractions of a maximum, read by the Danish calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vendash.sim.profiles import LOCAL_TIME, QUARTER, load_unit_profiles

PROFILES = load_unit_profiles()


def at(text: str) -> NDArray[np.float32]:
    """Every profile at a Danish wall clock time."""
    return PROFILES.at(datetime.fromisoformat(text).replace(tzinfo=LOCAL_TIME).timestamp())


def one(sub_type: str, text: str) -> float:
    return float(at(text)[PROFILES.for_sub_type(sub_type)])


@given(st.floats(0, 4e9))
def test_every_value_is_a_fraction_at_any_time(unix_seconds: float) -> None:
    values = PROFILES.at(unix_seconds)
    assert values.dtype == np.float32
    assert values.shape == (len(PROFILES.names),)
    assert (values >= 0).all()
    assert (values <= 1).all()


def test_every_profile_reaches_its_maximum_within_a_year() -> None:
    start = datetime(2024, 1, 1, tzinfo=LOCAL_TIME).timestamp()
    middles = [PROFILES.at(start + QUARTER * (quarter + 0.5)) for quarter in range(366 * 96)]
    np.testing.assert_allclose(np.max(middles, axis=0), 1, atol=1e-4)


@pytest.mark.parametrize(
    ("sub_type", "profile"),
    [
        ("Schools", "G1"), ("Offices", "G1"), ("Restaurants", "G2"), ("Coldstores", "G3"),
        ("Shops", "G4"), ("Supermarkets", "G4"), ("Bakeries", "G5"), ("Churches", "G6"),
        ("Sportshalls", "G6"), ("Farms", "L0"), ("Households", "H0"), ("Hotels", "hotels"),
        ("HOTELS", "hotels"), ("Bars", "bars"), ("Spaceports", "G0"), ("", "G0"), (None, "G0"),
    ],
)  # fmt: skip
def test_the_profile_follows_from_the_sub_type_and_is_g0_where_unknown(
    sub_type: str | None, profile: str
) -> None:
    assert PROFILES.names[PROFILES.for_sub_type(sub_type)] == profile


def test_a_school_works_on_weekdays_and_a_bakery_at_night() -> None:
    assert one("Schools", "2026-03-04 10:00") > 4 * one("Schools", "2026-03-07 10:00")
    assert one("Bakeries", "2026-03-04 04:00") > 1.5 * one("Bakeries", "2026-03-04 20:00")
    assert one("Restaurants", "2026-03-06 19:00") > 1.5 * one("Restaurants", "2026-03-06 05:00")


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_a_date_is_read_by_its_weekday_in_every_year(day: date) -> None:
    """A school's noon is high exactly from Monday to Friday, also around New Year's Day."""
    noon = datetime.fromisoformat(f"{day} 12:00").replace(tzinfo=LOCAL_TIME)
    value = PROFILES.at(noon.timestamp())[PROFILES.for_sub_type("Schools")]
    assert (value > 0.3) == (noon.weekday() < 5)


def test_summer_time_is_followed() -> None:
    """The same wall clock reads the same on both sides of the change of the clocks."""
    before = datetime(2026, 3, 27, 11, tzinfo=LOCAL_TIME)
    after = datetime(2026, 3, 30, 11, tzinfo=LOCAL_TIME)
    assert after.timestamp() - before.timestamp() == timedelta(days=3).total_seconds() - 3600
    schools = PROFILES.for_sub_type("Schools")
    same = PROFILES.at(before.timestamp())[schools], PROFILES.at(after.timestamp())[schools]
    an_hour_off = PROFILES.at(after.timestamp() + 5 * 3600)[schools]
    assert same[0] == pytest.approx(same[1], rel=0.01)
    assert an_hour_off < 0.7 * same[1]


@given(st.integers(0, 3_000_000), st.floats(0, 1))
def test_between_two_middles_values_lie_on_a_straight_line(quarter: int, share: float) -> None:
    first = (quarter + 0.5) * QUARTER
    low, high = PROFILES.at(first), PROFILES.at(first + QUARTER)
    expected = low * (1 - share) + high * share
    np.testing.assert_allclose(PROFILES.at(first + share * QUARTER), expected, atol=1e-5)
