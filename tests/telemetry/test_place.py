"""Live readings lie in a folder of their owner's, or nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vendash.errors import VendashError
from vendash.telemetry.place import live_folder
from vendash.telemetry.status import read_status


@pytest.fixture
def ours(home: Path) -> Path:
    """The folder of this user, not made yet."""
    return home / "run" / f"vendash-{os.getuid()}"


def test_it_is_its_owners_alone_and_the_same_every_time(ours: Path, tmp_path: Path) -> None:
    folder = live_folder(tmp_path / "fleet.db")
    assert folder.parent == ours
    assert [part.stat().st_mode & 0o777 for part in (folder, ours)] == [0o700, 0o700]
    assert live_folder(tmp_path / "fleet.db") == folder
    assert live_folder(tmp_path / "other.db") != folder


def test_a_folder_that_others_could_enter_is_closed_to_them(ours: Path, tmp_path: Path) -> None:
    ours.mkdir(mode=0o777)
    ours.chmod(0o777)
    live_folder(tmp_path / "fleet.db")
    assert ours.stat().st_mode & 0o777 == 0o700


def test_a_link_in_its_place_is_refused(ours: Path, tmp_path: Path) -> None:
    """In `/dev/shm` anyone can lay one, to a folder where he would read or write along."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ours.symlink_to(elsewhere)
    with pytest.raises(VendashError, match="does not belong to you"):
        live_folder(tmp_path / "fleet.db")
    assert not list(elsewhere.iterdir())


def test_a_folder_of_someone_else_is_refused(ours: Path, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    ours.mkdir()
    os.chown(ours, 65534, 65534)
    with pytest.raises(VendashError, match="does not belong to you"):
        live_folder(tmp_path / "fleet.db")


def test_a_file_in_its_place_is_said(ours: Path, tmp_path: Path) -> None:
    ours.touch()
    with pytest.raises(VendashError, match="set XDG_RUNTIME_DIR"):
        live_folder(tmp_path / "fleet.db")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"[]", b'{"pid": "x"}', b"\xff\xfe"])
def test_a_foreign_status_is_no_status(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "status.json").write_bytes(content)
    assert read_status(tmp_path) is None


def test_a_folder_in_place_of_the_status_is_no_status(tmp_path: Path) -> None:
    (tmp_path / "status.json").mkdir()
    assert read_status(tmp_path) is None
