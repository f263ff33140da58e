"""3.1: what business logic (BL) and a VEN may see and write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.vtn.server.client import (
    client_of,
    made,
    made_event,
    made_resource,
    made_ven,
    names,
    report,
    resource,
    ven,
)
from vendash.vtn.server import BL_SCOPES, VEN_SCOPES, vtn_server

CLIENTS = {
    "bl": ("s", BL_SCOPES),
    "vendash-A": ("s", VEN_SCOPES),
    "vendash-B": ("s", VEN_SCOPES),
}


@asynccontextmanager
async def three() -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient, httpx.AsyncClient]]:
    """Clients of BL, of VEN A and of VEN B."""
    async with (
        vtn_server(clients=CLIENTS) as vtn,
        client_of(vtn, "3.1", "bl", "s") as bl,
        client_of(vtn, "3.1", "vendash-A", "s") as a,
        client_of(vtn, "3.1", "vendash-B", "s") as b,
    ):
        yield bl, a, b


async def test_a_ven_sees_only_itself_and_its_resources() -> None:
    async with three() as (bl, a, b):
        town = await made_ven(bl, "3.1", "A")
        item = await made_resource(bl, "3.1", "r", town["id"], clientID="vendash-A")
        assert await names(a, "/vens", "venName") == ["A"]
        assert await names(a, "/resources", "resourceName") == ["r"]
        for path in ("/vens", "/resources"):
            assert (await b.get(path)).json() == []
        for path in (f"/vens/{town['id']}", f"/resources/{item['id']}"):
            assert (await a.get(path)).status_code == 200
            assert (await b.get(path)).status_code == 404
            assert (await b.delete(path)).status_code == 404
        body = {"objectType": "VEN_VEN_REQUEST", "venName": "mine"}
        assert (await b.put(f"/vens/{town['id']}", json=body)).status_code == 404


async def test_a_ven_registers_itself_under_the_client_id_of_its_token() -> None:
    async with three() as (_bl, a, b):
        town = await made(a, "/vens", {"objectType": "VEN_VEN_REQUEST", "venName": "A"})
        assert town["clientID"] == "vendash-A"
        body = {"objectType": "VEN_RESOURCE_REQUEST", "venID": town["id"], "resourceName": "r"}
        assert (await made(a, "/resources", body))["clientID"] == "vendash-A"
        assert (await b.post("/resources", json=body | {"resourceName": "q"})).status_code == 404
        again = {"objectType": "VEN_VEN_REQUEST", "venName": "A2"}
        assert (await a.post("/vens", json=again)).status_code == 409


async def test_a_ven_may_not_write_as_business_logic() -> None:
    async with three() as (bl, a, _b):
        town = await made_ven(bl, "3.1", "A")
        assert (await a.post("/vens", json=ven("3.1", "X"))).status_code == 403
        item = resource("3.1", "r", town["id"])
        assert (await a.post("/resources", json=item)).status_code == 403
        assert (await a.post("/programs", json={"programName": "P"})).status_code == 403


async def test_targets_of_business_logic_survive_what_a_ven_writes() -> None:
    async with three() as (bl, a, _b):
        town = await made_ven(bl, "3.1", "A", targets=["north", "south"])
        body = {"objectType": "VEN_VEN_REQUEST", "venName": "A", "targets": ["stolen"]}
        changed = (await a.put(f"/vens/{town['id']}", json=body)).json()
        assert changed["targets"] == ["north", "south"]
        assert changed["clientID"] == "vendash-A"


async def test_a_ven_reads_events_without_targets_or_with_one_of_its_own() -> None:
    async with three() as (bl, a, b):
        town = await made_ven(bl, "3.1", "A", targets=["north"])
        await made_resource(bl, "3.1", "r", town["id"], clientID="vendash-A", targets=["battery"])
        program = await made(bl, "/programs", {"programName": "P"})
        wanted = {"all": None, "n": ["north"], "s": ["south"], "b": ["battery"]}
        events = {
            name: await made_event(bl, program["id"], eventName=name, targets=targets)
            for name, targets in wanted.items()
        }
        assert await names(bl, "/events", "eventName") == ["all", "n", "s", "b"]
        assert await names(a, "/events", "eventName") == ["all", "n", "b"]
        assert await names(a, "/events", "eventName", targets="south") == []
        assert await names(b, "/events", "eventName") == ["all"]
        assert (await a.get(f"/events/{events['s']['id']}")).status_code == 404


async def test_a_report_belongs_to_the_ven_that_sent_it() -> None:
    async with three() as (bl, a, b):
        program = await made(bl, "/programs", {"programName": "P"})
        event = await made_event(bl, program["id"])
        sent = await made(a, "/reports", report("3.1", event, "A"))
        assert sent["clientID"] == "vendash-A"
        assert len((await a.get("/reports")).json()) == len((await bl.get("/reports")).json()) == 1
        assert (await b.get("/reports")).json() == []
        assert (await bl.post("/reports", json=report("3.1", event))).status_code == 403


async def test_notifiers_are_for_business_logic_and_promise_no_webhook() -> None:
    async with three() as (bl, a, _b):
        assert (await bl.get("/notifiers")).json() == {"WEBHOOK": False}
        assert (await a.get("/notifiers")).status_code == 403
