"""`vendash register`: want VENs at the VTN, then send them or follow the engine that does."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vendash.commands.inspect import engine_status
from vendash.commands.looking import looked_closer, looking_closer
from vendash.commands.opening import counted, named_vens, opened_store, trouble_of
from vendash.commands.registered import Result, compared, names_of
from vendash.config import database_path, log_to_file
from vendash.engine.connecting import VtnChoice, take_up
from vendash.errors import VendashError
from vendash.filters import Query
from vendash.fleet import Fleet, current_actor
from vendash.lock import HeldByOtherError, exclusive, lock_path
from vendash.models import NEEDS_A_PERSON, NO_VEN, VenRow
from vendash.output import Answer, note
from vendash.store.following import ticking
from vendash.store.protocol import FleetStore
from vendash.vtn.client import Vtn
from vendash.vtn.driver import Registrar
from vendash.vtn.errors import VtnAnswerError
from vendash.vtn.tally import Count

PATIENCE_SECONDS = 10.0
"""How long an engine may make no step before we stop following it; it goes on by itself."""

ENDED = "The others wait here: vendash register, or vendash run, goes on with them."
FOLLOWED = "The engine goes on with the others."
"""What is said of the rest where we are interrupted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user asked for: which VTN, which VENs (all), the first so many by name."""

    vtn: VtnChoice = field(default_factory=VtnChoice)
    vens: tuple[str, ...] = ()
    limit: int | None = None


async def register(db_path: Path | None, wanted: Wanted) -> Answer:
    """Register what is not there yet; what is, stays. The exit code is 1 if some of it failed."""
    started = time.monotonic()
    log_to_file("register")
    path = database_path(db_path)
    access = wanted.vtn.access()
    async with opened_store(path) as store:
        rows = _chosen(await store.vens(), wanted)
        names = frozenset(row.name for row in rows)
        url = await access.url(store)
        try:
            with exclusive(lock_path(path), "register", "Another process registers already"):
                vtn = access.client(url)
                async with looking_closer(vtn):
                    await take_up(store, vtn, access.settings, actor=current_actor())
                before = await _rows(store, names)
                await _want(store, before)
                note(f"Registering {counted(len(before), 'VEN')} at {url} ...{await _begun(store)}")
                result = await _told_if_interrupted(store, _send(store, vtn, before), ENDED)
                for sentence in vtn.vitals.snapshot().warnings():
                    note(sentence)
        except HeldByOtherError as error:
            if error.holder is None or error.holder.kind != "engine":
                raise
            await _check_same_vtn(store, url, error)
            before = await _rows(store, names)
            await _want(store, before)
            what = counted(len(before), "VEN")
            note(f"The engine (process {error.holder.pid}) registers {what} at {url} ...")
            result = await _told_if_interrupted(store, _follow(store, path, before), FOLLOWED)
    seconds = round(time.monotonic() - started, 3)
    return result.document(seconds), result.summary(seconds), 0 if result.complete else 1


def _chosen(rows: Sequence[VenRow], wanted: Wanted) -> list[VenRow]:
    """The VENs by name, as named and limited. Raises `VendashError` for an unknown one."""
    known = {row.name: row for row in rows if row.name != NO_VEN}
    named = named_vens(wanted.vens, known.values())
    names = sorted(set(named)) if named else sorted(known)
    return [known[name] for name in names[: wanted.limit]]


async def _rows(store: FleetStore, names: frozenset[str]) -> list[VenRow]:
    return [row for row in await store.vens() if row.name in names]


async def _want(store: FleetStore, rows: Sequence[VenRow]) -> None:
    keys = array("q")
    for row in rows:
        keys.extend(await store.keys(Query(ven=row.name)))
    subject = rows[0].name if len(rows) == 1 else f"{len(rows)} VENs"
    await Fleet(store, actor=current_actor()).register(await store.select(keys), subject=subject)


async def _check_same_vtn(store: FleetStore, url: str, error: HeldByOtherError) -> None:
    known = await store.vtn()
    if known is not None and known[0] != url:
        raise VendashError(
            f"The engine of this database ({error.holder}) sends to {known[0]}:"
            " stop it to register elsewhere, or leave out --vtn-url."
        )


async def _begun(store: FleetStore) -> str:
    """That an earlier run goes on, where one has begun."""
    done, total, _ = await store.registration_progress()
    return f" {done:,} of {total:,} VENs and resources are there already." if done else ""


async def _told_if_interrupted(
    store: FleetStore, working: Awaitable[Result], advice: str
) -> Result:
    try:
        return await working
    except asyncio.CancelledError:
        done, total, _ = await store.registration_progress()
        note(f"{done:,} of {total:,} VENs and resources are at the VTN. {advice}")
        raise


# --- without an engine ---------------------------------------------------------------------------


async def _send(store: FleetStore, vtn: Vtn, before: Sequence[VenRow]) -> Result:
    registrar = Registrar(store, vtn)
    async with _progress(store):
        summary = await registrar.settle()
    await store.use_vtn(vtn.url, vtn.dialect)
    trouble = summary.trouble
    if trouble and registrar.health.word == VtnAnswerError.word:
        trouble = await looked_closer(vtn, trouble)
    result = await compared(store, before, trouble)
    # What was found at the VTN without our knowing had not been registered by us just now.
    _adopted(result.vens, summary.vens.already)
    _adopted(result.resources, summary.resources.already)
    return result


def _adopted(count: Count, found: int) -> None:
    moved = min(found, count.registered)
    count.registered -= moved
    count.already += moved


# --- with an engine ------------------------------------------------------------------------------


async def _follow(store: FleetStore, path: Path, before: Sequence[VenRow]) -> Result:
    """Wait until the engine has done all of it, or makes no step for a while."""
    names = names_of(before)
    open_now, waiting, since = 0, -1, time.monotonic()
    async with _progress(store):
        async for _ in ticking(store):
            rows = await _rows(store, names)
            open_now = sum(map(_open_items, rows))
            if not open_now:
                break
            if open_now != waiting:
                waiting, since = open_now, time.monotonic()
            elif time.monotonic() - since > PATIENCE_SECONDS:
                break
    result = await compared(store, before)
    if not result.complete:
        result.trouble = _trouble_of_engine(path, stalled=bool(open_now))
    return result


def _trouble_of_engine(path: Path, *, stalled: bool) -> str:
    """Why the engine has not done it; empty where the items themselves say why."""
    status = engine_status(path)
    if status is None or not status.fresh:
        return "The engine does not answer any more: see vendash doctor." if stalled else ""
    if status.vtn.health == "trouble":
        return trouble_of(status.vtn)
    pause = f"{PATIENCE_SECONDS:.0f} s"
    return f"The engine has sent nothing for {pause}: see vendash doctor." if stalled else ""


def _open_items(row: VenRow) -> int:
    """How much of a VEN the engine can still bring to an end."""
    if row.vtn in NEEDS_A_PERSON:
        return 0
    return row.wanted - row.accepted - row.work.trouble


@asynccontextmanager
async def _progress(store: FleetStore) -> AsyncIterator[None]:
    """A bar on stderr, on a terminal only."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    bar = Progress(
        TextColumn("REGISTER"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("VENs and resources,"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=console,
        transient=True,
        refresh_per_second=4,
    )
    with bar:
        showing = asyncio.create_task(_show(store.registration_progress, bar))
        try:
            yield
        finally:
            showing.cancel()
            with suppress(asyncio.CancelledError):
                await showing


async def _show(progress: Callable[[], Awaitable[tuple[int, int, int]]], bar: Progress) -> None:
    task = bar.add_task("register", total=None)
    while True:
        done, total, failed = await progress()
        bar.update(task, completed=done + failed, total=total)
        await asyncio.sleep(0.25)
