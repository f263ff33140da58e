"""Whatever is wrong with a VTN is one sentence that says what and what to do.

`doctor` finds it without writing anything, here or there.
"""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from tests.fleets import make_database
from tests.vtn.certificates import NOW, behind_tls
from tests.vtn.scripted import Asked as Request
from tests.vtn.scripted import Say, scripted
from tests.vtn.server.client import client_of, made_ven
from vendash.commands.doctor import doctor
from vendash.commands.drift import Asked, drift
from vendash.commands.registration import Wanted, register
from vendash.engine.connecting import VtnChoice
from vendash.errors import VendashError
from vendash.vtn.server import BL_SCOPES, VEN_SCOPES, Dialect, vtn_server

FLEET = {"Aalborg": 2, "Herning": 3}


@dataclass(frozen=True)
class Bad:
    """A VTN with something wrong: where it is, and what a user has set."""

    url: str
    ca_file: str = ""
    client: str = "vendash"
    secret: str = "secret"

    def settings(self, folder: Path) -> Path:
        file = folder / "vendash.toml"
        lines = [f'ca_file = "{self.ca_file}"'] if self.ca_file else []
        file.write_text("\n".join(["[vtn]", f'url = "{self.url}"', "timeout = 5", *lines]))
        return file

    def choice(self, folder: Path, dialect: str | None = None) -> VtnChoice:
        return VtnChoice(config=self.settings(folder), dialect=dialect)


Case = Callable[[Path], AbstractAsyncContextManager[Bad]]


@asynccontextmanager
async def unknown_host(_folder: Path) -> AsyncIterator[Bad]:
    yield Bad("https://no-such-host.invalid/openadr3")


@asynccontextmanager
async def wrong_port(_folder: Path) -> AsyncIterator[Bad]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    yield Bad(f"http://127.0.0.1:{port}")


@asynccontextmanager
async def another_name(folder: Path) -> AsyncIterator[Bad]:
    async with behind_tls(empty, folder, name="other.example.com") as (server, ca_file):
        yield Bad(server.url, ca_file)
        assert server.asked == []


@asynccontextmanager
async def expired(folder: Path) -> AsyncIterator[Bad]:
    ends = NOW - timedelta(days=1)
    async with behind_tls(empty, folder, ends=ends) as (server, ca_file):
        yield Bad(server.url, ca_file)
        assert server.asked == []


@asynccontextmanager
async def login_page(_folder: Path) -> AsyncIterator[Bad]:
    page = Say(200, b"<html>Please log in</html>", {"content-type": "text/html"})
    async with scripted(lambda _: page) as server:
        yield Bad(server.url)


@asynccontextmanager
async def error_with_200(_folder: Path) -> AsyncIterator[Bad]:
    async with scripted(lambda _: Say(200, {"error": "no such route"})) as server:
        yield Bad(server.url)


@asynccontextmanager
async def wrong_path(_folder: Path) -> AsyncIterator[Bad]:
    async with vtn_server() as vtn:
        yield Bad(f"{vtn.url}/openadr/v3")


@asynccontextmanager
async def no_access_token(_folder: Path) -> AsyncIterator[Bad]:
    def handler(asked: Request) -> Say:
        if asked.path == "/auth/token":
            return Say(200, {"token": "hush-hush-hush", "expires_in": 60})
        return Say(404 if asked.path == "/auth/server" else 401)

    async with scripted(handler) as server:
        yield Bad(server.url)


@asynccontextmanager
async def wrong_secret(_folder: Path) -> AsyncIterator[Bad]:
    async with vtn_server() as vtn:
        yield Bad(vtn.url, secret="wr0ng-s3cret")


@asynccontextmanager
async def name_of_another(_folder: Path) -> AsyncIterator[Bad]:
    clients = {"vendash": ("secret", BL_SCOPES), "rival": ("other", VEN_SCOPES)}
    async with (
        vtn_server(clients=clients) as vtn,
        client_of(vtn, "3.1", "vendash", "secret") as bl,
    ):
        await made_ven(bl, "3.1", "Aalborg", clientID="rival")
        yield Bad(vtn.url)


def empty(_asked: Request) -> Say:
    return Say(200, [])


CASES: dict[str, tuple[Case, str, str, str]] = {
    "unknown host": (unknown_host, "address", "no-such-host.invalid", "check the address"),
    "wrong port": (wrong_port, "address", "refuses the connection", "is the address right"),
    "another name": (another_name, "certificate", "is for another name", "correct the address"),
    "expired": (expired, "certificate", "has expired", "have it renewed there"),
    "login page": (login_page, "address", "with a web page", "check its path"),
    "error with 200": (error_with_200, "address", "with 'no such route'", "check its path"),
    "wrong path": (wrong_path, "address", "There is no OpenADR 3 at", "give that"),
    "no access_token": (no_access_token, "token", "not with an access_token", "check the address"),
    "wrong secret": (wrong_secret, "token", "refuses the client id", "check OAUTH_CLIENT_ID"),
    "name of another": (name_of_another, "VEN names", "client", "rename"),
}


