"""The Help screen, as an operator uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from tests.screens.operator import at_console

pytestmark = pytest.mark.usefixtures("copenhagen")

Picture = Callable[[App[Any]], None]


async def test_help_explains_the_screen_it_was_asked_from(tmp_path: Path) -> None:
    async with at_console(tmp_path) as operator:
        await operator.press("?")
        assert "Help › VENs" in operator.header
        assert operator.lines[2] == "Keys on VENs"
        await operator.press("escape", "4", "?")
        assert operator.lines[2] == "Keys on Activity"
        await operator.press("pagedown")
        assert ":since 22:00" in operator.text


async def test_esc_goes_back_to_where_one_was(tmp_path: Path) -> None:
    """The key that opened the help closes it too."""
    async with at_console(tmp_path) as operator:
        await operator.press("j", "enter", "?")
        assert "Help › VENs › Aalborg" in operator.header
        await operator.press("escape")
        assert "VENs › Aalborg" in operator.header
        assert "Help" not in operator.header
        await operator.press("?", "?")
        assert "Help" not in operator.header


async def test_the_help_can_be_read_to_its_end_and_back(tmp_path: Path) -> None:
    """By lines, by pages, and at once; never past an end."""
    async with at_console(tmp_path) as operator:
        await operator.press("?")
        first = operator.lines[2:22]
        await operator.press("k")
        assert operator.lines[2:22] == first
        await operator.press("j")
        assert operator.lines[2:21] == first[1:]
        last = operator.lines[21]
        await operator.press("pagedown")
        assert operator.lines[2] == last
        await operator.press("G")
        shown, total = (operator.work.split()[-4], operator.work.split()[-2])
        assert shown == total
        await operator.press("j", "pagedown")
        assert operator.work.split()[-4] == total
        await operator.press("g")
        assert operator.lines[2:22] == first


async def test_a_key_that_is_off_says_why(tmp_path: Path) -> None:
    async with at_console(tmp_path, read_only=True) as operator:
        await operator.press("?")
        assert "Off: read-only" in " ".join(operator.text.split())


async def test_the_shell_command_names_the_ven_and_the_filter(tmp_path: Path) -> None:
    """What is on screen could be done from a shell as well."""
    async with at_console(tmp_path, size=(120, 60)) as operator:
        await operator.type("/falster\r\r/type:ev\r?")
        assert "Help › VENs › Nykøbing Falster" in operator.header
        while "vendash approve" not in operator.text:
            await operator.press("j")
        assert "vendash approve --ven 'Nykøbing Falster' --filter type:ev" in operator.text


async def test_keys_of_the_list_do_nothing_under_the_help(tmp_path: Path) -> None:
    """Whoever reads about a key and presses it changes nothing."""
    async with at_console(tmp_path) as operator:
        before = await operator.rows()
        await operator.press("?", "a", "y", "s", "y", "r", "space")
        assert await operator.rows() == before
        assert operator.reserved == ""


SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@SIZES
@pytest.mark.parametrize("keys", ["?", "3?G", "2/type:ev\r?"], ids=["vens", "live", "resources"])
async def test_picture(tmp_path: Path, size: tuple[int, int], keys: str, picture: Picture) -> None:
    """The help of some screens looks as it was accepted."""
    async with at_console(tmp_path, size=size) as operator:
        await operator.type(keys)
        picture(operator.app)
