"""Secrets of VENs are kept in a file that nobody else can read, and are shown nowhere."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vendash.errors import VendashError
from vendash.vtn.auth import Credentials
from vendash.vtn.vensecrets import NoVenSecrets, VenSecret, VenSecretFile, VenSecrets

URL = "https://vtn.example.com"
SECRET = "hunter2-is-the-secret"


@pytest.fixture(params=["file", "memory"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> VenSecrets:
    return VenSecretFile(tmp_path / "s.json", URL) if request.param == "file" else NoVenSecrets()


def test_what_is_kept_comes_back(keeper: VenSecrets) -> None:
    assert (keeper.token("Køge"), keeper.credentials("Køge")) == (None, None)
    keeper.keep_token("Køge", SECRET)
    keeper.keep_credentials("Køge", Credentials("koege", "other"))
    assert keeper.token("Køge") == SECRET
    assert keeper.credentials("Køge") == Credentials("koege", "other")
    assert keeper.token("Ribe") is None


def test_it_is_there_for_the_next_process_and_apart_for_every_vtn(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "s.json"
    VenSecretFile(path, URL).keep_token("Køge", SECRET)
    assert VenSecretFile(path, URL).token("Køge") == SECRET
    assert VenSecretFile(path, "https://other.example.com").token("Køge") is None
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "s.json"
    VenSecretFile(path, URL).keep_token("Køge", SECRET)
    path.chmod(mode)
    with pytest.raises(VendashError, match="chmod 600"):
        VenSecretFile(path, URL).token("Køge")


@pytest.mark.parametrize(
    "content", [b"hunter2-is-the-secret", b"[]", b'{"a": {"b": 7}}', b"[" * 100_000, b"\xff"]
)
def test_a_file_that_cannot_be_understood_is_said_without_its_content(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "s.json"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(VendashError, match="move the file away") as error:
        VenSecretFile(path, URL).keep_token("Køge", "t")
    assert SECRET not in str(error.value)
    assert path.read_bytes() == content


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(VendashError):
        VenSecretFile(tmp_path, URL).token("Køge")


@pytest.mark.parametrize("shared", [True, False], ids=["one keeper", "a keeper each"])
def test_many_writers_lose_nothing(tmp_path: Path, shared: bool) -> None:
    path = tmp_path / "s.json"
    one = VenSecretFile(path, URL)

    def keep(number: int) -> None:
        keeper = one if shared else VenSecretFile(path, URL)
        keeper.keep_token(f"Town{number}", f"token{number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(keep, range(32)))
    kept = VenSecretFile(path, URL)
    assert [kept.token(f"Town{n}") for n in range(32)] == [f"token{n}" for n in range(32)]


def test_no_secret_is_in_a_repr(tmp_path: Path) -> None:
    memory = NoVenSecrets()
    memory.keep_token("Køge", SECRET)
    assert SECRET not in repr(memory) + repr(VenSecret(auth_token=SECRET))
