"""The declarations that keys, footer, help and commands are made from."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vendash import actions
from vendash.actions import ACTIONS, EVERYWHERE, Situation, for_command, for_key, why_off
from vendash.screens.activity import ActivityScreen
from vendash.screens.anywhere import Anywhere
from vendash.screens.base import BaseScreen
from vendash.screens.connection import ConnectionScreen
from vendash.screens.detail import DetailScreen
from vendash.screens.drift import DriftScreen
from vendash.screens.help import HelpScreen
from vendash.screens.live import LiveScreen
from vendash.screens.resources import ResourcesScreen
from vendash.screens.vens import VensScreen

SCREENS: dict[str, type[BaseScreen]] = {
    screen.NAME: screen
    for screen in (
        VensScreen,
        ResourcesScreen,
        LiveScreen,
        ActivityScreen,
        HelpScreen,
        DetailScreen,
        ConnectionScreen,
        DriftScreen,
    )
}


def test_every_screen_has_its_name() -> None:
    """The names in the declarations are those of the screens."""
    assert set(SCREENS) == EVERYWHERE


@pytest.mark.parametrize("screen", sorted(EVERYWHERE))
def test_a_key_means_one_thing_on_a_screen(screen: str) -> None:
    """No two actions of a screen share a key or a word."""
    here = [one for one in ACTIONS if screen in one.screens]
    keys = [key for one in here for key in one.keys]
    words = [one.command for one in here if one.command]
    assert len(keys) == len(set(keys))
    assert len(words) == len(set(words))


@pytest.mark.parametrize("screen", sorted(EVERYWHERE))
def test_every_action_is_done_by_a_method(screen: str) -> None:
    """What is declared for a screen, the screen can do."""
    for one in ACTIONS:
        if screen in one.screens:
            assert hasattr(SCREENS[screen], f"action_{one.id}"), one.id


def test_y_is_no_key_and_tmux_keeps_its_own() -> None:
    """`y` only ever confirms; ctrl-a, ctrl-b, ctrl-s and ctrl-q belong to others."""
    keys = {key for one in ACTIONS for key in one.keys}
    assert not keys & {"y", "ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q"}
    assert not any(key.startswith("alt+") for key in keys)


def test_what_is_dangerous_is_off_when_read_only() -> None:
    """Each says why; all others work on."""
    now = Situation(screen="vens", read_only=True)
    for one in ACTIONS:
        if "vens" in one.screens:
            assert bool(why_off(one, now)) is one.danger, one.id


def test_rare_and_dangerous_things_have_no_key() -> None:
    """Reset and unregister only by command."""
    for word in ("reset", "unregister"):
        found = for_command(word, "vens")
        assert found is not None
        assert found.keys == ()
        assert found.danger


def test_only_what_acts_is_off() -> None:
    """While an action is under way only the same one is off."""
    now = Situation(screen="resources", acting="suspend")
    assert why_off(actions.action("suspend"), now) == "still under way"
    assert why_off(actions.action("approve"), now) == ""


def test_keys_and_words_are_found_where_they_work() -> None:
    """By key and by word, on the screens they are declared for."""
    found = for_key("s", "resources")
    assert found is actions.action("suspend")
    assert for_key("s", "help") is None
    assert for_command("", "vens") is None


def test_the_app_is_imported_without_what_it_does_not_need() -> None:
    """Starting the console does not wait for clients, servers and meter files."""
    heavy = "httpx h5py starlette uvicorn numpy"
    code = f"import sys, vendash.app; print(*set('{heavy}'.split()) & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""


def test_mixins_offer_no_undeclared_action() -> None:
    """Every action method everywhere has its declaration, so the help knows it."""
    declared = {f"action_{one.id}" for one in ACTIONS}
    offered = {name for name in vars(Anywhere) if name.startswith("action_")}
    assert offered <= declared
