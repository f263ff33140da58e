"""`vendash demo`: the sample fleet, a VTN, an engine and a console, and the end of them all.

Everything it keeps is in one folder of its own (`demo_folder`): the database, the VTN's state and
the port the VTN had. The VTN and the engine are processes that end with this one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vendash.commands.opening import trouble_of
from vendash.config import log_to_file, state_folder
from vendash.demovtn import DemoEngine, DemoVtn, Peer
from vendash.errors import VendashError
from vendash.filters import Query
from vendash.fleet import Fleet, current_actor
from vendash.keeping import KeptEngine
from vendash.lock import exclusive
from vendash.models import VenRow
from vendash.output import Answer, note
from vendash.processes import require_terminal
from vendash.sample import sample_assets
from vendash.store import open_store
from vendash.store.assets import read_assets
from vendash.store.following import ticking
from vendash.store.protocol import FleetStore, RegistrationLedger
from vendash.telemetry.live import LiveReader
from vendash.telemetry.place import live_folder
from vendash.telemetry.status import EngineStatus, read_status
from vendash.telemetry.sums import readings_of
from vendash.vtn.auth import Credentials
from vendash.vtn.client import Vtn

APPROVED = "Herning"
"""The VEN that the demo without a screen approves."""
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo."""

    fleet: Fleet
    peer: Peer
    engine: KeptEngine
    ledger: RegistrationLedger


def demo_folder() -> Path:
    """Where the demo keeps its state from run to run."""
    return state_folder() / "demo"


@asynccontextmanager
async def running(*, fresh: bool) -> AsyncIterator[Demo]:
    """The whole demo, from nothing or from its last state, until the end of the block.

    Raises:
        VendashError: Another demo runs, or the VTN does not start.
    """
    folder = demo_folder()
    refusal = "A demo is running already: leave it with q before starting another"
    with exclusive(state_folder() / "demo.lock", "demo", refusal):
        _make_folder(folder, fresh=fresh)
        async with (
            _vtn(folder) as vtn,
            _kept_store(folder / "resources.db") as store,
        ):
            fleet = Fleet(store, actor=current_actor())
            await _prepare(store, fleet, vtn.peer)
            async with _engine(store.path, vtn) as engine:
                yield Demo(fleet, vtn.peer, engine, store)


def _make_folder(folder: Path, *, fresh: bool) -> None:
    try:
        if fresh and folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VendashError(
            f"Cannot make the folder {folder} of the demo ({error.strerror}):"
            " remove what is there, or check its permissions."
        ) from error


@asynccontextmanager
async def _kept_store(path: Path) -> AsyncIterator[FleetStore]:
    """The store of the last run, or a new one."""
    try:
        store = await open_store(path, create=True)
    except VendashError as error:
        raise VendashError(
            f"The demo cannot go on where it was ({error}): vendash demo --fresh starts over."
        ) from error
    async with store:
        yield store


@asynccontextmanager
async def _vtn(folder: Path) -> AsyncIterator[DemoVtn]:
    note("Starting a VTN on this machine ...")
    vtn = DemoVtn(folder)
    try:
        await vtn.start()
        yield vtn
    finally:
        await vtn.stop()


async def _prepare(store: FleetStore, fleet: Fleet, peer: Peer) -> None:
    """Fill an empty database, and say where the VTN is now."""
    if await store.vtn() is None:
        await store.use_vtn(peer.url)
    else:
        await store.move_vtn(peer.url)
    if (await store.work()).total:
        return
    note("Preparing the sample fleet ...")
    assets = await asyncio.to_thread(read_assets, sample_assets())
    await fleet.import_resources(assets.resources, subject="sample fleet")
    await fleet.simulate(True)


@asynccontextmanager
async def _engine(database: Path, vtn: DemoVtn) -> AsyncIterator[KeptEngine]:
    environment = {
        "VTN_SERVER_ADDRESS": vtn.peer.url,
        "VTN_API_PREFIX": "",
        **vtn.peer.credentials,
        "OAUTHCHECK_ACCESS_TOKEN_OBTAIN_URL": "",
        "VENDASH_CONFIG": os.devnull,  # the demo needs none, and touches none
    }
    engine = DemoEngine(database, vtn, environment)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


# --- with a screen -------------------------------------------------------------------------------


