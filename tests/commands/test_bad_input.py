"""The user who gets everything wrong: each time one sentence, and nothing is lost."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.commands.conftest import Said, Vendash
from vendash import cli
from vendash.config import state_folder
from vendash.demo import demo_folder, why_still
from vendash.errors import VendashError
from vendash.processes import require_terminal
from vendash.telemetry.status import EngineStatus, Health, ServiceStatus

HEADER = "title,address,longitude,latitude"
GOOD = 'Bar,"Gade 1, 7400 Herning, Denmark",8.97,56.14'
EVIL = "\x1b[31mred\x1b]0;title\x07\u202e\nFAKE LINE"


def row(title: str = "Bar", longitude: str = "8.97", latitude: str = "56.14") -> str:
    return f'{title},"Gade 1, 7400 Herning, Denmark",{longitude},{latitude}'


def is_one_sentence(said: Said) -> bool:
    """Of all that is on stderr, the last line; nothing in it can steer a terminal."""
    lines = said.err.splitlines()
    return (
        said.out == ""
        and "Traceback" not in said.err
        and lines[-1].startswith("vendash: ")
        and all(line.isprintable() for line in lines)
    )


def assert_refused(said: Said, sentence: str, verb: list[str]) -> None:
    assert said.code == 1, verb
    assert is_one_sentence(said), verb
    assert sentence in said.err, verb


def content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- CSV -----------------------------------------------------------------------------------------

BAD_CSV: dict[str, tuple[bytes, str]] = {
    "a missing column": (b"title,address,longitude\nBar,Gade 1,8.97\n", "latitude"),
    "an empty file": (b"", "bars-in-denmark.csv"),
    "a wrong number": (f"{HEADER}\n{row(latitude='ninety')}\n".encode(), "line 2, latitude"),
    "not a number": (f"{HEADER}\n{row(latitude='nan')}\n".encode(), "line 2, latitude"),
    "outside the world": (f"{HEADER}\n{row(longitude='181')}\n".encode(), "line 2, longitude"),
    "Latin-1": (f"{HEADER}\n{row('Café Ærø')}\n".encode("latin-1"), "line 2"),
    "a field of 1 MB": (f"{HEADER}\n{row('x' * 1_000_000)}\n".encode(), "line 2, title"),
    "a NUL": (f"{HEADER}\n{row(chr(0))}\n".encode(), "line 2"),
    "a formula": (f"{HEADER}\n{row('=cmd()')}\n".encode(), "line 2, title"),
    "an escape sequence": (f"{HEADER}\n{row(chr(27) + '[31mBar')}\n".encode(), "line 2, title"),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_a_bad_csv_file_is_named_by_file_line_and_column_and_nothing_is_imported(
    vendash: Vendash, prepared: Path, tmp_path: Path, case: str
) -> None:
    data, where = BAD_CSV[case]
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "bars-in-denmark.csv").write_bytes(data)
    (tmp_path / "bad" / "cafes-in-denmark.csv").write_text(f"{HEADER}\n{GOOD}\n")
    before = content(prepared)
    said = vendash("prepare", "--assets", tmp_path / "bad")
    assert (said.code, content(prepared)) == (1, before)
    assert is_one_sentence(said)
    assert where in said.err
    assert "Nothing was imported" in said.err


GOOD_CSV = {
    "a BOM": (f"\ufeff{HEADER}\n{GOOD}\n", 1, ""),
    "a duplicate row": (f"{HEADER}\n{GOOD}\n{GOOD}\n", 1, "line 3: is the same as"),
}


@pytest.mark.parametrize("case", GOOD_CSV)
def test_what_only_looks_bad_is_imported_once(
    vendash: Vendash, prepared: Path, tmp_path: Path, case: str
) -> None:
    text, added, remark = GOOD_CSV[case]
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "bars-in-denmark.csv").write_text(text, encoding="utf-8")
    said = vendash("prepare", "--assets", tmp_path / "odd", "--json")
    assert (said.code, said.json["added"]) == (0, added)
    assert remark in said.err


# --- HDF5 ----------------------------------------------------------------------------------------


def meters(file: Path, *watts: np.ndarray) -> None:
    """Meters in the original's layout, a value an hour."""
    with h5py.File(file, "w") as h5:
        for number, values in enumerate(watts):
            times = 1_700_000_000 + 3600.0 * np.arange(len(values))
            load = h5.create_group(f"meters/meter_{number}/load_0")
            load["power"] = np.column_stack([times, values])


