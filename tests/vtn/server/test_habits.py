"""Habits of VTNs that clients have to live with, each a switch."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.vtn.server.client import (
    fetch_token,
    made_resource,
    made_ven,
    resource,
    ssl_context,
    ven,
)
from vendash.vtn.server import Faults, VtnServer, vtn_server

NAMES = [f"v{number:02}" for number in range(60)]


async def get(vtn: VtnServer, path: str, **query: Any) -> httpx.Response:  # noqa: ANN401
    """A GET past the contract, which habits break."""
    async with httpx.AsyncClient(base_url=vtn.url, verify=ssl_context()) as client:
        return await client.get(path, params=query)


async def filled(vtn: VtnServer) -> None:
    """VENs, in the order of NAMES."""
    async with httpx.AsyncClient(base_url=vtn.url, verify=ssl_context()) as client:
        for name in NAMES:
            await made_ven(client, "3.1", name)


async def listed(vtn: VtnServer, **query: Any) -> list[str]:  # noqa: ANN401
    return [one["venName"] for one in (await get(vtn, "/vens", **query)).json()]


@pytest.mark.parametrize(
    ("dates", "pattern"),
    [
        ("rfc3339", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
        ("spaced", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
        ("time", r"\d\d:\d\d:\d\d"),
        ("absent", None),
    ],
)
async def test_dates(dates: Any, pattern: str | None) -> None:  # noqa: ANN401
    async with (
        vtn_server(auth=False, faults=Faults(dates=dates)) as vtn,
        httpx.AsyncClient(base_url=vtn.url, verify=ssl_context()) as client,
    ):
        created = await made_ven(client, "3.1", "A")
        read = (await client.get(f"/vens/{created['id']}")).json()
        (found,) = (await client.get("/vens")).json()
        body = ven("3.1", "A", targets=["x"])
        updated = (await client.put(f"/vens/{created['id']}", json=body)).json()
        deleted = (await client.delete(f"/vens/{created['id']}")).json()
    for answer in (created, read, found, updated, deleted):
        for name in ("createdDateTime", "modificationDateTime"):
            if pattern is None:
                assert name not in answer
            else:
                assert re.fullmatch(pattern, answer[name])


async def test_the_object_type_may_be_absent() -> None:
    async with vtn_server(auth=False, faults=Faults(object_type="absent")) as vtn:
        await filled(vtn)
        assert "objectType" not in (await get(vtn, "/vens")).json()[0]


async def test_lists_come_oldest_first_newest_first_or_in_any_order() -> None:
    async with vtn_server(auth=False) as vtn:
        await filled(vtn)
        assert await listed(vtn) == NAMES[:50]
        vtn.faults = Faults(order="newest")
        assert await listed(vtn, skip=50) == NAMES[9::-1]
        vtn.faults = Faults(order="random", seed=1)
        first = [await listed(vtn) for _ in range(2)]
        assert first[0] != first[1]
        vtn.faults = Faults(order="random", seed=1)
        assert [await listed(vtn) for _ in range(2)] == first


async def test_the_limit_may_be_another_one_or_ignored() -> None:
    async with vtn_server(auth=False, faults=Faults(default_limit=7)) as vtn:
        await filled(vtn)
        assert await listed(vtn) == NAMES[:7]
        assert await listed(vtn, limit=50) == NAMES[:50]
        vtn.faults = Faults(default_limit=1000)
        assert await listed(vtn) == NAMES
        vtn.faults = Faults(largest_page=20)
        assert await listed(vtn, limit=50, skip=20) == NAMES[20:40]
        assert await listed(vtn, limit=5) == NAMES[:5]
        vtn.faults = Faults(limits="ignored")
        assert await listed(vtn, limit=1, skip=3) == NAMES


async def test_filters_may_be_ignored() -> None:
    async with vtn_server(auth=False) as vtn:
        await filled(vtn)
        assert await listed(vtn, venName="v03") == ["v03"]
        vtn.faults = Faults(filters="ignored")
        assert await listed(vtn, venName="v03") == NAMES[:50]


@pytest.mark.parametrize(
    ("names", "same_ven", "other_ven"), [("ven", 409, 201), ("vtn", 409, 409), ("any", 201, 201)]
)
async def test_names_of_resources_are_unique_in_their_ven_the_vtn_or_nowhere(
    names: Any,  # noqa: ANN401
    same_ven: int,
    other_ven: int,
) -> None:
    async with (
        vtn_server(auth=False, faults=Faults(resource_names=names)) as vtn,
        httpx.AsyncClient(base_url=vtn.url, verify=ssl_context()) as client,
    ):
        a, b = [(await made_ven(client, "3.1", name))["id"] for name in "AB"]
        made = await made_resource(client, "3.1", "r", a)
        mine = f"/resources/{made['id']}"
        assert (await client.put(mine, json=resource("3.1", "r", a))).status_code == 200
        for ven_id, status in ((a, same_ven), (b, other_ven)):
            body = resource("3.1", "r", ven_id)
            assert (await client.post("/resources", json=body)).status_code == status
        for one in (await client.get("/resources")).json():
            assert (await client.delete(f"/resources/{one['id']}")).status_code == 200
        vtn.faults = Faults()
        assert (await made_resource(client, "3.1", "r", a))["id"]


@pytest.mark.parametrize(
    ("how", "status"), [("number", 404), ("text", "404"), ("name", "HTTPStatus.NOT_FOUND")]
)
async def test_a_problem_writes_its_status_in_three_ways(how: Any, status: object) -> None:  # noqa: ANN401
    async with vtn_server(auth=False, faults=Faults(problem_status=how)) as vtn:
        assert (await get(vtn, "/vens/x")).json()["status"] == status


async def granted(vtn: VtnServer) -> dict[str, Any]:
    form = {"grant_type": "client_credentials"}
    async with httpx.AsyncClient(verify=ssl_context()) as client:
        basic = (vtn.client_id, vtn.client_secret)
        answer = await client.post(f"{vtn.url}/auth/token", data=form, auth=basic)
    token: dict[str, Any] = answer.json()
    return token


async def test_a_token_may_not_say_how_long_it_lives_and_list_its_scopes() -> None:
    async with vtn_server(faults=Faults(expires_in="absent", scope="list")) as vtn:
        token = await granted(vtn)
        assert "expires_in" not in token
        assert "read_all" in token["scope"]
        assert isinstance(token["scope"], list)


async def test_the_life_of_tokens_can_be_changed_while_the_vtn_runs() -> None:
    now = 0.0
    async with vtn_server(clock=lambda: now, token_life_s=60) as vtn:
        assert (await granted(vtn))["expires_in"] == 60
        vtn.faults = Faults(token_life_s=5)
        token = await fetch_token(vtn.url, vtn.client_id, vtn.client_secret)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(headers=headers, verify=ssl_context()) as client:
            assert (await client.get(f"{vtn.url}/vens")).status_code == 200
            now = 6.0
            assert (await client.get(f"{vtn.url}/vens")).status_code == 401
            vtn.faults = Faults(reject_token_403=True)
            assert (await client.get(f"{vtn.url}/vens")).status_code == 403


async def test_a_429_writes_nothing_and_says_when_to_come_back() -> None:
    async with vtn_server(auth=False, faults=Faults(error_429=1.0, retry_after_s=3)) as vtn:
        async with httpx.AsyncClient(base_url=vtn.url, verify=ssl_context()) as client:
            answer = await client.post("/vens", json=ven("3.1", "A"))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
        assert vtn.state.count("VEN") == 0
