"""Every test has a home of its own: no state, setting or secret of whoever runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run, and no failure for a busy machine.
settings.register_profile("vendash", derandomize=True, deadline=None)
settings.load_profile("vendash")

_UNSET = (
    "CREDENTIALS_DIRECTORY",
    "NO_COLOR",
    "OAUTHCHECK_ACCESS_TOKEN_OBTAIN_URL",
    "OAUTH_CLIENT_ID",
    "OAUTH_CLIENT_SECRET",
    "SSH_CONNECTION",
    "SSH_TTY",
    "VENDASH_BEARER_TOKEN",
    "VENDASH_CONFIG",
    "VENDASH_DB",
    "VTN_API_PREFIX",
    "VTN_SERVER_ADDRESS",
)


@pytest.fixture(autouse=True)
def home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """An empty home, also for processes that a test starts; in none of them may a defect show."""
    folder = tmp_path_factory.mktemp("home")
    for name, below in (
        ("XDG_RUNTIME_DIR", "run"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CONFIG_HOME", "config"),
    ):
        (folder / below).mkdir()
        monkeypatch.setenv(name, str(folder / below))
    monkeypatch.setenv("HOME", str(folder))
    for name in _UNSET:
        monkeypatch.delenv(name, raising=False)
    yield folder
    defects = folder / "state" / "vendash" / "defects.log"
    assert not defects.exists(), defects.read_text()
