"""What would be sent, as an operator looks at it before registering."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from tests.screens.operator import Operator, at_console
from vendash.commands.preview import preview_of

pytestmark = pytest.mark.usefixtures("copenhagen")

Picture = Callable[[App[Any]], None]
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@asynccontextmanager
async def with_previews(
    folder: Path, *, size: tuple[int, int] = (80, 24), read_only: bool = False
) -> AsyncIterator[Operator]:
    """A console that can show what would be sent, by the real previewer."""
    previewer = partial(preview_of, folder / "fleet.db")
    async with at_console(folder, size=size, read_only=read_only, previewer=previewer) as operator:
        yield operator


@SIZES
@pytest.mark.parametrize("keys", ["/herning\rd", "2/ven:herning\rjd"], ids=["ven", "resource"])
async def test_picture(tmp_path: Path, size: tuple[int, int], keys: str, picture: Picture) -> None:
    async with with_previews(tmp_path, size=size) as operator:
        await operator.type(keys)
        picture(operator.app)


async def test_a_ven_that_was_never_sent_would_be_created_with_its_resources(
    tmp_path: Path,
) -> None:
    async with with_previews(tmp_path) as operator:
        await operator.type("/herning\rd")
        assert operator.header.split("  ")[1] == "VENs › Dry run"
        assert operator.lines[3].split() == ["VENs", "1", "0", "0", "0"]
        assert operator.lines[4].split() == ["Resources", "12", "0", "0", "0"]
        assert "POST http://localhost:8000/vens" in operator.text
        assert '"clientID": "vendash-herning"' in operator.text
        await operator.press("escape")
        assert operator.header.split("  ")[1] == "VENs"


async def test_of_marked_rows_the_counts_are_of_all_and_the_request_of_the_cursor_s(
    tmp_path: Path,
) -> None:
    async with with_previews(tmp_path, size=(100, 50)) as operator:
        await operator.type("2/ven:herning\rAd")
        name = (await operator.rows("Herning"))[0].name
        assert operator.lines[4].split() == ["Resources", "12", "0", "0", "0"]
        assert "POST http://localhost:8000/resources" in operator.text
        assert operator.text.count("at once:") == 1
        assert name.split()[0] in operator.text


async def test_nothing_is_written_and_it_works_read_only(tmp_path: Path) -> None:
    async with with_previews(tmp_path, read_only=True) as operator:
        await operator.type("/aalborg\rd")
        assert "nothing was sent" in operator.work


async def test_a_console_without_a_previewer_says_what_does_it(tmp_path: Path) -> None:
    async with at_console(tmp_path) as operator:
        await operator.press("d")
        assert operator.reserved == "dry run: this console cannot: use vendash register --dry-run"


async def test_what_is_there_as_it_is_here_is_said_to_be(tmp_path: Path) -> None:
    async with with_previews(tmp_path) as operator:
        await operator.type("2/ven:aalborg status:approved\rd")
        assert "nothing is sent for it" in operator.text