def set_credentials(monkeypatch: pytest.MonkeyPatch, bad: Bad) -> None:
    monkeypatch.setenv("OAUTH_CLIENT_ID", bad.client)
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", bad.secret)


def wrong(document: dict[str, Any]) -> list[dict[str, str]]:
    return [one for one in document["checks"] if one["state"] == "wrong"]


def one_sentence(text: str) -> bool:
    return text.endswith((".", "?")) and "\n" not in text and text.isprintable() and len(text) < 300


@pytest.mark.parametrize("case", CASES)
async def test_doctor_says_what_is_wrong_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    make, name, what, todo = CASES[case]
    database = await make_database(tmp_path / "fleet.db", FLEET)
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    async with make(tmp_path) as bad:
        set_credentials(monkeypatch, bad)
        asked = bad.choice(tmp_path)
        document, text, code = await doctor(database, asked)
    (found,) = wrong(document)
    assert (code, document["ok"], found["name"]) == (1, False, name)
    assert what in found["text"]
    assert todo in found["text"]
    assert one_sentence(found["text"])
    assert f"WRONG  {name}" in text
    assert bad.secret not in text or bad.secret == "secret"
    assert "hush" not in text
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before


@pytest.mark.parametrize("case", CASES)
async def test_register_says_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    make, _, what, todo = CASES[case]
    database = await make_database(tmp_path / "fleet.db", FLEET)
    monkeypatch.setattr("vendash.vtn.driver.PATIENCE", 0.1)
    async with make(tmp_path) as bad:
        set_credentials(monkeypatch, bad)
        document, text, code = await register(database, Wanted(bad.choice(tmp_path)))
    assert code == 1
    sentence = document.get("error") or document["failures"][0]["reason"]
    assert what in sentence
    assert todo in sentence
    assert one_sentence(sentence)
    assert sentence in text
    assert "hush" not in text


@pytest.mark.parametrize("case", [case for case in CASES if case != "name of another"])
async def test_drift_says_it_too_and_concludes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    make, _, what, todo = CASES[case]
    database = await make_database(tmp_path / "fleet.db", FLEET)
    async with make(tmp_path) as bad:
        set_credentials(monkeypatch, bad)
        with pytest.raises(VendashError) as error:
            await drift(database, Asked(vtn=bad.choice(tmp_path)))
        sentence = str(error.value)
        assert error.value.exit_code == 1
        assert what in sentence
        assert todo in sentence
        assert one_sentence(sentence)
        with pytest.raises(VendashError, match="Nothing was compared yet"):
            await drift(database, Asked(vtn=bad.choice(tmp_path), cached=True))


async def test_drift_counts_a_ven_whose_name_another_client_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comparing works; what is refused is not called equal."""
    database = await make_database(tmp_path / "fleet.db", FLEET)
    async with name_of_another(tmp_path) as bad:
        set_credentials(monkeypatch, bad)
        await register(database, Wanted(bad.choice(tmp_path)))
        document, text, _ = await drift(database, Asked(vtn=bad.choice(tmp_path)))
    assert document["refused"] == 1
    assert "1 item refused by the VTN: vendash doctor says why" in text
    assert "everything as it is here" not in text


@pytest.mark.parametrize("base", ["/wrong", "/openadr3/3.0.1"])
async def test_of_a_wrong_path_every_command_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    database = await make_database(tmp_path / "fleet.db", FLEET)
    async with vtn_server() as vtn:
        bad = Bad(f"{vtn.url}{base}")
        set_credentials(monkeypatch, bad)
        choice = bad.choice(tmp_path)
        (found,) = wrong((await doctor(database, choice))[0])
        assert found["text"].startswith(f"There is no OpenADR 3 at {bad.url},")
        assert (await register(database, Wanted(choice)))[0]["error"] == found["text"]
        with pytest.raises(VendashError) as error:
            await drift(database, Asked(vtn=choice))
        assert str(error.value) == found["text"]


async def test_where_the_vtn_is_is_found_for_a_wrong_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only by reading, and only on the same host."""
    async with wrong_path(tmp_path) as bad:
        set_credentials(monkeypatch, bad)
        document, _, _ = await doctor(None, bad.choice(tmp_path))
    (address,) = [one for one in wrong(document) if one["name"] == "address"]
    right = bad.url.removesuffix("/openadr/v3")
    assert address["text"].endswith(f"but there is at {right}: give that address.")


