"""`vendash doctor`: what is wrong, from the database to the VTN, and what to do. Only reads."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from vendash.commands.inspect import engine_status
from vendash.commands.opening import counted, opened_store, trouble_of, waiting
from vendash.config import database_path, state_folder
from vendash.engine.connecting import VEN_SECRETS, VtnAccess, VtnChoice, stored_dialect
from vendash.errors import VendashError
from vendash.identity import SECRETS
from vendash.lock import holder, lock_path
from vendash.models import NEEDS_A_PERSON, NO_VEN, VenRow
from vendash.output import Answer
from vendash.private import read_private
from vendash.settings import load_settings
from vendash.store.protocol import FleetStore
from vendash.telemetry.status import ConnectionStatus, EngineStatus
from vendash.text import plain
from vendash.vtn.client import Vtn
from vendash.vtn.diagnosis import NAMES, Finding, diagnose

WHO = "client"
"""The finding about whose credentials were used."""
_WAY = frozenset({"address", "certificate", "token", "reading"})
"""Findings about the way to a VTN."""
_MARKS = {"ok": "ok", "wrong": "WRONG", "unknown": "-"}


async def doctor(db_path: Path | None, choice: VtnChoice) -> Answer:
    """One finding after the other; the exit code is 1 where something is wrong."""
    path = database_path(db_path)
    findings: list[Finding] = []
    async with AsyncExitStack() as stack:
        store = await _opened(stack, path, findings)
        vens = [ven for ven in await store.vens() if ven.name != NO_VEN] if store else []
        status = engine_status(path)
        findings.append(_engine_finding(path, status, (await waiting(store))[0] if store else 0))
        findings += await _at_the_vtn(store, choice, vens, status)
        if store is not None:
            findings.append(_items(vens))
            findings.append(await _drift(store))
    findings.append(_secret_files(choice))
    wrong = [one for one in findings if one.state == "wrong"]
    document: dict[str, Any] = {
        "ok": not wrong,
        "checks": [{"name": one.name, "state": one.state, "text": one.text} for one in findings],
        "connection": _vitals_document(status),
    }
    return document, _text(findings, len(wrong)), 1 if wrong else 0


def _text(findings: list[Finding], wrong: int) -> str:
    cells = max(len(one.name) for one in findings)
    lines = [f"{_MARKS[one.state]:<6} {one.name:<{cells}}  {one.text}" for one in findings]
    verdict = "All is well." if not wrong else f"{counted(wrong, 'thing')} to mend, marked WRONG."
    return "\n".join([*lines, "", verdict])


# --- here ------------------------------------------------------------------------------------


async def _opened(stack: AsyncExitStack, path: Path, findings: list[Finding]) -> FleetStore | None:
    """The store, unless it cannot be opened; a finding says which."""
    try:
        store = await stack.enter_async_context(opened_store(path, read_only=True))
    except VendashError as error:
        findings.append(Finding("database", "wrong", str(error)))
        return None
    total = (await store.work()).total
    findings.append(Finding("database", "ok", f"{path}: {counted(total, 'resource')}."))
    return store


def _engine_finding(path: Path, status: EngineStatus | None, waits: int) -> Finding:
    running = holder(lock_path(path))
    if running is None:
        if not waits:
            return Finding("engine", "ok", "None runs, and nothing waits for one.")
        text = f"None runs, and {counted(waits, 'change')} yet to be sent: vendash run."
        return Finding("engine", "wrong", text)
    if running.kind != "engine":
        return Finding("engine", "ok", f"None runs; {running} sends at the moment.")
    if status is None or not status.fresh:
        text = f"It is silent ({running}): end it with vendash stop, and start another."
        return Finding("engine", "wrong", text)
    if status.vtn.health == "trouble":
        since = datetime.fromtimestamp(status.vtn.since)
        text = f"It runs, but since {since:%H:%M}: {trouble_of(status.vtn)}"
        return Finding("engine", "wrong", text)
    at = f", sends to {status.vtn_url}" if status.vtn_url else ""
    return Finding("engine", "ok", f"It runs ({running}){at}{_vitals_words(status.connection)}.")


def _vitals_words(connection: ConnectionStatus | None) -> str:
    if connection is None:
        return ""
    words = f"; {connection.in_flight} of {connection.window} requests under way"
    if connection.latency_p50 is not None and connection.latency_p99 is not None:
        p50, p99 = connection.latency_p50 * 1000, connection.latency_p99 * 1000
        words += f", p50 {p50:,.0f} ms, p99 {p99:,.0f} ms"
    if connection.token_age is not None:
        words += f", token {connection.token_age / 60:,.0f} min old"
    if connection.error:
        minutes = max(0.0, time.time() - (connection.error_at or 0.0)) / 60
        words += f"; last error {minutes:,.0f} min ago: {connection.error.rstrip('.')}"
    return words


def _vitals_document(status: EngineStatus | None) -> object:
    """As the engine's status has it; None without an engine."""
    return None if status is None else msgspec.to_builtins(status.connection)


