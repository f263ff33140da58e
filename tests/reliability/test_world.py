"""The whole registrar in a hostile world, from seeds; and worse ones that must fail there.

`make soak` runs 20,000 seeds of 40 resources; `make soak SEED=n` replays one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress

import pytest
from msgspec.structs import replace

from tests.reliability.kinds import Findings, Kind
from tests.reliability.soak import judged
from tests.reliability.virtual import run
from tests.reliability.world import World, live
from vendash.models import VtnState
from vendash.vtn import sending
from vendash.vtn.moves import Create, Event, Lost, Work
from vendash.vtn.registrar import State, begin, step

SEEDS = 48
"""Each kind of world once."""
BARE = Kind(unique="none")
"""Only the registrar prevents doubles there."""


@pytest.fixture(autouse=True)
def _in_silence() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("part", range(4))
def test_every_item_ends_at_the_vtn_exactly_once_and_known_here(part: int) -> None:
    """Where nothing unforeseeable happens, without ever comparing the two sides."""
    for seed in range(part, SEEDS, 4):
        assert judged(seed, items=12) == "", f"replay: make soak SEED={seed}"


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
def test_killed_at_any_one_await_of_its_work_it_goes_on(dialect: str) -> None:
    for kill_at in range(1, 40, 2):
        _, found = run(lambda: live(1, 4, kind=Kind("none", dialect), kill_at=kill_at))  # noqa: B023
        assert found.wrong == (0, 0, 0, 0), f"killed at await {kill_at}"


def test_where_the_vtn_shows_no_list_a_post_is_the_look_up() -> None:
    for seed in range(24):
        kind = Kind("everywhere", "energydesk", late=seed % 2 == 1)
        world, found = run(lambda: live(seed, 12, kind=kind))  # noqa: B023
        assert found.wrong == (0, 0, 0, 0), f"seed {seed}"
        assert {row.state for row in world.disk.rows.values()} == {VtnState.OK}, f"seed {seed}"


def test_the_same_seed_is_the_same_world() -> None:
    one, other = (run(lambda: live(7, 12))[0] for _ in range(2))
    assert (one.moments, one.life, one.vtn.seen) == (other.moments, other.life, other.vtn.seen)


def test_the_world_is_hostile_and_late_requests_leave_doubles_that_a_comparison_finds() -> None:
    """On a VTN that does not enforce names nobody can prevent them (and only there)."""
    lives = [run(lambda: live(seed, 12, kind=Kind("none", late=True))) for seed in range(8)]  # noqa: B023
    assert sum(world.life for world, _ in lives) > 8
    assert sum(len(found.removed) for _, found in lives) > 0
    assert all(found.wrong == (0, 0, 0, 0) for _, found in lives)


def _hasty_begin(item: Work) -> State:
    """The control: doubt is forgotten, so what may have arrived is sent again."""
    return begin(replace(item, doubtful=False))


def _stubborn_step(state: State, event: Event) -> State:
    """The control: a lost POST is repeated from memory."""
    if isinstance(event, Lost) and isinstance(state.asked, Create):
        return state
    return step(state, event)


def _doubles(senders: int = 1) -> int:
    found: list[Findings] = []
    for seed in range(6):
        with suppress(AssertionError):
            found.append(run(lambda: World(seed, BARE, 12).live(senders)))  # noqa: B023
    return sum(len(one.doubles) for one in found)


def test_without_the_look_up_there_are_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: the world punishes a registrar without the rule."""
    monkeypatch.setattr(sending, "begin", _hasty_begin)
    assert _doubles() > 0


def test_with_retries_in_memory_there_are_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control."""
    monkeypatch.setattr(sending, "step", _stubborn_step)
    assert _doubles() > 0


def test_with_two_senders_there_are_doubles() -> None:
    """Control: the lock on the database is what prevents this."""
    assert _doubles(senders=2) > 0
    assert _doubles(senders=1) == 0
