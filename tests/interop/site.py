"""An installation of vendash that registers with a VTN; used only as its users use it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.interop.bare import Bare, attribute
from tests.interop.openleadr import OpenLeadr
from tests.interop.processes import tied

Entry = tuple[str, str, str]
"""The id of a resource, its VEN and the decision about it."""


class Site:
    """A home and a database of its own, and the VTN it is to use."""

    def __init__(self, folder: Path, vtn: OpenLeadr, fleet: Path) -> None:
        self.database = folder / "fleet.db"
        shutil.copyfile(fleet, self.database)
        self._folder = folder
        self._vtn = vtn

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `vendash ARGUMENTS` on this database."""
        command = [sys.executable, "-m", "vendash", *arguments, "--db-path", str(self.database)]
        places = {"HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder)}
        return subprocess.Popen(
            tied(command),
            env={**os.environ, **places, **self._vtn.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ran(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Run `vendash ARGUMENTS --json`: its exit code and its document."""
        with self.start(*arguments, "--json") as process:
            out, errors = process.communicate()
        assert "vendash:" not in errors
        document: dict[str, Any] = json.loads(out)
        return process.returncode, document

    def said(self, *arguments: str) -> dict[str, Any]:
        """Run `vendash ARGUMENTS --json`, which must do all of it; its document."""
        code, document = self.ran(*arguments)
        assert code == 0, document
        return document

    @contextmanager
    def engine(self) -> Iterator[None]:
        """`vendash run` for the length of the block."""
        with self.start("run") as process:
            try:
                yield
                assert process.poll() is None, process.communicate()
            finally:
                process.send_signal(signal.SIGTERM)
                said = process.communicate()
        assert (process.returncode, said) == (0, ("", ""))

    def sql(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """What another program does with the file."""
        with closing(sqlite3.connect(self.database, timeout=20)) as file, file:
            return file.execute(text, values).fetchall()

    def resources(self, ven: str) -> list[str]:
        """The ids of the resources of a VEN, in their order."""
        rows = self.sql("SELECT resource_id FROM resources WHERE ven = ? ORDER BY id", ven)
        return [resource_id for (resource_id,) in rows]

    def entries(self, *vens: str) -> Counter[Entry]:
        """What there is of these VENs, or of all."""
        rows = self.sql("SELECT resource_id, ven, registration_status FROM resources")
        return Counter(row for row in rows if not vens or row[1] in vens)


def prepare(folder: Path) -> Path:
    """A database with the sample fleet."""
    path = folder / "sample.db"
    command = [sys.executable, "-m", "vendash", "prepare", "--sample", "--db-path", str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def entries_at(bare: Bare) -> Counter[Entry]:
    """What a VTN holds, each as often as it holds it."""
    vens = {ven["id"]: ven["venName"] for ven in bare.vens()}
    return Counter(
        (one["resourceName"], vens[one["venID"]], attribute(one, "prequalification")[0])
        for one in bare.resources()
    )
