"""Comparing everything with a VTN: what counts as drift, and what a cut-off reading concludes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert
from msgspec.structs import replace

from tests.vtn.ledger import fleet
from tests.vtn.scripted import Asked, Say, scripted
from tests.vtn.test_any_answer import KEYS, anything
from tests.waiting import until
from vendash.filters import Query
from vendash.models import (
    DriftItem,
    DriftKind,
    RegistrationStatus,
    ResourceWork,
    SurveyOutcome,
    VenWork,
    VtnState,
)
from vendash.store import SqliteStore, open_store
from vendash.text import first_control
from vendash.vtn.client import Vtn
from vendash.vtn.comparison import Comparison, Decisions, untouched
from vendash.vtn.dialects import DIALECTS, dialect_named
from vendash.vtn.dialects.base import Listed
from vendash.vtn.driver import Registrar
from vendash.vtn.errors import VtnAnswerError, VtnError
from vendash.vtn.server import Faults, VtnServer, vtn_server
from vendash.vtn.survey import BATCH, Surveyed, decisions, reading, survey

NOON = "2026-11-22T12:00:00.250Z"
V31 = dialect_named("3.1")
RESOURCES = fleet(1, 4)
VEN = VenWork(name="Town0", client_id="c0", revision=1, remote_id="v0", doubtful=False)


def work(number: int = 0, **more: Any) -> ResourceWork:  # noqa: ANN401 (any field)
    """A resource that is at the VTN as it is here."""
    known: dict[str, Any] = {
        "key": number + 1, "resource": RESOURCES[number], "revision": 1, "ven_remote_id": "v0",
        "client_id": "c0", "remote_id": f"r{number}", "doubtful": False,
    }  # fmt: skip
    return ResourceWork(**known | more)


def there(of: ResourceWork, **more: object) -> dict[str, Any]:
    """What the VTN holds of it, as JSON."""
    body: dict[str, Any] = json.loads(V31.create(of).body or b"")
    return {"id": of.remote_id, "modificationDateTime": NOON, **body, **more}


def listed(*objects: dict[str, Any]) -> list[Listed]:
    """As a list shows them."""
    return V31.listed(json.dumps(objects).encode())


def compare(
    *objects: dict[str, Any], known: Sequence[ResourceWork] = (), vens: Sequence[VenWork] = (VEN,)
) -> list[DriftItem]:
    """What is found about these, after a list of VENs with v0 Town0 and v1 Town1."""
    comparison = Comparison(V31)
    towns = [{"id": f"v{n}", "venName": f"Town{n}", "clientID": f"c{n}"} for n in range(2)]
    comparison.vens(listed(*towns), [*vens, replace(VEN, name="Town1", client_id="c1")])
    return comparison.resources(listed(*objects), known)[0]


# --- what counts as drift ------------------------------------------------------------------------


def test_what_is_as_we_wrote_it_is_no_drift() -> None:
    assert compare(there(work()), there(work(1)), known=[work(), work(1)]) == []


def test_what_others_have_added_is_no_drift() -> None:
    body = there(work(), targets=["x"])
    body["attributes"].append({"type": "colour", "values": ["red"]})
    assert compare(body, known=[work()]) == []


def test_a_field_that_differs_is_shown_with_both_values_and_theirs_as_a_resource() -> None:
    body = there(work())
    next(one for one in body["attributes"] if one["type"] == "e_max_kwh")["values"] = [31]
    (item,) = compare(body, known=[work()])
    assert (item.kind, item.key, item.remote_id) == (DriftKind.DIFFERENT, 1, "r0")
    assert [(field, theirs) for field, _, theirs in item.fields] == [("e_max_kwh", "31")]
    assert item.resource is not None
    assert item.resource.capacities == replace(RESOURCES[0].capacities, e_max_kwh=31.0)


def test_of_two_attributes_of_a_type_the_first_counts_to_compare_to_take_and_to_decide() -> None:
    """But for one that is empty, which says nothing."""
    body = there(work())
    body["attributes"] += [
        {"type": "e_max_kwh", "values": [31]},
        {"type": "LOCATION", "values": [10.0, 56.0]},
        {"type": "prequalification", "values": ["SUSPENDED"]},
    ]
    (one,) = listed(body)
    assert compare(body, known=[work()]) == []
    assert one.status is RegistrationStatus.PENDING
    taken = V31.resource(one, RESOURCES[1], "Town0")
    assert taken is not None
    assert taken.location == RESOURCES[0].location
    body["attributes"] = [{"type": "address", "values": []}, *reversed(body["attributes"])]
    (item,) = compare(body, known=[work()])
    fields = ["LOCATION", "e_max_kwh", "prequalification"]
    assert [field for field, *_ in item.fields] == fields
    assert item.resource is not None
    assert item.resource.capacities.e_max_kwh == 31
    assert (item.resource.location.latitude, item.resource.location.longitude) == (56.0, 10.0)
    assert listed(body)[0].status is item.resource.registration_status
    assert listed(body)[0].status is RegistrationStatus.SUSPENDED


def test_a_resource_nobody_here_knows_is_only_there_in_its_ven() -> None:
    stranger = {"id": "x", "resourceName": "stranger", "venID": "v1", "attributes": []}
    (item,) = compare(stranger)
    assert (item.kind, item.name, item.ven) == (DriftKind.ONLY_THERE, "stranger", "Town1")
    assert item.resource is None  # too little to make one of


def test_no_token_that_a_vtn_lists_is_kept() -> None:
    """What is found goes into the database and on the screen."""
    stranger = {"id": "x", "resourceName": "stranger", "venID": "v1", "auth_token": "s3cret"}
    (item,) = compare(stranger)
    assert json.loads(item.body) == {"id": "x", "resourceName": "stranger", "venID": "v1"}


def test_what_is_no_longer_wanted_there_and_was_removed_is_only_there() -> None:
    (item,) = compare(there(work()), known=[work(wanted=False, remote_id=None)])
    assert item.kind is DriftKind.ONLY_THERE


@pytest.mark.parametrize(
    "on_its_way",
    [
        work(wanted=False),
        work(wanted=False, remote_id=None, doubtful=True),
        work(remote_id=None),
        work(remote_id=None, doubtful=True),
    ],
)
def test_what_is_on_its_way_is_no_drift(on_its_way: ResourceWork) -> None:
    body = {**there(work()), "attributes": []}
    assert compare(body, known=[on_its_way]) == []


def test_a_resource_in_another_ven_differs_but_one_whose_ven_has_another_id_does_not() -> None:
    (item,) = compare(there(work(), venID="v1"), known=[work()])
    assert item.fields == (("VEN", "Town0", "Town1"),)
    assert compare(there(work()), known=[work(ven_remote_id="before")]) == []


def test_two_objects_of_a_name_are_double_wherever_they_are_listed() -> None:
    comparison = Comparison(V31)
    first, _ = comparison.resources(listed(there(work()), there(work(1))), [work(), work(1)])
    later = listed(there(work(), id="another", venID="v1"), there(work(), id="third"))
    items, _ = comparison.resources(later, [work()])
    assert first == []
    assert {item.kind for item in items} == {DriftKind.DOUBLE}
    assert [item.remote_id for item in items] == ["r0", "another", "third"]


def test_one_object_that_is_listed_twice_is_not_double() -> None:
    assert compare(there(work()), there(work()), known=[work()]) == []


def test_a_ven_of_another_client_is_only_there_and_says_nothing_about_ours() -> None:
    comparison = Comparison(V31)
    foreign = {"id": "v0", "venName": "Town0", "clientID": "someone"}
    items, seen = comparison.vens(listed(foreign), [VEN])
    assert ([item.kind for item in items], seen) == ([DriftKind.ONLY_THERE], [])


def test_an_object_that_cannot_be_read_differs_and_does_no_harm() -> None:
    (item,) = compare(there(work(), attributes="none"), known=[work()])
    assert item.fields == (("object", "", "cannot be read"),)


def test_where_the_vtn_decides_its_decision_is_no_drift() -> None:
    body = there(work())
    body["attributes"][-1]["values"] = ["APPROVED"]
    (item,) = compare(body, known=[work()])
    assert [field for field, _, _ in item.fields] == ["prequalification"]
    asking = work(decided_there=True, requested=RegistrationStatus.SUSPENDED)
    assert compare(body, known=[work(decided_there=True)]) == []
    assert [field for field, *_ in compare(body, known=[asking])[0].fields] == [
        "prequalification_requested"
    ]


def test_a_vtn_has_said_nothing_clear_where_two_of_a_name_say_different_things() -> None:
    found = Decisions()
    found.add(listed(there(work()), there(work(1))))
    suspended = replace(RESOURCES[0], registration_status=RegistrationStatus.SUSPENDED)
    found.add(listed(there(work(resource=suspended), id="another"), there(work())))
    assert found.once == {RESOURCES[1].resource_id: RegistrationStatus.PENDING}


def test_only_the_same_id_ven_and_stamp_make_an_object_untouched() -> None:
    (one,) = listed(there(work()))
    as_accepted = ("r0", "v0", one.stamp)
    assert untouched(one, as_accepted)
    for changed in (None, ("r1", *as_accepted[1:]), ("r0", "v1", one.stamp), ("r0", "v0", "")):
        assert not untouched(one, changed)


@given(
    objects=st.lists(st.dictionaries(st.sampled_from(KEYS), anything, max_size=6), max_size=4),
    dialect=st.sampled_from(DIALECTS),
    decided_there=st.booleans(),
)
def test_whatever_a_list_holds_is_compared_or_refused_and_does_no_harm(
    objects: list[dict[str, object]], dialect: str, decided_there: bool
) -> None:
    known = work(decided_there=decided_there)
    named = {"id": known.resource.resource_id, "resourceName": known.resource.resource_id,
             "resource_name": "x"}  # fmt: skip
    body = json.dumps([named | one for one in objects]).encode()
    try:
        found = dialect_named(dialect).listed(body)
    except ValueError:
        return
    comparison = Comparison(dialect_named(dialect))
    comparison.vens(found, [VEN])
    items, seen = comparison.resources(found, [known])
    assert len(seen) == len(found)
    assert all(first_control(text) is None for one in items for each in one.fields for text in each)
    Decisions().add(found)


# --- with a VTN ----------------------------------------------------------------------------------


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Sixty resources in one VEN, all wanted at the VTN."""
    async with await open_store(tmp_path / "fleet.db", create=True) as opened:
        await opened.import_resources(fleet(1, 60), actor="test")
        await opened.want_at_vtn(await opened.keys(Query()), True, actor="test")
        yield opened


