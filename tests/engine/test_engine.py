"""The engine works on what the database says; nothing else passes between it and a console."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from tests.fleets import all_of, make_database
from tests.fleets import fleet as fleet_of
from tests.waiting import until
from vendash.engine import run_engine
from vendash.engine.connecting import VtnAccess, VtnChoice
from vendash.fleet import Fleet
from vendash.lock import HeldByOtherError
from vendash.settings import Settings, VtnSettings
from vendash.store import SqliteStore, open_store
from vendash.telemetry.live import LiveReader
from vendash.telemetry.place import live_folder
from vendash.telemetry.status import ServiceStatus, read_status
from vendash.telemetry.ticks import Quality
from vendash.vtn.server import VtnServer, VtnState, vtn_server

VENS = {"Aarhus": 12, "Herning": 8, "Nykøbing Falster": 4}


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    return await make_database(tmp_path / "fleet.db", VENS)


@pytest.fixture
async def store(database: Path) -> AsyncIterator[SqliteStore]:
    """A console's own connection to the file."""
    async with await open_store(database) as opened:
        yield opened


@asynccontextmanager
async def engine(database: Path, vtn: VtnServer | None = None) -> AsyncIterator[None]:
    """An engine for the length of the block, in this process."""
    choice = VtnChoice(url=vtn.url if vtn else "http://127.0.0.1:9", no_auth=vtn is None)
    environ = {} if vtn is None else {
        "OAUTH_CLIENT_ID": vtn.client_id, "OAUTH_CLIENT_SECRET": vtn.client_secret,
    }  # fmt: skip
    access = VtnAccess(choice, Settings(vtn=VtnSettings(hold_seconds=0)), environ)
    running = asyncio.create_task(run_engine(database, access))
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def held(vtn: VtnServer) -> tuple[int, int]:
    """How many VENs and resources the VTN holds."""
    return vtn.state.count("VEN"), vtn.state.count("RESOURCE")


def decisions_at(vtn: VtnServer) -> Counter[str]:
    """The decisions that the VTN was told of, one for each resource it holds."""
    told: Counter[str] = Counter()
    for stored in vtn.state.find("RESOURCE"):
        attributes = json.loads(stored.json)["attributes"]
        told.update(one["values"][0] for one in attributes if one["type"] == "prequalification")
    return told


async def test_what_is_wanted_at_the_vtn_comes_there_with_its_ven_and_its_ids_are_known_here(
    database: Path, store: SqliteStore
) -> None:
    fleet = Fleet(store, actor="anna")
    async with vtn_server() as vtn, engine(database, vtn):
        await fleet.register(await all_of(store, "Herning"))

        async def accepted() -> bool:
            rows = {row.name: row for row in await store.vens()}
            return (rows["Herning"].accepted, rows["Aarhus"].accepted) == (8, 0)

        await until(accepted, "the resources of Herning accepted")
        assert held(vtn) == (1, 8)


async def test_a_decision_follows_to_the_vtn_by_itself_but_sends_nothing_that_is_not_wanted(
    database: Path, store: SqliteStore
) -> None:
    fleet = Fleet(store, actor="anna")
    async with vtn_server() as vtn, engine(database, vtn):
        await fleet.register(await all_of(store, "Herning"))
        await fleet.approve(await all_of(store))
        await until(lambda: decisions_at(vtn) == {"APPROVED": 8}, "eight approved at the VTN")
        await fleet.undo()
        await until(lambda: decisions_at(vtn) == {"PENDING": 8}, "eight pending again")
        assert held(vtn) == (1, 8)


async def test_a_vtn_that_is_away_is_told_of_in_a_sentence_and_gets_all_when_it_comes(
    database: Path, store: SqliteStore
) -> None:
    fleet = Fleet(store, actor="anna")
    state = VtnState()
    async with vtn_server(state=state) as vtn:
        port = int(vtn.url.rsplit(":", 1)[1])
    async with engine(database, vtn):
        await fleet.register(await all_of(store))

        def in_trouble() -> bool:
            status = read_status(live_folder(database))
            return status is not None and status.vtn.health == "trouble" and bool(status.vtn.detail)

        await until(in_trouble, "a status that says what is wrong")
        async with vtn_server(state=state, port=port) as back:
            await until(lambda: held(back) == (3, 24), "all of it at the VTN")


