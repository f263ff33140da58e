"""The sums of the Live screen, over arrays small enough to add up by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vendash.screens.live_figures import NO_LOAD, Group, Order, figures, listed, load
from vendash.telemetry.ticks import TYPES, Quality, Roster, Sums, Tick

NOW = 1_700_000_000.0

ROSTER = Roster(
    generation=1,
    keys=np.array([1, 2, 3, 4, 5, 6], dtype=np.int64),
    types=np.array([0, 3, 2, 3, 0, 1], dtype=np.uint8),
    vens=np.array([0, 0, 1, 1, 2, 2], dtype=np.int32),
    ven_names=("Aalborg", "Århus", "Herning"),
)


def tick(kw: list[float], quality: list[Quality], *, at: float = NOW) -> Tick:
    return Tick(
        sequence=1,
        at=at,
        generation=1,
        kw=np.array(kw, dtype=np.float32),
        quality=np.array(quality, dtype=np.uint8),
        simulated=True,
    )


TICK = tick(
    [10.0, 11.0, -40.0, 7.0, math.nan, math.nan],
    [Quality.GOOD, Quality.GOOD, Quality.GOOD, Quality.STALE, Quality.NONE, Quality.NONE],
)


def test_readings_are_the_good_values_and_stale_ones_are_counted_apart() -> None:
    now = figures(ROSTER, TICK, now=NOW)

    assert (now.readings, now.stale) == (3, 1)
    assert now.simulated


def test_the_load_counts_every_value_and_export_only_the_negative_ones() -> None:
    now = figures(ROSTER, TICK, now=NOW)

    assert now.kw == pytest.approx(-12.0)
    assert now.export_kw == pytest.approx(-40.0)


def test_types_and_vens_add_up_to_the_whole() -> None:
    now = figures(ROSTER, TICK, now=NOW)

    load_control, battery, solar, charging = now.types
    assert load_control == Group("DSR", 10.0, 1, 0)
    assert solar == Group("PV", -40.0, 1, 0)
    assert charging == Group("EV", 18.0, 1, 1)
    assert (battery.readings, battery.stale) == (0, 0)
    assert math.isnan(battery.kw)
    assert now.vens == (Group("Aalborg", 21.0, 2, 0), Group("Århus", -33.0, 1, 1))


def test_without_any_value_there_is_no_load_instead_of_a_load_of_zero() -> None:
    nothing = figures(ROSTER, tick([math.nan] * 6, [Quality.NONE] * 6), now=NOW)

    assert math.isnan(nothing.kw)
    assert nothing.export_kw == 0.0
    assert nothing.vens == ()


@pytest.mark.parametrize(("seconds", "fresh"), [(0.0, True), (3.0, True), (3.1, False)])
def test_a_tick_is_live_for_three_seconds(seconds: float, fresh: bool) -> None:
    assert figures(ROSTER, TICK, now=NOW + seconds).fresh is fresh


def test_a_tick_from_the_future_is_not_live() -> None:
    """A clock that was set back never makes an old value look new."""
    assert not figures(ROSTER, TICK, now=NOW - 3600).fresh


def test_the_load_over_time_is_the_sum_of_all_types_with_its_peak_and_mean() -> None:
    by_type = np.full((3, len(TYPES)), np.nan, dtype=np.float32)
    by_type[0] = [10.0, 0.0, -4.0, 4.0]
    by_type[2] = [20.0, np.nan, np.nan, 10.0]
    over_time = load(
        Sums(
            at=np.array([1.0, 2.0, 3.0]),
            by_type=by_type,
            by_ven=np.zeros((3, 0), dtype=np.float32),
            readings=np.array([4, 0, 2], dtype=np.int32),
            ven_names=(),
        )
    )

    assert over_time.kw.tolist() == pytest.approx([10.0, math.nan, 30.0], nan_ok=True)
    assert (over_time.peak, over_time.mean) == (30.0, 20.0)


def test_no_sums_are_no_load() -> None:
    assert load(None) is NO_LOAD


VENS = (
    Group("Aalborg", 5.0, 1, 0),
    Group("Aarhus", math.nan, 0, 2),
    Group("Herning", 50.0, 1, 1),
    Group("Århus", -5.0, 1, 0),
)


def names(text: str = "", order: Order = Order.POWER, *, reverse: bool = False) -> list[str]:
    return [ven.name for ven in listed(VENS, text, order, reverse=reverse)]


def test_vens_are_listed_by_power_most_first_and_those_without_a_value_last() -> None:
    assert names() == ["Herning", "Aalborg", "Århus", "Aarhus"]


def test_vens_can_be_listed_by_name_by_stale_readings_and_backwards() -> None:
    assert names(order=Order.NAME) == ["Aalborg", "Aarhus", "Herning", "Århus"]
    assert names(order=Order.STALE) == ["Aarhus", "Herning", "Aalborg", "Århus"]
    assert names(order=Order.NAME, reverse=True) == ["Århus", "Herning", "Aarhus", "Aalborg"]


def test_the_filter_takes_every_word_anywhere_in_the_name() -> None:
    assert names("AR us") == ["Aarhus"]
    assert names("å") == ["Århus"]
    assert names("[") == []
