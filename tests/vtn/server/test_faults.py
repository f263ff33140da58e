"""Faults that are committed on purpose, and that they are what they claim to be."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.vtn.server.client import fetch_token, made_ven, session, ssl_context, ven
from vendash.vtn.server import Faults, VtnServer, vtn_server


async def post(vtn: VtnServer, name: str) -> httpx.Response:
    """A POST past the contract, which faults break."""
    token = await fetch_token(vtn.url, vtn.client_id, vtn.client_secret)
    async with httpx.AsyncClient(verify=ssl_context()) as client:
        headers = {"Authorization": f"Bearer {token}"}
        return await client.post(f"{vtn.url}/vens", json=ven("3.1", name), headers=headers)


async def test_a_500_after_the_write_leaves_the_object_there() -> None:
    async with vtn_server(faults=Faults(fail_after_write=1.0)) as vtn:
        assert (await post(vtn, "A")).status_code == 500
        assert vtn.state.count("VEN") == 1
        assert (await post(vtn, "A")).status_code == 409


async def test_a_503_writes_nothing_and_says_when_to_come_back() -> None:
    async with vtn_server(faults=Faults(error_503=1.0, retry_after_s=7)) as vtn:
        answer = await post(vtn, "A")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
        assert vtn.state.count("VEN") == 0
        vtn.faults = Faults()
        assert (await post(vtn, "A")).status_code == 201


@pytest.mark.parametrize(
    ("faults", "written"),
    [(Faults(reset_before_write=1.0), 0), (Faults(reset_after_write=1.0), 1)],
)
async def test_a_reset_comes_before_or_after_the_write(faults: Faults, written: int) -> None:
    async with vtn_server(faults=faults) as vtn:
        with pytest.raises(httpx.ReadError):
            await post(vtn, "A")
        assert vtn.state.count("VEN") == written


async def test_a_409_carries_a_problem_a_list_or_the_id() -> None:
    async with vtn_server() as vtn:
        existing = (await post(vtn, "A")).json()["id"]
        assert (await post(vtn, "A")).json()["status"] == 409
        vtn.faults = Faults(body_409="list")
        assert (await post(vtn, "A")).json() == []
        vtn.faults = Faults(body_409="id")
        assert (await post(vtn, "A")).json() == {"id": existing}


async def test_the_same_seed_strikes_the_same_requests() -> None:
    async with session("3.1") as (vtn, client):
        await made_ven(client, "3.1", "A")
        runs = []
        for _ in range(2):
            vtn.faults = Faults(error_503=0.5, seed=7)
            answers = [await post(vtn, "A") for _ in range(12)]
            runs.append([answer.status_code for answer in answers])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {409, 503}


async def test_a_delay_holds_every_request_back() -> None:
    async with vtn_server(faults=Faults(delay_s=0.05)) as vtn:
        started = time.monotonic()
        assert (await post(vtn, "A")).status_code == 201
        assert time.monotonic() - started >= 0.05
