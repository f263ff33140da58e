"""Credentials, tokens and scopes (OAuth 2, RFC 6749)."""

from __future__ import annotations

import httpx
import pytest

from tests.vtn.server.client import (
    DIALECTS,
    client_of,
    fetch_token,
    http_client,
    made,
    session,
    ssl_context,
    ven,
)
from vendash.vtn.server import (
    BL_SCOPES,
    VEN_SCOPES,
    Dialect,
    Faults,
    VtnServer,
    VtnSettings,
    vtn_server,
)

CLIENTS = {"bl": ("bl-secret", BL_SCOPES), "ven": ("pass%word", VEN_SCOPES)}
BAD_TOKEN = {"3.1": 401, "3.0.1": 403}


async def post_form(
    vtn: VtnServer, form: dict[str, str], basic: tuple[str, str] | None = None
) -> httpx.Response:
    async with http_client(vtn.url, "3.1") as client:
        if basic:
            return await client.post("/auth/token", data=form, auth=basic)
        return await client.post("/auth/token", data=form)


GRANT = {"grant_type": "client_credentials"}


async def test_credentials_are_taken_from_the_form_or_from_basic_but_not_from_both() -> None:
    async with vtn_server(clients=CLIENTS) as vtn:
        form = GRANT | {"client_id": "ven", "client_secret": "pass%word"}
        assert (await post_form(vtn, form)).status_code == 200
        assert (await post_form(vtn, GRANT, ("ven", "pass%word"))).status_code == 200
        assert (await post_form(vtn, GRANT, ("ven", "pass%25word"))).status_code == 200
        both = await post_form(vtn, form, ("ven", "pass%word"))
        assert (both.status_code, both.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (GRANT | {"client_id": "bl", "client_secret": "wrong"}, 401, "invalid_client"),
        (GRANT | {"client_id": "nobody", "client_secret": "bl-secret"}, 401, "invalid_client"),
        (GRANT | {"client_id": "bl", "client_secret": "ÆØÅ"}, 401, "invalid_client"),
        (GRANT | {"client_id": "bl"}, 400, "invalid_request"),
        ({"client_id": "bl", "client_secret": "bl-secret"}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        (
            GRANT | {"client_id": "bl", "client_secret": "bl-secret", "scope": "x"},
            400,
            "invalid_scope",
        ),
    ],
)
async def test_a_token_is_refused_with_the_error_of_the_rfc(
    form: dict[str, str], status: int, error: str
) -> None:
    async with vtn_server(clients=CLIENTS) as vtn:
        answer = await post_form(vtn, form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_a_token_says_how_long_it_lives_and_what_it_may_do() -> None:
    async with vtn_server(clients=CLIENTS, token_life_s=60) as vtn:
        form = GRANT | {"client_id": "bl", "client_secret": "bl-secret"}
        whole = (await post_form(vtn, form)).json()
        narrow = (await post_form(vtn, form | {"scope": "read_all write_reports"})).json()
    assert (whole["token_type"], whole["expires_in"]) == ("Bearer", 60)
    assert set(whole["scope"].split()) == BL_SCOPES
    assert narrow["scope"] == "read_all"
    assert whole["access_token"] != narrow["access_token"]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_without_a_good_token_nothing_is_read_or_written(dialect: Dialect) -> None:
    async with vtn_server(dialect=dialect) as vtn, http_client(vtn.url, dialect) as client:
        for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
            for answer in (
                await client.get("/vens", headers=header),
                await client.post("/vens", json=ven(dialect, "A"), headers=header),
                await client.delete("/vens/x", headers=header),
            ):
                assert answer.status_code == BAD_TOKEN[dialect]
        assert vtn.state.count("VEN") == 0
        vtn.faults = Faults(reject_token_403=True)
        assert (await client.get("/vens")).status_code == 403


async def test_a_token_dies_at_the_end_of_its_life_and_with_the_vtn() -> None:
    now = 1000.0
    async with (
        vtn_server(token_life_s=60, clock=lambda: now) as vtn,
        client_of(vtn, "3.1") as client,
    ):
        now = 1059.9
        assert (await client.get("/vens")).status_code == 200
        now = 1060.0
        assert (await client.get("/vens")).status_code == 401
    async with session("3.1") as (vtn, client):
        vtn.revoke_tokens()
        assert (await client.get("/vens")).status_code == 401


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_scope_that_is_missing_is_a_403(dialect: Dialect) -> None:
    clients = {"reader": ("s", frozenset({"read_all"})), "writer": ("s", frozenset({"write_vens"}))}
    async with vtn_server(dialect=dialect, clients=clients) as vtn:
        async with client_of(vtn, dialect, "reader", "s") as client:
            assert (await client.get("/vens")).status_code == 200
            assert (await client.post("/vens", json=ven(dialect, "A"))).status_code == 403
        async with client_of(vtn, dialect, "writer", "s") as client:
            assert (await client.get("/vens")).status_code == 403


async def test_without_auth_anyone_may_do_everything() -> None:
    async with vtn_server(auth=False) as vtn, http_client(vtn.url, "3.1") as client:
        await made(client, "/vens", ven("3.1", "A"))
        for name in ("B", "C"):
            town = await made(client, "/vens", {"objectType": "VEN_VEN_REQUEST", "venName": name})
            assert town["clientID"] == name
        assert await fetch_token(vtn.url, "whoever", "whatever")


async def test_the_token_url_is_on_the_host_and_the_base_path_that_the_client_used() -> None:
    async with vtn_server() as vtn, http_client(vtn.url, "3.1") as client:
        port = vtn.url.rpartition(":")[2]
        for base in ("", "/openadr3", "/openadr3/3.1.0"):
            answer = await client.get(f"http://localhost:{port}{base}/auth/server")
            assert answer.json() == {"tokenURL": f"http://localhost:{port}{base}/auth/token"}


async def test_3_0_1_has_no_auth_server() -> None:
    async with vtn_server(dialect="3.0.1") as vtn, http_client(vtn.url, "3.0.1") as client:
        assert (await client.get("/auth/server")).status_code == 404


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_official_base_path_and_the_bare_root_are_the_same_vtn(dialect: Dialect) -> None:
    official = {"3.1": "/openadr3/3.1.0", "3.0.1": "/openadr3/3.0.1"}[dialect]
    async with session(dialect) as (vtn, client):
        await made(client, official + "/vens", ven(dialect, "A"))
        await made(client, "/openadr3/vens", ven(dialect, "B"))
        assert len((await client.get("/vens")).json()) == 2
        assert (await client.get("/openadr3/3.7/vens")).status_code == 404
        async with httpx.AsyncClient(verify=ssl_context()) as plain:
            for base in ("", official):
                assert (await plain.get(f"{vtn.url}{base}/health")).status_code == 200


def test_settings_never_show_a_secret() -> None:
    assert "bl-secret" not in repr(VtnSettings(clients=CLIENTS))