async def registered(store: SqliteStore, url: str) -> None:
    """All of them at this VTN."""
    await store.use_vtn(url)
    assert (await Registrar(store, Vtn(url)).settle()).resources.registered == 60


async def surveyed(store: SqliteStore, url: str, **more: bool) -> Surveyed:
    """One whole survey."""
    async with Vtn(url).connect() as connection:
        return await survey(store, connection, **more)


async def all_ok(store: SqliteStore) -> bool:
    """Whether nothing is due, or in doubt."""
    rows = await store.rows(await store.keys(Query()))
    return {row.vtn for row in rows} == {VtnState.OK}


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1", "energydesk"])
async def test_in_every_dialect_what_was_registered_agrees(
    store: SqliteStore,
    dialect: Any,  # noqa: ANN401 (a literal)
) -> None:
    async with vtn_server(dialect=dialect, auth=False) as server:
        await registered(store, server.url)
        for trust in (True, False):
            found = await surveyed(store, server.url, trust_stamps=trust)
            nothing = SurveyOutcome(open=0, again=0, adopted=0, forgotten=0)
            assert (found.vens, found.resources, found.outcome) == (1, 60, nothing)
        async with Vtn(server.url).connect() as connection:
            assert len(await decisions(connection)) == 60


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
async def test_of_a_vtn_that_gives_fewer_at_once_than_asked_nothing_is_taken_for_lost(
    store: SqliteStore,
    dialect: Any,  # noqa: ANN401 (a literal)
) -> None:
    async with vtn_server(dialect=dialect, auth=False, faults=Faults(largest_page=20)) as server:
        await registered(store, server.url)
        found = await surveyed(store, server.url)
        assert (found.resources, found.outcome.again) == (60, 0)
        assert await all_ok(store)


