"""What would be sent to a VTN, as a person looks at it before it is."""

from __future__ import annotations

import msgspec


class PlannedCounts(msgspec.Struct, frozen=True, kw_only=True):
    """So many VENs, or resources, by what would be sent for each."""

    create: int = 0
    update: int = 0
    """Read first; written only where it differs."""
    remove: int = 0
    nothing: int = 0
    """The VTN has accepted them as they are."""
    doubtful: int = 0
    """Of the others: a request may have arrived, so that they are looked up first."""
    held: int = 0
    """Of the others: they wait a moment, so that an undo sends nothing."""
    refused: int = 0
    """Of the others: the VTN has refused them before."""


class PlannedRequest(msgspec.Struct, frozen=True):
    """One request as it would be sent, its secrets masked."""

    when: str
    """`first`, or in which case."""
    text: str
    """Several lines: method and URL, headers, an empty line, the body."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, and the exact requests for one item."""

    vtn: str
    """Its URL."""
    dialect: str
    dialect_known: bool = True
    """Else it is a guess, for nothing is asked of the VTN."""
    vens: PlannedCounts
    resources: PlannedCounts
    item: str = ""
    """Its name; empty where there is none to be sent."""
    notes: tuple[str, ...] = ()
    """Sentences about its requests."""
    requests: tuple[PlannedRequest, ...] = ()

    @property
    def caveats(self) -> list[str]:
        """Sentences about those that are not simply sent."""
        both = (self.vens, self.resources)
        counted = (
            (sum(one.doubtful for one in both), "in doubt: looked up first"),
            (sum(one.held for one in both), "wait a moment, so that an undo sends nothing"),
            (sum(one.refused for one in both), "were refused before"),
        )
        return [f"{count:,} {words}." for count, words in counted if count]