def truncated(file: Path) -> None:
    meters(file, np.ones(5000))
    os.truncate(file, file.stat().st_size // 2)


def without_meters(file: Path) -> None:
    with h5py.File(file, "w") as h5:
        h5["weather"] = "fine"


BAD_H5: dict[str, tuple[Callable[[Path], object], str]] = {
    "not an HDF5 file": (lambda file: file.write_text("meters"), "is not an HDF5 file"),
    "a truncated one": (truncated, "is damaged or truncated"),
    "no /meters": (without_meters, "has no /meters"),
    "NaN": (lambda file: meters(file, np.array([1.0, np.nan])), "is not a number"),
    "unequal lengths": (lambda file: meters(file, np.ones(3), np.ones(4)), "all must have"),
    "a folder": (lambda file: file.mkdir(), "load_data.h5"),
}


@pytest.fixture
def meter_file(prepared: Path) -> Path:
    """Where a user's own meter data lie: beside the database."""
    path = prepared.parent / "examplemeterdata" / "load_data.h5"
    path.parent.mkdir()
    return path


@pytest.mark.parametrize("case", BAD_H5)
def test_bad_meter_data_beside_the_database_are_refused_by_name(
    vendash: Vendash, prepared: Path, meter_file: Path, case: str
) -> None:
    make, sentence = BAD_H5[case]
    make(meter_file)
    vendash("approve", "--ven", "Herning")
    before = content(prepared)
    said = vendash("simulate", "--seconds", "1")
    assert (said.code, content(prepared)) == (1, before)
    assert is_one_sentence(said)
    assert sentence in said.err
    assert str(meter_file) in said.err


def test_good_meter_data_beside_the_database_are_used(
    vendash: Vendash, prepared: Path, meter_file: Path, tmp_path: Path
) -> None:
    """Meters that always read their maximum make more of a fleet than those that hardly ever do.

    At any time one of two hours of the week is not now; half of a fleet replays meters.
    """
    hotels = [f'Hotel {number},"Torvet {number}, 7400 Herning",8.97,56.14' for number in range(40)]
    csv = tmp_path / "more" / "hotels-in-denmark.csv"
    csv.parent.mkdir()
    csv.write_text("\n".join(["title,address,longitude,latitude", *hotels]))
    vendash("prepare", "--assets", csv.parent)
    vendash("approve", "--filter", "type:dsr", "--yes")

    def load(watts: np.ndarray) -> float:
        meters(meter_file, watts)
        kw: dict[str, float] = vendash("simulate", "--seconds", "1", "--json").json["kw"]
        return kw["DSR"]

    always, seldom, otherwise = np.full(24 * 7, 900.0), np.full(24 * 7, 9.0), np.full(24 * 7, 9.0)
    seldom[0] = otherwise[84] = 900.0
    assert load(always) > 1.3 * min(load(seldom), load(otherwise))


# --- the database --------------------------------------------------------------------------------

VERBS = (
    ["stats"],
    ["status"],
    ["audit"],
    ["check"],
    ["prepare", "--assets", "assets"],
    ["approve", "--ven", "Herning"],
    ["undo"],
    ["backup"],
    ["reset", "--yes"],
    ["register", "--no-auth"],
    ["simulate", "--seconds", "1"],
    ["simulate", "on"],
    ["run"],
)


def noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(1).bytes(20_000))


def corrupt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = np.random.default_rng(1).bytes(len(data) - 4096)
    path.write_bytes(data)


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


