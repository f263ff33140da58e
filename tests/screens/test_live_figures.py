"""The sums of the Live screen, over arrays small enough to add up by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vendash.filters import FilterError, parse_filter
from vendash.screens.live_figures import NO_LOAD, Group, check_terms, figures, listed, load
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


def test_the_load_is_what_flows_now_and_export_the_negative_part_of_it() -> None:
    """A stale value is in no sum."""
    now = figures(ROSTER, TICK, now=NOW)

    assert now.kw == pytest.approx(-19.0)
    assert now.export_kw == pytest.approx(-40.0)


def test_types_and_vens_add_up_to_the_whole() -> None:
    now = figures(ROSTER, TICK, now=NOW)

    load_control, battery, solar, charging = now.types
    assert load_control == Group("DSR", 10.0, 1, 0)
    assert solar == Group("PV", -40.0, 1, 0)
    assert charging == Group("EV", 11.0, 1, 1)
    assert (battery.readings, battery.stale) == (0, 0)
    assert math.isnan(battery.kw)
    assert now.vens == (Group("Aalborg", 21.0, 2, 0), Group("Århus", -40.0, 1, 1))


def test_a_group_that_is_stale_as_a_whole_keeps_its_last_value() -> None:
    now = figures(ROSTER, tick([1.0] * 6, [Quality.STALE] * 6), now=NOW)

    assert now.vens[0] == Group("Aalborg", 2.0, 0, 2)
    assert now.kw == 6.0


def test_every_value_of_an_old_tick_is_stale() -> None:
    now = figures(ROSTER, TICK, now=NOW + 60)

    assert (now.readings, now.stale) == (0, 4)
    assert now.vens[0] == Group("Aalborg", 21.0, 0, 2)


def test_without_any_value_there_is_no_load_instead_of_a_load_of_zero() -> None:
    nothing = figures(ROSTER, tick([math.nan] * 6, [Quality.NONE] * 6), now=NOW)

    assert math.isnan(nothing.kw)
    assert nothing.export_kw == 0.0
    assert nothing.vens == ()


@pytest.mark.parametrize(("seconds", "fresh"), [(0.0, True), (5.0, True), (5.1, False)])
def test_a_tick_is_live_for_five_seconds(seconds: float, fresh: bool) -> None:
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


def names(text: str = "", order: str = "kW", *, reverse: bool = False) -> list[str]:
    return [ven.name for ven in listed(VENS, parse_filter(text), order, reverse=reverse)]


def test_vens_are_listed_by_power_most_first_and_those_without_a_value_last() -> None:
    assert names() == ["Herning", "Aalborg", "Århus", "Aarhus"]


def test_vens_can_be_listed_by_name_by_stale_readings_and_backwards() -> None:
    assert names(order="name") == ["Aalborg", "Aarhus", "Herning", "Århus"]
    assert names(order="stale") == ["Aarhus", "Herning", "Aalborg", "Århus"]
    assert names(order="name", reverse=True) == ["Århus", "Herning", "Aarhus", "Aalborg"]


def test_the_filter_takes_every_word_anywhere_in_the_name() -> None:
    assert names("AR us") == ["Aarhus"]
    assert names("å") == ["Århus"]
    assert names("a*rg") == ["Aalborg"]
    assert names("!us") == ["Herning", "Aalborg"]
    assert names("ven:her*") == ["Herning"]
    assert names("ven:her") == []


@pytest.mark.parametrize("text", ["[a-z]", "?", "her?"])
def test_only_the_star_stands_for_other_characters(text: str) -> None:
    assert names(text) == []


def test_a_filter_about_resources_says_that_vens_are_filtered_by_name() -> None:
    check_terms(parse_filter("her* !aarhus ven:a*"))
    with pytest.raises(FilterError, match="by name"):
        check_terms(parse_filter("type:ev"))


def test_readings_come_as_often_as_their_sums() -> None:
    sums = Sums(
        at=np.arange(0.0, 50.0, 5.0),
        by_type=np.ones((10, len(TYPES)), dtype=np.float32),
        by_ven=np.zeros((10, 0), dtype=np.float32),
        readings=np.full(10, 4, dtype=np.int32),
        ven_names=(),
    )

    assert load(sums).interval == 5.0
    assert NO_LOAD.interval == 1.0
