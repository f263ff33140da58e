"""`ResourceDatabase` takes and gives resources under the original's names."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.original import oldfile
from vendash.errors import VendashError
from vendash.original import (
    ActorType,
    Capacities,
    Connection,
    ConnectionType,
    Location,
    Resource,
    ResourceDatabase,
    ResourceType,
)
from vendash.store import open_store

MQTT = Connection(
    type=ConnectionType.MQTT,
    actortype=ActorType.READER,
    host="broker.lan",
    port=1883,
    topic="meters/7",
    username="ven",
    password="hunter2",
)


def resource(resource_id: str = "r-1", /, **values: object) -> Resource:
    made = Resource(
        resourceID=resource_id,
        resourceName="Hotel Ærø",
        resourceType=ResourceType.DSR.name,
        resourceSubType="Hotels",
        meterPointId="571313000000000014",
        connection=MQTT,
        capacities=Capacities(P_max_kw=50.0, P_min_kw=-20.0, E_max_kwh=200.0, E_min_kwh=0.0),
        location=Location(latitude=56.139, longitude=8.973),
        address="Torvet 1, 7400 Herning, Denmark",
        ven="Herning",
        enabled=True,
        reporting={"interval": 900},
    )
    for name, value in values.items():
        setattr(made, name, value)
    return made


async def test_what_is_put_in_comes_out_the_same(tmp_path: Path) -> None:
    given = resource(registration_status="APPROVED")
    async with ResourceDatabase(tmp_path / "r.db") as db:
        await db.insert_resource(given, await db.insert_connection(MQTT))
        assert await db.get_resource("r-1") == given
        assert await db.get_resource("r-2") is None


async def test_every_query_of_the_original_finds_what_it_names(tmp_path: Path) -> None:
    async with ResourceDatabase(str(tmp_path / "r.db")) as db:
        wire = await db.insert_connection(MQTT)
        await db.insert_resource(resource("a"), wire)
        await db.insert_resource(resource("b", resourceType="EV"), wire, "Aalborg")
        await db.insert_resource(resource("c"), wire)
        await db.update_resource_status("c", "SUSPENDED")

        def ids(found: list[Resource]) -> list[str]:
            return [one.resourceID for one in found]

        assert ids(await db.get_all_resources()) == ["a", "b", "c"]
        assert ids(await db.get_resources_by_type("EV")) == ["b"]
        assert ids(await db.get_resources_by_ven("Aalborg")) == ["b"]
        assert ids(await db.get_resources_by_ven_and_status("Herning", "PENDING")) == ["a"]
        assert await db.get_ven_list() == ["Aalborg", "Herning"]
        statistics = await db.get_statistics()
        assert statistics["total_resources"] == 3
        assert statistics["by_type"] == {"DSR": 2, "EV": 1}
        assert statistics["by_subtype"] == {"Hotels": 3}
        assert statistics["top_10_vens"] == {"Herning": 2, "Aalborg": 1}
        await db.clear_all_resources()
        assert await db.get_all_resources() == []
    assert len(oldfile.beside(tmp_path / "r.db")) == 1, "a backup was made before clearing"


async def test_a_changed_copy_is_written_by_update_resource_alone(tmp_path: Path) -> None:
    async with ResourceDatabase(tmp_path / "r.db") as db:
        await db.insert_resource(resource(), await db.insert_connection(MQTT))
        found = await db.get_resource("r-1")
        assert found is not None
        found.capacities["P_max_kw"] = 60.0
        changed = replace(found, resourceName="Hotel Fanø", enabled=False, reporting=None)
        assert await db.get_resource("r-1") == resource()
        await db.update_resource(changed)
        assert await db.get_resource("r-1") == changed


@pytest.mark.parametrize("statuses", [None, [None, "", "approved"], ["APPROVED", "x", "SUSPENDED"]])
async def test_a_file_of_the_original_opens_in_place_with_every_value_and_a_copy_beside_it(
    tmp_path: Path, statuses: list[str | None] | None
) -> None:
    path = oldfile.write(tmp_path / "resources.db", statuses=statuses)
    async with ResourceDatabase(path) as db:
        found = {one.resourceID: one for one in await db.get_all_resources()}
    assert list(found) == [row[0] for row in oldfile.RESOURCES]
    pub = found[oldfile.MURPHYS]
    assert (pub.resourceName, pub.resourceSubType, pub.ven) == ("Murphy's Pub", "Bars", "Herning")
    assert pub.meterPointId == "707057500054134059"
    assert pub.capacities == {
        "P_max_kw": 25.0, "P_min_kw": -10.0, "E_max_kwh": 100.0, "E_min_kwh": 0.0,
    }  # fmt: skip
    assert pub.location == {"latitude": 56.139, "longitude": 8.973}
    assert pub.reporting == {"interval": 900}
    assert found["HOUSEHOLD_1"].reporting is None
    assert pub.connection == Connection(file="meter.csv")
    assert found["ev-7"].connection == MQTT
    known = {"APPROVED", "SUSPENDED"}
    wanted = [(one or "").upper() for one in statuses or ["", "", ""]]
    decided = [one if one in known else "PENDING" for one in wanted]
    assert [one.registration_status for one in found.values()] == decided
    (copy,) = oldfile.beside(path)
    assert oldfile.run(copy, "SELECT count(*) FROM resources") == [(3,)]


async def test_the_original_can_still_write_the_file_and_we_see_it(tmp_path: Path) -> None:
    path = oldfile.write(tmp_path / "resources.db")
    async with ResourceDatabase(path) as db:
        assert len(await db.get_all_resources()) == 3
        oldfile.run(
            path,
            "INSERT INTO resources (resource_id, resource_name, resource_type, resource_sub_type,"
            " meter_point_id, connection_id, capacities, location, address, ven, enabled)"
            " SELECT 'new', resource_name, resource_type, resource_sub_type, meter_point_id,"
            " connection_id, capacities, location, address, 'Lemvig', 0 FROM resources"
            " WHERE id = 1",
        )
        oldfile.run(
            path,
            "UPDATE resources SET registration_status = 'APPROVED' WHERE resource_id = ?",
            oldfile.MURPHYS,
        )
        (new,) = await db.get_resources_by_ven("Lemvig")
        assert (new.resourceID, new.enabled, new.registration_status) == ("new", False, "PENDING")
        (pub,) = await db.get_resources_by_ven_and_status("Herning", "APPROVED")
        assert pub.resourceID == oldfile.MURPHYS


async def test_a_decision_is_in_the_audit_log(tmp_path: Path) -> None:
    path = oldfile.write(tmp_path / "resources.db")
    async with ResourceDatabase(path) as db:
        await db.update_resource_status(oldfile.MURPHYS, "APPROVED")
    async with await open_store(path) as store:
        last = (await store.actions(limit=1))[0]
        assert (last.verb, last.count, last.actor) == ("approve", 1, "cli")
        assert await store.verify_audit() is None


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"resourceType": "Heat pump"}, "resource type"),
        ({"registration_status": "perhaps"}, "status"),
        ({"capacities": {"P_max_kw": math.nan}}, "P_max_kw"),
        ({"location": {"latitude": "north", "longitude": 9.0}}, "latitude"),
    ],
)
async def test_a_resource_that_cannot_be_is_refused_and_the_sentence_names_what_is_wrong(
    tmp_path: Path, values: dict[str, object], word: str
) -> None:
    async with ResourceDatabase(tmp_path / "r.db") as db:
        wire = await db.insert_connection(MQTT)
        with pytest.raises(VendashError, match=word):
            await db.insert_resource(resource(**values), wire)
        assert await db.get_all_resources() == []


def test_a_resource_has_the_fields_of_the_original_and_its_repr_keeps_the_password() -> None:
    made = resource()
    assert set(asdict(made)) == {
        "resourceID", "resourceName", "resourceType", "resourceSubType", "meterPointId",
        "connection", "capacities", "location", "address", "enabled", "reporting",
        "registration_status", "ven",
    }  # fmt: skip
    assert "hunter2" not in repr(made)


async def test_reporting_that_is_no_json_object_is_kept_as_it_is(tmp_path: Path) -> None:
    path = oldfile.write(tmp_path / "resources.db")
    oldfile.run(path, "UPDATE resources SET reporting = 'hourly' WHERE id = 1")
    async with ResourceDatabase(path) as db:
        found = await db.get_resource(oldfile.MURPHYS)
        assert found is not None
        assert found.reporting == "hourly"
        await db.update_resource(found)
    assert oldfile.run(path, "SELECT reporting FROM resources WHERE id = 1") == [("hourly",)]
