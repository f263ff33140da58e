"""What changes here afterwards, the VTN follows: decisions, values, moves and ends."""

from __future__ import annotations

import pytest

from tests.interop.bare import Bare, attribute
from tests.interop.processes import wait_for
from tests.interop.site import Site, entries_at

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

TOWN, OTHER_TOWN, NEW_TOWN = "Beder", "Bogense", "Bogense Havn"


@pytest.fixture
def town(site: Site, there: Bare) -> Site:
    """Two towns are registered."""
    site.said("register", "--ven", TOWN, "--ven", OTHER_TOWN)
    assert entries_at(there) == site.entries(TOWN, OTHER_TOWN)
    return site


def same(site: Site, there: Bare, *vens: str) -> None:
    """Wait until the VTN holds these VENs as they are here, and nothing else."""
    wait_for(lambda: entries_at(there) == site.entries(*vens), f"{vens} as they are here")
    names = sorted(vens)
    wait_for(lambda: sorted(ven["venName"] for ven in there.vens()) == names, f"{names} alone")


def test_approve_suspend_and_undo_are_told(town: Site, there: Bare) -> None:
    ids = {one["resourceName"]: one["id"] for one in there.resources()}
    with town.engine():
        for verb in ("approve", "suspend"):
            town.said(verb, "--ven", TOWN, "--yes")
            same(town, there, TOWN, OTHER_TOWN)
        town.said("undo")
        same(town, there, TOWN, OTHER_TOWN)
    assert {one["resourceName"]: one["id"] for one in there.resources()} == ids
    decided = {attribute(one, "prequalification")[0] for one in there.resources()}
    assert decided == {"APPROVED", "PENDING"}


def test_register_sends_what_was_decided_without_an_engine(town: Site, there: Bare) -> None:
    town.said("approve", "--ven", TOWN, "--yes")
    town.said("register", "--ven", TOWN)
    assert entries_at(there) == town.entries(TOWN, OTHER_TOWN)


def test_what_another_program_writes_into_the_database_is_told(town: Site, there: Bare) -> None:
    chosen = town.resources(TOWN)[0]
    with town.engine():
        town.sql(
            "UPDATE resources SET resource_name = 'Vestergades Bageri',"
            " capacities = json_set(capacities, '$.P_max_kw', 77.5) WHERE resource_id = ?",
            chosen,
        )

        def told() -> bool:
            held = there.resource(chosen)
            return held is not None and attribute(held, "DESCRIPTION") == ["Vestergades Bageri"]

        wait_for(told, "the new name at the VTN")
    held = there.resource(chosen)
    assert held is not None
    assert attribute(held, "MAX_POWER_CONSUMPTION") == [77.5]
    assert entries_at(there) == town.entries(TOWN, OTHER_TOWN)


def test_a_resource_moves_to_another_ven(town: Site, there: Bare) -> None:
    moved = town.resources(TOWN)[:5]
    with town.engine():
        for one in moved:
            town.sql("UPDATE resources SET ven = ? WHERE resource_id = ?", OTHER_TOWN, one)
        same(town, there, TOWN, OTHER_TOWN)
    other = there.ven(OTHER_TOWN)
    assert other is not None
    for one in moved:
        held = there.resource(one)
        assert held is not None
        assert (held["venID"], held["clientID"]) == (other["id"], other["clientID"])


def test_a_ven_whose_last_resource_moves_away_goes_too(town: Site, there: Bare) -> None:
    with town.engine():
        town.sql("UPDATE resources SET ven = ? WHERE ven = ?", OTHER_TOWN, TOWN)
        same(town, there, OTHER_TOWN)


def test_resources_may_move_to_a_ven_that_is_not_there_yet(town: Site, there: Bare) -> None:
    with town.engine():
        town.sql("UPDATE resources SET ven = ? WHERE ven = ?", NEW_TOWN, TOWN)
        same(town, there, NEW_TOWN, OTHER_TOWN)


def test_to_undo_a_registration_takes_resources_and_vens_away_there(
    site: Site, there: Bare
) -> None:
    site.said("register", "--ven", OTHER_TOWN)
    site.said("register", "--ven", TOWN)
    assert entries_at(there) == site.entries(TOWN, OTHER_TOWN)
    with site.engine():
        site.said("undo")
        same(site, there, OTHER_TOWN)
        site.said("register", "--ven", TOWN)
        same(site, there, TOWN, OTHER_TOWN)
