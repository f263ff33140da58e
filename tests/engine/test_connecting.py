"""Which VTN it is, and how settings, environment and command line make the client of it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.vtn.scripted import Asked, Say, scripted
from vendash.engine.connecting import TOKEN_URL, chosen_url, vtn_from_settings
from vendash.errors import VendashError
from vendash.identity import Identity
from vendash.settings import Settings, VtnSettings
from vendash.store import open_store

WHO = Identity(client_id="me", client_secret="the-secret")


def settings(**vtn: object) -> Settings:
    return Settings(vtn=VtnSettings(**vtn), file=Path("/etc/vendash.toml"))  # type: ignore[arg-type]


async def test_the_command_line_wins_then_environment_settings_database_and_default(
    tmp_path: Path,
) -> None:
    environ = {"VTN_SERVER_ADDRESS": "http://environment"}
    mine = settings(url="http://settings/")
    async with await open_store(tmp_path / "x.db", create=True) as store:
        assert await chosen_url(store, None, Settings(), {}) == "http://localhost:8000"
        await store.use_vtn("http://database")
        assert await chosen_url(store, None, Settings(), {}) == "http://database"
        assert await chosen_url(store, None, mine, {}) == "http://settings"
        assert await chosen_url(store, None, mine, environ) == "http://environment"
        assert await chosen_url(store, "http://option", mine, environ) == "http://option"
        with pytest.raises(VendashError, match=r"/etc/vendash\.toml: \[vtn\] url: 'nonsense'"):
            await chosen_url(store, None, settings(url="nonsense"), {})


def test_the_dialect_of_the_command_line_wins_over_that_of_the_settings() -> None:
    mine = settings(dialect="3.0.1")
    assert vtn_from_settings("http://localhost", mine).dialect == "3.0.1"
    assert vtn_from_settings("http://localhost", mine, dialect="energydesk").dialect == "energydesk"
    with pytest.raises(VendashError, match=r"3\.1, 3\.0\.1 or energydesk"):
        vtn_from_settings("http://localhost", settings(dialect="2.0b"))


def test_plain_http_to_another_machine_needs_the_setting() -> None:
    with pytest.raises(VendashError, match="insecure = true"):
        vtn_from_settings("http://vtn.example.com", Settings())
    vtn_from_settings("http://vtn.example.com", settings(insecure=True))
    with pytest.raises(VendashError, match="not protected"):
        vtn_from_settings("https://h", settings(token_url="http://tokens.example.com/t"))


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
        environ = {TOKEN_URL: place} if named_by == "environment" else {}
        mine = settings(dialect="3.1", token_url=place if named_by == "settings" else "")
        vtn = vtn_from_settings(server.url, mine, identity=WHO, environ=environ)
        async with vtn.connect() as connection:
            await connection.greet()
        assert [asked.what for asked in tokens.asked] == ["POST /elsewhere"]
        assert [asked.what for asked in server.asked] == ["GET /vens"]


async def test_tokens_of_vens_are_kept_in_the_state_folder_for_their_owner_only(
    home: Path,
) -> None:
    vtn = vtn_from_settings("http://localhost", settings())
    vtn.ven_secrets.keep_token("Køge", "given-once")
    path = home / "state" / "vendash" / "ven-secrets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
