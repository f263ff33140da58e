"""From CSV files to the VTN, by the original's functions, against a VTN on a port."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tests.original import oldfile
from vendash.errors import VendashError
from vendash.lock import HeldByOtherError, exclusive, lock_path
from vendash.original import (
    MeterDataSimulator,
    generate_resources,
    get_access_token,
    initialize_simulator,
    load_ven_resources_from_sqlite,
    load_vens_from_sqlite,
    sample_registration,
)
from vendash.vtn.server import VtnServer, vtn_server

BARS = """title,address,longitude,latitude
Murphy's Pub,"Torvet 1, 7400 Herning, Denmark",8.973,56.139
Café Ærø,"Havnen 2, 4800 Nykøbing Falster, Denmark",11.87,54.77
"""
CHARGERS = """title,address,longitude,latitude
Ladestander 7,"Torvet 9, 7400 Herning, Denmark",8.974,56.138
"""


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the original's users have it: CSV files under config/exampleassets."""
    assets = tmp_path / "config" / "exampleassets"
    assets.mkdir(parents=True)
    (assets / "bars-in-denmark.csv").write_text(BARS, encoding="utf-8")
    (assets / "chargingstations-in-denmark.csv").write_text(CHARGERS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def use_credentials(vtn: VtnServer, monkeypatch: pytest.MonkeyPatch, secret: str = "") -> None:
    monkeypatch.setenv("OAUTH_CLIENT_ID", vtn.client_id)
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", secret or vtn.client_secret)


def held(vtn: VtnServer) -> tuple[int, int]:
    return vtn.state.count("VEN"), vtn.state.count("RESOURCE")


async def test_the_whole_workflow_of_the_original_s_guide(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Generate, get a token, register, approve, collect: with the original's default paths."""
    db = await generate_resources()
    async with db:
        assert (await db.get_statistics())["by_type"] == {"DSR": 2, "EV": 1}
    assert (workplace / "config/resources.db").exists()
    assert await load_vens_from_sqlite() == ["Herning", "Nykøbing Falster"]

    async with vtn_server() as vtn:
        use_credentials(vtn, monkeypatch)
        token = await get_access_token(vtn.url)
        done = await sample_registration(vtn_url=vtn.url, bearer_token=token)
        assert done["vens"] == {"registered": 2, "already": 0, "failed": 0}
        assert done["resources"] == {"registered": 3, "already": 0, "failed": 0}
        assert (done["failures"], held(vtn)) == ([], (2, 3))

        again = await sample_registration(vtn_url=vtn.url, bearer_token=token)
        assert again["resources"] == {"registered": 0, "already": 3, "failed": 0}
        assert held(vtn) == (2, 3), "each is registered once, however often one asks"

    simulator = await initialize_simulator(ven_list=["Herning"])
    for resource_id in list(simulator.pending_resources["Herning"]):
        await simulator.update_resource_status("Herning", resource_id, "APPROVED")
    approved = simulator.get_ven_resources("Herning", status="APPROVED")
    assert {one.resourceName for one in approved.values()} == {"Murphy's Pub", "Ladestander 7"}
    assert (await MeterDataSimulator().collect_next_metering("Herning")).keys() == approved.keys()


async def test_generating_twice_leaves_one_of_each(workplace: Path) -> None:
    for _ in range(2):
        async with await generate_resources() as db:
            assert len(await db.get_all_resources()) == 3


async def test_nothing_is_generated_from_files_with_a_bad_row(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = workplace / "config/exampleassets/hotels-in-denmark.csv"
    bad.write_text('title,address,longitude,latitude\nHotel,"A 1, 7400 Herning, DK",8.9,191\n')
    with pytest.raises(VendashError, match="Nothing was imported"):
        await generate_resources()
    assert "hotels-in-denmark.csv line 2, latitude" in capsys.readouterr().err
    assert not (workplace / "config/resources.db").exists()


async def test_vens_and_resources_of_a_file_of_the_original_are_loaded(tmp_path: Path) -> None:
    path = oldfile.write(tmp_path / "resources.db")
    assert await load_vens_from_sqlite(str(path)) == ["Aalborg", "Herning"]
    found = await load_ven_resources_from_sqlite("Herning", path)
    assert [one.resourceID for one in found] == [oldfile.MURPHYS, "ev-7"]
    assert await load_ven_resources_from_sqlite("Atlantis", path) == []


async def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    for call in (
        load_vens_from_sqlite(missing),
        load_ven_resources_from_sqlite("Herning", missing),
        sample_registration("http://127.0.0.1:9", db_path=missing),
    ):
        with pytest.raises(VendashError, match="vendash prepare"):
            await call
    assert not missing.exists()


async def test_limit_takes_the_first_vens_by_name(database: Path) -> None:
    async with vtn_server(auth=False) as vtn:
        done = await sample_registration(vtn.url, db_path=database, limit_vens=1)
        assert done["vens"]["registered"] == 1
        assert held(vtn) == (1, 12)
        (ven,) = vtn.state.find("VEN")
        assert json.loads(ven.json)["venName"] == "Aarhus"
    with pytest.raises(VendashError, match="limit_vens"):
        await sample_registration(vtn.url, db_path=database, limit_vens=0)


async def test_without_a_token_none_is_asked_for_even_where_the_environment_could(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with vtn_server(auth=False) as vtn:
        use_credentials(vtn, monkeypatch, "not-the-secret")
        done = await sample_registration(vtn.url, None, database)
    assert done["resources"]["registered"] == 20


async def test_a_refused_token_registers_nothing_and_is_in_no_text(
    database: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with vtn_server() as vtn:
        done = await sample_registration(vtn.url, "t0p-s3cret", database)
        assert held(vtn) == (0, 0)
    nothing = {"registered": 0, "already": 0, "failed": 0}
    assert done["resources"] == {**nothing, "waiting": 20}
    assert "error" in done
    printed = capsys.readouterr()
    for text in (str(done), caplog.text, printed.out, printed.err):
        assert "t0p-s3cret" not in text
    assert "REGISTRATION SUMMARY" in caplog.text


async def test_a_token_needs_credentials_that_the_vtn_takes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with vtn_server() as vtn:
        with pytest.raises(VendashError, match="set OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET"):
            await get_access_token(vtn.url)
        use_credentials(vtn, monkeypatch, "wr0ng-s3cret")
        with pytest.raises(VendashError, match="refuses the client id or secret") as refused:
            await get_access_token(vtn.url)
        use_credentials(vtn, monkeypatch)
        monkeypatch.setenv("VTN_SERVER_ADDRESS", vtn.url)
        token = await get_access_token()
    assert token
    assert "wr0ng-s3cret" not in str(refused.value)
    assert token not in caplog.text


async def test_two_do_not_register_at_the_same_time(database: Path) -> None:
    with (
        exclusive(lock_path(database), "register", "taken"),
        pytest.raises(HeldByOtherError, match="registers already"),
    ):
        await sample_registration("http://127.0.0.1:9", db_path=database)
