"""One database server for all tests; a VTN and a site of its own for each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.interop.bare import Bare, bare
from tests.interop.openleadr import OpenLeadr, openleadr
from tests.interop.postgres import Cluster, postgres
from tests.interop.site import Site, prepare

_numbers = count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """PostgreSQL."""
    with postgres() as running:
        yield running


@pytest.fixture
def vtn(cluster: Cluster) -> Iterator[OpenLeadr]:
    """An empty openleadr-vtn."""
    with openleadr(cluster, f"vtn{next(_numbers)}") as running:
        yield running


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the sample fleet, to be copied."""
    return prepare(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def site(tmp_path: Path, vtn: OpenLeadr, fleet: Path) -> Site:
    """The sample fleet, nothing of it registered."""
    return Site(tmp_path, vtn, fleet)


@pytest.fixture
def there(vtn: OpenLeadr) -> Iterator[Bare]:
    """The VTN as another client sees it."""
    with bare(vtn.url, vtn.client_id, vtn.client_secret) as other:
        yield other
