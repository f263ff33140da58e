"""`vendash secret set ven`: taken from stdin or the terminal, kept for its owner, never shown."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import Vendash
from vendash.vtn.auth import Credentials
from vendash.vtn.vensecrets import VenSecretFile

SECRET = "hunter2-is-the-secret"
URL = "http://localhost:8000"


@pytest.fixture
def kept(home: Path) -> VenSecretFile:
    return VenSecretFile(home / "state" / "vendash" / "ven-secrets.json", URL)


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_token_comes_from_stdin_and_is_kept_for_the_ven_of_this_vtn(
    vendash: Vendash, prepared: Path, kept: VenSecretFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, f"{SECRET}\n")
    said = vendash("secret", "set", "ven", "herning", "--json")
    assert said.code == 0
    assert (said.json["ven"], said.json["vtn"]) == ("Herning", URL)
    assert SECRET not in said.out + said.err
    assert kept.token("Herning") == SECRET


def test_credentials_of_a_ven_for_its_reports_are_kept_beside_its_token(
    vendash: Vendash, prepared: Path, kept: VenSecretFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, "given-once\n")
    vendash("secret", "set", "ven", "Herning")
    give(monkeypatch, SECRET)
    said = vendash("secret", "set", "ven", "Herning", "--client-id", "ven-herning")
    assert said.code == 0
    assert "client secret of Herning" in said.out
    assert SECRET not in said.out + said.err
    assert kept.credentials("Herning") == Credentials("ven-herning", SECRET)
    assert kept.token("Herning") == "given-once"


@pytest.mark.parametrize("text", ["", "\n", "two words\n", "æøå\n", "a\x1b[2J\n"])
def test_what_is_no_secret_is_refused_and_not_repeated(
    vendash: Vendash, prepared: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    give(monkeypatch, text)
    said = vendash("secret", "set", "ven", "Herning", "--json")
    assert said.code == 1
    assert "no secret of a VTN" in json.loads(said.out)["error"]


def test_an_unknown_ven_is_said_before_anything_is_kept(
    vendash: Vendash, prepared: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, SECRET)
    said = vendash("secret", "set", "ven", "Nowhere")
    assert said.code == 1
    assert "no VEN named 'Nowhere'" in said.err
    assert not (home / "state" / "vendash" / "ven-secrets.json").exists()


def test_settings_of_the_command_line_are_checked_before_anything_is_done(
    vendash: Vendash, prepared: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "mine.toml"
    bad.write_text(f'[vtn]\nclient_secret = "{SECRET}"\n')
    for command in (["register"], ["run"]):
        said = vendash(*command, "--config", bad)
        assert said.code == 2
        assert f"{bad}: [vtn] client_secret does not belong here" in said.err
        assert SECRET not in said.out + said.err
