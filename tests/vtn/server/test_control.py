"""The control path: what it changes, and whom it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.vtn.server.client import made_resource, made_ven, names, session, ssl_context, ven
from vendash.vtn.server import (
    Faults,
    VtnApp,
    VtnServer,
    VtnSettings,
    VtnState,
    durable_state,
    vtn_server,
)


@asynccontextmanager
async def controlled(
    state: VtnState | None = None,
) -> AsyncIterator[tuple[VtnServer, httpx.AsyncClient]]:
    """A VTN with the control path, and a client that may do everything."""
    async with (
        vtn_server(auth=False, control=True, state=state) as vtn,
        httpx.AsyncClient(base_url=vtn.url, verify=ssl_context()) as client,
    ):
        yield vtn, client


async def test_it_is_there_only_when_asked_for() -> None:
    async with vtn_server() as vtn, httpx.AsyncClient(verify=ssl_context()) as client:
        assert (await client.get(f"{vtn.url}/_control/faults")).status_code == 404


async def test_faults_are_set_all_at_once_or_one_by_one() -> None:
    async with controlled() as (vtn, client):
        put = await client.put("/_control/faults", json={"error_503": 1.0, "seed": 7})
        assert (put.status_code, put.json()["error_503"]) == (200, 1.0)
        assert (await client.get("/vens")).status_code == 503
        patched = await client.patch("/_control/faults", json={"error_503": 0, "order": "newest"})
        assert vtn.faults == Faults(order="newest", seed=7)
        assert (await client.get("/_control/faults")).json() == patched.json()
        assert (await client.put("/_control/faults", json={"delay_s": 0})).status_code == 200
        assert vtn.faults == Faults()
        await client.patch("/_control/faults", json={"order": "random"})
        await client.delete("/_control/faults")
        assert vtn.faults == Faults()


@pytest.mark.parametrize(
    "body", ['{"error_503": 2}', '{"eror": 1}', '{"dates": "x"}', "[]", "{", "null", "[" * 100_000]
)
async def test_faults_that_are_none_change_nothing(body: str) -> None:
    async with controlled() as (vtn, client):
        vtn.faults = Faults(seed=3)
        headers = {"Content-Type": "application/json"}
        answer = await client.put("/_control/faults", content=body, headers=headers)
        assert answer.status_code == 400
        assert vtn.faults == Faults(seed=3)


async def test_requests_and_answers_are_counted_by_path_also_those_that_fail() -> None:
    async with controlled() as (vtn, client):
        created = await made_ven(client, "3.1", "A")
        await client.get(f"/openadr3/3.1.0/vens/{created['id']}?x=1")
        await client.get("/nowhere")
        await client.put("/_control/faults", json={"error_503": 1.0})
        await client.get("/vens")
        await client.put("/_control/faults", json={"reset_after_write": 1.0})
        with pytest.raises(httpx.ReadError):
            await client.post("/vens", json=ven("3.1", "B"))
        counted = (await client.get("/_control/counters")).json()
        assert counted["requests"] == {
            "POST /vens": 2,
            "GET /vens/{objectID}": 1,
            "GET (other)": 1,
            "GET /vens": 1,
        }
        assert counted["answers"] == {
            "POST /vens 201": 1,
            "POST /vens reset": 1,
            "GET /vens/{objectID} 200": 1,
            "GET (other) 404": 1,
            "GET /vens 503": 1,
        }
        assert counted["objects"] == {"VEN": 2}
        assert vtn.counters.requests["POST /vens"] == 2
        cleared = (await client.delete("/_control/counters")).json()
        assert (cleared["requests"], cleared["objects"]) == ({}, {"VEN": 2})


async def test_names_that_are_there_twice_are_told() -> None:
    async with controlled() as (_vtn, client):
        for name in ("A", "B"):
            created = await made_ven(client, "3.1", name)
            await made_resource(client, "3.1", "same", created["id"])
            await made_resource(client, "3.1", f"of {name}", created["id"])
        counted = (await client.get("/_control/counters")).json()
        assert counted["doubles"] == {"RESOURCE": {"same": 2}}


async def test_a_reset_leaves_no_object_and_no_token() -> None:
    async with session("3.1", control=True) as (vtn, client):
        await made_ven(client, "3.1", "A")
        async with httpx.AsyncClient(base_url=vtn.url, verify=ssl_context()) as test:
            assert (await test.post("/_control/reset")).json() == {"objects": {}}
        assert (await client.get("/vens")).status_code == 401
        assert vtn.state.count("VEN") == 0


async def test_tokens_can_be_revoked_alone() -> None:
    async with session("3.1", control=True) as (vtn, client):
        await made_ven(client, "3.1", "A")
        async with httpx.AsyncClient(base_url=vtn.url, verify=ssl_context()) as test:
            assert (await test.delete("/_control/tokens")).status_code == 200
        assert (await client.get("/vens")).status_code == 401
        assert vtn.state.count("VEN") == 1


@pytest.mark.parametrize("durable", [False, True])
async def test_a_snapshot_brings_yesterday_back(durable: bool, tmp_path: Path) -> None:
    file = tmp_path / "vtn.db"
    async with (
        durable_state(file, "3.1") as held,
        controlled(held if durable else None) as (_vtn, client),
    ):
        kept, changed, removed = [await made_ven(client, "3.1", name) for name in "abc"]
        taken = await client.put("/_control/snapshots/yesterday")
        assert taken.json() == {"objects": {"VEN": 3}}
        body = ven("3.1", "b", targets=["new"])
        assert (await client.put(f"/vens/{changed['id']}", json=body)).status_code == 200
        assert (await client.delete(f"/vens/{removed['id']}")).status_code == 200
        await made_ven(client, "3.1", "d")
        restored = await client.post("/_control/snapshots/yesterday/restore")
        assert restored.json() == {"objects": {"VEN": 3}}
        assert (await client.get("/vens")).json() == [kept, changed, removed]
        again = await made_ven(client, "3.1", "d")
        assert (await client.post("/vens", json=ven("3.1", "c"))).status_code == 409
    if durable:
        async with (
            durable_state(tmp_path / "vtn.db", "3.1") as held,
            controlled(held) as (_, after),
        ):
            assert (await after.get("/vens")).json() == [kept, changed, removed, again]


async def test_a_snapshot_that_is_not_there_is_a_404_and_there_are_not_ever_more() -> None:
    async with controlled() as (_vtn, client):
        assert (await client.post("/_control/snapshots/x/restore")).status_code == 404
        assert (await client.put(f"/_control/snapshots/{'x' * 65}")).status_code == 400
        for number in range(16):
            assert (await client.put(f"/_control/snapshots/{number}")).status_code == 200
        assert (await client.put("/_control/snapshots/16")).status_code == 409
        assert (await client.put("/_control/snapshots/0")).status_code == 200
        assert (await client.delete("/_control/snapshots/0")).status_code == 200
        assert (await client.put("/_control/snapshots/16")).status_code == 200
        assert (await client.get("/_control/nothing")).status_code == 404
        assert (await client.get("/_control/reset")).status_code == 405


@pytest.mark.parametrize(
    ("peer", "host", "headers", "status"),
    [
        ("127.0.0.1", "127.0.0.1", {}, 200),
        ("::1", "[::1]", {}, 200),
        ("127.0.0.1", "localhost", {}, 200),
        ("192.0.2.7", "127.0.0.1", {}, 403),
        ("127.0.0.1", "evil.example", {}, 403),
        ("127.0.0.1", "127.0.0.1", {"Origin": "http://evil.example"}, 403),
        ("127.0.0.1", "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("127.0.0.1", "127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 403),
    ],
)
async def test_only_programs_on_this_machine_are_answered(
    peer: str, host: str, headers: dict[str, str], status: int
) -> None:
    """Not another host, nor one behind a proxy, nor a page in a browser."""
    state = VtnState()
    state.add("VEN", {"venName": "A"})
    app = VtnApp(state, VtnSettings(control=True))
    transport = httpx.ASGITransport(app, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        assert (await client.post("/_control/reset", headers=headers)).status_code == status
    assert state.count("VEN") == (0 if status == 200 else 1)


async def test_faults_do_not_hit_the_control_path() -> None:
    async with controlled() as (_vtn, client):
        await client.put("/_control/faults", json={"error_503": 1.0, "delay_s": 60})
        assert (await client.get("/_control/counters")).status_code == 200
        await client.delete("/_control/faults")
        assert await names(client, "/vens", "venName") == []
