"""An import is one action that can be repeated at will."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fleets import fleet
from tests.store import original_program as original
from tests.store.making import (
    ANY,
    APPROVED,
    accept_due,
    ask,
    everything,
    other_program,
    register,
    wild_fleet,
)
from vendash.errors import VendashError
from vendash.filters import Query
from vendash.models import Capacities, Location, Resource, ResourceType, VtnState
from vendash.store import open_store


def _hotel(number: int, **changes: object) -> Resource:
    """What `original_program.insert` writes, but with an id of its own."""
    made = Resource(
        resource_id=f"00000000-0000-5000-8000-{number:012d}",
        resource_name=f"Hotel {number} Ærø",
        resource_type=ResourceType.DSR,
        resource_sub_type="Hotels",
        meter_point_id=f"57131300000000{number:04d}",
        capacities=Capacities(p_max_kw=100.0, p_min_kw=10.0),
        location=Location(56.14, 8.97),
        address=f"Torvet {number}, 7400 Herning",
        ven="Herning" if number % 2 else "Aalborg",
    )
    return replace(made, **changes)


async def test_twice_gives_the_same_and_records_nothing_the_second_time(path: Path) -> None:
    given = wild_fleet(1, 50)
    async with await open_store(path, create=True) as store:
        first = await store.import_resources(given, actor="anna", subject="folder")
        assert (first.added, first.updated, first.unchanged, first.sequence) == (50, 0, 0, 1)
        second = await store.import_resources(given, actor="anna", subject="folder")
        assert (second.added, second.updated, second.unchanged, second.sequence) == (0, 0, 50, None)
        (action,) = await store.actions()
        assert (action.verb, action.count, action.subject) == ("import", 50, "folder")
        assert len(await store.action_items(1)) == 50
        assert await store.verify_audit() is None


async def test_a_row_of_the_original_keeps_its_id_and_its_decision(path: Path) -> None:
    original.make_file(path, 4, with_status=True)
    async with await open_store(path) as store:
        await store.set_status([1, 2], ANY, APPROVED, actor="anna")
        outcome = await store.import_resources(
            [_hotel(0), _hotel(1, ven="Viborg"), _hotel(9)], actor="anna"
        )
        assert (outcome.added, outcome.updated, outcome.unchanged) == (1, 1, 1)
        rows = {row.key: row for row in await store.first_rows(Query(), 9)}
        assert len(rows) == 5
        assert rows[2].resource_id == original.resource_id(1)
        assert (rows[2].ven, rows[2].status) == ("Viborg", APPROVED)
        items = await store.action_items(outcome.sequence or 0)
        assert [(item.key, item.after) for item in items] == [(2, "updated"), (5, "added")]


async def test_the_same_name_and_address_twice_are_two_resources_told_apart_by_order(
    path: Path,
) -> None:
    async with await open_store(path, create=True) as store:
        twins = [_hotel(1), _hotel(1, resource_id="b"), _hotel(1, resource_id="c")]
        await store.import_resources(twins[:2], actor="anna")
        other_ids = [replace(each, resource_id=f"new {each.resource_id}") for each in twins]
        outcome = await store.import_resources(other_ids, actor="anna")
        assert (outcome.added, outcome.unchanged) == (1, 2)
        rows = await store.first_rows(Query(), 9)
        assert [row.resource_id for row in rows] == [twins[0].resource_id, "b", "new c"]


async def test_an_id_that_is_here_wins_over_name_and_address(path: Path) -> None:
    async with await open_store(path, create=True) as store:
        await store.import_resources([_hotel(1), _hotel(2)], actor="anna")
        renamed = [_hotel(2, resource_name="Hotel 1 Ærø", address="Torvet 1, 7400 Herning")]
        outcome = await store.import_resources(renamed, actor="anna")
        assert (outcome.added, outcome.updated) == (0, 1)
        assert ask(path, "SELECT count(DISTINCT resource_name) FROM resources") == [(1,)]


async def test_a_name_matches_however_its_accents_are_written(path: Path) -> None:
    async with await open_store(path, create=True) as store:
        await store.import_resources([_hotel(1, resource_name="Café Å")], actor="anna")
        decomposed = _hotel(1, resource_id="x", resource_name="Cafe\u0301 A\u030a")
        outcome = await store.import_resources([decomposed], actor="anna")
        assert (outcome.added, outcome.updated) == (0, 1)


async def test_two_resources_with_one_id_are_refused_whole(path: Path) -> None:
    async with await open_store(path, create=True) as store:
        with pytest.raises(VendashError, match="same id"):
            await store.import_resources([_hotel(1), _hotel(2), _hotel(1)], actor="anna")
        assert (await store.work()).total == 0


async def test_changed_values_are_told_to_the_vtn_and_unchanged_ones_are_not(path: Path) -> None:
    given = fleet({"Herning": 4})
    async with await open_store(path, create=True) as store:
        await store.import_resources(given, actor="anna")
        await register(store)
        stronger = replace(given[0], capacities=replace(given[0].capacities, p_max_kw=99.0))
        await store.import_resources([stronger, *given[1:]], actor="anna")
        (item,) = await accept_due(store)
        assert item.resource.capacities.p_max_kw == 99.0
        assert {row.vtn for row in await store.first_rows(Query(), 9)} == {VtnState.OK}


async def test_what_an_operator_set_outside_the_csv_stays(path: Path) -> None:
    given = fleet({"Herning": 2})
    async with await open_store(path, create=True) as store:
        await store.import_resources(given, actor="anna")
        with other_program(path) as connection:
            connection.execute("UPDATE connections SET type = 'MODBUSTCP', host = 'meter.local'")
            connection.execute("UPDATE resources SET enabled = 0, reporting = '{}'")
        await store.import_resources(
            [replace(each, address="Moved 1") for each in given], actor="anna"
        )
        for _, resource in await store.resources((await everything(store)).keys):
            assert resource.connection.host == "meter.local"
            assert (resource.enabled, resource.reporting) == (False, "{}")
            assert resource.address == "Moved 1"


async def test_every_resource_has_a_connection_of_its_own(path: Path) -> None:
    async with await open_store(path, create=True) as store:
        for seed in (1, 2):
            await store.import_resources(wild_fleet(seed, 20), actor="anna")
        assert await store.check() == []
    used = Counter(key for (key,) in ask(path, "SELECT connection_id FROM resources"))
    assert set(used.values()) == {1}
    assert len(used) == 40
