"""What tests of screens have in common: the operator's time zone, and pictures of the screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from textual.app import App


@pytest.fixture
def copenhagen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The operator's clock is the one of Copenhagen."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Copenhagen")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> Callable[[App[Any]], None]:
    """Compares the screen with the picture of it that was looked at and accepted.

    `pytest --snapshot-update` takes new ones; look at each before it is committed.
    """
    accepted = snapshot.use_extension(SVGImageExtension)

    def compare(app: App[Any]) -> None:
        assert app.export_screenshot() == accepted

    return compare
