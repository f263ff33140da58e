"""The same seed gives the same run, approval is a mask, and capacities always hold."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.sim.fleets import (
    SUMMER_NOON,
    fleet,
    meter_file,
    part_of,
    readings,
    resources,
    simulation,
    suspended,
)
from vendash.models import RegistrationStatus
from vendash.sim.models import FRAME
from vendash.sim.profiles import load_unit_profiles
from vendash.sim.simulation import (
    CALENDAR,
    LONGEST,
    SimulatedFleet,
    Simulation,
    bounds,
    fleet_arrays,
)
from vendash.telemetry.ticks import TYPES, Quality, Roster

DSR, BATTERY, PV, EV = range(len(TYPES))


def digest_of_a_run(seed: int = 1) -> str:
    """What ten minutes of the test fleet, as bytes, hash to."""
    run = simulation(seed=seed, meters=meter_file(), speed=7.0)
    digest = hashlib.sha256()
    for second in range(600):
        run.advance(1.0)
        tick = run.tick(SUMMER_NOON + second, second)
        digest.update(tick.kw.tobytes() + tick.quality.tobytes())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    """Where `hash()` gives other values."""
    program = "from tests.sim.test_simulation import digest_of_a_run as run; print(run())"
    environment = os.environ | {"PYTHONHASHSEED": "4711"}
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, env=environment, text=True
    )
    assert other.stdout.strip() == digest_of_a_run()


def test_another_seed_gives_another_run() -> None:
    assert digest_of_a_run(seed=1) != digest_of_a_run(seed=2)


@pytest.mark.parametrize("seconds", [0.25, 60, 61, 3600])
def test_readings_at_a_time_do_not_depend_on_the_length_of_ticks(seconds: float) -> None:
    """An hour in ticks of a second, against the same hour in others and what is left."""
    second_by_second, other = simulation(), simulation()
    for _ in range(3600):
        second_by_second.advance(1.0)
    for _ in range(int(3600 // seconds)):
        other.advance(seconds)
    other.advance(3600 % seconds)
    assert other.now == second_by_second.now
    assert readings(other).tobytes() == readings(second_by_second).tobytes()


def test_a_resource_reads_the_same_whoever_else_is_in_the_fleet() -> None:
    whole = fleet()
    few = part_of(whole, {3, 8, 17, 18, 40})
    alone, among_others = simulation(few), simulation(whole)
    for run in (alone, among_others):
        run.advance(1000.0)
    places = whole.roster.places(few.roster.keys)
    assert np.array_equal(readings(alone), readings(among_others)[places])


def test_a_restart_goes_on_as_if_nothing_had_been() -> None:
    """Sun, clouds and cars exactly; noise to a hair; batteries closely."""
    whole = fleet(400)
    types = whole.roster.types
    went_on = simulation(whole, start=SUMMER_NOON - 20 * 3600)
    went_on.advance(20 * 3600)
    restarted = simulation(whole, start=SUMMER_NOON)
    before, after = readings(went_on), readings(restarted)
    exact = (types == PV) | (types == EV)
    assert np.array_equal(before[exact], after[exact])
    assert np.abs(before - after)[types == DSR].max() < 0.01
    assert np.abs(before - after)[types == BATTERY].mean() < 1


def test_a_leap_of_more_than_a_day_is_a_fresh_start_there() -> None:
    """So that a machine that slept for a month does not simulate a month."""
    leapt = simulation()
    leapt.advance(LONGEST + 2 * FRAME)
    fresh = simulation(start=SUMMER_NOON + LONGEST + 2 * FRAME)
    assert readings(leapt).tobytes() == readings(fresh).tobytes()


def test_time_may_be_set_back() -> None:
    run = simulation()
    at_noon = readings(run)
    run.advance(5000.0)
    run.jump(SUMMER_NOON)
    assert readings(run).tobytes() == at_noon.tobytes()
    run.advance(-3600.0)
    assert run.now == SUMMER_NOON - 3600


def test_time_goes_round_before_the_calendar_ends() -> None:
    """After 400 years the same weekdays, dates and readings come again."""
    run = simulation()
    at_noon = readings(run)
    run.advance(CALENDAR * 30)
    assert run.now == SUMMER_NOON
    assert readings(run).tobytes() == at_noon.tobytes()


def test_at_double_speed_time_goes_twice_as_far() -> None:
    run = simulation(speed=2.0)
    run.advance(10.0)
    run.speed = 0.5
    run.advance(10.0)
    assert run.now == SUMMER_NOON + 25


def test_who_is_approved_reads_from_the_next_tick_and_who_is_suspended_stops() -> None:
    whole = fleet()
    run = simulation(suspended(whole))
    nobody = run.tick(0.0, 1)
    assert np.isnan(nobody.kw).all()
    assert (nobody.quality == Quality.NONE).all()
    mask = np.zeros(len(whole.roster), dtype=np.bool_)
    mask[[2, 5]] = True
    run.set_mask(mask)
    two = run.tick(0.0, 2)
    assert np.flatnonzero(~np.isnan(two.kw)).tolist() == [2, 5]
    assert np.flatnonzero(two.quality == Quality.GOOD).tolist() == [2, 5]
    mask[2] = False
    run.set_mask(mask)
    assert np.flatnonzero(~np.isnan(readings(run))).tolist() == [5]
    assert np.flatnonzero(~np.isnan(two.kw)).tolist() == [2, 5], "a tick stays as it was"


def test_a_suspended_resource_lives_on_unseen() -> None:
    """Approved an hour later it reads what it would have read had it been so all the time."""
    whole = fleet()
    seen, unseen = simulation(whole), simulation(suspended(whole))
    for run in (seen, unseen):
        run.advance(3600.0)
    unseen.set_mask(whole.reads)
    assert np.array_equal(readings(seen), readings(unseen))


def test_only_approved_and_enabled_resources_read() -> None:
    rows = list(resources(4))
    _, one = rows[0]
    pending = msgspec.structs.replace(one, registration_status=RegistrationStatus.PENDING)
    disabled = msgspec.structs.replace(one, enabled=False)
    made = fleet_arrays([(1, one), (2, pending), (3, disabled)], generation=1)
    assert made.reads.tolist() == [True, False, False]


def test_a_fleet_is_in_the_order_of_its_keys_and_a_resource_without_a_ven_has_none() -> None:
    (_, first), (_, second) = resources(2)
    made = fleet_arrays([(9, msgspec.structs.replace(first, ven=None)), (4, second)], generation=3)
    assert made.roster.keys.tolist() == [4, 9]
    assert [made.roster.ven_names[ven] for ven in made.roster.vens] == ["Aalborg", "(none)"]
    assert made.roster.generation == 3


def test_a_tick_is_marked_simulated_and_cannot_be_written_to() -> None:
    tick = simulation().tick(123.0, 7)
    assert (tick.at, tick.sequence, tick.simulated, tick.generation) == (123.0, 7, True, 1)
    for array in (tick.kw, tick.quality):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_an_empty_fleet_has_empty_ticks() -> None:
    run = simulation(fleet_arrays([], generation=1))
    run.advance(1000.0)
    assert len(run.tick(0.0, 0).kw) == 0


def test_a_mask_of_another_fleet_is_refused() -> None:
    with pytest.raises(ValueError, match="mask"):
        simulation().set_mask(np.ones(3, dtype=np.bool_))


# --- capacities ----------------------------------------------------------------------------

ANY_NUMBER = st.floats(allow_nan=True, allow_infinity=True)
LIKELY = st.one_of(st.just(0.0), st.floats(-500, 500), st.floats(-1e-3, 1e-3))
CAPACITY = st.one_of(LIKELY, LIKELY, ANY_NUMBER)
TIMES = st.one_of(
    st.floats(0, 4e9),
    st.sampled_from([1743296400.0, 1761440400.0]).map(lambda change: change - 30.0),
    st.just(1709164800.0),  # 29 February 2024
)


@st.composite
def fleets(draw: st.DrawFn) -> SimulatedFleet:
    """Up to eight resources with capacities and places as no file should have them."""
    count = draw(st.integers(1, 8))

    def numbers(of: st.SearchStrategy[float]) -> np.ndarray:
        return np.array(draw(st.lists(of, min_size=count, max_size=count)), dtype=np.float64)

    roster = Roster(
        1,
        np.arange(count, dtype=np.int64),
        numbers(st.integers(0, len(TYPES) - 1)).astype(np.uint8),
        np.zeros(count, dtype=np.int32),
        ("Herning",),
    )
    return SimulatedFleet(
        roster=roster,
        resource_ids=[draw(st.text(max_size=5)) for _ in range(count)],
        sub_types=[draw(st.sampled_from(["schools", "", "\x00"])) for _ in range(count)],
        p_max=numbers(CAPACITY),
        p_min=numbers(CAPACITY),
        e_max=numbers(CAPACITY),
        e_min=numbers(CAPACITY),
        latitude=numbers(st.one_of(st.floats(-90, 90), ANY_NUMBER)),
        longitude=numbers(st.one_of(st.floats(-180, 180), ANY_NUMBER)),
        reads=np.ones(count, dtype=np.bool_),
    )


def outside(kw: np.ndarray, of: SimulatedFleet) -> np.ndarray:
    """Which readings break the rule that `bounds` states, worked out one by one."""
    broken = []
    for value, kind, high, low in zip(kw, of.roster.types, of.p_max, of.p_min, strict=True):
        p_max, p_min = (
            np.float32(min(max(bound, -1e9), 1e9) if np.isfinite(bound) else 0.0)
            for bound in (high, low)
        )
        if kind in (DSR, EV):
            allowed = (min(max(0, p_min), max(p_max, 0)), max(p_max, 0))
        elif kind == PV:
            allowed = (min(p_min, 0), 0)
        else:
            allowed = (min(p_min, 0), max(p_max, 0))
        broken.append(not allowed[0] <= value <= allowed[1])
    return np.array(broken)


@settings(max_examples=50, deadline=None)
@given(
    of=fleets(),
    start=TIMES,
    seed=st.integers(0, 2**31),
    steps=st.lists(st.one_of(st.floats(0, 120), st.floats(-200, 2e5)), max_size=3),
)
@example(of=fleet(40), start=1743296400.0 - 30, seed=1, steps=[60.0, 3600.0])
@example(of=fleet(40), start=-1e13, seed=1, steps=[60.0])
def test_readings_are_always_within_the_capacities(
    of: SimulatedFleet, start: float, seed: int, steps: list[float]
) -> None:
    """Also where clocks change, in leap years, south of the equator, and for absurd capacities."""
    run = simulation(of, seed=seed, start=start, meters=meter_file(weeks=1))
    assert not outside(readings(run), of).any()
    for step in steps:
        run.advance(step)
        assert not outside(readings(run), of).any()


def test_the_check_of_capacities_finds_a_simulation_that_does_not_hold_them() -> None:
    """The control: with bounds that hold nothing back the same check finds loads above P_max."""
    whole = fleet(400)
    run = simulation(whole, start=SUMMER_NOON - 2 * 3600)
    run._least, run._most = (np.float32(sign * np.inf) for sign in (-1, 1))  # type: ignore[assignment]
    found = 0
    for _ in range(50):
        run.advance(300.0)
        found += int(outside(readings(run), whole).sum())
    assert found > 0


def test_a_load_that_always_takes_something_never_reads_less() -> None:
    whole = fleet()
    least, most = bounds(replace(whole, p_min=np.full(len(whole.roster), 5.0)))
    loads = whole.roster.types == DSR
    assert np.all(least[loads] == 5)
    assert np.all(most[loads] == 50)


def test_all_types_are_alive_on_a_summer_day() -> None:
    """Over an hour around noon all four types move, and none is always at a bound."""
    run = simulation(fleet(200))
    course = []
    for _ in range(60):
        run.advance(60.0)
        course.append(readings(run))
    moved = np.std(course, axis=0)
    types = run.roster.types
    assert np.all(moved[types == DSR] > 0)
    assert np.all(moved[types == PV] > 0)
    assert (moved[types == EV] > 0).mean() > 0.1
    assert (np.abs(np.mean(course, axis=0))[types == BATTERY] > 1).mean() > 0.5


def test_the_profiles_that_ship_are_enough_to_start() -> None:
    run = Simulation(fleet(8), seed=1, profiles=load_unit_profiles(), meters=None, start=0.0)
    assert np.isfinite(readings(run)).all()
