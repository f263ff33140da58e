"""Whatever stands in a file or a filter is a value, and nothing of it ends the program."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fleets import fleet
from tests.store import original_program as original
from tests.store.making import ANY, APPROVED, ask, everything, filled, other_program, register
from vendash.filters import Field, Filter, Query, Term, parse_filter
from vendash.models import NO_VEN, Resource
from vendash.store import SqliteStore, open_store

INJECTION = "x'); DROP TABLE resources; --"


async def test_text_from_outside_is_never_sql(path: Path) -> None:
    (made,) = fleet({INJECTION: 1})
    nasty = replace(
        made, resource_id=INJECTION, resource_name=INJECTION, resource_sub_type=INJECTION,
        address=INJECTION, meter_point_id=INJECTION, reporting=INJECTION,
    )  # fmt: skip
    async with await filled(path, [nasty, *fleet({"Herning": 2})]) as store:
        await store.use_vtn(INJECTION, INJECTION)
        await store.want_at_vtn((await everything(store)).keys, True, actor=INJECTION)
        await register(store)
        for query in (
            Query(ven=INJECTION),
            Query(filter=parse_filter(f'"{INJECTION}"')),
            Query(filter=parse_filter(f'sub:"{INJECTION}"')),
            Query(filter=parse_filter(f'ven:"{INJECTION}"')),
        ):
            (row,) = await store.first_rows(query, 9)
            assert row.name == INJECTION
            assert len(await store.keys(query)) == (await store.counts(query)).total == 1
        assert await store.find([INJECTION]) == {INJECTION: row.key}
        await store.set_status([row.key], ANY, APPROVED, actor=INJECTION, reason=INJECTION)
        assert await store.verify_audit() is None
        assert (await store.undo(actor=INJECTION)).changed == 1
    assert ask(path, "SELECT count(*) FROM resources") == [(3,)]


@given(value=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
async def test_any_text_can_be_looked_for(store: SqliteStore, value: str) -> None:
    for field in (Field.TEXT, Field.SUB_TYPE, Field.VEN):
        for text in (value, f"*{value}*"):
            query = Query(filter=Filter((Term(field, text),)))
            assert len(await store.keys(query)) == (await store.counts(query)).total


@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    ven=st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
)
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
async def test_any_name_is_kept_to_the_letter_and_found_again(
    store: SqliteStore, name: str, ven: str
) -> None:
    (made,) = fleet({"Herning": 1})
    given_one: Resource = replace(made, resource_name=name, ven=ven)
    await store.import_resources([given_one], actor="test")
    key = (await store.find([made.resource_id]))[made.resource_id]
    (row,) = await store.rows([key])
    assert (row.name, row.ven) == (name, ven or NO_VEN)
    assert key in await store.keys(Query(ven=row.ven))
    if name.strip() and not set(name) & set('"*'):
        assert key in await store.keys(Query(filter=parse_filter(f'"{name}"')))


_ODD_VALUES = (
    "resource_name = CAST(x'ff4100e6' AS TEXT)",
    "resource_name = x'ff41'",
    "resource_name = 12.5",
    "address = CAST(x'e6f8e5' AS TEXT)",
    "ven = x'48'",
    "resource_type = 'WIND'",
    "resource_type = ' ev '",
    "capacities = 'no json'",
    "capacities = '[1, 2]'",
    'capacities = \'{"P_max_kw": "many"}\'',
    "capacities = '{\"P_max_kw\": 1e999}'",
    "capacities = x'ff'",
    "capacities = '" + "[" * 50_000 + "'",
    "location = 'null'",
    "location = '{\"latitude\": null}'",
    "enabled = 'perhaps'",
    "enabled = NULL",
    "updated_at = NULL",
    "updated_at = 17",
    "reporting = x'00ff'",
    "meter_point_id = 571313",
    "connection_id = 0",
    "registration_status = x'41'",
)


@pytest.mark.parametrize("odd", _ODD_VALUES, ids=range(len(_ODD_VALUES)))
@pytest.mark.parametrize("before_opening", [True, False])
async def test_odd_values_of_another_program_spoil_no_list(
    path: Path, odd: str, before_opening: bool
) -> None:
    original.make_file(path, 3, with_status=True)
    if before_opening:
        _write(path, odd)
    async with await open_store(path) as store:
        if not before_opening:
            _write(path, odd)
        await register(store)
        keys = (await everything(store)).keys
        assert len(await store.first_rows(Query(), 9)) == 3
        assert len(await store.resources(keys)) == 3
        assert (await store.work()).total == sum(ven.work.total for ven in await store.vens()) == 3
        assert await store.detail(2) is not None
        assert (await store.statistics())["total_resources"] == 3
        assert (await store.set_status(keys, ANY, APPROVED, actor="a")).changed == 3
        assert (await store.undo(actor="a")).changed == 3
        assert await store.verify_audit() is None
        for problem in await store.check():
            assert problem.isprintable()
        assert len(await store.action_items(1)) > 0


def _write(path: Path, odd: str) -> None:
    with other_program(path) as connection:
        connection.execute(f"UPDATE resources SET {odd} WHERE id = 2")


async def test_check_names_values_that_were_guessed(path: Path) -> None:
    original.make_file(path, 4)
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET resource_type = 'WIND\x1b[2J' WHERE id = 1")
        connection.execute("UPDATE resources SET capacities = '{}' WHERE id = 2")
        connection.execute("UPDATE resources SET location = 'x' WHERE id = 3")
        connection.execute("UPDATE resources SET meter_point_id = 'x\x1b[31m' WHERE id > 2")
    async with await open_store(path) as store:
        problems = await store.check()
    assert [said for said in ("unknown type", "capacities", "location", "Meter points")
            if any(said in each for each in problems)] == [
        "unknown type", "capacities", "location", "Meter points",
    ]  # fmt: skip
    assert all(each.isprintable() for each in problems)