def show(*, fresh: bool) -> int:
    """The demo with its console; the exit code.

    Raises:
        VendashError: There is no terminal, another demo runs, or the VTN does not start.
    """
    require_terminal()
    log_to_file("demo")
    return asyncio.run(_show(fresh=fresh))


async def _show(*, fresh: bool) -> int:
    from vendash.commands.console import show_console  # noqa: PLC0415 (textual, only here)

    async with running(fresh=fresh) as demo:
        code = await show_console(demo.fleet, engine=demo.engine, marks=("DEMO",))
        done, total, failed = await demo.ledger.registration_progress()
        if left := total - done - failed:
            with suppress(OSError):  # the terminal may be gone, which is how this ended
                note(f"{left:,} changes are not at the VTN yet: the next vendash demo goes on.")
        return code


# --- without one ---------------------------------------------------------------------------------


async def headless(*, fresh: bool, seconds: int) -> Answer:
    """The main job: register all, approve one VEN, simulate, and count at the VTN over HTTP."""
    log_to_file("demo")
    began = time.monotonic()
    async with running(fresh=fresh) as demo:
        fleet, reader = demo.fleet, demo.fleet.reader
        note("Registering all of it with the VTN ...")
        everything = await reader.select(await reader.keys(Query()))
        await fleet.register(everything, subject="sample fleet")
        await _all_told(fleet)
        note(f"Approving {APPROVED} and reading it for {seconds} s ...")
        one_ven = await reader.select(await reader.keys(Query(ven=APPROVED)))
        await fleet.approve(one_ven, subject=APPROVED)
        readings = await _readings(fleet, len(one_ven), seconds)
        await _all_told(fleet)
        vens = await reader.vens()
        there = await _count(demo.peer)
    document: dict[str, Any] = {
        "vens": len(vens),
        "resources": sum(ven.work.total for ven in vens),
        "registered": sum(ven.accepted for ven in vens),
        "approved": sum(ven.decisions.approved for ven in vens),
        "readings": readings,
        "seconds": round(time.monotonic() - began, 3),
        "vtn": {"vens": there[0], "resources": there[1]},
    }
    complete = there == (document["vens"], document["resources"])
    return (
        document,
        "\n".join(f"{name}: {value}" for name, value in document.items()),
        int(not complete),
    )


async def _all_told(fleet: Fleet) -> None:
    """Until the VTN has accepted everything as it is here, or an item needs a person.

    Raises:
        VendashError: The engine makes no step any more.
    """
    waiting, since = -1, time.monotonic()
    async for _ in ticking(fleet.reader):
        left = _left(await fleet.reader.vens())
        if not left:
            return
        if left != waiting:
            waiting, since = left, time.monotonic()
        elif time.monotonic() - since > PATIENCE_SECONDS:
            status = read_status(live_folder(fleet.path))
            raise VendashError(f"{left:,} resources are not registered: {why_still(status)}")


def why_still(status: EngineStatus | None) -> str:
    """Why an engine makes no step, in a sentence."""
    if status is None or not status.fresh:
        return "The engine does not run."
    if status.vtn.health == "trouble":
        return trouble_of(status.vtn)
    return f"The engine has sent nothing for {PATIENCE_SECONDS:.0f} s; its log says why."


def _left(vens: Sequence[VenRow]) -> int:
    """How many resources wait for the VTN, and for no person."""
    return sum(max(0, ven.wanted - ven.accepted - ven.work.trouble) for ven in vens)


async def _readings(fleet: Fleet, approved: int, seconds: int) -> int:
    """How many readings came in so many ticks, from the first with all approved resources on."""
    ring = LiveReader(live_folder(fleet.path))
    counts: list[int] = []
    seen = -1
    deadline = time.monotonic() + seconds + PATIENCE_SECONDS
    while len(counts) < seconds:
        if time.monotonic() > deadline:
            raise VendashError("The simulation stands still; the engine's log says why.")
        for tick in ring.ticks_since(seen):
            seen = tick.sequence
            if counts or readings_of(tick) >= approved:
                counts.append(readings_of(tick))
        await asyncio.sleep(0.1)
    return sum(counts[:seconds])


async def _count(peer: Peer) -> tuple[int, int]:
    vtn = Vtn(peer.url, credentials=Credentials(peer.client_id, peer.client_secret))
    async with vtn.connect() as connection:
        return await connection.count()
