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

import re
import unicodedata
from enum import StrEnum

import msgspec

from vendash.errors import VendashError
from vendash.models import RegistrationStatus, ResourceType, VtnState
from vendash.text import plain


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


class Term(msgspec.Struct, frozen=True):
    """One condition. `value` is folded text (with `*` as wildcard) or a number of kW."""

    field: Field
    value: str | float
    operator: str = "="
    """`=`, and for POWER also `<`, `<=`, `>`, `>=`."""
    negated: bool = False


class Filter(msgspec.Struct, frozen=True):
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


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which resources, in which order."""

    ven: str | None = None
    """Exactly this VEN; None for all, `models.NO_VEN` for those without one."""
    status: RegistrationStatus | None = None
    filter: Filter = Filter()
    sort: Sort = Sort.NAME
    descending: bool = False


def fold(text: str) -> str:
    """Text as it is compared: NFKC, case-folded. æ, ø and å stay letters of their own."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold()


MAX_LENGTH = 500
"""Characters of a filter."""

# Compiled on first use, for most consoles are never asked for a filter before their first paint.
_WORD = r'(?i)!?(?:[a-z]+:)?"[^"]*"?|\S+'
"""A quote that is still open while typing ends with the text."""
_POWER = r"(?is)p(?P<operator><=|>=|<|>|=|:)(?P<number>.*)"
_NUMBER = r"(?a)[+-]?(\d+[.,]?\d*|[.,]\d+)"
_NAMED = r"(?s)(?P<field>[^\W\d_]+):(?P<value>.*)"
_CHOICES: dict[Field, tuple[str, ...]] = {
    Field.STATUS: tuple(fold(status) for status in RegistrationStatus),
    Field.TYPE: tuple(fold(kind) for kind in ResourceType),
    Field.VTN: tuple(VtnState),
}


def parse_filter(text: str) -> Filter:
    """The filter that a text says; blank text matches everything.

    Raises `FilterError` for an unknown field, a value that the field does not have, a number that
    is none, and a text of more than `MAX_LENGTH` characters.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(f"The filter is too long: at most {MAX_LENGTH} characters.")
    terms = (_term(word) for word in re.findall(_WORD, text))
    return Filter(tuple(term for term in terms if term is not None))


def _term(word: str) -> Term | None:
    negated = word.startswith("!")
    body = word[1:] if negated else word
    if power := re.fullmatch(_POWER, body):
        operator = power["operator"].replace(":", "=")
        return Term(Field.POWER, _kilowatts(power["number"]), operator, negated)
    if named := re.fullmatch(_NAMED, body):
        field = _field(named["field"])
        return Term(field, _value(field, _unquoted(named["value"])), negated=negated)
    value = fold(_unquoted(body))
    return Term(Field.TEXT, value, negated=negated) if value.strip() else None


def _unquoted(text: str) -> str:
    return text[1:].removesuffix('"') if text.startswith('"') else text


def _kilowatts(text: str) -> float:
    if not re.fullmatch(_NUMBER, text):
        raise FilterError(f"p needs a number of kW, as in p>100, not '{plain(text)}'.")
    return float(text.replace(",", "."))


def _field(name: str) -> Field:
    try:
        field = Field(fold(name))
    except ValueError:
        field = Field.TEXT
    if field in (Field.TEXT, Field.POWER):
        raise FilterError(
            f"There is no field '{plain(name)}:'; use status, type, sub, ven, vtn or p>,"
            " or put the text in quotes."
        )
    return field


def _value(field: Field, text: str) -> str:
    """The folded value; of a field with few values, the beginning of one is enough."""
    value = fold(text).strip()
    choices = _CHOICES.get(field)
    if choices is None:
        if value:
            return value
        raise FilterError(f"{field}: needs a value, as in {field}:her*.")
    exact = [choice for choice in choices if choice == value]
    found = exact or [choice for choice in choices if value and choice.startswith(value)]
    if len(found) == 1:
        return found[0]
    raise FilterError(f"{field}: is one of {', '.join(choices)}, not '{plain(text)}'.")
