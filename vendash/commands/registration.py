"""`vendash register`: want VENs at the VTN, then send them or follow the engine that does."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vendash.commands.opening import named_vens, opened_store
from vendash.config import database_path, log_to_file
from vendash.engine.connecting import chosen_url, vtn_from_settings
from vendash.errors import VendashError
from vendash.filters import Query, parse_filter
from vendash.fleet import Fleet, current_actor
from vendash.identity import Identity, find_identity
from vendash.lock import HeldByOtherError, exclusive, lock_path
from vendash.models import NO_VEN, VenRow, VtnState
from vendash.settings import Settings, load_settings
from vendash.store.following import ticking
from vendash.store.protocol import FleetStore
from vendash.telemetry.place import live_folder
from vendash.telemetry.status import read_status
from vendash.text import plain
from vendash.vtn.client import Vtn
from vendash.vtn.driver import Registrar
from vendash.vtn.tally import Count

Answer = tuple[dict[str, Any], str, int]

PATIENCE_SECONDS = 10.0
"""How long an engine may make no step before we stop following it; it goes on by itself."""
_TROUBLE = ("failed", "conflict")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user asked for: which VTN, which VENs (all), the first so many by name."""

    vtn_url: str | None = None
    dialect: str | None = None
    vens: tuple[str, ...] = ()
    limit: int | None = None
    no_auth: bool = False
    bearer_token: str | None = field(default=None, repr=False)
    """Sent instead of one for the client id and secret of the environment."""
    config: Path | None = None
    """The file of the settings; None to look where it usually is."""


@dataclass(frozen=True, slots=True)
class _Result:
    vens: Count
    resources: Count
    trouble: str = ""
    """A sentence about the VTN as a whole; empty where there was none."""


async def register(db_path: Path | None, wanted: Wanted) -> Answer:
    """Register what is not there yet; what is, stays. The exit code is 1 if some of it failed."""
    started = time.monotonic()
    log_to_file("register")
    path = database_path(db_path)
    settings = load_settings(wanted.config)
    async with opened_store(path) as store:
        rows = _chosen(await store.vens(), wanted)
        names = frozenset(row.name for row in rows)
        url = await chosen_url(store, wanted.vtn_url, settings)
        try:
            with exclusive(lock_path(path), "register", "Another process registers already"):
                vtn = _vtn(url, settings, wanted)
                await store.use_vtn(url, vtn.dialect)
                before = await _rows(store, names)
                await _want(store, before)
                result = await _send(store, vtn, before)
        except HeldByOtherError as error:
            if error.holder is None or error.holder.kind != "engine":
                raise
            await _check_same_vtn(store, url, error)
            before = await _rows(store, names)
            await _want(store, before)
            result = await _follow(store, path, before)
        failures = await _failures(store, names)
    seconds = round(time.monotonic() - started, 3)
    document: dict[str, Any] = {
        "vens": _counts(result.vens),
        "resources": _counts(result.resources),
        "failures": failures,
        "seconds": seconds,
    }
    if result.trouble:
        document["error"] = result.trouble
    counts = (result.vens, result.resources)
    undone = sum(count.failed + count.waiting for count in counts)
    return document, _summary(result, failures, seconds), 1 if undone else 0


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


# --- without an engine ---------------------------------------------------------------------------


def _vtn(url: str, settings: Settings, wanted: Wanted) -> Vtn:
    if wanted.no_auth or wanted.bearer_token is not None:
        identity = Identity(bearer_token=wanted.bearer_token or "")
    else:
        identity = find_identity(settings)
    return vtn_from_settings(url, settings, identity=identity, dialect=wanted.dialect or "")


async def _send(store: FleetStore, vtn: Vtn, before: Sequence[VenRow]) -> _Result:
    registrar = Registrar(store, vtn)
    async with _progress(store):
        summary = await registrar.settle()
    await store.use_vtn(vtn.url, vtn.dialect)
    result = _compared(before, await _rows(store, _names(before)))
    # What was found at the VTN without our knowing had not been registered by us just now.
    _adopted(result.vens, summary.vens.already)
    _adopted(result.resources, summary.resources.already)
    return _Result(result.vens, result.resources, summary.trouble)


def _adopted(count: Count, found: int) -> None:
    moved = min(found, count.registered)
    count.registered -= moved
    count.already += moved


