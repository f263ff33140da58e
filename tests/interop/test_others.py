"""Others write to the same VTN, or it loses what it held, and nobody compares (`test_drift`)."""

from __future__ import annotations

import pytest

from tests.interop.bare import Bare, attribute
from tests.interop.openleadr import OpenLeadr
from tests.interop.site import Site, entries_at

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

TOWN, OTHER_TOWN = "Beder", "Bogense"


@pytest.fixture
def town(site: Site) -> Site:
    """One town is registered."""
    site.said("register", "--ven", TOWN)
    return site


def decide(site: Site, *ids: str) -> None:
    """Approve these and tell the VTN."""
    site.said("approve", *ids)
    site.said("register", "--ven", TOWN)


def test_what_others_have_written_into_a_resource_stays(town: Site, there: Bare) -> None:
    chosen = town.resources(TOWN)[0]
    held = there.resource(chosen)
    assert held is not None
    theirs = {"type": "FEEDER", "values": ["10 kV north"]}
    there.edit(held, targets=["north"], attributes=[*held["attributes"], theirs])
    decide(town, chosen)
    after = there.resource(chosen)
    assert after is not None
    assert after["targets"] == ["north"]
    assert attribute(after, "FEEDER") == ["10 kV north"]
    assert attribute(after, "prequalification") == ["APPROVED"]


def test_what_others_have_changed_of_ours_is_mended_when_it_is_told_anew(
    town: Site, there: Bare
) -> None:
    chosen = town.resources(TOWN)[0]
    held = there.resource(chosen)
    assert held is not None
    there.edit(held, attributes=[])
    decide(town, chosen)
    assert entries_at(there) == town.entries(TOWN)


def test_what_others_have_deleted_comes_back_once_when_it_is_told_anew(
    town: Site, there: Bare
) -> None:
    chosen = town.resources(TOWN)[0]
    held = there.resource(chosen)
    assert held is not None
    there.delete(held)
    decide(town, chosen)
    assert entries_at(there) == town.entries(TOWN)


def test_what_others_have_made_under_our_name_is_adopted(site: Site, there: Bare) -> None:
    """As after a lost answer: the VEN and a resource of it are there without our knowing."""
    site.said("register", "--ven", OTHER_TOWN)
    ven = there.create(
        "/vens",
        {"objectType": "BL_VEN_REQUEST", "clientID": "vendash-beder", "venName": TOWN},
    )
    chosen = site.resources(TOWN)[0]
    resource = there.create(
        "/resources",
        {
            "objectType": "BL_RESOURCE_REQUEST",
            "clientID": "vendash-beder",
            "venID": ven["id"],
            "resourceName": chosen,
        },
    )
    said = site.said("register", "--ven", TOWN)
    assert said["vens"]["already"] == 1
    assert said["resources"]["already"] == 1
    held = there.resource(chosen)
    assert held is not None
    assert held["id"] == resource["id"]
    assert entries_at(there) == site.entries(TOWN, OTHER_TOWN)


def test_a_ven_name_of_another_client_is_one_sentence_for_the_operator(
    site: Site, there: Bare
) -> None:
    there.create("/vens", {"objectType": "BL_VEN_REQUEST", "clientID": "someone", "venName": TOWN})
    code, said = site.ran("register", "--ven", TOWN, "--ven", OTHER_TOWN)
    assert code == 1
    (failure,) = said["failures"]
    assert failure["name"] == TOWN
    assert "someone" in failure["reason"]
    assert entries_at(there) == site.entries(OTHER_TOWN)


def test_a_vtn_that_has_lost_everything_is_filled_again(
    town: Site, vtn: OpenLeadr, there: Bare
) -> None:
    """It answers 409 for a resource whose VEN is gone: a foreign key, not a name that is taken."""
    vtn.sql("truncate ven, resource cascade")
    decide(town, *town.resources(TOWN)[:1])
    assert [ven["venName"] for ven in there.vens()] == [TOWN]
    assert entries_at(there) == town.entries(TOWN)
