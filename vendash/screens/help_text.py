"""What the help screen says, as lines of text: pure, and made from the action declarations."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from rich.cells import cell_len

from vendash.actions import ACTIONS, Action, Situation, readable, why_off

KEY_WIDTH = 22
"""Cells of the column with names at the most; a longer name stands on a line of its own."""

FILTER_LANGUAGE = (
    ("nytorv", "text anywhere in name, address, sub type, meter point or VEN"),
    ('"nytorv 1"', "the same with a blank in it"),
    ("status:pending", "the decision: pending, approved or suspended"),
    ("type:ev", "dsr, battery, pv or ev"),
    ("sub:hotels", "the sub type"),
    ("ven:her*", "the VEN; * stands for any characters"),
    ("p>100  p<=22.5", "P_max in kW: = < <= > >="),
    ("!sub:hotels", "not"),
    ("type:ev p>20", "both: terms are joined by and"),
    ("esc", "takes the filter away; marks outside a filter stay and are counted"),
)

WORDS = (
    ("◌ pending", "nobody has decided yet"),
    ("● approved", "has readings, and is offered to the VTN as approved"),
    ("■ suspended", "has no readings"),
    ("*", "marked: what you do next is done to the marked rows"),
    ("decide", "at the VTN and pending: a decision of yours is missing"),
    ("unsent", "not yet accepted by the VTN, whatever the decision"),
    ("≠", "the VTN holds something else than we do"),
    ("? approved", "asked of a VTN that decides itself"),
    ("!", "refused or in conflict: a person is needed"),
    ("stale", "no new value in time; the last one is shown dimmed, with its age"),
    ("SIM", "the readings are made up by the simulation"),
    ("kW", "consumption is positive, export negative"),
)

_TITLES = {"vens": "VENs"}
_SHELL = {
    "vens": "stats",
    "live": "status",
    "activity": "audit",
    "drift": "drift",
    "connection": "doctor",
    "undo": "undo",
    "import": "prepare --assets FOLDER",
    "reset": "reset",
    "simulate": "simulate on",
}
_SHELL_ON_ROWS = {
    "register": "register",
    "preview": "register --dry-run",
    "approve": "approve",
    "suspend": "suspend",
    "pend": "pending",
}


class Kind(Enum):
    """How a line looks."""

    HEADING = "heading"
    TEXT = "text"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the help."""

    text: str
    kind: Kind = Kind.TEXT


Entry = tuple[str, str, Kind]
"""What stands left, what stands right, and how it looks."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the help was asked for: what the commands of a shell have to name."""

    title: str = ""
    ven: str = ""
    filter: str = ""


def help_lines(now: Situation, place: Place, width: int) -> list[Line]:
    """The whole help for this situation, at most `width` cells wide."""
    here = [one for one in ACTIONS if now.screen in one.screens]
    keyed = [one for one in here if one.keys]
    commands = [one for one in here if not one.keys]
    elsewhere = [one for one in ACTIONS if now.screen not in one.screens]
    sections: tuple[tuple[str, Iterable[Entry]], ...] = (
        (f"Keys on {place.title or 'this screen'}", _explained(keyed, now)),
        ("Only by command", _explained(commands, now)),
        ("The same from a shell", _as_entries(shell_commands(here, place))),
        ("Filter", _as_entries(FILTER_LANGUAGE)),
        ("Signs and words", _as_entries(WORDS)),
        ("On other screens", _as_entries(_keys_and_screens(elsewhere))),
    )
    lines: list[Line] = []
    for title, content in sections:
        entries = list(content)
        if entries:
            lines += [Line(title, Kind.HEADING), *_laid_out(entries, width), Line("")]
    return lines[:-1]


def shell_commands(actions: Iterable[Action], place: Place) -> Iterator[tuple[str, str]]:
    """What would do the same without a screen: (title, command line)."""
    for one in actions:
        if one.id in _SHELL:
            yield one.title, f"vendash {_SHELL[one.id]}"
        elif one.id in _SHELL_ON_ROWS:
            chosen = f" --ven {shlex.quote(place.ven or 'NAME')}"
            if place.filter and one.id not in {"register", "preview"}:
                chosen += f" --filter {shlex.quote(place.filter)}"
            yield one.title, f"vendash {_SHELL_ON_ROWS[one.id]}{chosen}"


def _explained(actions: Iterable[Action], now: Situation) -> Iterator[Entry]:
    for one in actions:
        off = why_off(one, now)
        text = f"{one.help} Off: {off}." if off else one.help
        yield _keys(one), text, Kind.OFF if off else Kind.TEXT


def _as_entries(pairs: Iterable[tuple[str, str]]) -> Iterator[Entry]:
    return ((name, text, Kind.TEXT) for name, text in pairs)


def _keys(action: Action) -> str:
    keys = [readable(key) for key in action.keys]
    command = f":{action.command} {action.argument}".rstrip() if action.command else ""
    return " ".join([*keys, command]).strip()


def _keys_and_screens(actions: Iterable[Action]) -> Iterator[tuple[str, str]]:
    for one in actions:
        screens = ", ".join(sorted(_TITLES.get(name, name.capitalize()) for name in one.screens))
        yield _keys(one), f"{one.title} ({screens})"


def _laid_out(entries: list[Entry], width: int) -> Iterator[Line]:
    """Names at the left, their texts at the right, on as many lines as they take."""
    column = min(KEY_WIDTH, max(cell_len(name) for name, _, _ in entries) + 4)
    for name, text, kind in entries:
        left = f"  {name}"
        if cell_len(left) >= column:
            yield Line(left, kind)
            left = ""
        for part in _folded(text, max(20, width - column)):
            yield Line(left + " " * (column - cell_len(left)) + part, kind)
            left = ""


def _folded(text: str, room: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        if line and cell_len(line) + 1 + cell_len(word) > room:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line
