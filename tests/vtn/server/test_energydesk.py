"""The EnergyDesk dialect of the VTN."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.vtn.server.client import Json, ssl_context
from vendash.models import RegistrationStatus
from vendash.vtn.server import NO_FAULTS, Faults, VtnServer, VtnState, durable_state, vtn_server
from vendash.vtn.server.counters import doubles, objects

GRANT = {"grant_type": "client_credentials"}
RESOURCE = {
    "id": "r-1",
    "resource_name": "Tank",
    "resource_type": "DSR",
    "ven_name": "Aalborg",
    "attributes": [
        {
            "resource_id": "r-1",
            "attribute_name": "status",
            "attribute_type": "prequalification",
            "attribute_values": [RegistrationStatus.PENDING.value],
        }
    ],
    "service_location": {"meterpoint_id": "57", "latitude": 57.0, "longitude": 9.9, "address": ""},
}
EVENT = {
    "event_name": "Less",
    "start_date": "2999-01-01T00:00:00Z",
    "end_date": "2999-01-01T01:00:00Z",
}
READINGS = {
    "report_name": "usage",
    "resource_id": "r-1",
    "client_name": "vendash",
    "report_type": "usage",
    "reading_type": "power",
    "start": "2026-11-22T12:00:00Z",
    "duration": "PT0S",
    "intervals": [{"id": 0, "payloads": [{"type": "USAGE", "values": [1.5]}]}],
    "resources": [{"resource_name": "Tank"}],
}
ANNOUNCED = {
    "report_name": "usage",
    "report_type": "usage",
    "reading_type": "power",
    "interval_period": "PT15M",
}


@asynccontextmanager
async def energydesk(
    faults: Faults = NO_FAULTS, state: VtnState | None = None
) -> AsyncIterator[tuple[VtnServer, httpx.AsyncClient]]:
    """Such a VTN, and a client with the outer token."""
    async with (
        vtn_server(dialect="energydesk", faults=faults, state=state) as vtn,
        httpx.AsyncClient(base_url=f"{vtn.url}/openadr3", verify=ssl_context()) as client,
    ):
        basic = (vtn.client_id, vtn.client_secret)
        answer = await client.post("/auth/token", data=GRANT, auth=basic)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token_jwt']}"
        yield vtn, client


async def made(
    client: httpx.AsyncClient, path: str, body: object, headers: dict[str, str] | None = None
) -> Json:
    """POST and expect 201."""
    answer = await client.post(path, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    created: Json = answer.json()
    return created


async def made_ven(client: httpx.AsyncClient, name: str = "Aalborg") -> Json:
    """A new VEN, with its token."""
    return await made(client, "/vens", {"ven_name": name, "client_name": "vendash"})


def bearer(token: str) -> dict[str, str]:
    """The header for a token."""
    return {"Authorization": f"Bearer {token}"}


async def test_credentials_come_as_basic_alone() -> None:
    async with energydesk() as (vtn, client):
        form = GRANT | {"client_id": vtn.client_id, "client_secret": vtn.client_secret}
        assert (await client.post("/auth/token", data=form)).status_code == 401
        wrong = await client.post("/auth/token", data=GRANT, auth=(vtn.client_id, "wrong"))
        assert wrong.status_code == 401


async def test_a_client_can_tell_the_dialect_without_writing() -> None:
    async with energydesk() as (_vtn, client):
        assert (await client.get("/auth/server")).status_code == 404
        assert (await client.get("/resources?limit=1")).json() == []
        described = await client.get("/openapi.json")
        assert described.status_code == 200
        assert described.json()["info"]["title"]


async def test_a_ven_gets_its_token_once() -> None:
    async with energydesk() as (_vtn, client):
        created = await made_ven(client)
        assert created["ven_name"] == "Aalborg"
        again = await client.post("/vens", json={"ven_name": "Aalborg", "client_name": "x"})
        assert again.status_code == 409
        listed = await client.get("/vens")
        assert [one["id"] for one in listed.json()] == [created["id"]]
        assert created["auth_token"] not in again.text + listed.text
        assert "auth_" not in listed.text


async def test_a_resource_has_the_id_that_its_client_chose() -> None:
    async with energydesk(Faults(body_409="id")) as (_vtn, client):
        assert (await client.post("/resources", json=RESOURCE)).status_code == 404  # no such VEN
        await made_ven(client)
        assert await made(client, "/resources", RESOURCE) == {"id": "r-1"}
        again = await client.post("/resources", json=RESOURCE)
        assert (again.status_code, again.json()) == (409, {"id": "r-1"})
        (listed,) = (await client.get("/resources", params={"limit": 0, "skip": 7})).json()
        assert RESOURCE.items() <= listed.items()
        assert not [name for name in listed if name != name.lower()]


async def test_resources_of_one_name_are_no_doubles() -> None:
    async with energydesk() as (vtn, client):
        await made_ven(client)
        for number in range(2):
            await made(client, "/resources", RESOURCE | {"id": f"r-{number}"})
        assert objects(vtn.state) == {"VEN": 1, "RESOURCE": 2}
        assert doubles(vtn.state) == {}


async def test_what_is_not_as_it_should_be_is_a_422() -> None:
    async with energydesk() as (_vtn, client):
        await made_ven(client)
        bodies: tuple[object, ...] = (
            RESOURCE | {"id": "../x"},
            RESOURCE | {"attributes": None},
            [],
            {"id": 1},
        )
        for body in bodies:
            assert (await client.post("/resources", json=body)).status_code == 422
        assert (await client.delete("/resources/r-1")).status_code == 404
        assert (await client.put("/resources", json=RESOURCE)).status_code == 405


async def test_events_are_of_vens_and_answered_by_them() -> None:
    async with energydesk() as (_vtn, client):
        ven = bearer((await made_ven(client))["auth_token"])
        program = await made(client, "/programs", {"program_name": "Peaks"})
        event = await made(client, "/events", EVENT | {"program_id": program["id"]})
        assert (await client.get("/events")).status_code == 401
        (seen,) = (await client.get("/events", headers=ven)).json()
        assert (seen["status"], seen["modification_number"]) == ("scheduled", 0)
        path = f"/events/{event['id']}/responses"
        answer = {"event_id": event["id"], "response_type": "optIn"}
        assert (await client.post(path, json=answer)).status_code == 401
        assert (await made(client, path, answer, headers=ven))["response_type"] == "optIn"
        wrong = answer | {"response_type": "perhaps"}
        assert (await client.post(path, json=wrong, headers=ven)).status_code == 422
        elsewhere = answer | {"event_id": "x"}
        assert (await client.post(path, json=elsewhere, headers=ven)).status_code == 422


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2999-01-01T00:00:00Z", "2999-01-02T00:00:00Z", "scheduled"),
        ("2020-01-01T00:00:00", "2999-01-02T00:00:00", "active"),
        ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", "completed"),
    ],
)
async def test_the_clock_says_what_an_event_is(start: str, end: str, status: str) -> None:
    async with energydesk() as (_vtn, client):
        program = await made(client, "/programs", {"program_name": "Peaks"})
        body = EVENT | {"program_id": program["id"], "start_date": start, "end_date": end}
        assert (await made(client, "/events", body))["status"] == status
        cancelled = await made(client, "/events", body | {"status": "cancelled"})
        assert cancelled["status"] == "cancelled"


async def test_readings_go_with_the_outer_token_and_announcements_with_that_of_the_ven() -> None:
    async with energydesk() as (_vtn, client):
        ven, other = await made_ven(client), await made_ven(client, "Odense")
        await made(client, "/resources", RESOURCE)
        program = await made(client, "/programs", {"program_name": "Peaks"})
        readings = READINGS | {"ven_id": ven["id"]}
        await made(client, "/reports", readings)
        announced = ANNOUNCED | {"ven_id": ven["id"], "program_id": program["id"]}
        await made(client, "/reports", announced, headers=bearer(ven["auth_token"]))
        for body, headers, status in (
            (readings, bearer(ven["auth_token"]), 401),
            (announced, {}, 401),
            (announced, bearer(other["auth_token"]), 403),
            (readings | {"resource_id": "r-2"}, {}, 404),
        ):
            answer = await client.post("/reports", json=body, headers=headers)
            assert answer.status_code == status
        assert len((await client.get("/reports")).json()) == 2


async def test_a_resource_is_enrolled_in_a_program_once() -> None:
    async with energydesk() as (_vtn, client):
        await made_ven(client)
        await made(client, "/resources", RESOURCE)
        program = await made(client, "/programs", {"program_name": "Peaks"})
        assert (await client.get("/programs")).json()[0]["program_name"] == "Peaks"
        path = f"/programs/{program['id']}/resources?resource_id="
        await made(client, path + "r-1", None)
        assert (await client.post(path + "r-1")).status_code == 409
        assert (await client.post(path + "r-2")).status_code == 404


def everything_in(folder: Path) -> bytes:
    """The files of a folder, one after another."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_the_token_of_a_ven_outlives_the_vtn_and_is_not_in_its_file(tmp_path: Path) -> None:
    file = tmp_path / "vtn.db"
    async with durable_state(file, "energydesk") as state, energydesk(state=state) as (_, client):
        token = (await made_ven(client))["auth_token"]
    assert token.encode() not in everything_in(tmp_path)
    async with durable_state(file, "energydesk") as state, energydesk(state=state) as (_, client):
        assert (await client.get("/events", headers=bearer(token))).status_code == 200


async def test_without_authentication_no_token_is_asked_for() -> None:
    async with (
        vtn_server(dialect="energydesk", auth=False) as vtn,
        httpx.AsyncClient(base_url=vtn.url, verify=ssl_context()) as client,
    ):
        await made_ven(client)
        assert (await client.get("/events")).status_code == 200


async def test_its_habits_are_those_of_the_other_dialects() -> None:
    async with energydesk(Faults(order="newest", dates="absent")) as (vtn, client):
        for name in "abc":
            await made_ven(client, name)
        listed = (await client.get("/vens")).json()
        assert [one["ven_name"] for one in listed] == ["c", "b", "a"]
        assert not [name for name in listed[0] if name.endswith("date_time")]
        vtn.faults = Faults(order="random", dates="spaced")
        orders = {
            tuple(one["ven_name"] for one in (await client.get("/vens")).json()) for _ in range(20)
        }
        assert len(orders) > 1
        assert " " in (await client.get("/vens")).json()[0]["created_date_time"]
