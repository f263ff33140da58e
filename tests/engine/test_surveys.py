"""The engine finds by itself what a VTN has lost, and follows one that decides itself."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from msgspec import structs

from tests.fleets import all_of, make_database
from tests.waiting import until
from vendash.engine import run_engine, surveys
from vendash.engine.connecting import VtnAccess, VtnChoice
from vendash.fleet import Fleet
from vendash.models import Authority, DriftKind, RegistrationStatus, Selection
from vendash.models import VtnState as At
from vendash.settings import Settings, VtnSettings
from vendash.store import SqliteStore, open_store
from vendash.telemetry.place import live_folder
from vendash.telemetry.status import read_status
from vendash.vtn import gate
from vendash.vtn.server import Dialect, Faults, VtnServer, vtn_server

VENS = {"Aarhus": 6, "Herning": 4}
ASKED_ONLY = VtnSettings(hold_seconds=0, survey_minutes=0)
PENDING, APPROVED = RegistrationStatus.PENDING, RegistrationStatus.APPROVED
SUSPENDED = RegistrationStatus.SUSPENDED


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A console's own connection to the file."""
    async with await open_store(await make_database(tmp_path / "fleet.db", VENS)) as opened:
        yield opened


@asynccontextmanager
async def engine(store: SqliteStore, vtn: VtnServer, settings: VtnSettings) -> AsyncIterator[None]:
    """An engine for the length of the block, in this process."""
    access = VtnAccess(VtnChoice(url=vtn.url, no_auth=True), Settings(vtn=settings))
    running = asyncio.create_task(run_engine(store.path, access))
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@asynccontextmanager
async def embedded(dialect: Dialect = "3.1", **more: object) -> AsyncIterator[VtnServer]:
    """A VTN that lets anyone in and can be told to forget."""
    async with vtn_server(dialect=dialect, auth=False, **more) as vtn:  # type: ignore[arg-type]
        yield vtn


def held(vtn: VtnServer) -> tuple[int, int]:
    """How many VENs and resources the VTN holds."""
    return vtn.state.count("VEN"), vtn.state.count("RESOURCE")


def names_at(vtn: VtnServer) -> Counter[str]:
    """What the VTN holds, by name."""
    names = Counter(json.loads(one.json)["venName"] for one in vtn.state.find("VEN"))
    names.update(json.loads(one.json)["resourceName"] for one in vtn.state.find("RESOURCE"))
    return names


def all_ok(store: SqliteStore, keys: Selection) -> Callable[[], Awaitable[bool]]:
    """Whether the VTN is known to hold all of these as they are."""

    async def holds() -> bool:
        return all(row.vtn is At.OK for row in await store.rows(keys.keys))

    return holds


def surveyed(store: SqliteStore, after: float) -> Callable[[], Awaitable[bool]]:
    """Whether a survey that began after this moment has been finished."""

    async def holds() -> bool:
        return (await store.surveyed() or 0.0) >= after

    return holds


async def registered(store: SqliteStore, vtn: VtnServer) -> Selection:
    """Everything at the VTN."""
    everything = await all_of(store)
    await Fleet(store, actor="anna").register(everything)
    await until(all_ok(store, everything), "everything registered")
    assert held(vtn) == (2, 10)
    return everything


async def known_ids(store: SqliteStore) -> dict[str, str | None]:
    """The ids at the VTN as they are known here."""
    resources = await store.resources((await all_of(store)).keys)
    works = await store.resources_named([one.resource_id for _, one in resources])
    return {work.resource.resource_id: work.remote_id for work in works}


def ids_at(vtn: VtnServer) -> dict[str, str]:
    """The ids of the resources at the VTN."""
    return {json.loads(one.json)["resourceName"]: one.id for one in vtn.state.find("RESOURCE")}