class CutOff:
    """The lists of a VTN whose second page of resources is a failure, or waits."""

    def __init__(self, server: VtnServer, second: Say) -> None:
        self.asked_for_second = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._vens = [json.loads(one.json) for one in server.state.find("VEN")]
        self._resources = [json.loads(one.json) for one in server.state.find("RESOURCE")]
        self._second = second

    async def __call__(self, asked: Asked) -> Say:
        """The answer to one request."""
        if asked.path == "/auth/server":
            return Say(200, {"tokenURL": "/auth/token"})
        if asked.path == "/vens":
            return Say(200, self._vens)
        if asked.query.get("skip") == ["0"]:
            return Say(200, self._resources[:50])
        self.asked_for_second.set()
        await self.may_answer.wait()
        return self._second


@pytest.mark.parametrize("status", [200, 401, 404, 429, 500])
async def test_a_survey_that_was_cut_off_never_concludes_that_something_is_only_here(
    store: SqliteStore, status: int
) -> None:
    """The control: the same first page, and then an honest end, loses the last ten."""
    async with vtn_server(auth=False) as server:
        await registered(store, server.url)
        cut, whole = CutOff(server, Say(status, b"<html>")), CutOff(server, Say(200, []))
    async with scripted(cut) as broken:
        await store.move_vtn(broken.url)
        with pytest.raises(VtnError):
            await surveyed(store, broken.url)
        assert (await store.surveyed(), await store.drift()) == (None, [])
        assert await all_ok(store)
    async with scripted(whole) as honest:
        await store.move_vtn(honest.url)
        assert (await surveyed(store, honest.url)).outcome.again == 10
        assert {item.kind for item in await store.drift()} == {DriftKind.ONLY_HERE}
        assert not await all_ok(store)