def _items(vens: list[VenRow]) -> Finding:
    """What the VTN has refused: a VEN name that another client has, above all."""
    refused = [ven for ven in vens if ven.vtn in NEEDS_A_PERSON]
    resources = sum(ven.work.trouble for ven in vens)
    if not refused and not resources:
        return Finding("items", "ok", "The VTN has refused nothing.")
    if refused:
        first = refused[0]
        more = f" ({len(refused) - 1:,} more VENs)" if len(refused) > 1 else ""
        text = f"{plain(first.name, 60)}: {plain(first.vtn_error, 200).rstrip('.')}{more}."
    else:
        text = f"{counted(resources, 'resource')} refused: n in the console goes to each."
    return Finding("items", "wrong", text)


async def _drift(store: FleetStore) -> Finding:
    at = await store.surveyed()
    if at is None:
        return Finding("drift", "unknown", "Never compared with the VTN: vendash drift does.")
    open_items = [one for one in await store.drift() if not one.again]
    when = f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"
    if not open_items:
        return Finding("drift", "ok", f"The VTN held what is here, when compared at {when}.")
    text = f"{counted(len(open_items), 'item')} differed at {when}: vendash drift lists them."
    return Finding("drift", "wrong", text)


def _secret_files(choice: VtnChoice) -> Finding:
    try:
        settings = load_settings(choice.config)
        paths = (settings.path(settings.vtn.secrets_file or SECRETS), state_folder() / VEN_SECRETS)
        there = [path for path in paths if read_private(path) is not None]
    except VendashError as error:
        return Finding("secrets", "wrong", str(error))
    if not there:
        return Finding("secrets", "ok", "There is no file with secrets.")
    return Finding("secrets", "ok", f"Only you can read {' and '.join(map(str, there))}.")


# --- there -----------------------------------------------------------------------------------


async def _at_the_vtn(
    store: FleetStore | None, choice: VtnChoice, vens: list[VenRow], status: EngineStatus | None
) -> list[Finding]:
    try:
        access = choice.access()
        words = access.identity().words
    except VendashError as error:
        return _stopped(WHO, error)
    try:
        url = await access.url(store)
        vtn, believed = await _vtn(store, access, url)
    except VendashError as error:
        return [Finding(WHO, "ok", words), *_stopped(NAMES[0], error)]
    found = await diagnose(vtn, believed=believed, clients={v.name: v.client_id for v in vens})
    if status is not None and status.fresh:
        words += _beside_the_engine(status, url, through=_through(found))
    return [Finding(WHO, "ok", words), *found]


def _stopped(at: str, error: VendashError) -> list[Finding]:
    left = [Finding(name, "unknown", "Not checked.") for name in NAMES if name != at]
    return [Finding(at, "wrong", str(error)), *left]


def _through(findings: list[Finding]) -> bool:
    """Whether what was asked here got through to the VTN."""
    return all(one.state != "wrong" for one in findings if one.name in _WAY)


def _beside_the_engine(status: EngineStatus, url: str, *, through: bool) -> str:
    """Where the engine fares otherwise than we do: it may have been started as someone else."""
    if status.vtn_url != url:
        return f" The engine works with another VTN, {status.vtn_url or 'none yet'}."
    if status.vtn.health == "ok" and not through:
        return (
            " The engine gets through to this VTN, and this shell does not: the engine was started"
            " with other credentials or settings, and what is wrong below is so for this shell."
        )
    if status.vtn.health == "trouble" and through:
        return (
            " This shell gets through to the VTN, and the engine does not: where that lasts, it"
            " was started with other credentials or settings; end it with vendash stop, and start"
            " it from here with vendash run."
        )
    return ""


async def _vtn(store: FleetStore | None, access: VtnAccess, url: str) -> tuple[Vtn, str]:
    """A client that finds the dialect out, and the dialect that is believed in."""
    stored = await stored_dialect(store, url) if store is not None else ""
    believed = {"3.0": "3.0.1"}.get(access.dialect, access.dialect) or stored
    # EnergyDesk's tokens come from elsewhere, in one way only: that is not to be found out.
    given = believed if believed == "energydesk" else ""
    return access.client(url, dialect=given), believed
