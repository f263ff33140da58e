"""What Tab completes in a command or a filter: pure, but for the names it is given."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from vendash.actions import ACTIONS
from vendash.filters import fold
from vendash.models import RegistrationStatus, ResourceType, VtnState
from vendash.widgets.palette import THEMES

_FIELDS = {
    "vens": ("ven:", "p>"),
    "live": ("ven:",),
    "resources": ("status:", "type:", "sub:", "ven:", "vtn:", "p>"),
}
_VALUES = {
    "status:": tuple(status.value.lower() for status in RegistrationStatus),
    "type:": tuple(kind.value.lower() for kind in ResourceType),
    "vtn:": tuple(state.value for state in VtnState),
}
_ARGUMENTS = {"simulate": ("on", "off"), "theme": THEMES}


def commands(text: str, screen: str, vens: Iterable[str]) -> list[str]:
    """The lines after `:` that begin with this text; VEN names in any case."""
    word, blank, argument = text.partition(" ")
    if not blank:
        words = sorted(one.command for one in ACTIONS if one.command and screen in one.screens)
        return [
            f"{one} " if one in _ARGUMENTS or one in {"resources", "import"} else one
            for one in words
            if one.startswith(word)
        ]
    known: Iterable[str] = vens if word == "resources" else _ARGUMENTS.get(word, ())
    return [f"{word} {one}" for one in known if fold(one).startswith(fold(argument))]


def folders(text: str) -> list[str]:
    """The lines `import FOLDER` for the folders that begin so. Reads a directory."""
    given = text.partition(" ")[2]
    above, _, begins = given.rpartition("/")
    shown = f"{above}/" if "/" in given else ""
    try:
        with os.scandir(Path(shown or ".").expanduser()) as entries:
            names = sorted(one.name for one in entries if one.is_dir())
    except OSError:
        return []
    hidden = begins.startswith(".")
    return [
        f"import {shown}{name}/"
        for name in names
        if name.startswith(begins) and (hidden or not name.startswith("."))
    ]


def filters(text: str, screen: str, vens: Iterable[str]) -> list[str]:
    """The filters that complete the last term of this text."""
    before, blank, term = text.rpartition(" ")
    negation = "!" if term.startswith("!") else ""
    term = term.removeprefix("!")
    field = next((one for one in _FIELDS.get(screen, ()) if term.startswith(one)), "")
    if field == "ven:":
        # A blank would end the term; what is left of the name is found all the same.
        names = (fold(name).replace(" ", "*") for name in vens)
        terms = [field + name for name in names if name.startswith(fold(term[len(field) :]))]
    elif field:
        terms = [
            field + one for one in _VALUES.get(field, ()) if one.startswith(term[len(field) :])
        ]
    else:
        terms = [one for one in _FIELDS.get(screen, ()) if one.startswith(term)]
    return [f"{before}{blank}{negation}{one}" for one in terms]


def common(lines: Sequence[str], typed: str) -> str:
    """What all of these begin with; what was typed where that is no more."""
    if not lines:
        return typed
    same = itertools.takewhile(lambda cells: len(set(cells)) == 1, zip(*lines, strict=False))
    shared = "".join(cells[0] for cells in same)
    return shared if len(shared) >= len(typed) else typed
