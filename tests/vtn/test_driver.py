"""The registrar at work against a real VTN on a port, with faults, crashes and bad VTNs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from msgspec.structs import replace

from tests.vtn.ledger import MemoryLedger, fleet
from tests.vtn.scripted import Asked, Handler, Say, scripted, vtn_like
from vendash.models import RegistrationStatus, VtnState
from vendash.vtn.aimd import CAP
from vendash.vtn.auth import Credentials
from vendash.vtn.client import Vtn
from vendash.vtn.driver import Registrar
from vendash.vtn.server import Dialect, Faults, VtnServer, vtn_server
from vendash.vtn.server import VtnState as ServerState
from vendash.vtn.tally import Count, Summary

DIALECTS: tuple[Dialect, ...] = ("3.1", "3.0.1")
BAD_LINE = Faults(
    error_503=0.1, reset_before_write=0.1, reset_after_write=0.1, fail_after_write=0.1
)


def vtn_of(server: VtnServer) -> Vtn:
    return Vtn(
        server.url, credentials=Credentials(server.client_id, server.client_secret), timeout=5.0
    )


async def settled(ledger: MemoryLedger, vtn: Vtn) -> Summary:
    async with asyncio.timeout(30):
        return await Registrar(ledger, vtn, patience=3.0).settle()


async def at_vtn(server: VtnServer) -> tuple[Counter[str], Counter[str]]:
    """The names of VENs and of resources there, by reading its lists."""
    server.faults = Faults()
    async with vtn_of(server).connect() as connection:
        dialect = await connection.dialect()
        vens = [ven async for page in connection.pages("/vens") for ven in page]
        names: Counter[str] = Counter()
        for path in dialect.resource_lists([ven.id for ven in vens]):
            async for page in connection.pages(path):
                names.update(one.name for one in page)
        return Counter(ven.name for ven in vens), names


async def assert_exactly_once(server: VtnServer, ledger: MemoryLedger) -> None:
    vens, resources = await at_vtn(server)
    assert vens == Counter(list(ledger.vens))
    assert resources == Counter(one.resource_id for one in ledger.resources.values())
    assert ledger.states() == {VtnState.OK}


@asynccontextmanager
async def running(registrar: Registrar) -> AsyncIterator[Registrar]:
    task = asyncio.create_task(registrar.run())
    try:
        yield registrar
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (the condition is in plain data)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_fleet_is_registered_and_a_second_run_has_nothing_to_do(dialect: Dialect) -> None:
    ledger = MemoryLedger(fleet(4, 30))
    async with vtn_server(dialect=dialect) as server:
        first = await settled(ledger, vtn_of(server))
        second = await settled(ledger, vtn_of(server))
        await assert_exactly_once(server, ledger)
    assert first.vens == Count(registered=4)
    assert first.resources == Count(registered=120)
    assert (second.vens, second.resources) == (Count(), Count())
    assert first.trouble == second.trouble == ""


async def test_bookkeeping_costs_few_transactions() -> None:
    ledger = MemoryLedger(fleet(2, 150))
    async with vtn_server() as server:
        await settled(ledger, vtn_of(server))
    assert len(ledger.batches) < 302 / 10


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_on_a_bad_line_everything_arrives_once(dialect: Dialect) -> None:
    """503, resets before and after the write, and 500 after the write, a tenth each."""
    ledger = MemoryLedger(fleet(3, 40))
    async with vtn_server(dialect=dialect, faults=BAD_LINE) as server:
        summary = await settled(ledger, vtn_of(server))
        await assert_exactly_once(server, ledger)
    assert summary.failures == []
    assert summary.resources.registered + summary.resources.already == 120


async def test_killed_again_and_again_it_ends_with_everything_there_once() -> None:
    """Each time the process forgets all but the ledger, in the middle of requests."""
    ledger = MemoryLedger(fleet(3, 60))
    async with vtn_server(faults=Faults(reset_after_write=0.05)) as server:
        for _ in range(10):
            enough = min(_accepted(ledger) + 12, 170)
            async with running(Registrar(ledger, vtn_of(server))):
                await until(lambda: _accepted(ledger) >= enough)  # noqa: B023
                ledger.kill()
            ledger.restart()
        await settled(ledger, vtn_of(server))
        await assert_exactly_once(server, ledger)


def _accepted(ledger: MemoryLedger) -> int:
    return sum(row.remote_id is not None for row in ledger.rows.values())


async def test_when_cancelled_what_is_finished_is_recorded_and_the_rest_is_in_doubt() -> None:
    ledger = MemoryLedger(fleet(1, 200))
    async with vtn_server(faults=Faults(delay_s=0.01)) as server:
        async with running(Registrar(ledger, vtn_of(server), workers=4)):
            await until(lambda: _accepted(ledger) > 20)
        _, there = await at_vtn(server)
        doubtful = sum(row.state is VtnState.SENDING for row in ledger.rows.values())
        unknown = there.total() - _accepted(ledger)
    assert 0 <= unknown <= doubtful <= 4
    assert any(row.state is VtnState.WAITING for row in ledger.rows.values())


async def test_a_refused_connection_is_one_sentence_and_no_item_is_touched() -> None:
    ledger = MemoryLedger(fleet(2, 10))
    async with vtn_server() as server:
        vtn = vtn_of(server)
    summary = await settled(ledger, vtn)
    assert "refuses the connection" in summary.trouble
    assert ledger.batches == []
    assert ledger.states() == {VtnState.WAITING}


async def test_a_wrong_password_is_trouble_of_the_run_not_of_each_item() -> None:
    ledger = MemoryLedger(fleet(2, 10))
    async with vtn_server() as server:
        summary = await settled(ledger, Vtn(server.url, credentials=Credentials("who", "wrong")))
    assert "refuses the client id or secret" in summary.trouble
    assert summary.failures == []
    assert ledger.states() == {VtnState.WAITING}


async def test_approving_reaches_the_vtn_and_keeps_what_others_wrote() -> None:
    ledger = MemoryLedger(fleet(1, 3))
    async with vtn_server(auth=False) as server, httpx.AsyncClient() as http:
        await settled(ledger, vtn_of(server))
        url = f"{server.url}/resources/{ledger.rows[1].remote_id}"
        body = (await http.get(url)).json()
        theirs = {key: body[key] for key in ("clientID", "venID", "resourceName", "attributes")}
        theirs |= {"objectType": "BL_RESOURCE_REQUEST", "targets": ["group-a"]}
        theirs["attributes"].append({"type": "AREA", "values": [5]})
        (await http.put(url, json=theirs)).raise_for_status()
        ledger.decide(1, RegistrationStatus.APPROVED)
        summary = await settled(ledger, vtn_of(server))
        after = (await http.get(url)).json()
    attributes = {one["type"]: one["values"] for one in after["attributes"]}
    assert attributes["prequalification"] == ["APPROVED"]
    assert attributes["AREA"] == [5]
    assert after["targets"] == ["group-a"]
    assert summary.resources == Count(already=1)


async def test_what_the_vtn_has_lost_is_created_again() -> None:
    ledger = MemoryLedger(fleet(1, 3))
    async with vtn_server(auth=False) as server, httpx.AsyncClient() as http:
        await settled(ledger, vtn_of(server))
        await http.delete(f"{server.url}/resources/{ledger.rows[2].remote_id}")
        ledger.decide(2, RegistrationStatus.SUSPENDED)
        summary = await settled(ledger, vtn_of(server))
        await assert_exactly_once(server, ledger)
    assert summary.resources == Count(registered=1)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_is_not_wanted_any_more_is_deleted_there(dialect: Dialect) -> None:
    ledger = MemoryLedger(fleet(1, 3))
    async with vtn_server(dialect=dialect) as server:
        await settled(ledger, vtn_of(server))
        ledger.unwant(2)
        summary = await settled(ledger, vtn_of(server))
        _, there = await at_vtn(server)
    assert there.total() == 2
    assert summary.resources == Count(removed=1)
    assert ledger.rows[2].state is VtnState.UNWANTED


async def test_a_name_that_another_client_owns_is_a_conflict_and_the_others_go_on() -> None:
    ledger = MemoryLedger(fleet(3, 5))
    async with vtn_server(auth=False) as server, httpx.AsyncClient() as http:
        other = {"objectType": "BL_VEN_REQUEST", "clientID": "other", "venName": "Town1"}
        (await http.post(f"{server.url}/vens", json=other)).raise_for_status()
        summary = await settled(ledger, vtn_of(server))
        vens, resources = await at_vtn(server)
    assert ledger.vens["Town1"].state is VtnState.CONFLICT
    assert "taken at the VTN by the client other" in ledger.vens["Town1"].reason
    assert summary.vens == Count(registered=2, failed=1)
    assert summary.resources == Count(registered=10)
    assert (vens.total(), resources.total()) == (3, 10)
    assert [failure.state for failure in summary.failures] == [VtnState.CONFLICT]


def counting_vtn(answer: Callable[[Asked, int], Say]) -> Handler:
    """A VTN in memory whose POSTs are answered by a test, which gets their number."""
    posts = 0

    def handler(asked: Asked) -> Say:
        nonlocal posts
        if asked.method != "POST":
            return Say(200, [])
        posts += 1
        return answer(asked, posts)

    return vtn_like(handler)


async def test_what_the_vtn_refuses_of_one_item_does_not_stop_the_others() -> None:
    """400 and a fault of ours (a name that is no text) each end one item."""
    resources = fleet(1, 6)
    resources[2] = replace(resources[2], resource_name="\ud800")
    ledger = MemoryLedger(resources)

    def answer(asked: Asked, number: int) -> Say:
        if b'"values":[14.0]' in asked.body:
            return Say(400, {"detail": "p_max\x1b[31m is odd"})
        return Say(201, {"id": f"i{number}"})

    async with scripted(counting_vtn(answer)) as server:
        summary = await settled(ledger, Vtn(server.url, dialect="3.1"))
    assert summary.resources == Count(registered=4, failed=2)
    reasons = {failure.state: failure.reason for failure in summary.failures}
    assert reasons[VtnState.CONFLICT] == "The VTN refuses it (400): p_max [31m is odd."
    assert "vendash itself failed" in reasons[VtnState.FAILED]


async def test_an_item_that_never_gets_an_answer_fails_at_last_while_others_go_on() -> None:
    ledger = MemoryLedger(fleet(1, 4))
    poison = ledger.resources[2].resource_id.encode()

    def answer(asked: Asked, number: int) -> Say:
        return Say(500) if poison in asked.body else Say(201, {"id": f"i{number}"})

    async with scripted(counting_vtn(answer)) as server:
        summary = await settled(ledger, Vtn(server.url, dialect="3.1"))
    assert summary.resources == Count(registered=3, failed=1)
    assert "tried 12 times" in summary.failures[0].reason
    assert ledger.rows[2].doubtful


async def test_retry_after_pauses_every_worker() -> None:
    ledger = MemoryLedger(fleet(1, 40))
    loop = asyncio.get_running_loop()
    told_at: list[float] = []
    later: list[float] = []

    def answer(asked: Asked, number: int) -> Say:
        if number == 10:
            told_at.append(loop.time())
            return Say(429, None, {"retry-after": "0.6"})
        if told_at:
            later.append(loop.time() - told_at[0])
        return Say(201, {"id": f"i{number}"})

    async with scripted(counting_vtn(answer)) as server:
        summary = await settled(ledger, Vtn(server.url, dialect="3.1"))
    assert summary.resources == Count(registered=40)
    under_way = [seconds for seconds in later if seconds < 0.6]
    assert len(under_way) < CAP  # each may have had one request on its way


async def test_a_vtn_that_goes_away_is_only_probed_and_the_work_goes_on_when_it_is_back() -> None:
    """The breaker: while it answers nothing but 503, workers wait and one probe asks for all."""
    ledger = MemoryLedger(fleet(2, 100))
    async with (
        vtn_server() as server,
        running(Registrar(ledger, vtn_of(server))) as registrar,
    ):
        await until(lambda: _accepted(ledger) > 0)
        server.faults = Faults(error_503=1.0)
        await until(lambda: registrar.health.trouble)
        assert registrar.health.word == "busy"
        assert "(503)" in registrar.health.sentence
        server.faults = Faults()
        await until(lambda: ledger.states() == {VtnState.OK})
        assert (registrar.health.trouble, registrar.health.word) == (False, "3.1")
        await assert_exactly_once(server, ledger)


async def test_a_vtn_that_stops_is_found_again_when_it_starts() -> None:
    """Its tokens are gone then; its objects are not."""
    ledger, state = MemoryLedger(fleet(2, 100)), ServerState()
    async with vtn_server(state=state) as first:
        port, vtn = int(first.url.rpartition(":")[2]), vtn_of(first)
        work = asyncio.create_task(Registrar(ledger, vtn).run())
        await until(lambda: _accepted(ledger) > 0)
    try:
        await until(lambda: VtnState.WAITING in ledger.states())
        async with vtn_server(state=state, port=port) as again:
            await until(lambda: ledger.states() == {VtnState.OK})
            await assert_exactly_once(again, ledger)
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def test_a_nudge_wakes_it_and_progress_shows_while_there_is_work() -> None:
    ledger = MemoryLedger(fleet(1, 50))
    seen: list[int] = []

    async def remaining() -> int:
        seen.append(1)
        return 51

    async with (
        vtn_server(faults=Faults(delay_s=0.02)) as server,
        running(Registrar(ledger, vtn_of(server), remaining=remaining)) as registrar,
    ):
        await until(lambda: registrar.progress is not None and registrar.progress.done > 0)
        shown = registrar.progress
        await until(lambda: registrar.progress is None and ledger.states() == {VtnState.OK})
        ledger.decide(7, RegistrationStatus.APPROVED)
        registrar.nudge()
        await until(lambda: ledger.rows[7].accepted == 2)  # long before it looks by itself
    assert shown is not None
    assert (shown.total, shown.failed) == (51, 0)
    assert seen


async def test_a_vtn_that_asks_everyone_to_come_back_later_lets_no_item_fail() -> None:
    """503 with Retry-After for however long: it is the VTN that is tried again, not the item."""
    ledger = MemoryLedger(fleet(1, 1))
    greetings = 0

    def answer(asked: Asked) -> Say:
        nonlocal greetings
        if ledger.vens["Town0"].remote_id is None:
            return Say(201, {"id": "v"}) if asked.method == "POST" else Say(200, [])
        greetings += asked.path == "/vens"
        if greetings < 3:
            return Say(503, None, {"retry-after": "0.01"})
        return Say(200, []) if asked.method == "GET" else Say(201, {"id": "r"})

    async with scripted(vtn_like(answer)) as server:
        summary = await settled(ledger, Vtn(server.url, dialect="3.1"))
        assert server.count("POST /resources") < 12
    assert summary.resources == Count(registered=1)


async def test_a_vtn_that_says_too_many_requests_and_come_back_at_once_is_not_flooded() -> None:
    ledger = MemoryLedger(fleet(1, 1))

    def answer(asked: Asked, number: int) -> Say:
        return Say(201, {"id": "v"}) if number == 1 else Say(429, None, {"retry-after": "0"})

    async with scripted(counting_vtn(answer)) as server:
        registrar = Registrar(ledger, Vtn(server.url, dialect="3.1"))
        async with running(registrar):
            await until(lambda: registrar.vitals.breaker == "paused")
            asked = len(server.asked)
            await asyncio.sleep(0.2)
            assert len(server.asked) == asked


@pytest.mark.parametrize("status", [403, 405, 500])
async def test_a_resource_refused_by_a_vtn_that_tells_nothing_of_its_ven_comes_to_an_end(
    status: int,
) -> None:
    ledger = MemoryLedger(fleet(1, 2))

    def answer(asked: Asked) -> Say:
        if asked.path == "/vens":
            return Say(200, []) if asked.method == "GET" else Say(201, {"id": "v"})
        if asked.path == "/resources":
            return Say(200, []) if asked.method == "GET" else Say(404)
        return Say(status)

    async with scripted(vtn_like(answer)) as server:
        await settled(ledger, Vtn(server.url, dialect="3.1"))
        assert len(server.asked) < 200
    assert {row.state for row in ledger.rows.values()} <= {VtnState.FAILED, VtnState.CONFLICT}
