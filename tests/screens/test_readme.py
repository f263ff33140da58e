"""The picture that the README shows, so that it is never of another program than this one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from textual.app import App

from tests.screens.fleet import NOON, decide
from tests.screens.frozen import FrozenReader
from tests.screens.operator import at_console
from tests.screens.test_anywhere import PROGRESS, second, status
from vendash.filters import Query
from vendash.models import Accepted, RegistrationStatus
from vendash.sample import sample_assets
from vendash.store import SqliteStore, open_store
from vendash.store.assets import read_assets

GOING_WELL = replace(PROGRESS, failed=0)
README = Path(__file__).parents[2] / "README.md"
PICTURE = "tests/screens/__snapshots__/test_readme/test_the_picture_in_the_readme.svg"


async def at_work(store: SqliteStore) -> FrozenReader:
    """The sample fleet in the middle of a day: four VENs at the VTN, the last one on its way."""
    await store.import_resources(read_assets(sample_assets()).resources, actor="cli")
    await store.use_vtn("http://localhost:8000", "3.1")
    for ven in ("Aalborg", "Herning", "Lemvig"):
        await register(store, ven)
    keys = await store.keys(Query(ven="Aalborg"))
    await decide(store, keys[:988], RegistrationStatus.APPROVED, actor="cli")
    keys = await store.keys(Query(ven="Herning"))
    await decide(store, keys[62:], RegistrationStatus.APPROVED, actor="cli")
    await decide(store, keys[:62], RegistrationStatus.SUSPENDED, actor="cli")
    await answer(store, 10_000)
    await register(store, "Aarhus", PROGRESS.done)
    reader = FrozenReader(NOON.timestamp())
    reader.take(await store.rows(await store.keys(Query(status=RegistrationStatus.APPROVED))))
    reader.kw *= np.float32(0.15)  # a believable load for their sizes
    return reader


async def register(store: SqliteStore, ven: str, accepted: int = 10_000) -> None:
    await store.want_at_vtn(await store.keys(Query(ven=ven)), True, actor="cli")
    await answer(store, accepted)


async def answer(store: SqliteStore, limit: int) -> None:
    """What a VTN says to so many of what is due: yes."""
    vens = await store.due_vens(10)
    await store.complete([Accepted(item=v, remote_id=v.client_id, already=False) for v in vens])
    due = await store.due_resources(limit)
    await store.complete(
        [Accepted(item=one, remote_id=f"r-{one.key}", already=False) for one in due]
    )


@pytest.mark.usefixtures("copenhagen")
async def test_the_picture_in_the_readme(
    tmp_path: Path, picture: Callable[[App[Any]], None]
) -> None:
    """It shows the sample fleet while a VEN is being registered."""
    async with await open_store(tmp_path / "fleet.db", create=True) as store:
        reader = await at_work(store)
    async with at_console(tmp_path, size=(100, 28), live=reader) as operator:
        await operator.press("j")
        await second(operator, tmp_path, status(registration=GOING_WELL))
        await operator.idle()
        picture(operator.app)


def test_the_readme_shows_that_picture() -> None:
    assert f"]({PICTURE})" in README.read_text(encoding="utf-8")
    assert (README.parent / PICTURE).exists()
