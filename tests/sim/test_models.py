"""Loads follow their profiles, batteries lose what they must, plants follow the sun."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sim.fleets import SUMMER_NOON, meter_file
from vendash.sim.chance import stable_keys
from vendash.sim.models import FRAME, BatteryModel, DemandModel, Doubles, Storage
from vendash.sim.profiles import load_unit_profiles

NOON = int(SUMMER_NOON) // FRAME
HOUR = 3600 // FRAME


def loads(count: int = 2000, *, metered: bool = False) -> DemandModel:
    """Schools of 100 kW."""
    return DemandModel(
        stable_keys((f"load-{number}" for number in range(count)), seed=1),
        ["schools"] * count,
        np.full(count, 100, dtype=np.float32),
        load_unit_profiles(),
        meter_file() if metered else None,
    )


def mean_share() -> float:
    """Of P_max at the highest value of a profile, over many loads."""
    return 100 * (1 + DemandModel.LEAST_SHARE) / 2


@pytest.mark.parametrize("frame", [NOON, NOON - 9 * HOUR, NOON + 5 * 24 * HOUR])
def test_many_loads_together_follow_the_profile_of_their_sub_type(frame: int) -> None:
    profiles = load_unit_profiles()
    model = loads()
    model.settle(frame)
    expected = np.mean([profiles.at(frame * FRAME + shift) for shift in DemandModel.SHIFTS], axis=0)
    school = expected[profiles.for_sub_type("schools")] * mean_share()
    assert model.power(frame).mean() == pytest.approx(school, rel=0.02)


def test_the_noise_of_a_load_is_as_large_and_as_lasting_as_set() -> None:
    model = loads(500)
    model.settle(NOON)
    course = []
    for frame in range(NOON + 1, NOON + 200):
        model.advance(frame)
        course.append(model._noise.copy())
    noise = np.array(course)
    assert noise.std() == pytest.approx(DemandModel.NOISE, rel=0.05)
    left = np.corrcoef(noise[1:].ravel(), noise[:-1].ravel())[0, 1]
    assert left == pytest.approx(np.exp(-FRAME / DemandModel.MEMORY), abs=0.02)


def test_with_a_meter_file_half_of_the_loads_replay_a_meter() -> None:
    """Compared with the same fleet without one, in which the others are exactly the same."""
    with_file, without = loads(metered=True), loads()
    for model in (with_file, without):
        model.settle(NOON)
    same = with_file.power(NOON) == without.power(NOON)
    assert same.mean() == pytest.approx(1 - DemandModel.METERED, abs=0.05)


def kw(value: float) -> Doubles:
    return np.array([value])


def store(charging: float = 0.9, discharging: float = 0.9, idling: float = 0.0) -> Storage:
    """One battery of 50 kW and 100 kWh."""
    return Storage(
        p_max=kw(50.0),
        p_min=kw(-50.0),
        e_max=kw(100.0),
        e_min=kw(0.0),
        charging=charging,
        discharging=discharging,
        idling=idling,
    )


@given(
    charging=st.floats(0.5, 1.0),
    discharging=st.floats(0.5, 1.0),
    power=st.floats(1.0, 30.0),
    steps=st.integers(1, 30),
)
def test_a_round_trip_gives_back_both_efficiencies_of_what_it_took(
    charging: float, discharging: float, power: float, steps: int
) -> None:
    battery = store(charging, discharging)
    energy, taken, given_back = np.array([50.0]), 0.0, 0.0
    for _ in range(steps):
        energy, real = battery.run(energy, kw(power), 1 / 60)
        taken += real[0] / 60
    while energy[0] > 50.0 + 1e-9:
        rest = (energy[0] - 50.0) * discharging * 60
        energy, real = battery.run(energy, kw(-min(power, rest)), 1 / 60)
        given_back -= real[0] / 60
    assert given_back / taken == pytest.approx(charging * discharging, rel=1e-6)


@given(
    commands=st.lists(st.floats(-500, 500), min_size=1, max_size=50),
    capacity=st.floats(0.01, 1000),
    begin=st.floats(0, 1),
    hours=st.floats(1 / 60, 2),
)
def test_a_store_never_holds_more_or_less_than_it_can(
    commands: list[float], capacity: float, begin: float, hours: float
) -> None:
    battery = Storage(kw(50.0), kw(-40.0), kw(capacity + 1), kw(1.0), idling=0.01)
    energy = kw(1 + begin * capacity)
    for command in commands:
        before = energy
        energy, real = battery.run(energy, kw(command), hours)
        assert 1.0 <= energy[0] <= capacity + 1
        assert -40.0 <= real[0] <= 50.0
        assert real[0] * command >= 0
        stored = real[0] * (0.9 if real[0] > 0 else 1 / 0.9) * hours
        assert energy[0] <= before[0] + stored + 1e-9 * capacity


def test_power_falls_in_the_last_twentieth_at_both_ends() -> None:
    battery = store()
    for energy, command, expected in (
        (95.0, 50.0, 50.0),
        (97.5, 50.0, 25.0),
        (100.0, 50.0, 0.0),
        (5.0, -50.0, -50.0),
        (1.0, -50.0, -10.0),
        (0.0, -50.0, 0.0),
    ):
        _, real = battery.run(np.array([energy]), kw(command), 1 / 60)
        assert real[0] == pytest.approx(expected)


def test_an_idle_battery_loses_one_percent_of_its_power_until_it_is_empty() -> None:
    battery = store(idling=0.01)
    energy, real = battery.run(kw(50.0), kw(0.0), 10.0)
    assert (energy[0], real[0]) == (pytest.approx(45.0), 0.0)
    assert battery.run(energy, kw(0.0), 1000.0)[0][0] == 0.0


def batteries(count: int = 50) -> BatteryModel:
    p_max, e_max, e_min = (np.full(count, value, dtype=np.float32) for value in (50, 100, 10))
    keys = stable_keys((f"battery-{number}" for number in range(count)), seed=1)
    return BatteryModel(keys, p_max=p_max, p_min=-p_max, e_max=e_max, e_min=e_min)


def test_batteries_charge_at_night_and_noon_and_give_in_the_evening() -> None:
    model = batteries()
    mean = {}
    for local_hour in (3, 12, 19):
        frame = NOON + (local_hour - 12) * HOUR
        model.settle(frame)
        mean[local_hour] = model.power(frame).mean()
    assert mean[3] > 10
    assert mean[12] > 10
    assert mean[19] < -10


def test_a_day_of_a_battery_loses_what_its_round_trips_and_idling_cost() -> None:
    """Over three days: given = eta_c x eta_d x (taken - idle losses), to the change in store."""
    model = batteries()
    model.settle(NOON)
    taken, given_back = np.zeros(50), np.zeros(50)
    start = model._energy.copy()
    days = 3
    for frame in range(NOON + 1, NOON + days * 24 * HOUR + 1):
        model.advance(frame)
        taken += np.maximum(model._kw, 0) / 60
        given_back -= np.minimum(model._kw, 0) / 60
    assert taken.min() > 50 * days
    stored = taken * 0.9 - given_back / 0.9
    idle = stored - (model._energy - start)
    assert np.all(idle <= 0.5 * 24 * days + 1e-6)
    assert np.all(idle > 0.25 * 24 * days)
