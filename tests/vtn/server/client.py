"""A client for the tests: a token, the contract checked on every answer, and bodies to send."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx

from tests.vtn.server.contract import check_response
from vendash.vtn.server import (
    NO_FAULTS,
    Clients,
    Dialect,
    Faults,
    VtnServer,
    VtnState,
    vtn_server,
)

Json = dict[str, Any]
Query = str | int | list[str]
DIALECTS: tuple[Dialect, ...] = ("3.1", "3.0.1")


@cache
def ssl_context() -> ssl.SSLContext:
    """One for all: making one takes longer than most tests."""
    return ssl.create_default_context()


@asynccontextmanager
async def http_client(
    url: str, dialect: Dialect, headers: Mapping[str, str] | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that fails on any answer outside the contract."""

    async def hold_to_contract(response: httpx.Response) -> None:
        await response.aread()
        check_response(dialect, response)

    async with httpx.AsyncClient(
        base_url=url,
        headers=headers,
        verify=ssl_context(),
        event_hooks={"response": [hold_to_contract]},
    ) as client:
        yield client


async def fetch_token(url: str, client_id: str, secret: str, **more: str) -> str:
    """A token for these credentials."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    async with httpx.AsyncClient(verify=ssl_context()) as client:
        answer = await client.post(f"{url}/auth/token", data=form | more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


@asynccontextmanager
async def client_of(
    vtn: VtnServer, dialect: Dialect, client_id: str | None = None, secret: str | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `vtn` with a token, by default of its first client."""
    token = await fetch_token(vtn.url, client_id or vtn.client_id, secret or vtn.client_secret)
    async with http_client(vtn.url, dialect, {"Authorization": f"Bearer {token}"}) as client:
        yield client


@asynccontextmanager
async def session(
    dialect: Dialect,
    *,
    auth: bool = True,
    clients: Clients | None = None,
    state: VtnState | None = None,
    faults: Faults = NO_FAULTS,
    control: bool = False,
) -> AsyncIterator[tuple[VtnServer, httpx.AsyncClient]]:
    """A VTN and a client that may do everything."""
    async with (
        vtn_server(
            dialect=dialect,
            auth=auth,
            clients=clients,
            state=state,
            faults=faults,
            control=control,
        ) as vtn,
        client_of(vtn, dialect) as client,
    ):
        yield vtn, client


def ven(dialect: Dialect, name: str, **more: object) -> Json:
    """The body of a VEN, as business logic sends it."""
    if dialect == "3.0.1":
        return {"venName": name, **more}
    return {"objectType": "BL_VEN_REQUEST", "clientID": f"vendash-{name}", "venName": name, **more}


def resource(dialect: Dialect, name: str, ven_id: str, **more: object) -> Json:
    """The body of a resource, as business logic sends it."""
    if dialect == "3.0.1":
        return {"resourceName": name, **more}
    return {
        "objectType": "BL_RESOURCE_REQUEST",
        "clientID": "vendash-x",
        "venID": ven_id,
        "resourceName": name,
        **more,
    }


def resources_path(dialect: Dialect, ven_id: str) -> str:
    """Where the resources of a VEN are."""
    return f"/vens/{ven_id}/resources" if dialect == "3.0.1" else "/resources"


async def made(client: httpx.AsyncClient, path: str, body: Json) -> Json:
    """POST and expect 201."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    created: Json = answer.json()
    return created


async def made_ven(client: httpx.AsyncClient, dialect: Dialect, name: str, **more: object) -> Json:
    """A new VEN."""
    return await made(client, "/vens", ven(dialect, name, **more))


async def made_resource(
    client: httpx.AsyncClient, dialect: Dialect, name: str, ven_id: str, **more: object
) -> Json:
    """A new resource."""
    body = resource(dialect, name, ven_id, **more)
    return await made(client, resources_path(dialect, ven_id), body)


async def made_event(client: httpx.AsyncClient, program_id: str, **more: object) -> Json:
    """A new event of one interval."""
    intervals = [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [1]}]}]
    return await made(client, "/events", {"programID": program_id, "intervals": intervals} | more)


def report(dialect: Dialect, event: Json, client_name: str = "x") -> Json:
    """The body of a report about one resource."""
    intervals = [{"id": 0, "payloads": [{"type": "USAGE", "values": [1.5]}]}]
    body = {
        "eventID": event["id"],
        "clientName": client_name,
        "resources": [{"resourceName": "r", "intervals": intervals}],
    }
    return body if dialect == "3.1" else body | {"programID": event["programID"]}


async def names(client: httpx.AsyncClient, path: str, name: str, **query: Query) -> list[str]:
    """The values of one field of what a search finds."""
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [item[name] for item in answer.json()]
