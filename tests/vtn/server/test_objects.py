"""Create, read, update, delete: every object of both dialects, held against the official files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.vtn.server.client import (
    DIALECTS,
    Json,
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
from tests.vtn.server.contract import ContractError, check_schema
from vendash.vtn.server import Dialect

ATTRIBUTES = [
    {"type": "LOCATION", "values": [{"x": 9.9187, "y": 57.0488}]},
    {"type": "DESCRIPTION", "values": ["Bar \u201cÆ\u201d [bold] \x00 \x1b[31m 🙂"]},
    {"type": "MIXED", "values": [1, 2.5, True, "x", -(2**70)]},
    {"type": "prequalification", "values": ["PENDING"]},
]
PERIOD = {"start": "2026-11-22T00:00:00Z", "duration": "PT1H", "randomizeStart": "PT5M"}
INTERVALS = [{"id": 0, "intervalPeriod": PERIOD, "payloads": ATTRIBUTES}]
SUBSCRIBED = [
    {"objects": ["EVENT"], "operations": ["CREATE"], "callbackUrl": "https://ven.example/x?y=[1]"}
]


def targets(dialect: Dialect, *values: str) -> list[Any]:
    return list(values) if dialect == "3.1" else [{"type": "GROUP", "values": list(values)}]


def event_descriptor() -> Json:
    return {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH"}


def report_descriptor() -> Json:
    return {
        "objectType": "REPORT_PAYLOAD_DESCRIPTOR",
        "payloadType": "USAGE",
        "readingType": "MEAN",
        "accuracy": 0.5,
        "confidence": 100,
    }


def full_program(dialect: Dialect) -> Json:
    return {
        "programName": "Tariff",
        "intervalPeriod": PERIOD,
        "programDescriptions": [{"URL": "https://example.com/a"}],
        "payloadDescriptors": [event_descriptor(), report_descriptor()],
        "targets": targets(dialect, "A", "B"),
    } | ({"attributes": ATTRIBUTES} if dialect == "3.1" else {"country": "DK", "localPrice": True})


def full_event(dialect: Dialect, program_id: str) -> Json:
    return {
        "programID": program_id,
        "eventName": "Peak",
        "priority": 0,
        "targets": targets(dialect, "A"),
        "reportDescriptors": [
            {"payloadType": "USAGE", "startInterval": -1, "aggregate": False, "repeat": 1}
        ],
        "payloadDescriptors": [event_descriptor()],
        "intervalPeriod": PERIOD,
        "intervals": INTERVALS,
    } | ({"duration": "P9999Y"} if dialect == "3.1" else {})


def full_report(dialect: Dialect, event: Json) -> Json:
    return report(dialect, event) | {
        "reportName": "x-1",
        "payloadDescriptors": [report_descriptor()],
        "resources": [
            {"resourceName": "r", "intervalPeriod": PERIOD, "intervals": INTERVALS},
        ],
    }


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_was_sent_comes_back_whole_with_metadata_of_the_vtn(
    dialect: Dialect,
) -> None:
    async with session(dialect) as (_vtn, client):
        program_body = full_program(dialect)
        program = await made(client, "/programs", program_body)
        event_body = full_event(dialect, program["id"])
        event = await made(client, "/events", event_body)
        report_body = full_report(dialect, event)
        subscription_body = {
            "clientName": "x",
            "programID": program["id"],
            "objectOperations": SUBSCRIBED,
            "targets": targets(dialect, "A"),
        }
        ven_body = ven(dialect, "Aalborg", attributes=ATTRIBUTES, targets=targets(dialect, "A"))
        town = await made(client, "/vens", ven_body)
        resource_body = resource(dialect, "r1", town["id"], attributes=ATTRIBUTES)
        answers = [
            (program_body, program, "PROGRAM"),
            (event_body, event, "EVENT"),
            (ven_body, town, "VEN"),
            (report_body, await made(client, "/reports", report_body), "REPORT"),
            (
                subscription_body,
                await made(client, "/subscriptions", subscription_body),
                "SUBSCRIPTION",
            ),
            (
                resource_body,
                await made(client, resources_path(dialect, town["id"]), resource_body),
                "RESOURCE",
            ),
        ]
    for body, answer, kind in answers:
        assert answer | body | {"objectType": kind} == answer
        assert answer["createdDateTime"] == answer["modificationDateTime"]
        assert answer["createdDateTime"].endswith("Z")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_put_replaces_the_object_and_keeps_its_id_and_creation_time(dialect: Dialect) -> None:
    async with session(dialect) as (_vtn, client):
        town = await made_ven(client, dialect, "Aalborg", attributes=ATTRIBUTES)
        path = resources_path(dialect, town["id"])
        before = await made_resource(client, dialect, "r1", town["id"], attributes=ATTRIBUTES)
        body = resource(dialect, "r2", town["id"])
        put = await client.put(f"{path}/{before['id']}", json=body)
        read = await client.get(f"{path}/{before['id']}")
    assert put.status_code == read.status_code == 200
    assert put.json() == read.json()
    assert put.json()["resourceName"] == "r2"
    assert "attributes" not in put.json()
    for kept in ("id", "createdDateTime", "venID"):
        assert put.json()[kept] == before[kept]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_delete_answers_with_the_object_which_is_then_gone(dialect: Dialect) -> None:
    async with session(dialect) as (vtn, client):
        program = await made(client, "/programs", {"programName": "P"})
        deleted = await client.delete(f"/programs/{program['id']}")
        again = await client.delete(f"/programs/{program['id']}")
        assert (deleted.status_code, deleted.json()) == (200, program)
        assert again.status_code == 404
        assert vtn.state.count("PROGRAM") == 0


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_ven_with_resources_and_a_program_with_events_cannot_be_deleted(
    dialect: Dialect,
) -> None:
    async with session(dialect) as (_vtn, client):
        town = await made_ven(client, dialect, "Aalborg")
        item = await made_resource(client, dialect, "r1", town["id"])
        program = await made(client, "/programs", {"programName": "P"})
        event = await made_event(client, program["id"])
        await made(client, "/reports", report(dialect, event))
        assert (await client.delete(f"/vens/{town['id']}")).status_code == 403
        assert (await client.delete(f"/programs/{program['id']}")).status_code == 403
        path = resources_path(dialect, town["id"])
        for deleted in (f"{path}/{item['id']}", f"/vens/{town['id']}"):
            assert (await client.delete(deleted)).status_code == 200
        for deleted in (f"/events/{event['id']}", f"/programs/{program['id']}"):
            assert (await client.delete(deleted)).status_code == 200


async def test_a_ven_of_3_0_1_is_created_with_its_resources() -> None:
    async with session("3.0.1") as (_vtn, client):
        body = {"venName": "Aalborg", "resources": [{"resourceName": "a"}, {"resourceName": "b"}]}
        town = await made(client, "/vens", body)
        listed = (await client.get(f"/vens/{town['id']}/resources")).json()
        twice = {"venName": "Aarhus", "resources": [{"resourceName": "a"}] * 2}
        assert (await client.post("/vens", json=twice)).status_code == 409
        assert [item["venName"] for item in (await client.get("/vens")).json()] == ["Aalborg"]
    assert [item["resourceName"] for item in listed] == ["a", "b"]


async def test_a_resource_of_3_0_1_is_found_under_its_own_ven_only() -> None:
    async with session("3.0.1") as (_vtn, client):
        town = await made_ven(client, "3.0.1", "Aalborg")
        other = await made_ven(client, "3.0.1", "Aarhus")
        item = await made_resource(client, "3.0.1", "r1", town["id"])
        assert (await client.get(f"/vens/{town['id']}/resources/{item['id']}")).status_code == 200
        assert (await client.get(f"/vens/{other['id']}/resources/{item['id']}")).status_code == 404
        assert (await client.get("/vens/none/resources")).status_code == 404


async def test_a_resource_of_3_1_moves_to_the_ven_that_a_put_names() -> None:
    async with session("3.1") as (_vtn, client):
        town = await made_ven(client, "3.1", "Aalborg")
        other = await made_ven(client, "3.1", "Aarhus")
        item = await made_resource(client, "3.1", "r1", town["id"])
        body = resource("3.1", "r1", other["id"])
        assert (await client.put(f"/resources/{item['id']}", json=body)).status_code == 200
        assert (await client.get("/resources", params={"venID": town["id"]})).json() == []
        assert len((await client.get("/resources", params={"venID": other["id"]})).json()) == 1


BAD_BODIES: list[tuple[str, Callable[[Json], Json]]] = [
    ("required field absent", lambda body: {k: v for k, v in body.items() if k != "venName"}),
    ("wrong type", lambda body: body | {"venName": 7}),
    ("empty name", lambda body: body | {"venName": ""}),
    ("name too long", lambda body: body | {"venName": "x" * 129}),
    ("wrong objectType", lambda body: body | {"objectType": "RESOURCE"}),
    ("attribute without type", lambda body: body | {"attributes": [{"values": [1]}]}),
    ("null among values", lambda body: body | {"attributes": [{"type": "A", "values": [None]}]}),
    ("list among values", lambda body: body | {"attributes": [{"type": "A", "values": [[1]]}]}),
    ("targets of the wrong kind", lambda body: body | {"targets": "A"}),
]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_body_outside_the_schema_is_a_400(dialect: Dialect) -> None:
    async with session(dialect) as (vtn, client):
        for what, spoil in BAD_BODIES:
            answer = await client.post("/vens", json=spoil(ven(dialect, "Aalborg")))
            assert answer.status_code == 400, what
        assert vtn.state.count("VEN") == 0


BAD_EVENTS: tuple[Json, ...] = (
    {"intervalPeriod": {"start": "2026-11-22 noon"}},
    {"intervalPeriod": {"start": "2026-02-31T00:00:00Z"}},
    {"intervalPeriod": {"start": "2026-11-22T00:00:00"}},
    {"intervalPeriod": PERIOD | {"duration": "1h"}},
    {"intervalPeriod": PERIOD | {"duration": "PT1H\n"}},
    {"intervals": [{"id": 2**31, "payloads": []}]},
    {"priority": -1},
    {"programID": "no spaces allowed"},
)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_times_durations_numbers_and_ids_are_held_to_their_formats(dialect: Dialect) -> None:
    async with session(dialect) as (_vtn, client):
        program = await made(client, "/programs", {"programName": "P"})
        body = full_event(dialect, program["id"])
        assert (await client.post("/events", json=body)).status_code == 201
        for spoiled in BAD_EVENTS:
            answer = await client.post("/events", json=body | spoiled)
            assert answer.status_code == 400, spoiled


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_nulls_count_as_absent_and_unknown_fields_are_dropped(dialect: Dialect) -> None:
    async with session(dialect) as (_vtn, client):
        town = await made_ven(client, dialect, "A", attributes=None, targets=None, colour="red")
    assert {"attributes", "targets", "colour"}.isdisjoint(town)


async def test_the_contract_itself_rejects_a_wrong_answer() -> None:
    """The control: a VEN without its clientID, or with a local time, does not pass."""
    async with session("3.1") as (_vtn, client):
        town = await made_ven(client, "3.1", "Aalborg")
    check_schema("3.1", "ven", town)
    for spoiled in ({"createdDateTime": "2026-11-22 10:00:00"}, {"objectType": "TOWN"}):
        with pytest.raises(ContractError):
            check_schema("3.1", "ven", town | spoiled)
    with pytest.raises(ContractError):
        check_schema("3.1", "ven", {k: v for k, v in town.items() if k != "clientID"})
