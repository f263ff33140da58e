"""A VEN in the list: its place, its cells, and whether a filter shows it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from vendash.filters import Field, Filter, Term, fold
from vendash.models import NEEDS_A_PERSON, NO_VEN, VenRow
from vendash.screens.detail import lasting
from vendash.widgets.columns import Cell
from vendash.widgets.text import thousands, visible

ORDERS: dict[str, Callable[[VenRow], tuple[float | str, ...]]] = {
    "trouble": lambda ven: (
        -(ven.work.trouble + (ven.vtn in NEEDS_A_PERSON)),
        -ven.work.different,
        -ven.work.decide,
    ),
    "name": lambda ven: (),
    "decide": lambda ven: (-ven.work.decide,),
    "unsent": lambda ven: (-ven.work.unsent,),
    "approved": lambda ven: (-ven.work.approved,),
}
"""What the list is sorted by, before names."""


def in_trouble(ven: VenRow) -> bool:
    """Whether it, or a resource of it, needs a person."""
    return bool(ven.work.trouble or ven.work.different or ven.vtn in NEEDS_A_PERSON)


def trouble_words(ven: VenRow, now: float) -> str:
    """What is wrong in a VEN, and of the VEN itself for how long; `now` is Unix time."""
    parts = []
    if ven.work.trouble:
        parts.append(f"{ven.work.trouble:,} failed or in conflict")
    if ven.work.different:
        parts.append(f"{ven.work.different:,} differ at the VTN")
    if ven.vtn_error:
        parts.append(visible(ven.vtn_error) + lasting(ven.vtn_since, now))
    return f"{visible(ven.name)}: {', '.join(parts)}"


def counted(field: str, style: str = "text") -> Callable[[VenRow], Cell]:
    """A count; coloured only where there is something to do, because each colour costs bytes."""

    def cell(ven: VenRow) -> Cell:
        count = getattr(ven.work, field)
        return thousands(count), style if count else "text"

    return cell


def vtn_cell(ven: VenRow) -> Cell:
    """What the VTN holds of a VEN, in the operator's words.

    While some are not there yet, how many are; then how many it has yet to be told of anew. Of
    what is wanted there no longer, how many are there still.
    """
    if ven.name == NO_VEN:
        return "never sent", "dim"
    if ven.vtn in NEEDS_A_PERSON:
        return f"! {ven.vtn_error or ven.vtn.value}", "trouble"
    there = ven.work.total - ven.work.unsent
    if not ven.wanted:
        return (f"remove {there}", "text") if there else ("-", "dim")
    if ven.accepted >= ven.wanted:
        return "ok", "text"
    if there < ven.wanted:
        return f"{there} at VTN", "text"
    left = there - ven.accepted
    return f"{'telling' if left < 1000 else 'tell'} {left}", "text"  # the column has 11 cells


def matches(ven: VenRow, wanted: Filter, power: Mapping[str, float]) -> bool:
    """Whether a VEN is what the filter wants; `power` is the sum of P_max by VEN in kW."""
    kw = power.get(ven.name, 0.0)
    return all(_holds(ven, kw, term) is not term.negated for term in wanted.terms)


def _holds(ven: VenRow, kw: float, term: Term) -> bool:
    if isinstance(term.value, str):
        name = fold(ven.name)
        pattern = term.value.replace("[", "[[]").replace("?", "[?]")
        return fnmatchcase(name, f"*{pattern}*" if term.field is Field.TEXT else pattern)
    wanted = term.value
    return {
        "=": kw == wanted,
        "<": kw < wanted,
        "<=": kw <= wanted,
        ">": kw > wanted,
        ">=": kw >= wanted,
    }[term.operator]
