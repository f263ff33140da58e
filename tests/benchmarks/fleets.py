"""The databases that are measured: the sample fleet, and one of a million resources."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tools import make_big_fleet
from vendash import __version__
from vendash.sample import sample_assets
from vendash.store import open_store
from vendash.store.assets import read_assets

SAMPLE = 10_562
MILLION = 1_000_000


def sample_fleet(folder: Path) -> Path:
    """A new database with the 10,562 resources of the sample, in this folder."""
    path = folder / "sample.db"
    asyncio.run(_import_sample(path))
    return path


async def _import_sample(path: Path) -> None:
    resources = read_assets(sample_assets()).resources
    async with await open_store(path, create=True) as store:
        await store.import_resources(resources, actor="cli", subject="sample fleet")


def million_fleet() -> Path:
    """The database with a million resources, which is made once and then kept: never write to it.

    It takes minutes and 1 GB, and is kept outside the checkout, a file for each version.
    """
    folder = Path(tempfile.gettempdir()) / f"vendash-bench-{__version__}"
    path = folder / f"{MILLION}.db"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        print(f"Making {path}, once; it takes minutes ...", file=sys.stderr)  # noqa: T201
        draft = folder / "draft.db"
        draft.unlink(missing_ok=True)
        asyncio.run(make_big_fleet.write(draft, MILLION))
        draft.replace(path)
    return path
