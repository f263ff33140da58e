"""The same verbs without a screen: what they say, and with which exit code."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands.conftest import Vendash
from tests.fleets import fleet
from tests.store.making import ANY, SUSPENDED, VTN, everything, filled, refused, register
from vendash.commands.inspect import status
from vendash.fleet import current_actor
from vendash.models import Accepted, VtnState
from vendash.store import open_store


def test_prepare_imports_and_again_changes_nothing(vendash: Vendash, assets: Path) -> None:
    first = vendash("prepare", "--assets", assets, "--db-path", "f.db", "--json")
    again = vendash("prepare", "--assets", assets, "--db-path", "f.db", "--json")
    assert (first.code, first.json["added"], first.json["total"]) == (0, 4, 4)
    assert (again.json["added"], again.json["unchanged"], again.json["total"]) == (0, 4, 4)


def test_prepare_takes_the_folder_of_the_original_where_none_is_named(
    vendash: Vendash, assets: Path, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    assets.rename(tmp_path / "config" / "exampleassets")
    assert vendash("prepare", "--db-path", "f.db", "--json").json["added"] == 4


def test_the_database_of_the_original_is_found_where_it_always_was(
    vendash: Vendash, assets: Path, tmp_path: Path
) -> None:
    vendash("prepare", "--assets", assets, "--db-path", "config/resources.db")
    assert vendash("stats", "--json").json["total_resources"] == 4


def test_stats_has_the_figures_of_the_original(vendash: Vendash, prepared: Path) -> None:
    figures = vendash("stats", "--json").json
    assert figures == {
        "total_resources": 4,
        "by_type": {"DSR": 3, "EV": 1},
        "by_sub_type": {"Hotels": 3, "Chargingstations": 1},
        "top_10_vens": {"Herning": 2, "Aalborg": 1, "Nykøbing Falster": 1},
        "total_vens": 3,
        "by_status": {"PENDING": 4, "APPROVED": 0, "SUSPENDED": 0},
        "by_ven": {
            "Aalborg": {"pending": 1, "approved": 0, "suspended": 0, "total": 1},
            "Herning": {"pending": 2, "approved": 0, "suspended": 0, "total": 2},
            "Nykøbing Falster": {"pending": 1, "approved": 0, "suspended": 0, "total": 1},
        },
    }


def test_a_decision_is_counted_kept_with_its_reason_and_undone(
    vendash: Vendash, prepared: Path
) -> None:
    done = vendash("approve", "--ven", "Herning", "--reason", "site visit", "--json")
    assert (done.code, done.json["changed"]) == (0, 2)
    assert vendash("approve", "--ven", "Herning", "--json").json["unchanged"] == 2
    log = vendash("audit", "--json").json["actions"]
    assert (log[0]["verb"], log[0]["count"], log[0]["reason"]) == ("approve", 2, "site visit")
    said = vendash("undo")
    assert said.out == "Undid approve Herning: 2 items as before; undo again redoes.\n"
    again = vendash("undo")
    assert again.out == "Redid approve Herning: 2 items as before; undo again undoes.\n"
    assert vendash("undo").out == said.out
    assert vendash("stats", "--json").json["by_status"]["PENDING"] == 4


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        (["--filter", "type:ev"], 1),
        (["--filter", "sub:hotels ven:herning"], 2),
        (["--ven", "Herning", "--ven", "Aalborg"], 3),
        (["--ven", "Herning", "--filter", "eyde"], 1),
    ],
)
def test_a_selection_is_named_by_ven_and_filter(
    vendash: Vendash, prepared: Path, arguments: list[str], changed: int
) -> None:
    assert vendash("suspend", *arguments, "--json").json["changed"] == changed


def test_an_undo_of_nothing_does_not_claim_the_newest_action(
    vendash: Vendash, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else has decided since about all that would be undone."""
    vendash("approve", "--ven", "Herning")
    monkeypatch.setattr("vendash.commands.opening.current_actor", lambda: "bo")
    vendash("suspend", "--ven", "Herning")
    monkeypatch.undo()
    monkeypatch.setenv("VENDASH_DB", str(prepared))
    said = vendash("undo")
    assert said.out == (
        "Nothing was undone, 2 changed since and stay: vendash audit lists what was done since.\n"
    )


