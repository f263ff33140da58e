"""What a list says of one resource, and of how many carry a decision: pure."""

from __future__ import annotations

from vendash.models import (
    NEEDS_A_PERSON,
    RegistrationStatus,
    ResourceRow,
    ResourceType,
    StatusCounts,
    VtnState,
)
from vendash.widgets.columns import Cell

GLYPHS = {
    RegistrationStatus.PENDING: ("◌", "pending"),
    RegistrationStatus.APPROVED: ("●", "approved"),
    RegistrationStatus.SUSPENDED: ("■", "suspended"),
}
"""Every row shows its decision by glyph, so that it can be read without colour."""

TABS = (*RegistrationStatus, None)
"""The tabs; None is All."""

TITLES = {
    RegistrationStatus.PENDING: "Pending",
    RegistrationStatus.APPROVED: "Approved",
    RegistrationStatus.SUSPENDED: "Susp.",
    None: "All",
}
"""What stands on the tabs."""


def count_of(counts: StatusCounts, tab: RegistrationStatus | None) -> int:
    """How many carry this decision; all for None."""
    return counts.total if tab is None else int(getattr(counts, tab.value.lower()))


def name_cell(row: ResourceRow) -> Cell:
    """The name; one that is switched off is dimmed, and says so."""
    return (row.name, "text") if row.enabled else (f"{row.name} (disabled)", "dim")


def type_cell(kind: ResourceType) -> str:
    """The type in four cells."""
    return "BATT" if kind is ResourceType.BATTERY else kind.value


def p_max_cell(row: ResourceRow) -> str:
    """P_max in kW, with five digits that count."""
    return f"{row.p_max_kw:,.5g}"


_SHORT = {
    RegistrationStatus.PENDING: "pending",
    RegistrationStatus.APPROVED: "approved",
    RegistrationStatus.SUSPENDED: "susp.",
}


def vtn_cell(row: ResourceRow) -> Cell:
    """What is at the VTN, in the operator's words."""
    if row.vtn in NEEDS_A_PERSON:
        return f"! {row.vtn_error or row.vtn.value}", "trouble"
    if row.vtn is VtnState.DIFFERENT:
        return f"≠ {_SHORT[row.vtn_status] if row.vtn_status else 'differs'}", "different"
    if row.vtn_requested is not None:
        return f"? {_SHORT[row.vtn_requested]}", "pending"
    if row.vtn is VtnState.UNWANTED:
        return "-", "dim"
    return row.vtn.value, "text" if row.vtn is VtnState.OK else "dim"
