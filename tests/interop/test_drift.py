"""`vendash drift`: someone else changes, deletes and adds objects, or the VTN loses some."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interop.bare import Bare, Object, attribute
from tests.interop.openleadr import OpenLeadr
from tests.interop.processes import wait_for
from tests.interop.site import Site, entries_at

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

TOWN, OTHER_TOWN = "Beder", "Bogense"
STRANGER = "6a1b0c9e-1111-4222-8333-444455556666"
_COPY = "create table {0}_of_yesterday as table {0};"
_BACK = "insert into {0} table {0}_of_yesterday;"


@pytest.fixture
def town(site: Site) -> Site:
    """One town is registered, and the VTN agrees."""
    site.said("register", "--ven", TOWN)
    assert found(site) == {}
    return site


def found(site: Site) -> dict[str, list[dict[str, Any]]]:
    """What a comparison finds, by kind; kinds of which there is nothing are left out."""
    document = site.said("drift")
    return {kind: items for kind, items in document.items() if items and isinstance(items, list)}


def ids(items: list[dict[str, Any]]) -> set[str]:
    """Of these items."""
    return {item["id"] for item in items}


def held(there: Bare, name: str) -> Object:
    """The resource of this name, which is there."""
    resource = there.resource(name)
    assert resource is not None
    return resource


def renamed(there: Bare, name: str) -> None:
    """Someone else gives it another description."""
    resource = held(there, name)
    others = [one for one in resource["attributes"] if one["type"] != "DESCRIPTION"]
    there.edit(resource, attributes=[*others, {"type": "DESCRIPTION", "values": ["Theirs"]}])


def stranger(there: Bare, like: str) -> None:
    """Someone else adds a resource beside this one."""
    resource = held(there, like)
    given = {name: resource[name] for name in ("clientID", "venID", "attributes")}
    body = {"objectType": "BL_RESOURCE_REQUEST", "resourceName": STRANGER, **given}
    there.create("/resources", body)


def name_here(site: Site, resource_id: str) -> str:
    """What it is called here."""
    ((name,),) = site.sql("SELECT resource_name FROM resources WHERE resource_id = ?", resource_id)
    return str(name)


def test_what_others_have_changed_deleted_and_added_is_found(town: Site, there: Bare) -> None:
    changed, deleted, *_ = town.resources(TOWN)
    renamed(there, changed)
    there.delete(held(there, deleted))
    stranger(there, changed)
    there.create(
        "/vens",
        {"objectType": "BL_VEN_REQUEST", "clientID": "someone", "venName": "Elsewhere"},
    )
    items = found(town)
    assert {kind: ids(each) for kind, each in items.items()} == {
        "different": {changed},
        "only_here": {deleted},
        "only_there": {STRANGER, "Elsewhere"},
    }
    (fields,) = (item["fields"] for item in items["different"])
    ours = name_here(town, changed)
    assert fields == [{"field": "DESCRIPTION", "ours": ours, "theirs": "Theirs"}]
    assert [item["again"] for item in items["only_here"]] == [True]
    assert town.ran("drift", "--exit-code")[0] == 2


def test_keeping_ours_mends_what_they_changed_and_deletes_what_they_added(
    town: Site, there: Bare
) -> None:
    changed, deleted, *_ = town.resources(TOWN)
    renamed(there, changed)
    there.delete(held(there, deleted))
    stranger(there, changed)
    assert set(found(town)) == {"different", "only_here", "only_there"}
    town.said("drift", "--all", "--keep-ours", "--yes")
    town.said("register", "--ven", TOWN)
    assert entries_at(there) == town.entries(TOWN)
    assert attribute(held(there, changed), "DESCRIPTION") == [name_here(town, changed)]
    assert found(town) == {}


def test_taking_theirs_changes_it_here_and_nothing_there(town: Site, there: Bare) -> None:
    changed, *_ = town.resources(TOWN)
    renamed(there, changed)
    found(town)
    before = held(there, changed)
    assert town.said("drift", changed, "--take-theirs")["changed"] == 1
    town.said("register", "--ven", TOWN)
    assert name_here(town, changed) == "Theirs"
    assert held(there, changed) == before
    assert found(town) == {}


def test_a_stranger_that_is_adopted_is_one_of_ours_from_then_on(town: Site, there: Bare) -> None:
    stranger(there, town.resources(TOWN)[0])
    before = held(there, STRANGER)
    found(town)
    assert town.said("drift", STRANGER, "--adopt")["changed"] == 1
    town.said("register", "--ven", TOWN)
    assert STRANGER in town.resources(TOWN)
    assert held(there, STRANGER)["id"] == before["id"]
    assert found(town) == {}
    town.said("approve", STRANGER)
    town.said("register", "--ven", TOWN)
    assert entries_at(there) == town.entries(TOWN)


def test_what_is_forgotten_is_shown_again_when_they_change_it_again(
    town: Site, there: Bare
) -> None:
    changed, *_ = town.resources(TOWN)
    renamed(there, changed)
    found(town)
    assert town.said("drift", changed, "--forget")["changed"] == 1
    assert found(town) == {}
    there.edit(held(there, changed), attributes=[])
    assert set(found(town)) == {"different"}


def test_the_engine_brings_back_what_a_vtn_with_the_data_of_yesterday_has_lost(
    town: Site, vtn: OpenLeadr, there: Bare
) -> None:
    known = {one["resourceName"]: one["id"] for one in there.resources()}
    vtn.sql("".join(_COPY.format(table) for table in ("ven", "resource")))
    town.said("approve", "--ven", TOWN, "--yes")
    town.said("register", "--ven", TOWN, "--ven", OTHER_TOWN)
    vtn.sql("truncate ven, resource cascade;" + _BACK.format("ven") + _BACK.format("resource"))
    assert entries_at(there) != town.entries(TOWN, OTHER_TOWN)
    items = found(town)
    assert ids(items["different"]) == set(town.resources(TOWN))
    assert ids(items["only_here"]) == {OTHER_TOWN, *town.resources(OTHER_TOWN)}
    assert {item["again"] for each in items.values() for item in each} == {True}
    with town.engine():
        wait_for(lambda: entries_at(there) == town.entries(TOWN, OTHER_TOWN), "all of it, and once")
    assert known.items() <= {one["resourceName"]: one["id"] for one in there.resources()}.items()
    assert found(town) == {}
