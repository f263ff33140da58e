"""Which VTN it is, and how settings, environment and command line make the client of it."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.vtn.scripted import Asked, Say, scripted
from vendash.engine.connecting import TOKEN_URL, VtnAccess, VtnChoice, take_up
from vendash.errors import VendashError
from vendash.identity import Identity
from vendash.settings import Settings, VtnSettings
from vendash.store import open_store
from vendash.vtn.errors import VtnUnreachableError
from vendash.vtn.server import vtn_server

WHO = Identity(client_id="me", client_secret="the-secret")


def settings(**vtn: object) -> Settings:
    return Settings(vtn=VtnSettings(**vtn), file=Path("/etc/vendash.toml"))  # type: ignore[arg-type]


def access(
    settings: Settings,
    environ: Mapping[str, str] | None = None,
    **choice: Any,  # noqa: ANN401 (of VtnChoice)
) -> VtnAccess:
    return VtnAccess(VtnChoice(**choice), settings, environ or {})


async def test_the_command_line_wins_then_environment_settings_database_and_default(
    tmp_path: Path,
) -> None:
    environ = {"VTN_SERVER_ADDRESS": "http://environment"}
    mine = settings(url="http://settings/")
    async with await open_store(tmp_path / "x.db", create=True) as store:
        assert await access(Settings()).url(store) == "http://localhost:8000"
        await store.use_vtn("http://database")
        assert await access(Settings()).url(store) == "http://database"
        assert await access(mine).url(store) == "http://settings"
        assert await access(mine, environ).url(store) == "http://environment"
        assert await access(mine, environ, url="http://option").url(store) == "http://option"
        with pytest.raises(VendashError, match=r"/etc/vendash\.toml: \[vtn\] url: 'nonsense'"):
            await access(settings(url="nonsense")).url(store)
    assert await access(mine).url(None) == "http://settings"
    assert await access(Settings()).url(None) == "http://localhost:8000"


def test_the_dialect_of_the_command_line_wins_over_that_of_the_settings() -> None:
    mine = settings(dialect="3.0.1")
    assert access(mine).client("http://localhost").dialect == "3.0.1"
    assert access(mine, dialect="energydesk").client("http://localhost").dialect == "energydesk"
    assert access(mine, dialect="3.1").client("http://localhost", dialect="").dialect == ""
    with pytest.raises(VendashError, match=r"3\.1, 3\.0\.1 or energydesk"):
        access(settings(dialect="2.0b")).client("http://localhost")


def test_a_bearer_token_of_the_choice_is_who_we_are_and_in_no_repr() -> None:
    environ = {"OAUTH_CLIENT_ID": "me", "OAUTH_CLIENT_SECRET": "the-secret"}
    assert access(Settings(), environ).identity() == WHO
    assert access(Settings(), environ, no_auth=True).identity() == Identity()
    mine = access(Settings(), environ, bearer_token="a-long-token")
    assert mine.identity() == Identity(bearer_token="a-long-token")
    assert "a-long-token" not in repr(mine)
    assert "the-secret" not in repr(mine)


def test_plain_http_to_another_machine_needs_the_setting() -> None:
    with pytest.raises(VendashError, match="insecure = true"):
        access(Settings()).client("http://vtn.example.com")
    access(settings(insecure=True)).client("http://vtn.example.com")
    with pytest.raises(VendashError, match="not protected"):
        access(settings(token_url="http://tokens.example.com/t")).client("https://h")


@pytest.mark.parametrize("named_by", ["settings", "environment"])
async def test_a_configured_token_url_may_be_on_another_host_and_is_not_asked_for(
    named_by: str,
) -> None:
    def handler(asked: Asked) -> Say:
        if asked.path == "/elsewhere":
            return Say(200, {"access_token": "a-long-token"})
        return Say(200, [])

    async with scripted(handler) as tokens, scripted(handler) as server:
        place = f"{tokens.url}/elsewhere"
        environ = {"OAUTH_CLIENT_ID": "me", "OAUTH_CLIENT_SECRET": "the-secret"}
        environ |= {TOKEN_URL: place} if named_by == "environment" else {}
        mine = settings(dialect="3.1", token_url=place if named_by == "settings" else "")
        vtn = access(mine, environ).client(server.url)
        async with vtn.connect() as connection:
            await connection.greet()
        assert [asked.what for asked in tokens.asked] == ["POST /elsewhere"]
        assert [asked.what for asked in server.asked] == ["GET /vens"]


async def test_tokens_of_vens_are_kept_in_the_state_folder_for_their_owner_only(
    home: Path,
) -> None:
    vtn = access(settings()).client("http://localhost")
    vtn.ven_secrets.keep_token("Køge", "given-once")
    path = home / "state" / "vendash" / "ven-secrets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_another_vtn_is_taken_up_only_once_it_answers(tmp_path: Path) -> None:
    """A slip in an address must not turn to it all that follows; the first one may be down."""
    nobody = access(Settings(), no_auth=True).client("http://127.0.0.1:9")
    async with (
        await open_store(tmp_path / "x.db", create=True) as store,
        vtn_server(auth=False) as vtn,
    ):
        await take_up(store, nobody, Settings(), actor="me")
        assert await store.vtn() == (nobody.url, "")
        other = access(Settings(), no_auth=True).client(vtn.url)
        await take_up(store, other, Settings(), actor="me")
        assert await store.vtn() == (vtn.url, "3.1")
        with pytest.raises(VtnUnreachableError, match="refuses the connection"):
            await take_up(store, nobody, Settings(), actor="me")
        assert await store.vtn() == (vtn.url, "3.1")
