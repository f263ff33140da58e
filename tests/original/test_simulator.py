"""`MeterDataSimulator`: one fleet, one simulated time, whoever asks."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from tests.fleets import all_of, make_database
from tests.original import oldfile
from vendash.engine.simulation import simulation_of
from vendash.errors import VendashError
from vendash.filters import Query
from vendash.fleet import Fleet
from vendash.models import SimulationSettings
from vendash.original import MeterDataSimulator, ResourceMeterData, initialize_simulator
from vendash.store import open_store

NOON = 1_750_413_600.0
"""20 June 2025, 12:00 in Denmark."""


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOON)


async def approve(path: Path, ven: str | None = None) -> None:
    async with await open_store(path) as store:
        await Fleet(store, actor="anna").approve(await all_of(store, ven))


def watts(found: dict[str, ResourceMeterData]) -> dict[str, float]:
    return {one: data.readings[0].power_w for one, data in found.items()}


async def test_all_instances_share_the_resources_and_the_time(database: Path) -> None:
    one = await initialize_simulator(db_path=database)
    other = MeterDataSimulator()
    assert other.get_statistics() == one.get_statistics()
    assert other.db_path == one.db_path == database
    before = one.increase_time(0)
    assert other.increase_time(900) == before + 900 == one.increase_time(0)


async def test_another_database_is_refused_until_the_simulator_is_reset(
    database: Path, tmp_path: Path
) -> None:
    another = await make_database(tmp_path / "another.db", {"Lemvig": 4})
    first = await initialize_simulator(db_path=database)
    assert MeterDataSimulator(str(database)).get_ven_list() == ["Aarhus", "Herning"]
    with pytest.raises(VendashError, match=r"fleet\.db.*reset"):
        MeterDataSimulator(another)
    first.reset()
    second = await initialize_simulator(db_path=another)
    assert second.get_ven_list() == ["Lemvig"]
    with pytest.raises(VendashError, match=r"another\.db"):
        await first.initialize_resources()


async def test_the_first_instance_without_a_path_works_where_the_original_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert MeterDataSimulator().db_path == (tmp_path / "config/resources.db").resolve()
    with pytest.raises(VendashError, match="vendash prepare"):
        await MeterDataSimulator().initialize_resources()
    assert not (tmp_path / "config").exists()


async def test_statistics_have_the_shape_of_the_original(database: Path) -> None:
    await approve(database, "Aarhus")
    simulator = await initialize_simulator(db_path=database)
    assert simulator.get_statistics() == {
        "total_vens": 2,
        "total_resources": 20,
        "total_by_status": {"PENDING": 8, "APPROVED": 12, "SUSPENDED": 0},
        "by_ven": {
            "Aarhus": {"pending": 0, "approved": 12, "suspended": 0, "total": 12},
            "Herning": {"pending": 8, "approved": 0, "suspended": 0, "total": 8},
        },
    }


async def test_only_the_vens_that_were_named_are_loaded(database: Path) -> None:
    simulator = MeterDataSimulator(database)
    assert dict(simulator.vens) == {}
    await simulator.initialize_resources(ven_list=["Herning"])
    assert simulator.get_ven_list() == list(simulator.vens) == ["Herning"]
    assert len(simulator.vens["Herning"]) == 8
    with pytest.raises(VendashError, match="Aarhus"):
        simulator.get_ven_resources("Aarhus")
    with pytest.raises(VendashError, match="Atlantis"):
        await simulator.initialize_resources(["Herning", "Atlantis"])
    assert simulator.get_ven_list() == ["Herning"], "a load that failed changes nothing"
    await simulator.initialize_resources()
    assert simulator.get_ven_list() == ["Aarhus", "Herning"]


async def test_initialize_simulator_loads_once_for_all_parts_of_a_program(database: Path) -> None:
    await initialize_simulator(["Herning"], database)
    assert (await initialize_simulator()).get_ven_list() == ["Herning"]


async def test_a_decision_moves_a_resource_from_view_to_view_and_into_the_database(
    database: Path,
) -> None:
    simulator = await initialize_simulator(db_path=database)
    views = (
        simulator.pending_resources,
        simulator.approved_resources,
        simulator.suspended_resources,
    )
    chosen = next(iter(views[0]["Herning"]))
    for status, place in (("APPROVED", 1), ("suspended", 2), ("PENDING", 0)):
        await simulator.update_resource_status("Herning", chosen, status)
        assert [chosen in view["Herning"] for view in views] == [n == place for n in range(3)]
        assert chosen in simulator.get_ven_resources("Herning", status=status)
        stored = oldfile.run(
            database, "SELECT registration_status FROM resources WHERE resource_id = ?", chosen
        )
        assert stored == [(status.upper(),)]
    assert len(simulator.get_ven_resources("Herning")) == 8


@pytest.mark.parametrize(
    ("ven", "resource_id", "status", "word"),
    [
        ("Atlantis", "x", "APPROVED", "Atlantis"),
        ("Herning", "\x1b[2Jx", "APPROVED", r"\\x1b\[2Jx"),
        ("Herning", "", "perhaps", "PENDING, APPROVED or SUSPENDED"),
    ],
)
async def test_a_decision_about_nothing_is_refused_in_one_sentence(
    database: Path, ven: str, resource_id: str, status: str, word: str
) -> None:
    simulator = await initialize_simulator(db_path=database)
    known = next(iter(simulator.get_ven_resources("Herning")))
    with pytest.raises(VendashError, match=word):
        await simulator.update_resource_status(ven, resource_id or known, status)


async def test_the_approved_resources_have_readings_and_no_others(database: Path) -> None:
    await approve(database, "Aarhus")
    simulator = await initialize_simulator(db_path=database)
    found = await simulator.collect_next_metering()
    assert found.keys() == simulator.approved_resources["Aarhus"].keys()
    assert found == await simulator.collect_next_metering("Aarhus")
    assert await simulator.collect_next_metering("Herning") == {}
    for one, data in found.items():
        resource = simulator.get_ven_resources("Aarhus")[one]
        assert (data.resource_id, data.meter_point_id) == (one, resource.meterPointId)
        (reading,) = data.readings
        assert (reading.timestamp, reading.load_id) == (1_750_413_600_000, "load_0")


async def test_readings_are_those_of_the_one_simulation_in_watts(database: Path) -> None:
    await approve(database)
    simulator = await initialize_simulator(db_path=database)
    simulator.increase_time(3600)
    found = watts(await simulator.collect_next_metering())
    async with await open_store(database) as store:
        rows = await store.resources(await store.keys(Query()))
        seed = (await store.simulation()).seed
    simulation = simulation_of(rows, SimulationSettings(seed=seed), start=NOON + 3600, generation=1)
    expected = simulation.tick(0.0, 0).kw * np.float64(1000)
    assert found == {
        held.resource_id: pytest.approx(power)
        for (_, held), power in zip(rows, expected.tolist(), strict=True)
    }
    assert any(found.values())


async def test_time_passes_by_increase_time_alone(database: Path) -> None:
    await approve(database)
    simulator = await initialize_simulator(db_path=database)
    first = await simulator.collect_next_metering()
    assert await simulator.collect_next_metering() == first
    assert simulator.increase_time(3 * 3600) == NOON + 3 * 3600
    later = await simulator.collect_next_metering()
    assert watts(later) != watts(first)
    assert {data.readings[0].timestamp for data in later.values()} == {1_750_424_400_000}
    await simulator.initialize_resources()
    assert simulator.increase_time(0) == NOON + 3 * 3600, "loading anew does not turn time back"
    simulator.reset()
    await initialize_simulator(db_path=database)
    assert simulator.increase_time(0) == NOON


async def test_another_program_s_decision_counts_from_the_next_collection_on(
    database: Path,
) -> None:
    simulator = await initialize_simulator(db_path=database)
    assert await simulator.collect_next_metering() == {}
    await approve(database, "Herning")
    assert len(await simulator.collect_next_metering()) == 8
    assert len(simulator.approved_resources["Herning"]) == 8
    oldfile.run(database, "UPDATE resources SET enabled = 0 WHERE ven = 'Herning' AND id % 2")
    assert len(await simulator.collect_next_metering()) == 4
    oldfile.run(database, "UPDATE resources SET registration_status = 'SUSPENDED'")
    assert await simulator.collect_next_metering() == {}
    assert len(simulator.suspended_resources["Herning"]) == 8


async def test_before_anything_is_loaded_readings_and_time_are_refused_with_what_to_do(
    database: Path,
) -> None:
    simulator = MeterDataSimulator(database)
    assert simulator.get_statistics()["total_resources"] == 0
    with pytest.raises(VendashError, match="initialize_resources"):
        await simulator.collect_next_metering()
    with pytest.raises(VendashError, match="initialize_resources"):
        simulator.increase_time()


async def test_two_that_collect_at_the_same_time_get_the_same(database: Path) -> None:
    await approve(database)
    simulator = await initialize_simulator(db_path=database)
    simulator.increase_time(900)
    one, other = await asyncio.gather(
        simulator.collect_next_metering(), simulator.collect_next_metering()
    )
    assert one == other
    assert len(one) == 20


def test_a_program_may_run_a_loop_for_every_call(tmp_path: Path) -> None:
    asyncio.run(make_database(tmp_path / "fleet.db", {"Herning": 4}))
    asyncio.run(approve(tmp_path / "fleet.db"))
    simulator = asyncio.run(initialize_simulator(db_path=tmp_path / "fleet.db"))
    chosen = next(iter(simulator.approved_resources["Herning"]))
    asyncio.run(simulator.update_resource_status("Herning", chosen, "SUSPENDED"))
    assert len(asyncio.run(simulator.collect_next_metering())) == 3


async def test_a_file_of_the_original_is_simulated_as_it_is(tmp_path: Path) -> None:
    path = oldfile.write(tmp_path / "resources.db", statuses=["APPROVED", None, "approved"])
    simulator = await initialize_simulator(db_path=path)
    assert (await simulator.collect_next_metering()).keys() == {oldfile.MURPHYS, "ev-7"}
