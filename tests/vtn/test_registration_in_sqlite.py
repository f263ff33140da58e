"""The registrar with the real store and a real VTN: what an operator's day consists of."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import AsyncExitStack, closing
from pathlib import Path

import httpx
import pytest

from tests.vtn.ledger import MemoryLedger, fleet
from tests.vtn.scripted import Asked, Say, scripted
from vendash.filters import Query
from vendash.models import RegistrationStatus, VtnState
from vendash.store import SqliteStore, open_store
from vendash.store.following import ticking
from vendash.vtn.books import Ledger
from vendash.vtn.client import Vtn
from vendash.vtn.driver import Registrar
from vendash.vtn.server import Dialect, Faults, VtnServer, vtn_server
from vendash.vtn.survey import survey
from vendash.vtn.tally import Count

ANY = frozenset(RegistrationStatus)


async def _keys(store: SqliteStore) -> list[int]:
    return list(await store.keys(Query()))


async def _prepared(path: Path, url: str, *, vens: int, resources: int) -> SqliteStore:
    store = await open_store(path, create=True)
    await store.import_resources(fleet(vens, resources), actor="test")
    await store.use_vtn(url)
    await store.want_at_vtn(await _keys(store), True, actor="test")
    return store


async def _states(store: SqliteStore) -> Counter[VtnState]:
    return Counter(row.vtn for row in await store.rows(await _keys(store)))


async def _count(server: VtnServer) -> tuple[int, int]:
    server.faults = Faults()
    async with Vtn(server.url).connect() as connection:
        return await connection.count()


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
async def test_register_approve_unregister_and_register_again(
    tmp_path: Path, dialect: Dialect
) -> None:
    async with vtn_server(dialect=dialect, auth=False) as server:
        store = await _prepared(tmp_path / "fleet.db", server.url, vens=3, resources=20)
        async with store:
            registrar = Registrar(store, Vtn(server.url))
            first = await registrar.settle()
            assert (first.vens, first.resources) == (Count(registered=3), Count(registered=60))
            assert await _states(store) == {VtnState.OK: 60}
            keys = await _keys(store)
            await store.set_status(keys[:7], ANY, RegistrationStatus.APPROVED, actor="test")
            approved = await registrar.settle()
            assert approved.resources == Count(already=7)
            await store.want_at_vtn(keys[:5], False, actor="test")
            assert (await registrar.settle()).resources == Count(removed=5)
            assert await _count(server) == (3, 55)
            await store.want_at_vtn(keys[:5], True, actor="test")
            assert (await registrar.settle()).resources == Count(registered=5)
            assert await _count(server) == (3, 60)
            assert await _states(store) == {VtnState.OK: 60}


async def test_cut_off_again_and_again_everything_is_there_once_and_known(tmp_path: Path) -> None:
    """The database is opened anew each time, while answers are lost on the way back."""
    path = tmp_path / "fleet.db"
    async with vtn_server(auth=False, faults=Faults(reset_after_write=0.1)) as server:
        await (await _prepared(path, server.url, vens=2, resources=60)).close()
        for cut_after in range(20, 121, 20):
            async with await open_store(path) as store:
                work = asyncio.create_task(Registrar(store, Vtn(server.url), workers=4).run())
                async with asyncio.timeout(20):
                    async for _ in ticking(store):
                        if (await _states(store))[VtnState.OK] >= cut_after // 2:
                            break
                work.cancel()
                await asyncio.wait([work])
        async with await open_store(path) as store:
            await Registrar(store, Vtn(server.url)).settle()
            assert await _states(store) == {VtnState.OK: 120}
            assert await _count(server) == (2, 120)


async def test_a_vtn_that_is_not_there_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    async with vtn_server(auth=False) as server:
        store = await _prepared(tmp_path / "fleet.db", server.url, vens=1, resources=5)
    async with store:
        summary = await Registrar(store, Vtn(server.url)).settle()
        assert "refuses the connection" in summary.trouble
        assert await _states(store) == {VtnState.WAITING: 5}


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
async def test_moved_emptied_and_removed_both_sides_agree_each_time(
    tmp_path: Path, dialect: Dialect
) -> None:
    """The core and the file keep the same rules of what is held where."""
    path = tmp_path / "fleet.db"
    async with vtn_server(dialect=dialect, auth=False, control=True) as server:
        store = await _prepared(path, server.url, vens=2, resources=10)
        async with store:
            registrar = Registrar(store, Vtn(server.url))
            await registrar.settle()
            _as_another_program(path, "UPDATE resources SET ven = 'Town1' WHERE id <= 4")
            moved = await registrar.settle()
            assert (moved.resources.removed, moved.resources.registered) == (4, 4)
            assert await _held(server) == {"Town0": 6, "Town1": 14}
            async with httpx.AsyncClient() as http:
                (await http.post(f"{server.url}/_control/reset")).raise_for_status()
            keys = await _keys(store)
            await store.set_status(keys[:1], ANY, RegistrationStatus.APPROVED, actor="test")
            await registrar.settle()
            assert await _held(server) == {"Town0": 6, "Town1": 14}
            town = await store.keys(Query(ven="Town0"))
            await store.want_at_vtn(town, False, actor="test")
            await registrar.settle()
            assert await _held(server) == {"Town1": 14}
            assert await _states(store) == {VtnState.OK: 14, VtnState.UNWANTED: 6}


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
@pytest.mark.parametrize("compared", [True, False])
async def test_what_a_comparison_has_seen_there_is_adopted_by_a_new_database(
    tmp_path: Path, dialect: Dialect, compared: bool
) -> None:
    """The control: without the comparison, a VTN that takes a name twice has all of them twice."""
    doubles = Faults(resource_names="any")
    async with vtn_server(dialect=dialect, auth=False, faults=doubles) as server:
        async with await _prepared(tmp_path / "old.db", server.url, vens=1, resources=10) as old:
            await Registrar(old, Vtn(server.url)).settle()
        async with await _prepared(tmp_path / "new.db", server.url, vens=1, resources=10) as new:
            if compared:
                async with Vtn(server.url).connect() as connection:
                    await survey(new, connection)
            summary = await Registrar(new, Vtn(server.url)).settle()
            assert summary.resources.already == (10 if compared else 0)
            assert await _count(server) == (1, 10 if compared else 20)


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
async def test_pages_that_lose_objects_at_their_borders_cost_look_ups_and_nothing_else(
    tmp_path: Path, dialect: Dialect
) -> None:
    """As openleadr's do for objects of one microsecond: what has no order may change places."""
    async with vtn_server(dialect=dialect, auth=False) as server:
        store = await _prepared(tmp_path / "fleet.db", server.url, vens=60, resources=3)
        async with store, Vtn(server.url).connect() as connection:
            await Registrar(store, Vtn(server.url)).settle()
            before = server.state.snapshot()
            server.counters.clear()
            server.faults = Faults(order="random", resource_names="any")
            made = await survey(store, connection)
            assert made.outcome.again > 0  # else this was no such list
            await Registrar(store, Vtn(server.url)).settle()
            assert {call.split()[0] for call in server.counters.requests} == {"GET"}
            assert server.state.snapshot() == before
            assert await _states(store) == {VtnState.OK: 180}