BAD_DATABASE: dict[str, tuple[Callable[[Path], object], str]] = {
    "not SQLite": (noise, "is not a SQLite database"),
    "corrupt": (corrupt, "is damaged"),
    "truncated": (lambda path: os.truncate(path, 40_000), "is damaged"),
    "newer version": (newer, "made by a newer vendash"),
    "a path that does not exist": (lambda path: path.unlink(), "There is no database"),
    "a folder": (folder, "is a folder"),
}


@pytest.mark.parametrize("case", BAD_DATABASE)
def test_a_database_that_cannot_be_used_is_explained_by_every_command_and_left_as_it_was(
    vendash: Vendash, prepared: Path, case: str
) -> None:
    make, sentence = BAD_DATABASE[case]
    make(prepared)
    before = content(prepared) if prepared.is_file() else ""
    for verb in VERBS:
        if prepared.exists() or verb[0] != "prepare":  # which makes one where there is none
            assert_refused(vendash(*verb), sentence, verb)
    assert (content(prepared) if prepared.is_file() else "") == before
    litter = {path.name for path in prepared.parent.iterdir()} - {"assets", "fleet.db"}
    assert not {name for name in litter if not name.endswith(("-wal", "-shm"))}


@pytest.fixture
def locked(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A database that another program holds for itself, in the journal mode of the original."""
    monkeypatch.setattr("vendash.store.database.BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(prepared, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        yield prepared


def test_a_database_locked_by_another_program_is_said(vendash: Vendash, locked: Path) -> None:
    for verb in VERBS:
        sentence = "is locked by another program: close that program, or try again"
        assert_refused(vendash(*verb), sentence, verb)


@contextmanager
def mounted(point: Path) -> Iterator[Path]:
    """A disk of 600 KB."""
    point.mkdir()
    made = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(point)]
    try:
        result = subprocess.run(made, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if result.returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield point
    finally:
        subprocess.run(["umount", str(point)], check=True)


@pytest.fixture
def small_disk(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small disk with the database on it, which every command then takes."""
    with mounted(prepared.parent / "disk") as disk:
        path = disk / "fleet.db"
        path.write_bytes(prepared.read_bytes())
        monkeypatch.setenv("VENDASH_DB", str(path))
        yield path


def test_a_full_disk_is_said_nothing_is_lost_and_with_room_it_goes_on(
    vendash: Vendash, small_disk: Path
) -> None:
    before = content(small_disk)
    filling = small_disk.with_name("filling")
    with pytest.raises(OSError, match="No space left"):
        filling.write_bytes(bytes(1_000_000))
    for verb in (["approve", "--ven", "Herning"], ["backup"], ["reset", "--yes"], ["stats"]):
        assert_refused(vendash(*verb), "the disk is full", verb)
    assert content(small_disk) == before
    filling.unlink()
    assert vendash("approve", "--ven", "Herning", "--json").json["changed"] == 2


def test_a_backup_that_does_not_fit_leaves_nothing_behind(
    vendash: Vendash, prepared: Path, tmp_path: Path
) -> None:
    with mounted(tmp_path / "stick") as stick:
        (stick / "filling").write_bytes(bytes(550_000))
        said = vendash("backup", stick)
        assert (said.code, is_one_sentence(said)) == (1, True)
        assert [path.name for path in stick.iterdir()] == ["filling"]


def test_a_disk_that_cannot_be_written_is_said(vendash: Vendash, small_disk: Path) -> None:
    before = content(small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk.parent)], check=True)
    for verb in VERBS:
        assert_refused(vendash(*verb), "permissions", verb)
    assert content(small_disk) == before


def test_a_file_that_another_user_owns_is_said(prepared: Path) -> None:
    """Even root asks for permission once it has given up its right to do without."""
    for mode, verb in ((0o444, "run"), (0o000, "stats")):
        prepared.chmod(mode)
        said = as_anyone(verb)
        assert (said.returncode, said.stdout) == (1, "")
        assert "permissions" in said.stderr
        assert "Traceback" not in said.stderr