@pytest.mark.parametrize("off", [7200, -7200])
async def test_a_clock_that_is_two_hours_off_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    off: int,
) -> None:
    """Registering and comparing go on all the same, and say it too."""

    def handler(asked: Request) -> Say:
        date = {"date": formatdate(time.time() + off, usegmt=True)}
        if asked.path == "/auth/server":
            return Say(200, {"tokenURL": f"{server.url}/auth/token"}, date)
        if asked.path == "/auth/token":
            return Say(200, {"access_token": "t"}, date)
        if asked.method == "POST":
            return Say(201, {**json.loads(asked.body), "id": "x1"}, date)
        return Say(200, [], date)

    database = await make_database(tmp_path / "fleet.db", FLEET)
    async with scripted(handler) as server:
        bad = Bad(server.url)
        set_credentials(monkeypatch, bad)
        document, _, code = await doctor(database, bad.choice(tmp_path))
        (found,) = wrong(document)
        await register(database, Wanted(bad.choice(tmp_path), limit=1))
        assert found["text"] in capsys.readouterr().err
        await drift(database, Asked(vtn=bad.choice(tmp_path)))
        assert found["text"] in capsys.readouterr().err
    assert (code, found["name"]) == (1, "clock")
    side = "behind" if off > 0 else "ahead of"
    assert f"2 h 0 min {side} the VTN's: set it" in found["text"]


async def test_all_is_well_with_a_good_vtn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a 3.1 VTN every finding is made; nothing was written there."""
    database = await make_database(tmp_path / "fleet.db", FLEET)
    async with vtn_server() as vtn:
        good = Bad(vtn.url)
        set_credentials(monkeypatch, good)
        document, text, code = await doctor(database, good.choice(tmp_path))
        assert not [name for name in vtn.counters.requests if not name.startswith("GET")
                    and "/auth/token" not in name]  # fmt: skip
    assert (code, document["ok"]) == (0, True)
    assert text.endswith("All is well.")
    names = [one["name"] for one in document["checks"]]
    assert names == [
        "database", "engine", "client", "address", "certificate", "dialect", "token", "clock",
        "reading", "writing", "VEN names", "items", "drift", "secrets",
    ]  # fmt: skip
    assert [one["name"] for one in document["checks"] if one["state"] == "unknown"] == ["drift"]


@pytest.mark.parametrize(
    ("dialect", "scopes", "name", "words"),
    [
        ("3.1", VEN_SCOPES, "token", "one of a single VEN"),
        ("3.1", BL_SCOPES - {"write_vens"}, "writing", "lacks the scope write_vens"),
        ("3.0.1", BL_SCOPES - {"write_vens"}, "writing", "lacks the scope write_vens"),
        ("3.1", frozenset({"write_vens", "write_events"}), "reading", "lacks the scope read_all"),
    ],
    ids=["a VEN's", "3.1 no write", "3.0.1 no write", "3.1 no read"],
)
async def test_a_right_that_is_missing_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dialect: Dialect,
    scopes: frozenset[str],
    name: str,
    words: str,
) -> None:
    """Judged from the scopes: nothing is written to find it out."""
    async with vtn_server(dialect=dialect, clients={"vendash": ("secret", scopes)}) as vtn:
        bad = Bad(vtn.url)
        set_credentials(monkeypatch, bad)
        database = await make_database(tmp_path / "fleet.db", FLEET)
        document, _, code = await doctor(database, bad.choice(tmp_path))
    found = {one["name"]: one["text"] for one in wrong(document)}
    assert code == 1
    assert words in found[name]


async def test_another_dialect_than_the_one_set_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await make_database(tmp_path / "fleet.db", FLEET)
    async with vtn_server(dialect="3.0.1") as vtn:
        bad = Bad(vtn.url)
        set_credentials(monkeypatch, bad)
        asked = bad.choice(tmp_path, dialect="3.1")
        document, _, _ = await doctor(database, asked)
    (found,) = wrong(document)
    assert found["name"] == "dialect"
    assert "The VTN speaks 3.0.1, and 3.1 is set" in found["text"]


async def test_a_file_with_secrets_that_others_can_read_is_named(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text('[vtn]\nclient_id = "me"\nclient_secret = "hush-hush"\n')
    secrets.chmod(0o644)
    async with vtn_server(auth=False) as vtn:
        config = Bad(vtn.url).settings(tmp_path)
        document, text, code = await doctor(tmp_path / "none.db", VtnChoice(config=config))
    found = {one["name"]: one["text"] for one in wrong(document)}
    assert code == 1
    assert f"chmod 600 {secrets}" in found["secrets"]
    assert "hush" not in text