def _as_another_program(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


async def _held(server: VtnServer) -> dict[str, int]:
    """How many resources each VEN of the VTN holds."""
    async with Vtn(server.url).connect() as connection:
        vens = {one.id: one.name async for page in connection.pages("/vens") for one in page}
        names = Counter(dict.fromkeys(vens.values(), 0))
        for path in (await connection.dialect()).resource_lists(list(vens)):
            async for page in connection.pages(path):
                names.update(vens[str(one.ven_id)] for one in page)
    return dict(names)


@pytest.mark.parametrize("kept_in", ["memory", "SQLite"])
async def test_a_vtn_that_loses_each_ven_it_is_given_is_left_for_the_operator(
    tmp_path: Path, kept_in: str
) -> None:
    """Given up by whoever keeps the VENs, and not before it was tried again."""

    def loses_vens(asked: Asked) -> Say:
        if asked.method == "GET" and asked.path in {"/vens", "/resources"}:
            return Say(200, [])
        return Say(201, {"id": "v"}) if asked.what == "POST /vens" else Say(404)

    async with scripted(loses_vens) as server, AsyncExitStack() as stack:
        ledger: Ledger = MemoryLedger(fleet(1, 3))
        if kept_in == "SQLite":
            ledger = await stack.enter_async_context(
                await _prepared(tmp_path / "fleet.db", server.url, vens=1, resources=3)
            )
        async with asyncio.timeout(20):
            summary = await Registrar(ledger, Vtn(server.url, dialect="3.1")).settle()
        assert server.count("POST /vens") == 3
    assert summary.trouble == ""
    assert summary.resources.registered == 0
