"""How a decision about resources is asked and what came of it, in words: pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from vendash.models import ActionOutcome, RegistrationStatus, Selection, StatusCounts
from vendash.widgets.text import plural, power, visible


class Verb(msgspec.Struct, frozen=True):
    """One thing that can be done to resources."""

    id: str
    """As in the action declarations."""
    done: str
    """What the result sentence says."""
    becomes: RegistrationStatus | None
    """The decision it makes; None where it makes none."""
    command: str
    """Of the command line; empty where there is none."""
    leaves: str = ""
    """A filter for the rows that it leaves as they are, whatever their decision."""
    asks: bool = False
    """The VTN decides itself: it is asked for the decision."""

    @property
    def shout(self) -> str:
        """As a confirmation begins."""
        if self.asks:
            return f"ASK THE VTN TO {_ASKED.get(self.id, self.id.upper())}"
        return self.command.upper() or self.id.upper()


_ASKED = {"pend": "SET TO PENDING"}

VERBS: Mapping[str, Verb] = {
    verb.id: verb
    for verb in (
        Verb("register", "registering", None, "register", "vtn:ok"),
        Verb("unregister", "taking from the VTN", None, "", "vtn:unwanted"),
        Verb("approve", "approved", RegistrationStatus.APPROVED, "approve"),
        Verb("suspend", "suspended", RegistrationStatus.SUSPENDED, "suspend"),
        Verb("pend", "set to pending", RegistrationStatus.PENDING, "pending"),
    )
}


def asking(verb: Verb) -> Verb:
    """The same verb where the VTN decides: it is asked, and nothing is decided here."""
    if verb.becomes is None:
        return verb
    asks = msgspec.structs.replace(verb, asks=True)
    return msgspec.structs.replace(
        asks, done=asks.shout.lower().replace("ask the vtn", "asked the VTN")
    )


def so_already(counts: StatusCounts, becomes: RegistrationStatus | None) -> int:
    """How many carry the decision already."""
    return 0 if becomes is None else getattr(counts, becomes.value.lower())


def rows_words(verb: Verb, selection: Selection, name: str, left: int = 0) -> str:
    """What is asked of rows: `SUSPEND 112 shown, 2.5 MW`, or the name when it is one.

    `left` more were chosen too, but are not in the selection because they are so already.
    """
    what = visible(name) if len(selection) == 1 else f"{len(selection):,} shown"
    already = left or so_already(selection.by_status, verb.becomes)
    note = f"; {already:,} so already" if already and len(selection) + left > 1 else ""
    return f"{verb.shout} {what}, {power(selection.p_max_kw)}{note}"


def vens_words(verb: Verb, names: list[str], selection: Selection, stay: int) -> str:
    """What is asked of VENs: `APPROVE Herning: 952 pending, 4.1 MW; 62 suspended stay`."""
    who = visible(names[0]) if len(names) == 1 else plural(len(names), "VEN")
    noun = "pending" if verb.id == "approve" else plural(len(selection), "resource").split(" ")[1]
    rest = (
        f"; {stay:,} {'suspended stay' if verb.id == 'approve' else 'so already'}" if stay else ""
    )
    return f"{verb.shout} {who}: {len(selection):,} {noun}, {power(selection.p_max_kw)}{rest}"


def nothing_words(count: int) -> str:
    """What is said where every row is as it would become."""
    return f"nothing changed: {_so_already(count)}"


def _so_already(count: int) -> str:
    return f"{count:,} {'was' if count == 1 else 'were'} so already"


def outcome_words(
    verb: Verb, outcome: ActionOutcome, where: str, no_engine: str, unsent: int = 0
) -> str:
    """What came of it: `approved 952 in Herning; u undoes`.

    `no_engine` says how to start one where none runs; empty where one does. So many as `unsent`
    are approved here, while the VTN was never asked to hold them.
    """
    if not outcome.changed:
        return nothing_words(outcome.unchanged + outcome.skipped)
    parts = [f"{verb.done} {outcome.changed:,}{f' in {visible(where)}' if where else ''}"]
    if outcome.unchanged:
        parts.append(_so_already(outcome.unchanged))
    if outcome.skipped:
        parts.append(f"{outcome.skipped:,} changed meanwhile, left alone")
    if unsent and verb.becomes is RegistrationStatus.APPROVED:
        few = "" if unsent >= outcome.changed else f"{unsent:,} "
        parts.append(f"{few}not at the VTN yet: r registers")
    if verb.becomes is None and no_engine:
        parts.append(f"no engine runs: start one with {no_engine}")
    return "; ".join([*parts, "u undoes"])
