"""What may exist only once, and what must exist."""

from __future__ import annotations

import asyncio

import pytest

from tests.vtn.server.client import (
    DIALECTS,
    made,
    made_event,
    made_resource,
    made_ven,
    report,
    resource,
    resources_path,
    session,
    ven,
)
from vendash.vtn.server import Dialect


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_ven_name_exists_once_in_a_vtn(dialect: Dialect) -> None:
    async with session(dialect) as (vtn, client):
        await made_ven(client, dialect, "Aalborg")
        body = ven(dialect, "Aalborg") | ({"clientID": "x"} if dialect == "3.1" else {})
        assert (await client.post("/vens", json=body)).status_code == 409
        assert vtn.state.count("VEN") == 1


async def test_a_client_id_of_3_1_stands_for_one_ven() -> None:
    async with session("3.1") as (_vtn, client):
        town = await made_ven(client, "3.1", "Aalborg")
        body = ven("3.1", "Aarhus") | {"clientID": town["clientID"]}
        assert (await client.post("/vens", json=body)).status_code == 409


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_resource_name_exists_once_in_a_ven_but_in_many_vens(dialect: Dialect) -> None:
    async with session(dialect) as (_vtn, client):
        first, second = [await made_ven(client, dialect, name) for name in "AB"]
        await made_resource(client, dialect, "r", first["id"])
        await made_resource(client, dialect, "r", second["id"])
        body = resource(dialect, "r", first["id"])
        answer = await client.post(resources_path(dialect, first["id"]), json=body)
        assert answer.status_code == 409


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_put_may_keep_its_own_name_but_not_take_that_of_another(dialect: Dialect) -> None:
    async with session(dialect) as (_vtn, client):
        first, second = [await made_ven(client, dialect, name) for name in "AB"]
        assert (await client.put(f"/vens/{first['id']}", json=ven(dialect, "A"))).status_code == 200
        taken = await client.put(f"/vens/{first['id']}", json=ven(dialect, "B"))
        assert taken.status_code == 409
        assert (await client.get(f"/vens/{first['id']}")).json()["venName"] == "A"
        assert (await client.get(f"/vens/{second['id']}")).json()["venName"] == "B"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_name_is_free_again_after_a_delete_or_a_renaming(dialect: Dialect) -> None:
    async with session(dialect) as (_vtn, client):
        town = await made_ven(client, dialect, "A")
        await client.put(f"/vens/{town['id']}", json=ven(dialect, "B"))
        await made_ven(client, dialect, "A")
        await client.delete(f"/vens/{town['id']}")
        await made_ven(client, dialect, "B")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_of_many_posts_at_once_with_one_name_exactly_one_succeeds(dialect: Dialect) -> None:
    async with session(dialect) as (vtn, client):
        answers = await asyncio.gather(
            *(client.post("/vens", json=ven(dialect, "Aalborg")) for _ in range(16))
        )
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15
        assert vtn.state.count("VEN") == 1


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_an_object_refers_to_must_exist(dialect: Dialect) -> None:
    async with session(dialect) as (_vtn, client):
        program = await made(client, "/programs", {"programName": "P"})
        event = await made_event(client, program["id"])
        orphan = {"programID": "none", "intervals": []}
        assert (await client.post("/events", json=orphan)).status_code == 409
        body = report(dialect, event) | {"eventID": "none"}
        assert (await client.post("/reports", json=body)).status_code == 409
        path = resources_path(dialect, "none")
        assert (await client.post(path, json=resource(dialect, "r", "none"))).status_code == 404