def endless(asked: Asked) -> Say:
    """Three VENs of strangers with fifty resources each; in 3.1 all of them in one list."""
    if asked.query["skip"] != ["0"]:
        return Say(200, [])
    if asked.path == "/vens":
        return Say(200, [{"id": f"v{n}", "venName": f"Stranger {n}"} for n in range(3)])
    return Say(200, [{"id": f"{asked.path}{n}", "resourceName": "x" * 10**4} for n in range(50)])


@pytest.mark.parametrize(("most_listed", "most_strangers"), [(100, 10**9), (10**9, 60)])
async def test_a_vtn_that_lists_far_more_than_a_fleet_is_left_and_nothing_is_concluded(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, most_listed: int, most_strangers: int
) -> None:
    monkeypatch.setattr("vendash.vtn.lists.MOST_LISTED", most_listed)
    monkeypatch.setattr("vendash.vtn.comparison.MOST_STRANGERS", most_strangers)
    async with vtn_server(dialect="3.0.1", auth=False) as server:
        await registered(store, server.url)
    async with scripted(endless) as strange:
        await store.move_vtn(strange.url)
        async with Vtn(strange.url, dialect="3.0.1").connect() as connection:
            with pytest.raises(VtnAnswerError, match="whether it is the right one"):
                await survey(store, connection)
        assert (await store.surveyed(), await store.drift()) == (None, [])
        assert await all_ok(store)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_of_a_name_no_more_is_remembered_than_names_have(dialect: str) -> None:
    """A list may hold hundreds of thousands of them."""
    long = "x" * 10**6
    one = {"id": "r", "resourceName": long, "ven_name": long, "venID": long, "clientID": long}
    (found,) = dialect_named(dialect).listed(json.dumps([one]).encode())
    assert len(found.name) == 1000
    assert max(len(found.ven_id or ""), len(found.client_id or "")) <= 1000


async def test_a_survey_that_is_cancelled_has_never_happened(store: SqliteStore) -> None:
    async with vtn_server(auth=False) as server:
        await registered(store, server.url)
        silent = CutOff(server, Say(200, []))
        silent.may_answer.clear()
    async with scripted(silent) as broken:
        await store.move_vtn(broken.url)
        task = asyncio.create_task(surveyed(store, broken.url))
        await until(silent.asked_for_second.is_set, "the second page asked for")
        task.cancel()
        await asyncio.wait([task])
        silent.may_answer.set()
        assert task.cancelled()
        assert (await store.surveyed(), await store.drift()) == (None, [])
        assert await all_ok(store)


@pytest.mark.parametrize(
    ("dates", "trust", "shown"),
    [
        ("rfc3339", True, 0),  # the VTN says that nobody has touched it
        ("rfc3339", False, 1),
        ("spaced", True, 1),  # too coarse to say so
        ("time", True, 1),
        ("absent", True, 1),
    ],
)
async def test_stamps_are_believed_only_where_they_are_exact(
    store: SqliteStore,
    dates: str,
    trust: bool,
    shown: int,
) -> None:
    """One object is changed behind the back of the stamps."""
    async with vtn_server(auth=False, faults=convert({"dates": dates}, Faults)) as server:
        await registered(store, server.url)
        held = server.state.snapshot()
        at = next(n for n, one in enumerate(held) if one.kind == "RESOURCE")
        behind = held[at].json.replace(b"Storegade", b"Lillegade")
        assert behind != held[at].json
        server.state.restore([*held[:at], replace(held[at], json=behind), *held[at + 1 :]])
        found = await surveyed(store, server.url, trust_stamps=trust)
        assert found.outcome.open == shown


async def test_a_list_that_comes_whole_is_compared_in_batches() -> None:
    objects = [{"id": f"r{n}", "resource_name": f"R{n}"} for n in range(2 * BATCH + 7)]

    def handler(asked: Asked) -> Say:
        return Say(200, objects if asked.path == "/resources" else [])

    async with scripted(handler) as server:
        vtn = Vtn(server.url, dialect="energydesk")
        async with vtn.connect() as connection, reading(connection) as batches:
            sizes = [len(listed) async for _, listed in batches]
    assert sizes == [BATCH, BATCH, 7]
