"""The filter language of the lists: text in, a parsed filter out.

    nytorv                      folded text anywhere in name, address, sub type, meter point or VEN
    "nytorv 1"                  the same with a blank in it
    status:pending ven:her*     a field equals a value; `*` stands for any characters
    type:ev sub:hotels          `type:` and `sub:` are the resource's type and sub type
    p>100  p<=22.5              P_max in kW
    !sub:hotels                 not

Terms are joined by AND. An unknown field or value is a `FilterError` whose text is shown while
typing. The store compiles a filter to SQL with parameters; the text itself is never SQL.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from vendash.models import RegistrationStatus, VendashError


class FilterError(VendashError):
    """The text is not a filter; the message says which word and what would be right."""


class Field(StrEnum):
    """What a term looks at."""

    TEXT = "text"
    STATUS = "status"
    TYPE = "type"
    SUB_TYPE = "sub"
    VEN = "ven"
    POWER = "p"
    VTN = "vtn"


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `value` is folded text (with `*` as wildcard) or a number of kW."""

    field: Field
    value: str | float
    operator: str = "="
    """`=`, and for POWER also `<`, `<=`, `>`, `>=`."""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Terms that must all hold; no terms match everything."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)


class Sort(StrEnum):
    """The orders of a list of resources. Every order ends with the row id, so it is total."""

    NAME = "name"
    TROUBLE = "trouble"
    STATUS = "status"
    TYPE = "type"
    SUB_TYPE = "sub"
    VEN = "ven"
    POWER = "p"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which resources, in which order."""

    ven: str | None = None
    """Exactly this VEN; None for all, `models.NO_VEN` for those without one."""
    status: RegistrationStatus | None = None
    filter: Filter = Filter()
    sort: Sort = Sort.NAME
    descending: bool = False


def fold(text: str) -> str:
    """Text as it is compared: NFKC, case-folded. æ, ø and å stay letters of their own."""
    return unicodedata.normalize("NFKC", text).casefold()
