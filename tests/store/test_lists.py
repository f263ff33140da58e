"""Lists, counts and sums say the same as a plain reading of all resources would."""

from __future__ import annotations

import random
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.store.making import (
    ANY,
    APPROVED,
    PENDING,
    SUSPENDED,
    accept_due,
    everything,
    filled,
    other_program,
    refused,
    register,
    wild_fleet,
)
from vendash.filters import Field, Filter, Query, Sort, Term, fold, parse_filter
from vendash.models import NO_VEN, RegistrationStatus, ResourceRow, StatusCounts, VtnState
from vendash.store import SqliteStore

_VENS = (None, None, "Aalborg", "aalborg", "Køge", "100%", NO_VEN, "nowhere")
_FILTERS = (
    "", "", "nytorv", "ærø", "100%", "a_b", "x*y", "o'hara", '"nytorv 100%"', "!nytorv", "fisk",
    "strasse", "status:approved", "!status:pending", "type:ev", "!type:ev", "sub:hotels",
    "sub:h*s", "!sub:hotels", "ven:aal*", "ven:100%", "ven:*", "!ven:køge", "p>22", "p<=22 p>0",
    "!p>20", "vtn:failed", "!vtn:ok", "vtn:unwanted type:pv", "\\back", "'; DROP TABLE resources",
)  # fmt: skip


def _holds(term: Term, row: ResourceRow) -> bool:
    value = term.value
    if term.field is Field.POWER:
        compare: dict[str, Callable[[Any, Any], bool]] = {
            "=": lambda a, b: a == b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
            ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
        }  # fmt: skip
        return compare[term.operator](row.p_max_kw, value)
    text = str(value)
    if term.field is Field.TEXT:
        parts = (row.name, row.address, row.meter_point_id, row.sub_type, row.ven)
        return _matches("\n".join(fold(part) for part in parts), f"*{text}*")
    held = {
        Field.STATUS: row.status,
        Field.TYPE: row.type,
        Field.SUB_TYPE: row.sub_type,
        Field.VEN: row.ven,
        Field.VTN: row.vtn,
    }[term.field]
    return _matches(fold(held), text)


def _matches(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]").replace("?", "[?]"))


def _expected(rows: list[ResourceRow], query: Query, *, status: bool = True) -> list[ResourceRow]:
    return [
        row
        for row in rows
        if query.ven in (None, row.ven)
        and (not status or query.status in (None, row.status))
        and all(_holds(term, row) is not term.negated for term in query.filter.terms)
    ]


def _nocase(text: str) -> str:
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


_TROUBLE = {VtnState.CONFLICT: 0, VtnState.FAILED: 1, VtnState.DIFFERENT: 2}
_ORDER: dict[Sort, Callable[[ResourceRow], tuple[Any, ...]]] = {
    Sort.NAME: lambda row: (),
    Sort.TROUBLE: lambda row: (_TROUBLE.get(row.vtn, 3),),
    Sort.STATUS: lambda row: ((PENDING, APPROVED, SUSPENDED).index(row.status),),
    Sort.TYPE: lambda row: (row.type,),
    Sort.SUB_TYPE: lambda row: (_nocase(row.sub_type),),
    Sort.VEN: lambda row: (_nocase("" if row.ven == NO_VEN else row.ven),),
    Sort.POWER: lambda row: (row.p_max_kw,),
    Sort.CHANGED: lambda row: (row.changed,),
}


def _in_order(rows: list[ResourceRow], query: Query) -> list[ResourceRow]:
    order = _ORDER[query.sort]
    return sorted(
        rows,
        key=lambda row: (*order(row), _nocase(row.name).encode(), row.key),
        reverse=query.descending,
    )


async def _eventful(path: Path, seed: int) -> SqliteStore:
    """A store in which everything has happened to somebody."""
    store = await filled(path, wild_fleet(seed, 120))
    await register(store)
    chosen = await everything(store)
    await store.set_status(chosen.keys[::2], ANY, SUSPENDED, actor="a")
    await store.set_status(chosen.keys[::4], ANY, APPROVED, actor="a")
    states = (VtnState.FAILED, VtnState.CONFLICT, VtnState.WAITING, VtnState.DIFFERENT)
    due = await store.due_resources(1000)
    await store.complete([refused(item, states[place % 4]) for place, item in enumerate(due)][:-3])
    await store.want_at_vtn(chosen.keys[:6], False, actor="a")
    return store


