"""The help as text: one source, the screen one stands on first, and the reason of what is off."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from vendash.actions import ACTIONS, Situation, readable
from vendash.screens.help_text import Kind, Line, Place, help_lines, shell_commands

RESOURCES = Place("Resources", "Nykøbing Falster", "type:ev p>20")


def lines(screen: str = "resources", *, width: int = 80, read_only: bool = False) -> list[Line]:
    return help_lines(Situation(screen=screen, read_only=read_only), RESOURCES, width)


def section(title: str, of: list[Line]) -> list[Line]:
    start = next(place for place, line in enumerate(of) if line.text == title)
    end = next((place for place in range(start, len(of)) if not of[place].text), len(of))
    return of[start + 1 : end]


@pytest.mark.parametrize("screen", ["vens", "resources", "live", "activity"])
def test_every_action_is_named_with_all_its_keys(screen: str) -> None:
    """Whatever can be done is found in the help of every screen."""
    text = "\n".join(line.text for line in lines(screen))

    for action in ACTIONS:
        for key in action.keys:
            assert f" {readable(key)}" in text
        if action.command:
            assert f":{action.command}" in text


def test_the_keys_of_the_screen_one_stands_on_come_first() -> None:
    shown = lines("vens")

    assert shown[0] == Line("Keys on Resources", Kind.HEADING)
    assert any(line.text.startswith("  r ") for line in section("Keys on Resources", shown))
    assert any(
        line.text.startswith("  R ") and "Activity" in line.text
        for line in section("On other screens", shown)
    )


def test_a_key_that_is_off_says_why() -> None:
    off = [line for line in lines(read_only=True) if line.kind is Kind.OFF]
    text = " ".join(line.text for line in off)

    assert "Approve" in text
    assert "read-only" in text
    assert not [line for line in lines() if line.kind is Kind.OFF]


def test_the_shell_commands_name_what_is_on_screen_and_quote_it() -> None:
    commands = dict(shell_commands(ACTIONS, RESOURCES))

    assert commands["approve"] == "vendash approve --ven 'Nykøbing Falster' --filter 'type:ev p>20'"
    assert commands["register"] == "vendash register --ven 'Nykøbing Falster'"


def test_a_name_cannot_leave_its_quotes() -> None:
    commands = dict(shell_commands(ACTIONS, Place("Resources", "a'; rm -rf ~ #")))

    assert commands["suspend"] == """vendash suspend --ven 'a'"'"'; rm -rf ~ #'"""


def test_the_filter_language_takes_ten_lines() -> None:
    assert len(section("Filter", lines(width=120))) == 10


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    assert max(cell_len(line.text) for line in lines(width=width)) <= width