def as_anyone(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The program, run without the rights of root."""
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    command = [sys.executable, "-m", "vendash", *arguments]
    if os.getuid() == 0:
        command = [*drop, *command]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except FileNotFoundError:
        pytest.skip("root cannot give up its rights here: setpriv is missing")


@pytest.mark.parametrize("case", ["not SQLite", "a folder"])
def test_a_demo_that_cannot_go_on_says_how_to_start_over(vendash: Vendash, case: str) -> None:
    kept = demo_folder() / "resources.db"
    kept.parent.mkdir()
    kept.touch()
    BAD_DATABASE[case][0](kept)
    said = vendash("demo", "--headless")
    assert (said.code, is_one_sentence(said)) == (1, True)
    assert "vendash demo --fresh starts over" in said.err


@pytest.mark.parametrize("health", ["trouble", "ok", None])
def test_why_a_demo_stands_still_is_never_an_empty_sentence(health: Health | None) -> None:
    """Whatever the engine says, also where it says nothing."""
    service = ServiceStatus(health=health or "off")
    status = EngineStatus(
        pid=1, started=0.0, beat=time.monotonic(), vtn=service, simulation=service
    )
    assert why_still(None if health is None else status).startswith("The engine ")


# --- options and the environment -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["simulate", "--speed", "nan"], 1, "The speed has to be a number above 0"),
        (["simulate", "--speed", "inf"], 1, "The speed has to be a number above 0"),
        (["simulate", "on", "--speed", "nan"], 1, "The speed has to be a number above 0"),
        (["simulate", "on", "--speed", "-1"], 1, "The speed has to be a number above 0"),
        (["simulate", "on", "--speed", "0"], 1, "The speed has to be a number above 0"),
        (["simulate", "--speed", "fast"], 2, "'fast' is not a valid float"),
        (["simulate", "--seconds", "0"], 2, "--seconds"),
        (["simulate", "--ven", "Atlantis"], 1, "no VEN named 'Atlantis'"),
        (["simulate", "maybe"], 2, "'on', 'off'"),
        (["vtn", "--port", "70000"], 2, "--port"),
        (["vtn", "--state", "/dev/null/x"], 1, "state file"),
        (["register", "--limit", "0"], 2, "--limit"),
        (["register", "--dialect", "2.0b"], 2, "'3.1', '3.0.1'"),
        (["register", "--vtn-url", "http://localhost:99999"], 1, "not the address of a VTN"),
        (["audit", "--limit", "0"], 2, "--limit"),
        (["stats", "--db-path", ""], 1, "is a folder"),
        (["stats", "--db-path", "x" * 300], 1, "File name too long"),
        (["stats", "surplus"], 2, "unexpected extra argument"),
        (["stats", "--no-such"], 2, "No such option"),
        (["no-such"], 2, "No such command"),
        (["approve", "--ven", EVIL], 1, "no VEN named"),
        (["approve", "--ven", "Atlantis", "--filter", "type:ev"], 1, "no VEN named 'Atlantis'"),
        (["approve", "--filter", f"type:{EVIL.splitlines()[0]}"], 1, "type:"),
        (["approve", EVIL], 1, "no resource with the id"),
        (["register", "--ven", EVIL], 1, "no VEN named"),
        (["register", "--dialect", EVIL], 2, "--dialect"),
        (["prepare", "--assets", EVIL], 1, "There is no folder"),
        (["backup", f"/dev/null/{EVIL}"], 1, "Cannot write the backup"),
        (["stats", "--db-path", EVIL], 1, "There is no database"),
        (["stats", EVIL], 2, "unexpected extra argument"),
        ([EVIL], 2, "No such command"),
        (["--db-path", "other.db", "stats"], 2, "--db-path comes after the command"),
        (["--read-only", "approve", "--ven", "Herning"], 2, "--read-only is for the console"),
        (["demo", "--headless", "--seconds", "0"], 2, "--seconds"),
        (["demo"], 1, "needs a terminal"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_changes_nothing(
    vendash: Vendash, prepared: Path, arguments: list[str], code: int, sentence: str
) -> None:
    vendash("approve", "--ven", "Herning")
    before = content(prepared)
    said = vendash(*arguments)
    assert (said.code, content(prepared)) == (code, before)
    assert is_one_sentence(said)
    assert sentence in said.err


@pytest.mark.parametrize(
    ("name", "value", "arguments", "sentence"),
    [
        ("VENDASH_DB", "/dev", ["stats"], "/dev is a folder"),
        ("VENDASH_DB", EVIL, ["stats"], "There is no database"),
        ("OAUTH_CLIENT_ID", "me", ["register"], "OAUTH_CLIENT_SECRET is not set"),
        ("OAUTH_CLIENT_ID", "me", ["run"], "OAUTH_CLIENT_SECRET is not set"),
        ("OAUTH_CLIENT_SECRET", "s3cret", ["vtn", "--port", "0"], "Set both OAUTH_CLIENT_ID"),
        ("VTN_SERVER_ADDRESS", "nonsense", ["register"], "VTN_SERVER_ADDRESS: 'nonsense/'"),
        ("VTN_SERVER_ADDRESS", "http://a:b@c", ["register"], "leave user and password out"),
        ("XDG_STATE_HOME", "/dev/null/x", ["run"], "set XDG_STATE_HOME"),
        ("XDG_STATE_HOME", "/dev/null/x", ["demo", "--headless"], "set XDG_STATE_HOME"),
    ],
)
def test_a_wrong_environment_is_one_sentence(
    vendash: Vendash,
    prepared: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.setenv(name, value)
    said = vendash(*arguments)
    assert said.code == 1
    assert is_one_sentence(said)
    assert sentence in said.err


@pytest.mark.parametrize("value", ["", "relative", "/nonexistent/x", "/dev/null"])
def test_a_nonsense_runtime_folder_is_passed_over(
    vendash: Vendash, prepared: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", value)
    assert vendash("status").code == 0


@pytest.mark.parametrize("arguments", [["approve"], ["register", "--limit", "0"], ["no-such"]])
def test_with_json_wrong_use_is_one_json_document(
    vendash: Vendash, prepared: Path, arguments: list[str]
) -> None:
    said = vendash(*arguments, "--json")
    assert said.code == 2
    assert list(said.json) == ["error"]


@pytest.mark.parametrize("terminal", ["", "dumb", "unknown"])
def test_a_terminal_that_cannot_draw_is_told_how_to_say_that_it_can(
    monkeypatch: pytest.MonkeyPatch, terminal: str
) -> None:
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setenv("TERM", terminal)
    with pytest.raises(VendashError, match="set TERM to what it is"):
        require_terminal()


@pytest.mark.parametrize("missing", ["stdin", "stdout", "stderr"])
def test_the_console_needs_a_terminal_at_all_three(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True)
    require_terminal()
    monkeypatch.setattr(getattr(sys, missing), "isatty", lambda: False)
    with pytest.raises(VendashError, match="needs a terminal"):
        require_terminal()


# --- hostile text --------------------------------------------------------------------------------


def test_nothing_in_the_database_reaches_the_terminal_raw(vendash: Vendash, prepared: Path) -> None:
    """Another program can write the file: names, VENs, actors, reasons and subjects."""
    vendash("approve", "--ven", "Herning")
    with closing(sqlite3.connect(prepared)) as connection, connection:
        for column in ("resource_name", "resource_sub_type", "ven", "address"):
            connection.execute(f"UPDATE resources SET {column} = ?", (EVIL,))
        for column in ("actor", "verb", "reason", "subject"):
            connection.execute(f"UPDATE vendash_actions SET {column} = ?", (EVIL,))
    for verb in (
        ["stats"],
        ["status"],
        ["audit"],
        ["audit", "--verify"],
        ["check"],
        ["register", "--no-auth", "--vtn-url", "http://127.0.0.1:1"],
        ["simulate", "--seconds", "1"],
        ["suspend", "--filter", "p>0"],
    ):
        said = vendash(*verb)
        for text in (said.out, said.err):
            assert all(line.isprintable() for line in text.split("\n")), verb
            assert not any(line.startswith("FAKE") for line in text.split("\n")), verb


def test_a_reason_is_kept_as_it_is_and_shown_harmless(vendash: Vendash, prepared: Path) -> None:
    vendash("approve", "--ven", "Herning", "--reason", EVIL)
    assert "\\x1b[31mred" in vendash("audit").out
    assert vendash("audit", "--json").json["actions"][0]["reason"] == EVIL


@pytest.mark.parametrize(
    "value",
    ["", "nonsense", '"x"', "1e999", '{"on":true,"speed":NaN}', '{"on":true,"speed":-1}'],
)
def test_a_wanted_simulation_that_makes_no_sense_is_taken_for_off(
    vendash: Vendash, prepared: Path, value: str
) -> None:
    with closing(sqlite3.connect(prepared)) as connection, connection:
        connection.execute(
            "INSERT OR REPLACE INTO vendash_settings VALUES ('simulation', ?)", (value,)
        )
    assert vendash("simulate", "off", "--json").json == {"on": False, "speed": 1.0}
    assert vendash("simulate", "on", "--json").json == {"on": True, "speed": 1.0}


# --- ends ----------------------------------------------------------------------------------------


def started(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "vendash", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_reader_who_has_seen_enough_gets_no_traceback(vendash: Vendash, prepared: Path) -> None:
    process = started("audit", "--db-path", prepared)
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=30)
    assert err == ""


def test_an_answer_that_cannot_be_written_is_an_error(vendash: Vendash, prepared: Path) -> None:
    with Path("/dev/full").open("w") as full:
        said = subprocess.run(
            [sys.executable, "-m", "vendash", "stats", "--db-path", str(prepared)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=30,
        )
    assert said.returncode == 1
    assert said.stderr == "vendash: The answer cannot be written (No space left on device).\n"


def test_a_defect_of_ours_is_one_sentence_and_its_traceback_is_in_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the details")

    monkeypatch.setattr(cli.stats, "callback", broken)
    monkeypatch.setattr(sys, "argv", ["vendash", "stats", "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    file = state_folder() / "defects.log"
    sentence = f"vendash has failed (ZeroDivisionError): please report it with {file}."
    assert ended.value.code == 1
    assert (json.loads(said.out), said.err) == ({"error": sentence}, f"vendash: {sentence}\n")
    assert "in broken" in file.read_text()
    assert "the details" in file.read_text()
    file.unlink()  # or the test would be taken to have failed


def test_ctrl_c_ends_a_registration_that_waits_and_keeps_what_was_wanted(
    vendash: Vendash, prepared: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = started("register", "--db-path", prepared, "--no-auth", "--vtn-url", url)
        with silent.accept()[0]:  # it has begun to ask
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert [line for line in err.splitlines() if line] == [
        f"Registering 3 VENs at {url} ...",
        "0 of 7 VENs and resources are at the VTN. The others wait here: vendash register, or"
        " vendash run, goes on with them.",
        "vendash: Interrupted.",
    ]
    assert vendash("check", "--json").json["ok"] is True
    assert vendash("audit", "--json").json["actions"][0]["verb"] == "register"


def test_ctrl_c_in_an_import_keeps_all_of_it_or_nothing(vendash: Vendash, tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    process = started("prepare", "--sample", "--db-path", path)
    while not path.exists() and process.poll() is None:
        os.sched_yield()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.strip()) == (130, "", "vendash: Interrupted.")
    said = vendash("stats", "--db-path", path, "--json")
    assert said.json.get("total_resources", 0) in {0, 10_562}
