"""`register`, `drift` and `doctor` beside an engine: what they say when it does not do it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleets import make_database
from tests.waiting import until
from vendash.commands.doctor import doctor
from vendash.commands.drift import Asked, drift
from vendash.commands.preview import dry_run
from vendash.commands.registration import Wanted, register
from vendash.engine.connecting import VtnChoice
from vendash.errors import VendashError
from vendash.lock import exclusive, lock_path
from vendash.store import open_store
from vendash.telemetry.place import live_folder
from vendash.telemetry.status import (
    ConnectionStatus,
    EngineStatus,
    Health,
    ServiceStatus,
    write_status,
)
from vendash.vtn.server import VtnServer, vtn_server

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    return await make_database(tmp_path / "fleet.db", {"Aalborg": 2})


@pytest.fixture
def engine(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Its lock is held, but nothing is done; the folder for its status."""
    monkeypatch.setattr("vendash.commands.registration.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("vendash.commands.drift.IDLE_SECONDS", 0.0)
    with exclusive(lock_path(database), "engine", "Held already"):
        yield live_folder(database)


def told(
    folder: Path,
    vtn: ServiceStatus,
    survey: ServiceStatus | None = None,
    url: str = "",
    connection: ConnectionStatus | None = None,
) -> None:
    off = ServiceStatus(health="off")
    status = EngineStatus(pid=os.getpid(), started=time.time(), beat=time.monotonic(), vtn=vtn,
                          simulation=off, survey=survey or off, vtn_url=url,
                          connection=connection)  # fmt: skip
    write_status(folder, status)


async def followed(database: Path) -> str:
    """What `vendash register` says of the engine."""
    document, text, code = await register(database, Wanted(VtnChoice(no_auth=True)))
    assert code == 1
    assert document["error"] in text
    return str(document["error"])


async def test_an_engine_that_is_silent_is_said_to_be(database: Path, engine: Path) -> None:
    assert await followed(database) == "The engine does not answer any more: see vendash doctor."


async def test_interrupted_it_says_that_the_engine_goes_on(
    database: Path,
    engine: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("vendash.commands.registration.PATIENCE_SECONDS", 600.0)
    said = ""

    def follows() -> bool:
        nonlocal said
        said += capsys.readouterr().err
        return "The engine (process " in said

    following = asyncio.create_task(register(database, Wanted(VtnChoice(url=NOBODY))))
    await until(follows, "that it follows the engine")
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    assert capsys.readouterr().err == (
        "0 of 3 VENs and resources are at the VTN. The engine goes on with the others.\n"
    )


async def test_an_engine_that_sends_nothing_is_said_to_do_so(database: Path, engine: Path) -> None:
    told(engine, ServiceStatus(health="ok", text="3.1"))
    assert "has sent nothing for" in await followed(database)


@pytest.mark.parametrize("detail", ["", "The VTN is on fire: call the fire brigade."])
async def test_trouble_is_never_an_empty_sentence(
    database: Path, engine: Path, detail: str
) -> None:
    sentence = detail or "The engine is in trouble with the VTN (token): see vendash doctor."
    told(engine, ServiceStatus(health="trouble", text="token", detail=detail))
    assert await followed(database) == sentence
    with pytest.raises(VendashError) as error:
        await drift(database, Asked())
    assert str(error.value) == sentence


async def test_a_comparison_that_failed_is_told_apart_from_decisions_that_were_not_read(
    database: Path, engine: Path
) -> None:
    async with await open_store(database) as store:
        await store.use_vtn(NOBODY, "3.1")
    well, later = ServiceStatus(health="ok", text="3.1"), time.time() + 1000
    for text, said in (("compare", "page 7 is torn"), ("decisions", "The engine does not compare")):
        failed = ServiceStatus(health="trouble", text=text, detail="page 7 is torn.", since=later)
        told(engine, well, failed)
        with pytest.raises(VendashError, match=said):
            await drift(database, Asked())


@pytest.mark.parametrize(("token", "shown"), [("client", True), ("none", False)])
async def test_a_preview_shows_a_token_where_the_engine_sends_one(
    database: Path, engine: Path, monkeypatch: pytest.MonkeyPatch, token: str, shown: bool
) -> None:
    """Whatever this shell would send; of another VTN the engine says nothing."""
    if not shown:
        monkeypatch.setenv("VENDASH_BEARER_TOKEN", "mine-is-long")
    well = ServiceStatus(health="ok", text="3.1")
    told(engine, well, url=NOBODY, connection=ConnectionStatus(token=token))
    for url, seen in ((NOBODY, shown), ("http://127.0.0.1:10", not shown)):
        _, text, _ = await dry_run(database, Wanted(VtnChoice(url=url)), "")
        assert ("Authorization: Bearer ***" in text) is seen
        assert "mine-is-long" not in text


# --- doctor --------------------------------------------------------------------------------------


async def client_finding(
    database: Path, engine: Path, vtn: VtnServer, health: Health, url: str = ""
) -> str:
    """What doctor says of the client where an engine works with a VTN, or does not."""
    told(engine, ServiceStatus(health=health, text="token", detail="No."), url=url or vtn.url)
    document, _, _ = await doctor(database, VtnChoice(url=vtn.url))
    return str(next(one["text"] for one in document["checks"] if one["name"] == "client"))


async def test_doctor_says_whose_credentials_it_uses_and_whether_the_engine_fares_otherwise(
    database: Path, engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with vtn_server() as vtn:
        monkeypatch.setenv("OAUTH_CLIENT_ID", vtn.client_id)
        monkeypatch.setenv("OAUTH_CLIENT_SECRET", vtn.client_secret)
        who = f"Asks as the client {vtn.client_id}, with the secret from the environment."
        assert await client_finding(database, engine, vtn, "ok") == who
        said = await client_finding(database, engine, vtn, "trouble")
        assert "This shell gets through to the VTN, and the engine does not" in said
        said = await client_finding(database, engine, vtn, "ok", "http://other")
        assert said == f"{who} The engine works with another VTN, http://other."
        monkeypatch.setenv("OAUTH_CLIENT_SECRET", "wr0ng-s3cret")
        said = await client_finding(database, engine, vtn, "ok")
        assert "The engine gets through to this VTN, and this shell does not" in said
        assert "wr0ng-s3cret" not in said
        assert await client_finding(database, engine, vtn, "trouble") == who
        monkeypatch.delenv("OAUTH_CLIENT_ID")
        said = await client_finding(database, engine, vtn, "ok")
        assert said.startswith("OAUTH_CLIENT_ID is not set")
        monkeypatch.delenv("OAUTH_CLIENT_SECRET")
        said = await client_finding(database, engine, vtn, "ok")
        assert said.startswith("Asks without a token")