async def test_an_undo_counts_what_was_only_tried_again(vendash: Vendash, prepared: Path) -> None:
    """A resource that the VTN had refused was wanted before, and still is."""
    async with await open_store(prepared) as store:
        await store.use_vtn(VTN)
        herning = (await everything(store, "Herning")).keys
        await store.want_at_vtn(herning, True, actor="anna")
        for item in await store.due_vens(9):
            await store.complete([Accepted(item=item, remote_id=item.name, already=False)])
        due = await store.due_resources(9)
        await store.complete([refused(item, VtnState.FAILED) for item in due])
        keys = (await everything(store)).keys
        await store.want_at_vtn(keys, True, actor=current_actor(), subject="all")
    said = await asyncio.to_thread(vendash, "undo")
    assert said.out == (
        "Undid register all: 2 items as before, 2 were only tried again; undo again redoes.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["approve"], "Nothing is selected"),
        (["approve", "--filter", "colour:red"], "colour"),
        (["approve", "--ven", "Atlantis"], "There is no VEN named 'Atlantis' here"),
        (["suspend", "no-such-id"], "There is no resource with the id 'no-such-id' here"),
        (["register", "--ven", "Atlantis"], "There is no VEN named 'Atlantis' here"),
        (["prepare", "--assets", "a", "--sample"], "Give --assets or --sample, not both"),
        (["prepare", "--assets", "nowhere"], "nowhere"),
        (["stats", "--db-path", "nowhere.db"], "There is no database"),
        (["register", "--vtn-url", "ftp://x"], "has to begin with http:// or https://"),
        (["simulate"], "No resource is approved there"),
        (["undo"], "undo"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_1_or_2(
    vendash: Vendash, prepared: Path, arguments: list[str], sentence: str
) -> None:
    said = vendash(*arguments)
    assert said.code in {1, 2}
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_an_error_with_json_is_a_json_document_too(vendash: Vendash) -> None:
    said = vendash("stats", "--db-path", "nowhere.db", "--json")
    assert said.code == 1
    assert said.json["error"].startswith("There is no database")


def test_with_a_bad_row_nothing_is_imported_unless_bad_rows_may_be_left_out(
    vendash: Vendash, assets: Path
) -> None:
    with (assets / "hotels-in-denmark.csv").open("a") as file:
        file.write('Hotel Syd,"Gade 1, 6200 Aabenraa, Denmark",9.42,ninety\n')
    refused = vendash("prepare", "--assets", assets, "--db-path", "f.db")
    assert refused.code == 1
    assert "hotels-in-denmark.csv line 5, latitude" in refused.err
    assert "Nothing was imported" in refused.err
    assert not (assets.parent / "f.db").exists()
    skipped = vendash("prepare", "--assets", assets, "--db-path", "f.db", "--skip-bad", "--json")
    assert (skipped.code, skipped.json["added"], skipped.json["skipped"]) == (1, 4, 1)


def test_reset_asks_makes_a_backup_and_says_where(vendash: Vendash, prepared: Path) -> None:
    done = vendash("reset", "--yes", "--json")
    assert vendash("stats", "--json").json["total_resources"] == 0
    copy = done.json["backup"]
    assert vendash("stats", "--db-path", copy, "--json").json["total_resources"] == 4


def test_reset_asks_for_the_number_as_the_console_does(vendash: Vendash, prepared: Path) -> None:
    """Where nobody can be asked, it wants --yes; an empty database has nothing to lose."""
    said = vendash("reset")
    assert said.code == 2
    assert "delete all 4 resources" in said.err
    assert "--yes" in said.err
    assert vendash("stats", "--json").json["total_resources"] == 4


def test_a_ven_is_found_in_any_case_and_a_wrong_name_gets_a_suggestion(
    vendash: Vendash, prepared: Path
) -> None:
    assert vendash("approve", "--ven", "herning", "--json").json["changed"] == 2
    assert vendash("approve", "--ven", "nykøbing FALSTER", "--json").json["changed"] == 1
    wrong = vendash("approve", "--ven", "Hernig")
    assert wrong.code == 1
    assert "There is no VEN named 'Hernig' here: did you mean Herning?" in wrong.err
    assert "`vendash stats` lists them" in vendash("approve", "--ven", "Xyz").err


def test_what_is_not_at_the_vtn_is_counted_among_what_was_chosen(
    vendash: Vendash, prepared: Path
) -> None:
    assert "2 of them are not at the VTN yet" in vendash("pending", "--ven", "Herning").out


def test_an_engine_that_waits_for_its_database_says_so(prepared: Path) -> None:
    with closing(sqlite3.connect(prepared, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        run = subprocess.run(
            [sys.executable, "-m", "vendash", "run", "--db-path", str(prepared)],
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
    assert run.stderr.startswith(f"Waiting for {prepared}: another program holds it")
    assert run.returncode == 1


def test_backup_is_a_whole_copy(vendash: Vendash, prepared: Path, tmp_path: Path) -> None:
    assert vendash("backup", tmp_path / "copy.db").code == 0
    assert vendash("check", "--db-path", tmp_path / "copy.db", "--json").json["ok"] is True


def test_more_than_a_hundred_rows_need_yes_where_nobody_can_be_asked(
    vendash: Vendash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    rows = [f'Bar {n},"Gade {n}, 7400 Herning, Denmark",8.97,56.14' for n in range(101)]
    header = "title,address,longitude,latitude"
    (folder / "bars-in-denmark.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    monkeypatch.setenv("VENDASH_DB", str(tmp_path / "f.db"))
    vendash("prepare", "--assets", folder)
    refused = vendash("approve", "--ven", "Herning")
    assert refused.code == 2
    assert "add --yes" in refused.err
    assert vendash("approve", "--ven", "Herning", "--yes", "--json").json["changed"] == 101


def test_status_is_one_line(vendash: Vendash, prepared: Path) -> None:
    said = vendash("status")
    figures = "4 decide 0 unsent 4 approved 0 suspended 0 ≠ 0 waiting 0 ! 0"
    assert said.out == f"{figures} | ENGINE none\n"


async def test_status_has_what_waits_for_the_vtn_and_what_for_a_person(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    async with await filled(path, fleet({"Aalborg": 4})) as store:
        await register(store)
        await store.set_status((await everything(store)).keys[:3], ANY, SUSPENDED, actor="a")
        first, *_ = await store.due_resources(9)
        await store.complete([refused(first, VtnState.CONFLICT)])
    document, line, code = await status(path)
    assert (document["waiting"], document["refused"], code) == (2, 1, 0)
    assert "waiting 2 ! 1 |" in line


def test_the_audit_log_is_verified_and_a_changed_log_is_found(
    vendash: Vendash, prepared: Path
) -> None:
    vendash("approve", "--ven", "Herning")
    assert vendash("audit", "--verify").code == 0
    with sqlite3.connect(prepared) as connection:
        connection.execute("UPDATE vendash_items SET after = 'SUSPENDED' WHERE sequence = 2")
    connection.close()
    said = vendash("audit", "--verify", "--json")
    assert (said.code, said.json["whole"]) == (1, False)


def test_simulate_prints_readings_of_the_approved_ones(vendash: Vendash, prepared: Path) -> None:
    vendash("approve", "--ven", "Herning")
    said = vendash("simulate", "--seconds", "1", "--json")
    assert said.code == 0
    assert (said.json["approved"], said.json["readings"]) == (2, 2)
    assert said.json["kw"]["DSR"] > 0


def test_simulating_is_a_wanted_state_of_the_database(vendash: Vendash, prepared: Path) -> None:
    assert vendash("simulate", "on", "--speed", "60", "--json").json == {"on": True, "speed": 60.0}
    assert vendash("simulate", "off", "--json").json["on"] is False


def test_the_console_says_that_it_needs_a_terminal(vendash: Vendash, prepared: Path) -> None:
    said = vendash()
    assert (said.code, said.out) == (1, "")
    assert "needs a terminal" in said.err


def test_help_imports_the_command_line_only() -> None:
    """`vendash --help` must not wait for a screen, a network or arrays."""
    code = "import sys, vendash.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    slow = {"textual", "rich", "httpx", "numpy", "h5py", "msgspec", "aiosqlite", "asyncio", "ssl"}
    assert slow.isdisjoint(loaded)
