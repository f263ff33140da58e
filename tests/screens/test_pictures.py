"""Pictures of the lists in their states, each of which was looked at before it was accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from tests.screens.fleet import NOON, open_fleet
from tests.screens.operator import Operator, at_console
from tests.screens.readers import SteadyReader
from tests.screens.test_anywhere import PROGRESS, second, status
from vendash.errors import VendashError
from vendash.filters import Query
from vendash.screens.pane import WithPane
from vendash.telemetry.status import ServiceStatus

Picture = Callable[[App[Any]], None]

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
pytestmark = pytest.mark.usefixtures("copenhagen")

STATES = {
    "vens": "j",
    "vens_filter_typed": "/aa",
    "vens_no_match": "/zzz\r",
    "vens_prompt": "/aalborg\ra",
    "vens_after_approving": "/aalborg\ray",
    "vens_command": ":simulate o",
    "ven": "/aalborg\r\r\t",
    "ven_all_marked_some_hidden": "/aalborg\r\rA/type:ev\r",
    "ven_hidden_prompt": "/aalborg\r\rA/type:ev\rs",
    "ven_range": "/aalborg\r\rjvjj",
    "ven_empty_tab": "/herning\r\r\t\t",
    "resources": "2jj",
    "resources_number_prompt": "2As6",
    "resources_wrong_filter": "2/type:car",
    "detail": "2\r",
}


@asynccontextmanager
async def simulated(folder: Path, size: tuple[int, int]) -> AsyncIterator[Operator]:
    """A console whose approved resources are read, with an engine that is well."""
    async with await open_fleet(folder / "fleet.db") as store:
        reader = await SteadyReader.of(store, clock=NOON.timestamp)
    async with at_console(folder, size=size, live=reader) as operator:
        await second(operator, folder, status())
        yield operator


async def rest(operator: Operator) -> None:
    """The cursor rests: the pane is filled."""
    await operator.idle()
    if isinstance(operator.app.screen, WithPane):
        await operator.app.screen.fill_pane()
    await operator.pilot.pause()


@SIZES
@pytest.mark.parametrize("state", STATES)
async def test_picture(tmp_path: Path, size: tuple[int, int], state: str, picture: Picture) -> None:
    """Every state of the lists looks as it was accepted."""
    async with simulated(tmp_path, size) as operator:
        keys = ["tab" if key == "\t" else key for key in STATES[state]]
        await operator.press(*keys)
        await rest(operator)
        picture(operator.app)


@SIZES
async def test_picture_of_progress(tmp_path: Path, size: tuple[int, int], picture: Picture) -> None:
    """Registering, with a VTN that is busy."""
    async with simulated(tmp_path, size) as operator:
        await second(operator, tmp_path, status(registration=PROGRESS))
        await rest(operator)
        picture(operator.app)


@SIZES
async def test_picture_of_a_vtn_that_is_away(
    tmp_path: Path, size: tuple[int, int], picture: Picture
) -> None:
    """The header says it, and the reserved line since when and what waits."""
    away = ServiceStatus(
        health="trouble",
        text="refused",
        detail="the VTN refuses the connection",
        since=NOON.timestamp() - 1500,
    )
    async with simulated(tmp_path, size) as operator:
        await second(operator, tmp_path, status(vtn=away))
        await rest(operator)
        picture(operator.app)


@SIZES
async def test_picture_of_nothing(tmp_path: Path, size: tuple[int, int], picture: Picture) -> None:
    """A new database, in a demo."""
    async with at_console(tmp_path, size=size, filled=False, marks=("DEMO",)) as operator:
        picture(operator.app)


@SIZES
async def test_picture_of_loading(
    tmp_path: Path, size: tuple[int, int], picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first rows have not come yet."""
    async with at_console(tmp_path, size=size) as operator:

        async def never(*args: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(operator.store, "keys", never)
        monkeypatch.setattr(operator.store, "first_rows", never)
        await operator.pilot.press("2")
        await operator.see("loading…")
        picture(operator.app)


@SIZES
async def test_picture_of_an_error(
    tmp_path: Path, size: tuple[int, int], picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database could not be read."""
    async with at_console(tmp_path, size=size) as operator:

        async def broken(query: Query) -> None:
            raise VendashError("The database is locked by another program: close it.")

        monkeypatch.setattr(operator.store, "keys", broken)
        await operator.press("2")
        picture(operator.app)


@SIZES
async def test_picture_of_read_only(
    tmp_path: Path, size: tuple[int, int], picture: Picture
) -> None:
    """The mark in the header, a footer without what is off, and why a key is off."""
    async with at_console(tmp_path, size=size, read_only=True) as operator:
        await operator.press("2", "s")
        await rest(operator)
        picture(operator.app)


@pytest.mark.parametrize("theme", ["contrast", "colour-blind", "ansi"])
async def test_picture_of_a_theme(tmp_path: Path, theme: str, picture: Picture) -> None:
    """Each theme, with every decision, trouble, marks and the cursor in it."""
    async with at_console(tmp_path, theme=theme) as operator:
        await operator.type("/aalborg\r\r v")
        await operator.press("down", "down")
        picture(operator.app)


async def test_picture_of_a_small_terminal(tmp_path: Path, picture: Picture) -> None:
    """What it needs, and nothing else."""
    async with at_console(tmp_path, size=(60, 10)) as operator:
        picture(operator.app)
