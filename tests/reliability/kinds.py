"""What sorts of VTN and network there are, and what may be wrong at the end of a world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.reliability.model import Objects, Unique
from tests.vtn.ledger import Row


@dataclass(frozen=True)
class Kind:
    """What sort of VTN and network it is."""

    unique: Unique = "within the VEN"
    dialect: str = "3.1"
    late: bool = False
    """Requests may arrive long after they were given up."""
    forgetful: bool = False
    """The VTN comes back empty, or with yesterday's data, or loses an object."""

    @property
    def foreseeable(self) -> bool:
        """Whether everything has to be right without ever comparing both sides."""
        return not self.late and not self.forgetful


def kind_of(seed: int) -> Kind:
    """All combinations, one after another."""
    uniques: tuple[Unique, ...] = ("within the VEN", "everywhere", "none")
    return Kind(
        unique=uniques[seed % 3],
        dialect=("3.1", "3.0.1")[seed // 3 % 2],
        late=seed // 6 % 4 == 3,
        forgetful=seed // 24 % 2 == 1,
    )


@dataclass
class Findings:
    """What is wrong at the end, by name; everything is empty in a good world."""

    never_registered: list[str] = field(default_factory=list)
    ids_unknown: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)
    """There, but not as it is here."""
    removed: list[str] = field(default_factory=list)
    """Unforeseen ids that comparing both sides found, and that the operator had removed."""

    @property
    def wrong(self) -> tuple[int, int, int, int]:
        """Never registered, ids unknown, doubles, otherwise."""
        return (
            len(self.never_registered),
            len(self.ids_unknown),
            len(self.doubles),
            len(self.otherwise),
        )


def ids_by(objects: Objects, name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one, held in objects.items():
        found.setdefault(held[name], []).append(one)
    return found


def judge(found: Findings, rows: Mapping[str, Row], there: Mapping[str, list[str]]) -> None:
    for name, row in rows.items():
        ids = there.get(name, [])
        if row.wanted and row.remote_id not in ids:
            found.never_registered.append(name)
        found.ids_unknown += [one for one in ids if one != row.remote_id or not row.wanted]
        if len(ids) > 1:
            found.doubles.append(name)
