"""A Python environment for each tool, under build/conformance: some of them exclude each other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

BUILD = Path(__file__).parents[2] / "build" / "conformance"


class MissingPythonError(Exception):
    """There is no Python that a tool could run on."""


def environment(name: str, package: str, oldest: tuple[int, int]) -> Path:
    """The python of an environment with one package (`name==version`), made where there is none.

    Raises:
        MissingPythonError: no Python of at least this version was found.
        CalledProcessError: pip could not install the package.
    """
    folder = BUILD / name
    python = folder / "bin" / "python"
    stamp = folder / ".installed"
    if stamp.exists() and stamp.read_text() == package:
        return python
    base = _python(oldest)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([base, "-m", "venv", folder], check=True)
    pip = ("pip", "install", "--quiet", "--disable-pip-version-check", package)
    subprocess.run([python, "-m", *pip], check=True)
    stamp.write_text(package)
    return python


def _python(oldest: tuple[int, int]) -> str:
    for candidate in _candidates():
        code = f"import sys; sys.exit(sys.version_info < {oldest!r})"
        if (
            subprocess.run([candidate, "-c", code], check=False, capture_output=True).returncode
            == 0
        ):
            return candidate
    raise MissingPythonError(f"Python {oldest[0]}.{oldest[1]} or newer is not on this machine")


def _candidates() -> Iterator[str]:
    yield sys.executable
    for minor in range(11, 16):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(map(str, pyenv.glob("versions/3.*/bin/python")))
