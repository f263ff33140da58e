"""`vendash register --dry-run`: exactly what would be sent, and nothing is sent or written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.fleets import all_of, fleet, make_database
from tests.vtn.scripted import Asked, Say, scripted
from vendash.commands.preview import VEN_ID, dry_run, preview_of
from vendash.commands.registration import Wanted, register
from vendash.engine.connecting import VtnChoice
from vendash.fleet import Fleet
from vendash.models import Accepted, Refused, ResourceWork, VenRow, VenWork, VtnState
from vendash.store import open_store
from vendash.vtn.client import Vtn
from vendash.vtn.dialects import dialect_named
from vendash.vtn.exchange import carry_out
from vendash.vtn.moves import Delete
from vendash.vtn.preview import requests_for
from vendash.vtn.server import vtn_server

FLEET = {"Aalborg": 2, "Herning": 3}
SECRET = "hush-hush-hush"


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTH_CLIENT_ID", "vendash")
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", SECRET)


async def test_counts_and_the_first_request_are_shown_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    database = await make_database(tmp_path / "fleet.db", FLEET)
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    wanted = Wanted(VtnChoice(url="http://127.0.0.1:1", dialect="3.1"))  # nobody is there
    document, text, code = await dry_run(database, wanted, "")
    assert code == 0
    assert document["vens"]["create"] == 2
    assert document["resources"]["create"] == 5
    assert document["item"] == "Aalborg"
    assert "POST http://127.0.0.1:1/vens" in text
    assert "Authorization: Bearer ***" in text
    assert SECRET not in text + json.dumps(document)
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before


async def test_one_item_can_be_chosen(tmp_path: Path) -> None:
    """By id; the id that the VTN has yet to give to its VEN is said to be missing."""
    database = await make_database(tmp_path / "fleet.db", FLEET)
    one = fleet(FLEET)[3]
    document, text, _ = await dry_run(database, Wanted(), one.resource_id)
    assert document["item"] == one.resource_name
    (request,) = document["requests"]
    body = json.loads(request["text"].partition("\n\n")[2])
    assert (body["resourceName"], body["venID"]) == (one.resource_id, VEN_ID)
    assert "The dialect of the VTN is not known yet: shown as 3.1." in text


async def test_an_item_that_is_not_there_is_said(tmp_path: Path) -> None:
    database = await make_database(tmp_path / "fleet.db", FLEET)
    with pytest.raises(Exception, match="There is no 'nobody' among what would be sent"):
        await dry_run(database, Wanted(), "nobody")


async def test_only_the_named_and_limited_vens_count(tmp_path: Path) -> None:
    database = await make_database(tmp_path / "fleet.db", FLEET)
    for wanted in (Wanted(vens=("aalborg",)), Wanted(limit=1)):
        document, _, _ = await dry_run(database, wanted, "")
        assert (document["vens"]["create"], document["resources"]["create"]) == (1, 2)


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
async def test_what_is_shown_is_what_is_sent(tmp_path: Path, dialect: str) -> None:
    """Method, path and body of every VEN and resource, but for the id the VTN gives to a VEN."""

    def vtn(asked: Asked) -> Say:
        if asked.method == "GET":
            return Say(200, [])
        body = json.loads(asked.body)
        return Say(201, {**body, "id": f"v-{body.get('venName', 'x')}"})

    database = await make_database(tmp_path / "fleet.db", {"Aalborg": 2})
    names = ["Aalborg", *(one.resource_id for one in fleet({"Aalborg": 2}))]
    shown: list[tuple[str, str, object]] = []
    async with scripted(vtn) as server:
        wanted = Wanted(VtnChoice(url=server.url, dialect=dialect, no_auth=True))
        for name in names:
            document, _, _ = await dry_run(database, wanted, name)
            (request,) = document["requests"]
            head, _, body = request["text"].replace(VEN_ID, "v-Aalborg").partition("\n\n")
            method, url = head.splitlines()[1].split()
            shown.append((method, url.removeprefix(server.url), json.loads(body)))
        assert server.asked == []
        await register(database, wanted)
        posted = [one for one in server.asked if one.method == "POST"]
    assert sorted(map(str, shown)) == sorted(
        str((one.method, one.path, json.loads(one.body))) for one in posted
    )


async def test_of_what_is_there_nothing_is_sent(tmp_path: Path) -> None:
    database = await make_database(tmp_path / "fleet.db", FLEET)
    async with vtn_server(auth=False) as vtn:
        wanted = Wanted(VtnChoice(url=vtn.url, no_auth=True))
        await register(database, wanted)
        document, text, _ = await dry_run(database, wanted, "")
    assert (document["vens"]["nothing"], document["resources"]["nothing"]) == (2, 5)
    assert not document["requests"]
    assert text.endswith("Nothing is to be sent.")


async def test_changes_removals_doubts_and_refusals_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "fleet.db"
    async with await open_store(path, create=True) as store:
        await store.import_resources(fleet({"Aalborg": 5}), actor="test")
        await store.use_vtn("http://127.0.0.1:1", "3.1")
        operator = Fleet(store, actor="test")
        await operator.register(await all_of(store))
        for ven in await store.due_vens(9):
            await store.complete([Accepted(item=ven, remote_id="v1", already=False)])
        works = await store.due_resources(9)
        accepted = [
            Accepted(item=work, remote_id=f"r{work.key}", already=False) for work in works[:3]
        ]
        refused = Refused(item=works[3], state=VtnState.CONFLICT, reason="no")
        await store.complete([*accepted, refused])  # the fifth is under way
        await operator.approve(await store.select([works[0].key]))
        await operator.unregister(await store.select([works[1].key]))
        vens = [ven for ven in await store.vens() if ven.name == "Aalborg"]
        keys = [work.key for work in works]
    document, text, _ = await dry_run(path, Wanted(), "")
    counts = document["resources"]
    # Registered again, the one that is to be removed stays.
    assert (counts["create"], counts["update"], counts["nothing"]) == (2, 2, 1)
    assert (counts["remove"], counts["doubtful"], counts["refused"]) == (0, 2, 1)
    assert "were refused before" in text
    as_it_is = await preview_of(path, vens, keys, works[1].key)
    assert (as_it_is.resources.update, as_it_is.resources.remove) == (1, 1)
    assert as_it_is.resources.held == 2
    read, delete = as_it_is.requests
    assert read.text.splitlines()[1].startswith("GET http://127.0.0.1:1/resources/r")
    assert delete.text.splitlines()[1].startswith("DELETE http://127.0.0.1:1/resources/r")


async def requests(path: Path, vens: list[VenRow], work: ResourceWork) -> list[str]:
    preview = await preview_of(path, vens, [work.key], work.key)
    return [request.text.splitlines()[1].split()[0] for request in preview.requests]


async def test_the_order_of_requests_is_the_registrar_s(tmp_path: Path) -> None:
    """Looked up first after a doubt; read first before a change; nothing for what is there."""
    path = tmp_path / "fleet.db"
    async with await open_store(path, create=True) as store:
        await store.import_resources(fleet({"Aalborg": 3}), actor="test")
        await store.use_vtn("http://127.0.0.1:1", "3.1")
        operator = Fleet(store, actor="test")
        await operator.register(await all_of(store))
        (ven,) = await store.due_vens(9)
        assert isinstance(ven, VenWork)
        await store.complete([Accepted(item=ven, remote_id="v1", already=False)])
        works = await store.due_resources(9)
        accepted = [
            Accepted(item=work, remote_id=f"r{work.key}", already=False) for work in works[:2]
        ]
        await store.complete(accepted)
        await operator.approve(await store.select([works[0].key]))
        vens = await store.vens()
    assert await requests(path, vens, works[0]) == ["GET", "PUT"]
    assert await requests(path, vens, works[1]) == []
    assert await requests(path, vens, works[2]) == ["GET", "POST"]


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
async def test_the_requests_of_a_removal_are_those_that_are_sent(dialect: str) -> None:
    """Read, and of a VEN asked what is in it, before it is deleted."""
    ven = VenWork(name="A", client_id="a", revision=1, remote_id="v1", doubtful=False, wanted=False)
    resource = ResourceWork(
        key=1, resource=fleet({"A": 1})[0], revision=1, ven_remote_id="v1", client_id="a",
        remote_id="r1", doubtful=False, wanted=False,
    )  # fmt: skip

    def vtn(asked: Asked) -> Say:
        is_list = asked.path.endswith("s")
        name = {"venName": "A"} if "resources" not in asked.path else {
            "resourceName": resource.resource.resource_id
        }  # fmt: skip
        return Say(200, [] if is_list else {"id": asked.path.rpartition("/")[2], **name})

    async with scripted(vtn) as server, Vtn(server.url, dialect=dialect).connect() as connection:
        for item, number in ((ven, 3), (resource, 2)):
            server.asked.clear()
            shown = requests_for(item, dialect_named(dialect), base=server.url, token=False)
            await carry_out(connection, item, Delete(item.remote_id or ""))
            assert len(shown) == number
            assert [one.text.splitlines()[1].split("?")[0] for one in shown] == [
                f"{one.method} {server.url}{one.path}" for one in server.asked
            ]
