"""The command line, called as a shell calls it, but in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vendash import output
from vendash.cli import cli


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        document: dict[str, Any] = json.loads(self.out)
        return document


Vendash = Callable[..., Said]


@pytest.fixture
def vendash(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Vendash:
    """`vendash("stats", "--json")`, in an empty folder; a defect is as loud as it can be."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            output.run(cli, [str(argument) for argument in arguments])
        code = ended.value.code
        said = capsys.readouterr()
        return Said(code if isinstance(code, int) else 1, said.out, said.err)

    return run


ASSETS = {
    "hotels-in-denmark.csv": [
        "title,address,longitude,latitude",
        'Hotel "Phønix",' + '"Torvet 1, 7400 Herning, Denmark",8.97,56.14',
        "Hotel Eyde," + '"Torvet 2, 7400 Herning, Denmark",8.98,56.14',
        "Hotel Falster," + '"Gade 2, 4800 Nykøbing Falster, Denmark",11.87,54.77',
    ],
    "chargingstations-in-denmark.csv": [
        "title,address,longitude,latitude",
        "Lader [1]," + '"Nytorv 1, 9000 Aalborg, Denmark",9.92,57.05',
    ],
}


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """A folder with four resources in three VENs."""
    return write_assets(tmp_path)


def write_assets(parent: Path) -> Path:
    """Such a folder, below another."""
    folder = parent / "assets"
    folder.mkdir()
    for name, lines in ASSETS.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def prepared(vendash: Vendash, assets: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with them, which every command then takes."""
    path = assets.parent / "fleet.db"
    monkeypatch.setenv("VENDASH_DB", str(path))
    assert vendash("prepare", "--assets", assets).code == 0
    return path