# --- with an engine ------------------------------------------------------------------------------


async def _follow(store: FleetStore, path: Path, before: Sequence[VenRow]) -> _Result:
    """Wait until the engine has done all of it, or makes no step for a while."""
    names = _names(before)
    waiting, since = -1, time.monotonic()
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
    result = _compared(before, rows)
    status = read_status(live_folder(path))
    waits = result.resources.failed or result.resources.waiting
    trouble = status.vtn.detail if status is not None and waits else ""
    return _Result(result.vens, result.resources, trouble)


def _open_items(row: VenRow) -> int:
    """How much of a VEN the engine can still bring to an end."""
    if row.vtn in {VtnState.FAILED, VtnState.CONFLICT}:
        return 0
    return row.wanted - row.accepted - row.work.trouble


# --- what came of it -----------------------------------------------------------------------------


def _names(rows: Sequence[VenRow]) -> frozenset[str]:
    return frozenset(row.name for row in rows)


def _compared(before: Sequence[VenRow], after: Sequence[VenRow]) -> _Result:
    """What was there already, what came, and what is still not there: failed, or it waits."""
    here = {row.name: row for row in after}
    vens, resources = Count(), Count()
    for row in before:
        now = here.get(row.name, row)
        vens.already += row.remote_id is not None
        vens.registered += row.remote_id is None and now.remote_id is not None
        needs_a_person = now.vtn in {VtnState.FAILED, VtnState.CONFLICT}
        vens.failed += now.remote_id is None and needs_a_person
        vens.waiting += now.remote_id is None and not needs_a_person
        was_there, is_there = _there(row), _there(now)
        resources.already += was_there
        resources.registered += max(0, is_there - was_there)
        missing = now.work.total - is_there
        failed = missing if needs_a_person else min(missing, now.work.trouble)
        resources.failed += failed
        resources.waiting += missing - failed
    return _Result(vens, resources)


def _there(row: VenRow) -> int:
    return row.work.total - row.work.unsent


def _counts(count: Count) -> dict[str, int]:
    counts = {"registered": count.registered, "already": count.already, "failed": count.failed}
    return {**counts, "waiting": count.waiting} if count.waiting else counts


async def _failures(store: FleetStore, names: frozenset[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"ven": row.name, "id": None, "name": row.name, "status": None, "reason": row.vtn_error}
        for row in await _rows(store, names)
        if row.vtn in {VtnState.FAILED, VtnState.CONFLICT}
    ]
    for state in _TROUBLE:
        for key in await store.keys(Query(filter=parse_filter(f"vtn:{state}"))):
            detail = await store.detail(key)
            if detail is None or detail.row.ven not in names:
                continue
            found.append(
                {
                    "ven": detail.row.ven,
                    "id": detail.row.resource_id,
                    "name": detail.row.name,
                    "status": detail.vtn_http_status,
                    "reason": detail.row.vtn_error,
                }
            )
    return found


def _summary(result: _Result, failures: Sequence[dict[str, Any]], seconds: float) -> str:
    lines = [
        f"{plain(one['ven'], 40)} / {plain(one['name'])}: {plain(one['reason'], 200)}"
        for one in failures[:20]
    ]
    if len(failures) > len(lines):
        lines.append(f"... and {len(failures) - len(lines):,} more (--json lists all)")
    if result.trouble:
        lines.append(result.trouble)
    vens, resources = result.vens, result.resources
    total = vens.registered + vens.already + vens.failed + vens.waiting
    waiting = f", waiting {resources.waiting:,}" if resources.waiting else ""
    if resources.waiting or vens.waiting:
        lines.append("What waits is sent by the engine, or by the next vendash register.")
    return "\n".join(
        [
            *lines,
            "REGISTRATION SUMMARY",
            f"Total VENs processed:         {total:>7,}",
            f"VENs successfully registered: {vens.registered:>7,}"
            f"  (already there {vens.already:,})",
            f"Resources registered:         {resources.registered:>7,}"
            f"  (already there {resources.already:,}, failed {resources.failed:,}{waiting})",
            f"Failed VENs:                  {vens.failed:>7,}",
            f"Seconds:                      {seconds:>7,.1f}",
        ]
    )


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
        TimeRemainingColumn(),
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