async def test_another_vtn_that_refuses_our_secret_is_told_of_in_a_word_and_not_taken_up(
    database: Path, store: SqliteStore
) -> None:
    await store.use_vtn("http://127.0.0.1:9", "3.1")
    async with vtn_server() as vtn:
        vtn.client_secret = "another"
        async with engine(database, vtn):

            def refused() -> bool:
                status = read_status(live_folder(database))
                return status is not None and status.vtn.text == "token"

            await until(refused, "a status that says it is the token")
    assert await store.vtn() == ("http://127.0.0.1:9", "3.1")


async def test_a_second_engine_is_refused_and_told_who_runs(database: Path) -> None:
    async with engine(database):
        await until(lambda: read_status(live_folder(database)) is not None, "a running engine")
        with pytest.raises(HeldByOtherError, match=r"already \(engine, process \d+, since"):
            await run_engine(database, VtnAccess())


async def test_an_engine_that_ends_takes_its_status_and_its_ring_away(
    database: Path, store: SqliteStore
) -> None:
    await Fleet(store, actor="anna").simulate(True)
    ring = LiveReader(live_folder(database))
    async with engine(database):
        await until(lambda: ring.latest() is not None, "a tick")
    assert ring.latest() is None
    assert read_status(live_folder(database)) is None


async def test_approve_and_it_reads_from_the_next_tick_suspend_and_it_stops(
    database: Path, store: SqliteStore
) -> None:
    fleet = Fleet(store, actor="anna")
    await fleet.simulate(True)
    ring = LiveReader(live_folder(database))

    def reading() -> list[int] | None:
        """The keys that have a reading in the newest tick."""
        tick, roster = ring.latest(), ring.roster()
        if tick is None or roster is None:
            return None
        assert tick.simulated
        assert (np.isfinite(tick.kw) == (tick.quality == Quality.GOOD)).all()
        return [int(key) for key in roster.keys[tick.quality == Quality.GOOD]]

    async with engine(database):
        await until(lambda: reading() == [], "a tick without readings: nothing is approved")
        herning = await all_of(store, "Herning")
        await fleet.approve(herning)
        await until(lambda: reading() == sorted(herning.keys), "readings of Herning")
        await fleet.suspend(herning)
        await until(lambda: reading() == [], "no readings any more")


async def test_bad_meter_data_are_told_of_in_a_sentence_and_good_ones_are_taken_up(
    database: Path, store: SqliteStore
) -> None:
    own = database.parent / "examplemeterdata" / "load_data.h5"
    own.parent.mkdir()
    own.write_text("not HDF5")

    def simulation() -> ServiceStatus | None:
        status = read_status(live_folder(database))
        return status.simulation if status else None

    async with engine(database):
        await Fleet(store, actor="anna").simulate(True)
        bad = f"{own} is not an HDF5 file: give a file of meter data (.h5)."
        await until(lambda: (now := simulation()) is not None and now.detail == bad, bad)
        own.unlink()
        await until(lambda: (now := simulation()) is not None and now.health == "ok", "readings")


async def test_a_fleet_that_is_not_the_sample_one_is_not_simulated_unasked(
    database: Path, store: SqliteStore
) -> None:
    await Fleet(store, actor="anna").approve(await all_of(store))
    async with engine(database):
        await until(lambda: read_status(live_folder(database)) is not None, "a running engine")
        status = read_status(live_folder(database))
        assert status is not None
        assert status.simulation.health == "off"
        assert LiveReader(live_folder(database)).latest() is None


async def test_resources_that_are_imported_while_it_simulates_join_the_roster(
    database: Path, store: SqliteStore
) -> None:
    await Fleet(store, actor="anna").simulate(True)
    ring = LiveReader(live_folder(database))
    async with engine(database):
        await until(lambda: ring.latest() is not None, "a tick")
        await store.import_resources(fleet_of({"Lemvig": 5}), actor="anna")

        def joined() -> bool:
            roster = ring.roster()
            return roster is not None and len(roster) == 29

        await until(joined, "a roster of 29")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_engine_process_ends_within_five_seconds_of_a_signal(
    database: Path, number: signal.Signals
) -> None:
    arguments = [sys.executable, "-m", "vendash", "run", "--db-path", str(database)]
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while read_status(live_folder(database)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    began = time.monotonic()
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert (process.returncode, errors) == (0, "")