@pytest.mark.parametrize("seed", range(4))
async def test_every_query_finds_what_a_plain_reading_finds_in_its_order(
    path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    async with await _eventful(path, seed) as store:
        everyone = await store.rows((await everything(store)).keys)
        assert len(everyone) == 120
        assert {row.vtn for row in everyone} == set(VtnState)
        for _ in range(100):
            query = Query(
                ven=chance.choice(_VENS),
                status=chance.choice([None, *RegistrationStatus]),
                filter=parse_filter(chance.choice(_FILTERS)),
                sort=chance.choice(list(Sort)),
                descending=chance.random() < 0.5,
            )
            expected = _expected(everyone, query)
            keys = await store.keys(query)
            assert sorted(keys) == sorted(row.key for row in expected), query
            if query.sort not in (Sort.SUB_TYPE, Sort.VEN):  # NULL and '' are two values there
                assert list(keys) == [row.key for row in _in_order(expected, query)], query
            assert [row.key for row in await store.first_rows(query, 7)] == list(keys[:7]), query
            counts = await store.counts(query)
            held = [row.status for row in _expected(everyone, query, status=False)]
            assert counts == StatusCounts(
                pending=held.count(PENDING),
                approved=held.count(APPROVED),
                suspended=held.count(SUSPENDED),
            ), query


@pytest.mark.parametrize("seed", range(3))
async def test_the_work_to_do_adds_up_over_vens_and_to_the_fleet(path: Path, seed: int) -> None:
    async with await _eventful(path, seed) as store:
        rows = await store.rows((await everything(store)).keys)
        work, vens = await store.work(), await store.vens()
        details = {row.key: await store.detail(row.key) for row in rows}
        there = [row for row in rows if (d := details[row.key]) and d.remote_id is not None]
        assert work.total == len(rows) == sum(ven.work.total for ven in vens)
        assert work.decide == sum(row.status is PENDING for row in there)
        assert work.approved == sum(row.status is APPROVED for row in there)
        assert work.suspended == sum(row.status is SUSPENDED for row in there)
        assert work.unsent == len(rows) - len(there)
        assert work.different == sum(row.vtn is VtnState.DIFFERENT for row in rows)
        assert work.trouble == sum(row.vtn in (VtnState.FAILED, VtnState.CONFLICT) for row in rows)
        for name in ("decide", "unsent", "approved", "suspended", "different", "trouble"):
            assert getattr(work, name) == sum(getattr(ven.work, name) for ven in vens), name
        assert [ven.name for ven in vens] == sorted(
            {row.ven for row in rows}, key=lambda name: (fold(name), name)
        )
        power = await store.ven_power()
        for ven in vens:
            own = [row for row in rows if row.ven == ven.name]
            assert ven.decisions.total == len(own)
            assert ven.accepted == sum(row.vtn is VtnState.OK for row in own)
            assert power[ven.name] == pytest.approx(sum(row.p_max_kw for row in own))


async def test_statistics_have_the_names_of_the_original_and_add_up(path: Path) -> None:
    async with await filled(path, wild_fleet(7, 60)) as store:
        rows = await store.rows((await everything(store)).keys)
        found = await store.statistics()
        assert set(found) == {
            "total_resources", "by_type", "by_sub_type", "top_10_vens", "total_vens", "by_status",
            "by_ven",
        }  # fmt: skip
        assert found["total_resources"] == 60 == sum(found["by_type"].values())
        assert found["total_vens"] == len({row.ven for row in rows} - {NO_VEN})
        assert sum(found["by_status"].values()) == sum(found["by_sub_type"].values()) == 60
        assert {name: row["total"] for name, row in found["by_ven"].items()} == {
            ven: sum(row.ven == ven for row in rows) for ven in {row.ven for row in rows}
        }
        numbers = list(found["top_10_vens"].values())
        assert numbers == sorted(numbers, reverse=True)


async def test_rows_come_in_the_order_asked_for_and_without_those_that_are_gone(
    store: SqliteStore,
) -> None:
    keys = list((await everything(store)).keys)
    asked = [keys[3], 99_999, keys[0], keys[3]]
    assert [row.key for row in await store.rows(asked)] == [keys[3], keys[0], keys[3]]


async def test_a_selection_counts_decisions_and_power_and_drops_keys_that_are_gone(
    store: SqliteStore,
) -> None:
    keys = (await everything(store, "Aalborg")).keys
    await store.set_status(keys[:2], frozenset({PENDING}), APPROVED, actor="a")
    selection = await store.select([*keys, keys[0], 99_999])
    assert list(selection.keys) == list(keys)
    assert selection.by_status == StatusCounts(pending=3, approved=2)
    assert selection.p_max_kw == sum(row.p_max_kw for row in await store.rows(keys))


async def test_detail_says_all_that_is_known_and_its_newest_history_first(
    store: SqliteStore,
) -> None:
    await register(store)
    (key,) = (await everything(store, "Herning")).keys[:1]
    for _ in range(15):
        await store.set_status([key], frozenset({PENDING}), APPROVED, actor="anna", reason="ok")
        await store.set_status([key], frozenset({APPROVED}), PENDING, actor="bo")
    detail = await store.detail(key)
    assert detail is not None
    assert detail.resource.ven == "Herning"
    assert detail.remote_id == f"remote-{key}"
    assert detail.row.key == detail.key == key
    assert len(detail.history) == 20
    newest, item = detail.history[0]
    assert (newest.actor, newest.verb, item.before, item.after) == (
        "bo", "pend", "APPROVED", "PENDING",
    )  # fmt: skip
    assert await store.detail(99_999) is None


async def test_find_gives_keys_of_known_ids_only(store: SqliteStore) -> None:
    rows = await store.rows((await everything(store)).keys)
    known = rows[0].resource_id
    assert await store.find([known, "nobody", "'; --"]) == {known: rows[0].key}


async def test_a_row_shows_what_the_vtn_was_told_only_where_it_differs(store: SqliteStore) -> None:
    await register(store)
    key = (await everything(store)).keys[0]
    assert (await store.rows([key]))[0].vtn_status is None
    await store.set_status([key], frozenset({PENDING}), APPROVED, actor="a")
    (row,) = await store.rows([key])
    assert (row.vtn, row.vtn_status) == (VtnState.WAITING, PENDING)
    await accept_due(store)
    (row,) = await store.rows([key])
    assert (row.vtn, row.vtn_status) == (VtnState.OK, None)


async def test_reading_keys_are_the_approved_and_enabled_resources(
    store: SqliteStore, path: Path
) -> None:
    keys = list((await everything(store)).keys)
    await store.set_status(keys[:4], frozenset({PENDING}), APPROVED, actor="a")
    with other_program(path) as connection:
        connection.execute("UPDATE resources SET enabled = 0 WHERE id = ?", (keys[0],))
        connection.execute("UPDATE resources SET enabled = NULL WHERE id = ?", (keys[1],))
    assert list(await store.reading_keys()) == sorted(keys[1:4])


async def test_whole_resources_come_back_as_they_were_imported(path: Path) -> None:
    given = wild_fleet(3, 25)
    async with await filled(path, given) as store:
        found = await store.resources((await everything(store)).keys)
        assert [key for key, _ in found] == sorted(key for key, _ in found)
        by_id = {resource.resource_id: resource for _, resource in found}
        for resource in given:
            held = by_id[resource.resource_id]
            assert held.ven == (resource.ven or None)
            assert (held.resource_name, held.capacities, held.location, held.enabled) == (
                resource.resource_name, resource.capacities, resource.location, resource.enabled,
            )  # fmt: skip


def test_no_filter_is_a_filter_of_no_terms() -> None:
    assert parse_filter("") == Filter()
