"""The sun stands where it does, and the clouds take about half of it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from vendash.sim.models import FRAME, SolarModel
from vendash.sim.weather import DAY, ClearSky, Clouds, Planes, sun_at

HERNING = (56.139, 8.973)


def height(latitude: float, longitude: float, at: datetime) -> float:
    """Degrees of the sun above the horizon, without refraction."""
    ground = Planes(np.array([latitude]), np.array([longitude]))
    return float(np.degrees(np.arcsin(ground.cosine(sun_at(at.timestamp()))[0])))


def test_the_sun_stands_where_the_reference_algorithm_has_it() -> None:
    """The worked example of NREL's SPA (TP-560-34302): zenith 50.11162, refraction 0.016."""
    at = datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC)
    assert height(39.742476, -105.1786, at) == pytest.approx(90 - 50.11162 - 0.016, abs=0.01)


def test_the_sun_is_highest_at_noon_of_its_longitude_everywhere() -> None:
    for longitude in (-179.0, -75.0, 0.0, 8.97, 150.0):
        hours = [
            height(10.0, longitude, datetime(2025, 4, 15, hour, tzinfo=UTC)) for hour in range(24)
        ]
        noon = (12 - longitude / 15) % 24
        away = abs(hours.index(max(hours)) - noon)
        assert min(away, 24 - away) <= 0.6


def test_the_sun_never_sets_in_the_arctic_summer_nor_rises_in_its_winter() -> None:
    summer = [height(80, 9, datetime(2025, 6, 21, hour, tzinfo=UTC)) for hour in range(24)]
    winter = [height(80, 9, datetime(2025, 12, 21, hour, tzinfo=UTC)) for hour in range(24)]
    assert min(summer) > 0 > max(winter)


def test_planes_face_the_equator_on_both_sides_of_it() -> None:
    """In its own winter a tilted plane sees more of the noon sun than the ground does."""
    for latitude, month in ((45.0, 12), (-45.0, 6)):
        sun = sun_at(datetime(2025, month, 21, 12, tzinfo=UTC).timestamp())
        places = np.array([latitude]), np.array([0.0])
        assert Planes(*places, 35.0).cosine(sun)[0] > Planes(*places).cosine(sun)[0] + 0.3


def test_the_clear_sky_gives_a_sun_at_a_summer_noon_and_nothing_at_night() -> None:
    sky = ClearSky(*(np.array([degrees]) for degrees in HERNING))
    noon = sky.irradiance(datetime(2025, 6, 21, 11, 30, tzinfo=UTC).timestamp())
    night = sky.irradiance(datetime(2025, 6, 21, 23, 30, tzinfo=UTC).timestamp())
    assert 0.9 < noon[0] < 1.15
    assert night[0] == 0


def test_a_plant_at_herning_yields_about_1000_kwh_a_year() -> None:
    """Every fourth day, mean of twenty skies; without the clouds it would be far too much."""
    cities = [f"Herning {number}" for number in range(20)]
    latitude, longitude = (np.full(20, degrees, dtype=np.float32) for degrees in HERNING)
    plant = SolarModel(np.ones(20, dtype=np.float32), latitude, longitude, cities, seed=1)
    sky = ClearSky(latitude, longitude)
    begin = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) // FRAME
    hours = [begin + (24 * day + hour) * 60 for day in range(0, 365, 4) for hour in range(24)]
    days = len(hours) / 24
    produced = -sum(plant.power(frame).mean() for frame in hours) / days * 365
    clear = sum(sky.irradiance(frame * FRAME).mean() for frame in hours) / days * 365
    assert produced == pytest.approx(1000, rel=0.15)
    assert clear > 1.5 * produced


def sky_of_days(clouds: Clouds, days: int) -> np.ndarray:
    """What passes at each step of so many days, shape (steps, cities)."""
    return np.array([clouds.passing(at) for at in range(0, days * DAY, Clouds.STEP)])


def test_clouds_come_and_stay_as_long_as_they_are_set_to() -> None:
    overcast = sky_of_days(Clouds([f"City {number}" for number in range(50)], seed=1), 30) < 1
    assert overcast.mean() == pytest.approx(Clouds.OVERCAST_SHARE, abs=0.03)
    clearings = (overcast[:-1] & ~overcast[1:]).sum()
    assert overcast.sum() * Clouds.STEP / clearings == pytest.approx(Clouds.MEAN_OVERCAST, rel=0.15)


def test_a_city_has_one_sky_and_another_city_another_one() -> None:
    sky = sky_of_days(Clouds(["Herning", "Lemvig"], seed=1), 10)
    alone = sky_of_days(Clouds(["Herning"], seed=1), 10)
    assert np.array_equal(sky[:, 0], alone[:, 0])
    assert abs(np.corrcoef(sky.T)[0, 1]) < 0.3


def test_a_day_has_the_same_sky_whichever_day_was_looked_at_before() -> None:
    clouds = Clouds(["Herning", "Lemvig"], seed=1)
    first = clouds.passing(100.5 * DAY)
    clouds.passing(200.5 * DAY)
    assert np.array_equal(clouds.passing(100.5 * DAY), first)


def test_the_sky_does_not_jump_at_midnight() -> None:
    clouds = Clouds([f"City {number}" for number in range(50)], seed=1)
    for day in range(20):
        change = clouds.passing(day * DAY) - clouds.passing(day * DAY - 0.5)
        assert np.abs(change).max() < 0.01
