"""Cars come by day, charge as cars do, and leave."""

from __future__ import annotations

import itertools
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendash.sim.chance import stable_keys
from vendash.sim.charging import ChargerModel, charging_power
from vendash.sim.models import FRAME
from vendash.sim.profiles import LOCAL_TIME

POWER = st.floats(1.0, 350.0)


def course(limit: float, lacking: float, tapering: float, hours: np.ndarray) -> np.ndarray:
    """KW of one car after each of these hours."""
    return charging_power(
        hours,
        *(np.full(len(hours), value, dtype=np.float32) for value in (limit, lacking, tapering)),
    )


def test_a_car_charges_at_constant_power_up_to_80_percent_and_then_ever_more_slowly() -> None:
    """60 kWh, 30 lacking, 10 kW: 18 kWh take 1.8 hours, then the room of 12 kWh fills up."""
    hours = np.linspace(0, 6, 601, dtype=np.float32)
    kw = course(10, 30, 12, hours)
    assert np.all(kw[hours <= 1.79] == 10)
    tapering = kw[hours >= 1.8]
    assert np.all(np.diff(tapering) < 0)
    assert kw[300] == pytest.approx(10 * np.exp(-(3 - 1.8) * 10 / 12), rel=1e-3)


@given(limit=POWER, lacking=st.floats(0.1, 95.0), tapering=st.floats(1.0, 20.0))
def test_a_car_never_takes_more_than_it_lacks(
    limit: float, lacking: float, tapering: float
) -> None:
    hours = np.linspace(0, 40 * lacking / limit, 20_001, dtype=np.float32)
    kw = course(limit, lacking, tapering, hours)
    assert kw.max() <= np.float32(limit)
    assert np.trapezoid(kw, hours) <= lacking * 1.01


def chargers(count: int = 400) -> ChargerModel:
    keys = stable_keys((f"charger-{number}" for number in range(count)), seed=1)
    return ChargerModel(
        keys, np.full(count, 22, dtype=np.float32), np.full(count, 100, dtype=np.float32)
    )


def busy(model: ChargerModel, *local: int) -> float:
    """The share of chargers in use at a local time."""
    frame = int(datetime(*local, tzinfo=LOCAL_TIME).timestamp()) // FRAME  # type: ignore[misc,arg-type]
    return float((model.power(frame) > 0).mean())


def test_chargers_are_in_use_by_day_and_evening_rather_than_at_night() -> None:
    model = chargers()
    night, morning, evening = (busy(model, 2025, 7, 1, hour) for hour in (4, 9, 19))
    assert night < morning
    assert night < evening
    assert evening > 0.2


def test_fewer_come_on_a_saturday_morning_than_on_a_friday_morning() -> None:
    model = chargers()
    assert busy(model, 2025, 7, 5, 9) < 0.7 * busy(model, 2025, 7, 4, 9)


def test_no_car_takes_more_than_itself_or_its_charger_can() -> None:
    """One session at a time: two at once would add up to more."""
    model = chargers()
    begin = int(datetime(2025, 7, 1, tzinfo=LOCAL_TIME).timestamp()) // FRAME
    kinds = np.array([kw for _, kw in ChargerModel.CARS], dtype=np.float32)
    for frame in range(begin, begin + 2 * 24 * 60, 17):
        assert model.power(frame).max() <= kinds.max()


def test_the_sessions_of_a_charger_do_not_overlap() -> None:
    model = chargers()
    busy(model, 2025, 7, 2, 12)
    sessions = sorted(model._sessions, key=lambda session: session.start.mean())
    for before, after in itertools.pairwise(sessions):
        real = (before.end > before.start) & (after.end > after.start)
        assert real.any()
        assert np.all(before.end[real] <= after.start[real])


def test_a_session_goes_on_over_midnight() -> None:
    """At midnight another day is drawn; who is there stays and takes what it took."""
    model = chargers()
    midnight = int(datetime(2025, 7, 2, tzinfo=LOCAL_TIME).timestamp()) // FRAME
    before, after = model.power(midnight - 1), model.power(midnight)
    assert (before > 0).sum() > 10
    assert np.abs(after - before).mean() < 0.2
