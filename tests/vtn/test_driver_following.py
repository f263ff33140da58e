"""The registrar follows what changes: holds, moves, deletions, and VTNs that forget."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest
from msgspec.structs import replace

from tests.vtn.ledger import MemoryLedger, fleet
from tests.vtn.scripted import Asked, Say, scripted, vtn_like
from tests.vtn.test_driver import (
    DIALECTS,
    assert_exactly_once,
    at_vtn,
    running,
    settled,
    until,
    vtn_of,
)
from vendash.models import RegistrationStatus, VtnState
from vendash.vtn.client import Vtn
from vendash.vtn.driver import Registrar
from vendash.vtn.server import Dialect, Faults, vtn_server
from vendash.vtn.tally import Count


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_moves_to_another_ven_is_there_once_under_the_new_one(dialect: Dialect) -> None:
    ledger = MemoryLedger(fleet(2, 3))
    async with vtn_server(dialect=dialect, auth=False) as server:
        await settled(ledger, vtn_of(server))
        ledger.change(1, replace(ledger.resources[1], ven="Town1"))
        summary = await settled(ledger, vtn_of(server))
        await assert_exactly_once(server, ledger)
    assert ledger.rows[1].under == ledger.vens["Town1"].remote_id
    assert (summary.resources.removed, summary.resources.registered) == (1, 1)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_ven_of_which_nothing_is_wanted_any_more_is_deleted_last(dialect: Dialect) -> None:
    ledger = MemoryLedger(fleet(2, 3))
    async with vtn_server(dialect=dialect, auth=False) as server:
        await settled(ledger, vtn_of(server))
        for key in (1, 2, 3):
            ledger.unwant(key)
        summary = await settled(ledger, vtn_of(server))
        vens, resources = await at_vtn(server)
    assert vens == Counter(["Town1"])
    assert resources.total() == 3
    assert (summary.vens.removed, summary.resources.removed) == (1, 3)
    assert ledger.vens["Town0"].state is VtnState.UNWANTED


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_ven_with_resources_of_others_is_not_deleted(dialect: Dialect) -> None:
    ledger, theirs = MemoryLedger(fleet(1, 1)), MemoryLedger(fleet(1, 2))
    async with vtn_server(dialect=dialect, auth=False) as server:
        await settled(theirs, vtn_of(server))
        await settled(ledger, vtn_of(server))
        ledger.unwant(1)
        await settled(ledger, vtn_of(server))
        vens, resources = await at_vtn(server)
    assert (vens.total(), resources.total()) == (1, 1)
    assert ledger.vens["Town0"].state is VtnState.CONFLICT
    assert "not of this fleet" in ledger.vens["Town0"].reason


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_emptied_vtn_is_filled_again_as_soon_as_one_change_finds_out(
    dialect: Dialect,
) -> None:
    ledger = MemoryLedger(fleet(3, 10))
    async with vtn_server(dialect=dialect, auth=False, control=True) as server:
        await settled(ledger, vtn_of(server))
        async with httpx.AsyncClient() as http:
            (await http.post(f"{server.url}/_control/reset")).raise_for_status()
        for key in (1, 11, 21):
            ledger.decide(key, RegistrationStatus.APPROVED)
        summary = await settled(ledger, vtn_of(server))
        await assert_exactly_once(server, ledger)
    assert summary.failures == []


async def test_an_undo_within_the_hold_sends_nothing() -> None:
    ledger = MemoryLedger(fleet(1, 3))
    async with vtn_server() as server:
        await settled(ledger, vtn_of(server))
        async with running(Registrar(ledger, vtn_of(server), hold=0.5)) as registrar:
            await until(lambda: registrar.health.word != "")
            before = ledger.resources[1]
            ledger.decide(1, RegistrationStatus.APPROVED)
            registrar.nudge()
            await asyncio.sleep(0.1)
            ledger.change(1, before)
            ledger.decide(2, RegistrationStatus.SUSPENDED)
            changed_at = asyncio.get_running_loop().time()
            registrar.nudge()
            await until(lambda: ledger.rows[2].state is VtnState.OK)
            took = asyncio.get_running_loop().time() - changed_at
            calls = registrar.vitals.calls
    assert calls == 2, "the decision about the second is read and put; nothing of the first"
    assert took >= 0.5
    assert ledger.states() == {VtnState.OK}


async def test_work_that_is_cancelled_goes_on_in_the_same_process() -> None:
    """What was leased is given back: begun, in doubt; not begun, as it was."""
    ledger = MemoryLedger(fleet(1, 100))
    async with vtn_server(faults=Faults(delay_s=0.02)) as server:
        for _ in range(3):
            async with running(Registrar(ledger, vtn_of(server), workers=4)) as registrar:
                await until(lambda: registrar.progress is not None and registrar.progress.done >= 5)
                assert registrar.vitals.in_flight <= 4
            doubtful = [row for row in ledger.rows.values() if row.state is VtnState.SENDING]
            assert len(doubtful) <= 4
        summary = await settled(ledger, vtn_of(server))
        await assert_exactly_once(server, ledger)
    assert summary.failures == []


async def test_a_worker_that_waits_for_a_pause_to_end_has_not_begun() -> None:
    ledger = MemoryLedger(fleet(1, 30))

    def answer(asked: Asked) -> Say:
        if asked.method != "POST":
            return Say(200, [])
        if asked.path == "/vens":
            return Say(201, {"id": "v"})
        return Say(429, None, {"retry-after": "60"})

    async with scripted(vtn_like(answer)) as server:
        registrar = Registrar(ledger, Vtn(server.url, dialect="3.1"))
        async with running(registrar):
            await until(lambda: registrar.vitals.breaker == "paused")
            await until(lambda: registrar.vitals.in_flight == 0)
            shown = registrar.vitals
    assert {row.state for row in ledger.rows.values()} == {VtnState.WAITING}
    assert not any(row.doubtful for row in ledger.rows.values())
    assert "more requests now (429)" in shown.last_error
    assert shown.last_error_at > 0
    assert shown.window < 4, "an overload halves it"


async def test_vitals_tell_of_a_vtn_that_is_left_alone() -> None:
    ledger = MemoryLedger(fleet(1, 5))
    async with vtn_server() as server:
        vtn = vtn_of(server)
    async with running(Registrar(ledger, vtn)) as registrar:
        await until(lambda: registrar.health.trouble)
        assert registrar.vitals.breaker in {"open", "half-open"}
        assert registrar.vitals.calls == 0


async def test_everything_moved_while_the_vtn_is_slow_arrives_once() -> None:
    ledger = MemoryLedger(fleet(2, 20))
    async with vtn_server(faults=Faults(delay_s=0.02, reset_after_write=0.1)) as server:
        async with running(Registrar(ledger, vtn_of(server))) as registrar:
            await until(lambda: any(row.remote_id for row in ledger.rows.values()))
            for key in range(1, 21):
                ledger.change(key, replace(ledger.resources[key], ven="Town1"))
            registrar.nudge()
            await until(lambda: ledger.states() == {VtnState.OK, VtnState.UNWANTED})
        assert ledger.vens.pop("Town0").state is VtnState.UNWANTED
        await assert_exactly_once(server, ledger)


@pytest.mark.parametrize("status", [400, 404, 409])
async def test_a_refusal_because_the_ven_is_gone_registers_the_ven_again(status: int) -> None:
    """Some VTNs say 400 or 409 to a VEN that they do not know; so the VEN is asked for."""
    ledger = MemoryLedger(fleet(1, 3))
    vens: list[str] = []

    def answer(asked: Asked) -> Say:
        if asked.method == "GET":
            known = asked.path.removeprefix("/vens/")
            return Say(200, []) if known in {"/vens", "/resources"} else _ven(known)
        if asked.path == "/vens":
            vens.append(f"v{len(vens)}")
            return Say(201, {"id": vens[-1], "venName": "Town0"})
        if b'"venID":"v0"' in asked.body:
            return Say(status, {"title": "no such VEN"})
        return Say(201, {"id": "r"})

    def _ven(ven_id: str) -> Say:
        return Say(200, {"id": ven_id}) if ven_id == vens[-1] != "v0" else Say(404)

    async with scripted(vtn_like(answer)) as server:
        summary = await settled(ledger, Vtn(server.url, dialect="3.1"))
    assert vens == ["v0", "v1"]
    assert summary.failures == []
    assert ledger.states() == {VtnState.OK}


async def test_a_vtn_without_resources_under_its_address_is_said_once_per_resource() -> None:
    ledger = MemoryLedger(fleet(1, 2))

    def answer(asked: Asked) -> Say:
        if asked.path.startswith("/resources"):
            return Say(404)
        if asked.method == "GET":
            return Say(200, [] if asked.path == "/vens" else {"id": "v"})
        return Say(201, {"id": "v"})

    async with scripted(vtn_like(answer)) as server:
        summary = await settled(ledger, Vtn(server.url, dialect="3.1"))
        posts = server.count("POST /resources")
    assert posts == 2
    assert summary.resources == Count(failed=2)
    assert "no resources under this address" in summary.failures[0].reason


async def test_an_object_that_has_got_the_id_of_ours_is_neither_changed_nor_deleted() -> None:
    """A VTN that lost its data may count its ids anew: what has our id now is another's."""
    ledger = MemoryLedger(fleet(1, 2))
    written: list[tuple[str, str]] = []

    def answer(asked: Asked) -> Say:
        if asked.method != "GET":
            written.append((asked.method, asked.path))
        if asked.path.startswith("/vens"):
            ven = {"id": "v0", "venName": "Town0"}
            return Say(201, ven) if asked.method == "POST" else Say(200, [ven])
        if asked.path == "/resources":
            return Say(200, []) if asked.method == "GET" else Say(201, {"id": f"new{len(written)}"})
        return Say(200, {"id": asked.path.rpartition("/")[2], "resourceName": "of another"})

    async with scripted(vtn_like(answer)) as server:
        vtn = Vtn(server.url, dialect="3.1")
        await settled(ledger, vtn)
        written.clear()
        ledger.change(1, replace(ledger.resources[1], address="Moved 1"))
        ledger.want(2, False)
        await settled(ledger, vtn)
    assert written == [("POST", "/resources")]


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_ven_of_another_that_has_got_the_id_of_ours_is_neither_changed_nor_deleted(
    wanted: bool,
) -> None:
    ledger = MemoryLedger(fleet(1, 1))
    async with vtn_server(auth=False, dialect="3.0.1") as server, httpx.AsyncClient() as http:
        await settled(ledger, vtn_of(server))
        mine = f"{server.url}/vens/{ledger.vens['Town0'].remote_id}"
        if not wanted:
            await http.delete(f"{mine}/resources/{ledger.rows[1].remote_id}")
        (await http.put(mine, json={"venName": "of another"})).raise_for_status()
        if wanted:
            ledger.vens["Town0"].state = VtnState.WAITING
        else:
            ledger.unwant(1)
        await settled(ledger, vtn_of(server))
        vens, _ = await at_vtn(server)
    assert vens["of another"] == 1
    assert vens["Town0"] == int(wanted)
