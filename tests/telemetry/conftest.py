"""A folder on tmpfs, as the live ring has in production."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """On tmpfs where there is one; removed afterwards."""
    shared_memory = Path("/dev/shm")  # noqa: S108 (a folder of its own is made in it)
    if not os.access(shared_memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="vendash-test-", dir=shared_memory) as made:
        yield Path(made)
