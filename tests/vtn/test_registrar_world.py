"""The registrar's core in a hostile world, from seeds; and worse cores that must fail there."""

from __future__ import annotations

from contextlib import suppress

import pytest
from msgspec.structs import replace

from tests.vtn.world import Kind, Policy, World
from vendash.models import ResourceWork
from vendash.vtn.registrar import Create, Event, Lost, State, begin, step

RUNS = 500
FREE_NAMES = Kind(names_enforced=False)
OWN_NAMES = Kind(names_enforced=True)
LATE = Kind(names_enforced=True, late_arrivals=True, removals=False)


@pytest.mark.parametrize("kind", [FREE_NAMES, OWN_NAMES, LATE], ids=["free", "enforced", "late"])
def test_every_item_ends_at_the_vtn_exactly_once_and_known_here(kind: Kind) -> None:
    """Lost answers, 500 after writing, crashes: no item missing, unknown, double or stale."""
    for seed in range(RUNS):
        world = World(seed, kind).live()
        found = (
            world.never_registered(),
            world.ids_unknown(),
            world.doubles(),
            world.wrong(),
        )
        assert found == (0, 0, 0, 0), f"replay: World({seed}, {kind}).live()"


def _hasty_begin(item: ResourceWork) -> State:
    """The control: doubt is forgotten, so what may have arrived is sent again."""
    return begin(replace(item, doubtful=False))


def _stubborn_step(state: State, event: Event) -> State:
    """The control: a lost POST is repeated from memory."""
    if isinstance(event, Lost) and isinstance(state.asked, Create):
        return state
    return step(state, event)


@pytest.mark.parametrize(
    "worse",
    [Policy(begin=_hasty_begin), Policy(step=_stubborn_step)],
    ids=["look-up removed", "retry in memory"],
)
def test_a_worse_rule_makes_doubles_in_this_world(worse: Policy) -> None:
    """Control: the world is hostile enough to punish a registrar without the rule."""
    assert sum(_doubles(seed, worse) for seed in range(20)) > 0


def _doubles(seed: int, policy: Policy) -> int:
    world = World(seed, FREE_NAMES, policy)
    with suppress(AssertionError):  # a worse rule may also never come to an end
        world.live()
    return world.doubles()
