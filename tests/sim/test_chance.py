"""Draws are pure functions of seed, name, purpose and time."""

from __future__ import annotations

import numpy as np

from vendash.sim.chance import normal, stable_keys, uniform

NAMES = [f"resource-{number}" for number in range(20_000)]


def test_keys_depend_on_name_and_seed_alone() -> None:
    keys = stable_keys(NAMES, seed=1)
    assert stable_keys(["resource-5"], seed=1)[0] == keys[5] == 7092494000303571589
    assert stable_keys(["resource-5"], seed=2)[0] != keys[5]
    assert len(set(keys.tolist())) == len(NAMES)


def test_uniform_numbers_fill_the_unit_interval_evenly() -> None:
    draws = uniform(stable_keys(NAMES, seed=1), stream=1, counter=9)
    assert draws.min() >= 0
    assert draws.max() < 1
    shares = np.histogram(draws, bins=10, range=(0, 1))[0] / len(draws)
    assert np.abs(shares - 0.1).max() < 0.01


def test_normal_numbers_have_mean_0_and_variance_1() -> None:
    draws = normal(stable_keys(NAMES, seed=1), stream=1, counter=9)
    assert abs(draws.mean()) < 0.03
    assert abs(draws.std() - 1) < 0.03
    assert np.abs(draws).max() < 3.5


def test_draws_for_another_purpose_or_time_are_independent() -> None:
    keys = stable_keys(NAMES, seed=1)
    first = normal(keys, stream=1, counter=1)
    for other in (normal(keys, stream=2, counter=1), normal(keys, stream=1, counter=2)):
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.03


def test_draws_of_one_name_over_time_are_independent() -> None:
    key = stable_keys(["resource-5"], seed=1)
    course = np.array([normal(key, stream=1, counter=when)[0] for when in range(5000)])
    assert abs(course.mean()) < 0.06
    assert abs(np.corrcoef(course[1:], course[:-1])[0, 1]) < 0.06
