"""`vendash drift` against a real VTN process that others have changed, too."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commands.conftest import Vendash
from tests.peer import Peer, peer

KINDS = ("only_here", "only_there", "different", "double")


@pytest.fixture
def vtn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """A VTN with its address and credentials in the environment."""
    with peer() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def other(vtn: Peer) -> Iterator[httpx.Client]:
    """Another client of the VTN, with every right."""
    form = {"grant_type": "client_credentials", "client_id": vtn.client_id,
            "client_secret": vtn.client_secret}  # fmt: skip
    with httpx.Client(base_url=vtn.url) as http:
        token = http.post("/auth/token", data=form).raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http


@pytest.fixture
def registered(vendash: Vendash, prepared: Path, vtn: Peer) -> Path:
    """The database, with all of it at the VTN."""
    assert vendash("register").code == 0
    return prepared


def found(document: dict[str, Any]) -> dict[str, int]:
    """How many of each kind, those of which there are some."""
    return {kind: len(document[kind]) for kind in KINDS if document[kind]}


def resources(other: httpx.Client) -> list[dict[str, Any]]:
    """What the VTN holds."""
    held: list[dict[str, Any]] = other.get("/resources").raise_for_status().json()
    return held


def change(other: httpx.Client, number: int = 0, **values: object) -> str:
    """Change attributes of one resource at the VTN; its name there."""
    there = resources(other)[number]
    for one in there["attributes"]:
        if one["type"] in values:
            one["values"] = [values[one["type"]]]
    body = {name: there[name] for name in ("clientID", "venID", "resourceName", "attributes")}
    body["objectType"] = "BL_RESOURCE_REQUEST"
    other.put(f"/resources/{there['id']}", json=body).raise_for_status()
    return str(there["resourceName"])


def add(other: httpx.Client, name: str = "stranger", **more: object) -> None:
    """A resource at the VTN that is none of ours."""
    first = resources(other)[0]
    body = {
        "objectType": "BL_RESOURCE_REQUEST", "clientID": first["clientID"],
        "venID": first["venID"], "resourceName": name,
        "attributes": [{"type": "resource_type", "values": ["PV"]},
                       {"type": "MAX_POWER_CONSUMPTION", "values": [7.5]},
                       {"type": "DESCRIPTION", "values": ["Someone's roof"]}],
    }  # fmt: skip
    other.post("/resources", json=body | more).raise_for_status()


def local(path: Path, column: str, resource_id: str) -> str:
    """A value here."""
    with closing(sqlite3.connect(path)) as file:
        query = f"SELECT {column} FROM resources WHERE resource_id = ?"
        return str(file.execute(query, (resource_id,)).fetchone()[0])


# --- what is found -------------------------------------------------------------------------------


def test_where_both_agree_nothing_is_found(vendash: Vendash, registered: Path) -> None:
    said = vendash("drift", "--json", "--exit-code")
    assert said.code == 0
    assert set(said.json) == {*KINDS, "surveyed", "seconds", "waiting", "refused"}
    assert found(said.json) == {}
    assert "The VTN holds everything as it is here." in vendash("drift").out


def test_what_has_yet_to_be_sent_is_counted_and_not_called_equal(
    vendash: Vendash, registered: Path
) -> None:
    assert vendash("approve", "--ven", "Herning").code == 0
    said = vendash("drift", "--json").json
    assert (found(said), said["waiting"], said["refused"]) == ({}, 2, 0)
    shown = vendash("drift").out
    assert "2 changes yet to be sent" in shown
    assert "The VTN holds everything else as it is here." in shown
    assert vendash("status", "--json").json["waiting"] == 2
    assert vendash("register").code == 0
    assert "The VTN holds everything as it is here." in vendash("drift").out


def test_what_was_changed_there_is_shown_field_by_field_and_is_an_exit_code_where_asked(
    vendash: Vendash, registered: Path, other: httpx.Client
) -> None:
    name = change(other, e_max_kwh=77.0)
    said = vendash("drift", "--json")
    assert (said.code, found(said.json)) == (0, {"different": 1})
    (item,) = said.json["different"]
    assert (item["id"], item["what"], item["again"]) == (name, "resource", False)
    (field,) = item["fields"]
    assert (field["field"], field["theirs"]) == ("e_max_kwh", "77")
    assert vendash("drift", "--exit-code").code == 2
    shown = vendash("drift", "--cached").out
    assert f"E max kWh: {field['ours']} -> 77" in shown


def test_what_was_deleted_there_is_only_here_and_sent_again_by_the_next_register(
    vendash: Vendash, registered: Path, other: httpx.Client, vtn: Peer
) -> None:
    other.delete(f"/resources/{resources(other)[1]['id']}").raise_for_status()
    (item,) = vendash("drift", "--json").json["only_here"]
    assert item["again"]
    assert vendash("register").code == 0
    assert vtn.count() == (3, 4)
    assert found(vendash("drift", "--json").json) == {}


def test_two_objects_of_one_name_are_double_and_one_can_be_deleted_there(
    vendash: Vendash, registered: Path, other: httpx.Client, vtn: Peer
) -> None:
    """Under another VEN, where the VTN lets a name be there once more."""
    first, *others = resources(other)
    elsewhere = next(one for one in others if one["venID"] != first["venID"])
    add(other, first["resourceName"], venID=elsewhere["venID"], clientID=elsewhere["clientID"])
    items = vendash("drift", "--json").json["double"]
    assert {item["id"] for item in items} == {first["resourceName"]}
    (second,) = [item for item in items if item["remote_id"] != first["id"]]
    assert vendash("drift", "--keep-ours", second["remote_id"], "--yes").code == 0
    assert vendash("register").code == 0
    assert first["id"] in {one["id"] for one in resources(other)}
    assert vtn.count() == (3, 4)


def test_only_what_is_named_is_shown(
    vendash: Vendash, registered: Path, other: httpx.Client
) -> None:
    names = {change(other, number, address="Elsewhere 1") for number in range(4)}
    assert found(vendash("drift", "--json").json) == {"different": 4}
    herning = vendash("drift", "--cached", "--json", "--ven", "herning").json["different"]
    assert [item["ven"] for item in herning] == ["Herning"] * 2
    (item,) = vendash("drift", "--cached", "--json", min(names)).json["different"]
    assert item["id"] == min(names)


def test_what_a_vtn_holds_cannot_steer_the_terminal(
    vendash: Vendash, registered: Path, other: httpx.Client
) -> None:
    change(other, address="\x1b[2J\x07Gone")
    assert "\x1b" not in vendash("drift").out


# --- what is chosen ------------------------------------------------------------------------------


def test_theirs_is_taken_over_and_can_be_undone(
    vendash: Vendash, registered: Path, other: httpx.Client
) -> None:
    name = change(other, address="Ny vej 5")
    before = local(registered, "address", name)
    vendash("drift")
    said = vendash("drift", "--take-theirs", name, "--json")
    assert (said.code, said.json["changed"], said.json["skipped"]) == (0, 1, 0)
    assert local(registered, "address", name) == "Ny vej 5"
    assert found(vendash("drift", "--cached", "--json").json) == {}
    assert vendash("undo").code == 0
    assert local(registered, "address", name) == before
    assert found(vendash("drift", "--cached", "--json").json) == {"different": 1}


@pytest.mark.parametrize("choice", ["--keep-ours", "--take-theirs", "--forget"])
def test_each_choice_about_what_differs_can_be_undone(
    vendash: Vendash, registered: Path, other: httpx.Client, choice: str
) -> None:
    name = change(other, address="Ny vej 5")
    vendash("drift")
    assert vendash("drift", choice, name, "--json").json["changed"] == 1
    assert found(vendash("drift", "--cached", "--json").json) == {}
    undone = vendash("undo")
    assert (undone.code, undone.out.split()[0]) == (0, "Undid")
    assert found(vendash("drift", "--cached", "--json").json) == {"different": 1}


def test_ours_is_sent_again(vendash: Vendash, registered: Path, other: httpx.Client) -> None:
    name = change(other, address="Ny vej 5")
    vendash("drift")
    assert vendash("drift", "--keep-ours", name).code == 0
    assert vendash("register").code == 0
    assert found(vendash("drift", "--json").json) == {}
    addresses = [one["values"] for each in resources(other) for one in each["attributes"]
                 if one["type"] == "address"]  # fmt: skip
    assert ["Ny vej 5"] not in addresses


def test_what_is_only_there_can_be_adopted_and_that_undone(
    vendash: Vendash, registered: Path, other: httpx.Client
) -> None:
    add(other)
    (item,) = vendash("drift", "--json").json["only_there"]
    assert (item["id"], item["name"], item["orphan"]) == ("stranger", "Someone's roof", False)
    assert vendash("drift", "--adopt", "stranger").code == 0
    assert vendash("status", "--json").json["resources"] == 5
    assert local(registered, "resource_type", "stranger") == "PV"
    assert vendash("undo").code == 0
    assert vendash("status", "--json").json["resources"] == 4
    assert found(vendash("drift", "--json").json) == {"only_there": 1}


def test_what_is_forgotten_is_shown_again_when_it_changes_there(
    vendash: Vendash, registered: Path, other: httpx.Client
) -> None:
    change(other, address="Ny vej 5")
    vendash("drift")
    assert vendash("drift", "--forget", "--all").code == 0
    assert found(vendash("drift", "--json").json) == {}
    change(other, address="Ny vej 6")
    assert found(vendash("drift", "--json").json) == {"different": 1}


def test_what_was_deleted_here_is_left_there_until_that_is_chosen(
    vendash: Vendash, registered: Path, other: httpx.Client, vtn: Peer
) -> None:
    with closing(sqlite3.connect(registered)) as file, file:
        file.execute("DELETE FROM resources WHERE id = 1")
    assert vendash("register").code == 0
    (cached,) = vendash("drift", "--json").json["only_there"]
    assert (cached["orphan"], vtn.count()) == (True, (3, 4))
    refused = vendash("drift", "--keep-ours", "--all")
    assert (refused.code, "add --yes" in refused.err) == (2, True)
    assert vendash("drift", "--keep-ours", "--all", "--yes").code == 0
    assert vendash("register").code == 0
    assert vtn.count()[1] == 3
    assert found(vendash("drift", "--json").json) == {}


def test_an_orphan_that_no_comparison_has_seen_yet_can_be_removed_and_that_undone(
    vendash: Vendash, registered: Path, vtn: Peer
) -> None:
    vendash("drift")
    with closing(sqlite3.connect(registered)) as file, file:
        file.execute("DELETE FROM resources WHERE id = 1")
    (item,) = vendash("drift", "--cached", "--json").json["only_there"]
    assert item["orphan"]
    assert vendash("drift", "--keep-ours", item["id"], "--yes", "--json").json["changed"] == 1
    assert vendash("undo").code == 0
    assert vendash("register").code == 0
    assert vtn.count() == (3, 4)


# --- what cannot be ------------------------------------------------------------------------------


def test_bad_use_is_one_sentence(vendash: Vendash, registered: Path) -> None:
    cached = vendash("drift", "--cached")
    assert (cached.code, "without --cached" in cached.err) == (1, True)
    vendash("drift")
    nothing = vendash("drift", "--forget")
    assert (nothing.code, "--all" in nothing.err) == (2, True)
    unknown = vendash("drift", "--forget", "nobody")
    assert (unknown.code, "'nobody'" in unknown.err) == (1, True)


def test_a_vtn_that_is_away_is_one_sentence_and_nothing_is_concluded(
    vendash: Vendash, registered: Path, vtn: Peer
) -> None:
    vtn.process.kill()
    vtn.process.wait()
    said = vendash("drift", "--exit-code")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "refuses the connection" in said.err
    assert vendash("status", "--json").json["unsent"] == 0


# --- with an engine ------------------------------------------------------------------------------


@contextmanager
def engine(path: Path) -> Iterator[None]:
    """An engine as a process of its own, which has its database."""
    with subprocess.Popen(
        [sys.executable, "-m", "vendash", "run", "--with-stdin", "--db-path", str(path)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        lock = path.with_name(path.name + ".sender")
        while not lock.read_bytes().startswith(b"{"):
            assert process.poll() is None
            time.sleep(0.05)
        try:
            yield
        finally:
            process.communicate(b"", timeout=20)


def test_an_engine_makes_the_comparison_and_what_is_lost_comes_back_by_itself(
    vendash: Vendash, registered: Path, other: httpx.Client, vtn: Peer
) -> None:
    with engine(registered):
        assert found(vendash("drift", "--json").json) == {}
        change(other, address="Ny vej 5")
        other.delete(f"/resources/{resources(other)[1]['id']}").raise_for_status()
        said = vendash("drift", "--json")
        assert said.code == 0, said
        assert found(said.json)["different"] == 1
        deadline = time.monotonic() + 20
        while vtn.count() != (3, 4):
            assert time.monotonic() < deadline
        refused = vendash("drift", "--vtn-url", "http://localhost:1")
        assert (refused.code, "another VTN" in refused.err) == (1, True)
    assert json.loads(vendash("status", "--json").out)["engine"] is None