# --- a VTN that forgets --------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
async def test_a_vtn_that_comes_back_empty_is_filled_again_and_nothing_is_there_twice(
    store: SqliteStore, dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It compares because the VTN has come back, long before the next comparison is due."""
    monkeypatch.setattr(surveys, "LEAST_SECONDS", 0.0)
    rarely = VtnSettings(hold_seconds=0, survey_minutes=1000)
    double = Faults(resource_names="any")  # a second POST of one name would show
    async with AsyncExitStack() as first:
        vtn = await first.enter_async_context(embedded(dialect, faults=double))
        port = urlsplit(vtn.url).port
        async with engine(store, vtn, rarely):
            everything = await registered(store, vtn)
            await until(surveyed(store, 1.0), "the comparison after the first greeting")
            await first.aclose()
            await Fleet(store, actor="anna").approve(await store.select(everything.keys[:1]))
            await until(waits(store, everything), "an approval that cannot leave")
            async with embedded(dialect, faults=double, port=port) as back:
                await until(lambda: held(back) == (2, 10), "all of it at the VTN again")
                await until(all_ok(store, everything), "everything known to be there")
                assert set(names_at(back).values()) == {1}
                assert await known_ids(store) == ids_at(back)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> VtnSettings:
    """It looks often, greets often, and has no other reason to compare soon."""
    monkeypatch.setattr(surveys, "PULSE", 0.1)
    monkeypatch.setattr(gate, "PULSE", 0.1)
    return VtnSettings(hold_seconds=0, survey_minutes=1000)


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1", "energydesk"])
async def test_a_vtn_that_was_emptied_before_anyone_noticed_is_filled_again(
    store: SqliteStore, dialect: Dialect, hasty: VtnSettings
) -> None:
    """Nothing is sent that could meet with its loss, and it never stops answering."""
    double = Faults(resource_names="any")
    async with embedded(dialect, control=True, faults=double) as vtn, engine(store, vtn, hasty):
        everything = await registered(store, vtn)
        await until(surveyed(store, 1.0), "the comparison after the first greeting")
        await reset(vtn)
        await until(lambda: held(vtn) == (2, 10), "all of it at the VTN again")
        await until(all_ok(store, everything), "everything known to be there")
        there = {one.id for one in vtn.state.find("RESOURCE")}
        assert set((await known_ids(store)).values()) == there


async def test_control_an_empty_vtn_greets_as_well_as_a_full_one(
    store: SqliteStore, hasty: VtnSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without asking for what it accepted last nobody notices, however often it is greeted."""
    monkeypatch.setattr(surveys, "PULSE", float("inf"))
    async with embedded(control=True) as vtn, engine(store, vtn, hasty):
        everything = await registered(store, vtn)
        await until(surveyed(store, 1.0), "the comparison after the first greeting")
        await reset(vtn)
        vtn.counters.clear()
        await until(lambda: vtn.counters.requests["GET /vens"] >= 2, "two more greetings")
        assert held(vtn) == (0, 0)
        assert await all_ok(store, everything)()


async def test_what_was_told_last_and_is_older_there_shows_that_the_vtn_has_gone_back(
    store: SqliteStore, hasty: VtnSettings
) -> None:
    async with embedded() as vtn, engine(store, vtn, hasty):
        everything = await registered(store, vtn)
        yesterday = vtn.state.snapshot()
        await Fleet(store, actor="anna").approve(everything)
        await until(lambda: decided_at(vtn) == {"APPROVED": 10}, "all told")
        await until(all_ok(store, everything), "everything accepted")
        vtn.state.restore(yesterday)
        await until(lambda: decided_at(vtn) == {"APPROVED": 10}, "all told again")


async def test_what_a_vtn_lists_but_does_not_give_is_compared_once_and_not_for_ever(
    store: SqliteStore, hasty: VtnSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with embedded() as vtn, engine(store, vtn, hasty):
        await registered(store, vtn)
        await until(surveyed(store, 1.0), "the comparison after the first greeting")
        first = await store.surveyed() or 0.0
        monkeypatch.setattr(vtn.state, "get", lambda _kind, _id: None)
        await until(surveyed(store, first + 0.001), "another comparison")
        second = await store.surveyed()
        vtn.counters.clear()
        await until(lambda: vtn.counters.requests["GET /vens"] >= 2, "two more greetings")
        assert await store.surveyed() == second


async def reset(vtn: VtnServer) -> None:
    """As a VTN that restarts with nothing, too fast to be missed."""
    async with httpx.AsyncClient() as http:
        (await http.post(f"{vtn.url}/_control/reset")).raise_for_status()


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
async def test_a_vtn_with_the_data_of_yesterday_gets_what_it_has_lost_and_nothing_twice(
    store: SqliteStore, dialect: Dialect
) -> None:
    """What came since is registered again, and what changed since is sent again."""
    async with (
        embedded(dialect, faults=Faults(resource_names="any")) as vtn,
        engine(store, vtn, ASKED_ONLY),
    ):
        fleet = Fleet(store, actor="anna")
        herning, aarhus = await all_of(store, "Herning"), await all_of(store, "Aarhus")
        await fleet.register(herning)
        await until(all_ok(store, herning), "Herning registered")
        yesterday = vtn.state.snapshot()
        await fleet.register(aarhus)
        await fleet.approve(herning)
        await until(lambda: decided_at(vtn) == {"APPROVED": 4, "PENDING": 6}, "all told")
        await until(all_ok(store, await all_of(store)), "everything accepted")
        vtn.state.restore(yesterday)
        assert held(vtn) == (1, 4)
        await fleet.want_survey()
        await until(lambda: held(vtn) == (2, 10), "Aarhus at the VTN again")
        await until(lambda: decided_at(vtn)["APPROVED"] == 4, "Herning approved there again")
        await until(all_ok(store, await all_of(store)), "everything accepted again")
        assert set(names_at(vtn).values()) == {1}
        assert await known_ids(store) == ids_at(vtn)
        assert await store.drift() == []


async def test_ids_that_have_changed_at_the_vtn_are_adopted_and_nothing_is_sent(
    store: SqliteStore,
) -> None:
    async with embedded() as vtn, engine(store, vtn, ASKED_ONLY):
        await registered(store, vtn)
        renumber(vtn)
        vtn.counters.clear()
        asked = await Fleet(store, actor="anna").want_survey()
        await until(surveyed(store, asked), "a comparison")
        assert await known_ids(store) == ids_at(vtn)
        await until(all_ok(store, await all_of(store)), "everything still there")
        assert {name.split()[0] for name in vtn.counters.requests} == {"GET"}


async def test_a_survey_that_cannot_read_to_the_end_concludes_nothing_and_says_why(
    store: SqliteStore,
) -> None:
    async with embedded() as vtn, engine(store, vtn, ASKED_ONLY):
        everything = await registered(store, vtn)
        vtn.state.restore(())
        vtn.faults = Faults(error_503=1)
        before = await store.surveyed()
        await Fleet(store, actor="anna").want_survey()

        def told() -> bool:
            status = read_status(live_folder(store.path))
            return status is not None and status.survey.health == "trouble"

        await until(told, "a status that says that it could not be compared")
        assert await store.surveyed() == before
        assert await all_ok(store, everything)()


async def test_without_a_wish_and_without_a_time_nothing_is_compared(store: SqliteStore) -> None:
    async with embedded() as vtn, engine(store, vtn, ASKED_ONLY):
        await registered(store, vtn)
        assert await store.surveyed() is None


# --- a VTN that decides itself -------------------------------------------------------------------


async def test_where_the_vtn_decides_approving_asks_it_and_its_decision_is_followed(
    store: SqliteStore,
) -> None:
    settings = structs.replace(ASKED_ONLY, authority="vtn", status_seconds=0.2)
    async with embedded() as vtn, engine(store, vtn, settings):
        everything = await registered(store, vtn)
        assert decided_at(vtn) == {}  # it is the VTN's to write
        await until(lambda: decides_there(store), "the authority of the settings")
        fleet = Fleet(store, actor="anna")
        some = await store.select(everything.keys[:3])
        outcome = await fleet.approve(some, reason="please")
        assert (outcome.verb, outcome.changed) == ("request", 3)
        await until(lambda: requested_at(vtn) == {"APPROVED": 3}, "the VTN asked for three")
        rows = await store.rows(some.keys)
        assert {(row.status, row.vtn_requested) for row in rows} == {(PENDING, APPROVED)}
        await decide_at(vtn, APPROVED, requested_only=True)
        await until(lambda: statuses(store, {APPROVED: 3, PENDING: 7}), "the decision taken over")
        assert {row.vtn_requested for row in await store.rows(some.keys)} == {None}
        assert (await store.actions(limit=1))[0].actor == "vtn"
        await decide_at(vtn, SUSPENDED)
        await until(lambda: statuses(store, {SUSPENDED: 10}), "what nobody asked for")
        await until(all_ok(store, everything), "everything as it should be")
        assert decided_at(vtn) == {"SUSPENDED": 10}


async def test_decisions_that_cannot_be_read_are_said_to_be_that_and_no_failed_comparison(
    store: SqliteStore,
) -> None:
    settings = structs.replace(ASKED_ONLY, authority="vtn", status_seconds=0.2)
    async with embedded() as vtn, engine(store, vtn, settings):
        await registered(store, vtn)
        await until(lambda: decides_there(store), "the authority of the settings")

        def told() -> str:
            status = read_status(live_folder(store.path))
            return status.survey.detail if status and status.survey.text == "decisions" else ""

        vtn.faults = Faults(error_503=1)
        await until(lambda: told() != "", "a status that says what failed")
        assert told().startswith("The VTN's decisions were not read: The VTN")
        vtn.faults = Faults()
        await until(lambda: told() == "", "all well again without a comparison")
        assert await store.surveyed() is None


async def test_a_change_of_another_field_does_not_overwrite_what_the_vtn_has_decided(
    store: SqliteStore,
) -> None:
    settings = structs.replace(ASKED_ONLY, authority="vtn", status_seconds=1000)
    async with embedded() as vtn, engine(store, vtn, settings):
        everything = await registered(store, vtn)
        await until(lambda: vtn.counters.requests["GET /resources"] > 0, "the one look")
        await decide_at(vtn, APPROVED)
        with closing(sqlite3.connect(store.path)) as other, other:
            other.execute("UPDATE resources SET address = 'Torvet 99'")
        await until(lambda: b"Torvet 99" in all_bodies(vtn), "the new address at the VTN")
        await until(all_ok(store, everything), "everything accepted")
        assert decided_at(vtn) == {"APPROVED": 10}
        assert await statuses(store, {PENDING: 10})  # not looked at yet


async def test_a_request_that_is_taken_back_is_taken_back_at_the_vtn(store: SqliteStore) -> None:
    settings = structs.replace(ASKED_ONLY, authority="vtn", status_seconds=1000)
    async with embedded() as vtn, engine(store, vtn, settings):
        await registered(store, vtn)
        await until(lambda: decides_there(store), "the authority of the settings")
        fleet = Fleet(store, actor="anna")
        await fleet.approve(await all_of(store, "Herning"))
        await until(lambda: requested_at(vtn) == {"APPROVED": 4}, "the VTN asked for four")
        await fleet.undo()
        await until(lambda: requested_at(vtn) == {}, "the VTN asked for nothing any more")


async def test_where_the_operator_decides_what_the_vtn_says_is_drift_and_not_taken_over(
    store: SqliteStore,
) -> None:
    settings = structs.replace(ASKED_ONLY, status_seconds=0.1)
    async with embedded() as vtn, engine(store, vtn, settings):
        await registered(store, vtn)
        await decide_at(vtn, APPROVED)
        asked = await Fleet(store, actor="anna").want_survey()
        await until(surveyed(store, asked), "a comparison")
        assert await statuses(store, {PENDING: 10})
        items = await store.drift()
        assert [item.kind for item in items] == [DriftKind.DIFFERENT] * 10
        assert items[0].fields == (("prequalification", "PENDING", "APPROVED"),)


async def test_energydesk_decides_by_its_attribute_status(store: SqliteStore) -> None:
    settings = structs.replace(ASKED_ONLY, authority="vtn", status_seconds=0.2)
    async with embedded("energydesk") as vtn, engine(store, vtn, settings):
        await registered(store, vtn)
        for one in list(vtn.state.find("RESOURCE")):
            fields = json.loads(one.json)
            told = {
                "resource_id": one.id,
                "attribute_name": "status",
                "attribute_type": "prequalification",
                "attribute_values": ["APPROVED"],
            }
            changed = {**fields, "attributes": [*fields["attributes"], told]}
            vtn.state.replace(one, changed)
        await until(lambda: statuses(store, {APPROVED: 10}), "the decision taken over")


async def decides_there(store: SqliteStore) -> bool:
    """Whether the VTN decides."""
    return await store.authority() is Authority.VTN


async def statuses(store: SqliteStore, wanted: dict[RegistrationStatus, int]) -> bool:
    """Whether these are the decisions here."""
    keys = (await all_of(store)).keys
    return Counter(row.status for row in await store.rows(keys)) == wanted


def waits(store: SqliteStore, selection: Selection) -> Callable[[], Awaitable[bool]]:
    """Whether one of these could not be sent yet."""

    async def holds() -> bool:
        status = read_status(live_folder(store.path))
        return status is not None and status.vtn.health == "trouble"

    return holds


def all_bodies(vtn: VtnServer) -> bytes:
    """Everything that the VTN holds of resources."""
    return b"".join(one.json for one in vtn.state.find("RESOURCE"))


def attributes_at(vtn: VtnServer, type_: str) -> Counter[str]:
    """The first values of one attribute, over all resources that have it."""
    found: Counter[str] = Counter()
    for one in vtn.state.find("RESOURCE"):
        attributes = json.loads(one.json)["attributes"]
        found.update(each["values"][0] for each in attributes if each["type"] == type_)
    return found


def decided_at(vtn: VtnServer) -> Counter[str]:
    """What the VTN holds of decisions."""
    return attributes_at(vtn, "prequalification")


def requested_at(vtn: VtnServer) -> Counter[str]:
    """What the VTN was asked for."""
    return attributes_at(vtn, "prequalification_requested")


async def decide_at(
    vtn: VtnServer, status: RegistrationStatus, *, requested_only: bool = False
) -> None:
    """Someone at the VTN decides, as any client of the business logic can."""
    async with httpx.AsyncClient(base_url=vtn.url) as http:
        for one in list(vtn.state.find("RESOURCE")):
            there = (await http.get(f"/resources/{one.id}")).json()
            attributes = [
                each for each in there["attributes"] if each["type"] != "prequalification"
            ]
            asked = any(each["type"] == "prequalification_requested" for each in attributes)
            if requested_only and not asked:
                continue
            attributes.append({"type": "prequalification", "values": [status.value]})
            kept = {name: there[name] for name in ("clientID", "venID", "resourceName")}
            body = {**kept, "objectType": "BL_RESOURCE_REQUEST", "attributes": attributes}
            (await http.put(f"/resources/{one.id}", json=body)).raise_for_status()


def renumber(vtn: VtnServer) -> None:
    """Give every resource another id, as a VTN does that was filled from a copy."""
    renumbered = [
        structs.replace(
            one, id=f"new-{number}", json=one.json.replace(one.id.encode(), b"new-%d" % number)
        )
        if one.kind == "RESOURCE"
        else one
        for number, one in enumerate(vtn.state.snapshot())
    ]
    vtn.state.restore(renumbered)
