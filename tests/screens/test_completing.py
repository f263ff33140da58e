"""What Tab completes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.operator import at_console
from vendash.screens.completing import commands, common, filters, folders

VENS = ("Aabenraa", "Aalborg", "Herning", "Nykøbing Falster")


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("re", ["register", "reset", "resources "]),
        ("simulate o", ["simulate on", "simulate off"]),
        ("theme co", ["theme contrast", "theme colour-blind"]),
        ("resources aa", ["resources Aabenraa", "resources Aalborg"]),
        ("q", ["q"]),
        ("xyz", []),
    ],
)
def test_commands_and_what_follows_them(typed: str, lines: list[str]) -> None:
    """Only those of this screen; VENs in any case."""
    assert commands(typed, "vens", VENS) == lines


@pytest.mark.parametrize(
    ("typed", "screen", "lines"),
    [
        ("st", "resources", ["status:"]),
        ("status:p", "resources", ["status:pending"]),
        ("type:ev !status:s", "resources", ["type:ev !status:suspended"]),
        ("ven:nyk", "resources", ["ven:nykøbing*falster"]),
        ("st", "vens", []),
        ("v", "vens", ["ven:"]),
    ],
)
def test_the_terms_of_a_filter(typed: str, screen: str, lines: list[str]) -> None:
    """The last term alone, with the fields that this list has."""
    assert filters(typed, screen, VENS) == lines


def test_folders_as_a_shell_completes_them(tmp_path: Path) -> None:
    """Files and hidden folders are left out; what cannot be read completes nothing."""
    for name in ("assets", "assets-old", "other", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "assets.csv").touch()
    found = folders(f"import {tmp_path}/as")
    assert found == [f"import {tmp_path}/assets/", f"import {tmp_path}/assets-old/"]
    assert folders(f"import {tmp_path}/no/such") == []


def test_as_much_as_is_common_is_completed() -> None:
    """Never less than was typed."""
    assert common(["resources Aabenraa", "resources Aalborg"], "resources a") == "resources Aa"
    assert common([], "xyz") == "xyz"


async def test_tab_completes_and_shows_what_it_could_go_on_with(tmp_path: Path) -> None:
    """A command runs by what Tab made of it."""
    async with at_console(tmp_path) as operator:
        await operator.press(*":re", "tab")
        assert operator.reserved.startswith(":re ")
        assert "register  reset  resources" in operator.reserved
        await operator.press(*"so", "tab", *"herning", "enter")
        assert "VENs › Herning" in operator.header


async def test_tab_completes_a_filter_which_applies_at_once(tmp_path: Path) -> None:
    """As if it had been typed."""
    async with at_console(tmp_path) as operator:
        await operator.press("2", *"/status:a", "tab")
        assert "/status:approved" in operator.text
        assert "12 of 60 shown" in operator.text
