"""The values of one row of an asset file, checked; what is wrong with them is collected."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from vendash.models import Capacities
from vendash.store.csvrows import Row
from vendash.text import plain

COLUMNS = ("title", "address", "longitude", "latitude")
CAPACITY_COLUMNS = ("P_max_kw", "P_min_kw", "E_max_kwh", "E_min_kwh")

MAX_TEXT = 300
"""Characters of a title or an address."""
MAX_CAPACITY = 10_000_000
"""kW or kWh: more than any plant there is."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_FORMULA = re.compile(r"=|[+@-]\w*\(")
_POSTCODE = re.compile(r"(?:[A-Z]{1,2}-)?\d[\d ]{2,5}\s+(?=\D)", re.ASCII)
_DISTRICT = re.compile(r"(?P<town>.+) (?:C|K|N|S|[NS]?[VØ])|(?P<odense>Odense) M")
"""A town with a letter of its district. The letters F, J, L, M and Sj tell towns of one name apart
(Nykøbing F) and belong to the name; only Odense has a district M."""


class Cells:
    """The values of one row; every method reads one and notes in `wrong` what is wrong with it."""

    def __init__(self, row: Row) -> None:
        self._values = row.values
        self.wrong: list[tuple[str, str]] = []
        """Column and sentence."""

    def text(self, column: str) -> str:
        """Text in NFC, with single blanks. Control characters are refused before, in csvrows."""
        text = " ".join(unicodedata.normalize("NFC", self._values[column]).split())
        if not text:
            self._note(column, "is empty")
        elif len(text) > MAX_TEXT:
            self._note(column, f"has {len(text):,} characters: at most {MAX_TEXT}")
        elif _FORMULA.match(text):
            self._note(column, f"'{plain(text)}' is a formula that a spreadsheet would run")
        return text

    def degrees(self, column: str, bound: int) -> float:
        """Degrees from -bound to bound."""
        degrees = self._number(column)
        if abs(degrees) > bound:
            self._note(column, f"{degrees:g} lies outside the world (-{bound} to {bound})")
        return degrees

    def capacities(self, default: Capacities) -> Capacities:
        """Capacities, each of the default's where its column is missing or empty."""
        if self._values.keys().isdisjoint(CAPACITY_COLUMNS):
            return default
        defaults = (default.p_max_kw, default.p_min_kw, default.e_max_kwh, default.e_min_kwh)
        p_max, p_min, e_max, e_min = map(self._capacity, CAPACITY_COLUMNS, defaults)
        if p_min > p_max:
            self._note("P_min_kw", f"{p_min:g} is more than P_max_kw, {p_max:g}")
        if e_min > e_max:
            self._note("E_min_kwh", f"{e_min:g} is more than E_max_kwh, {e_max:g}")
        return Capacities(p_max_kw=p_max, p_min_kw=p_min, e_max_kwh=e_max, e_min_kwh=e_min)

    def town(self, address: str) -> str:
        """The town of the address."""
        town = town_of(address)
        if town is None and address:
            self._note("address", "has no town: write it as in Torvet 1, 7400 Herning, Denmark")
        return town or ""

    def _capacity(self, column: str, default: float) -> float:
        if not self._values.get(column, "").strip():
            return default
        capacity = self._number(column)
        if abs(capacity) > MAX_CAPACITY:
            self._note(column, f"{capacity:g} is more than {MAX_CAPACITY:,}")
        return capacity

    def _number(self, column: str) -> float:
        text = self._values[column].strip()
        if _NUMBER.fullmatch(text):
            return float(text)
        self._note(column, f"'{plain(text)}' is not a number" if text else "is empty")
        return 0.0

    def _note(self, column: str, sentence: str) -> None:
        self.wrong.append((column, sentence))


def town_of(address: str) -> str | None:
    """The whole name of the town, without postcode and letters of a district.

    It is in the last part of the address that has a postcode, else in the part before the last
    comma. None where there is no such part.
    """
    parts = [part.strip() for part in address.split(",")]
    for part in reversed(parts):
        if _POSTCODE.match(part):
            return _town(part)
    return _town(parts[-2]) if len(parts) > 1 else None


@lru_cache(maxsize=4096)
def _town(part: str) -> str | None:
    town = _POSTCODE.sub("", part, count=1)
    if district := _DISTRICT.fullmatch(town):
        town = district["town"] or district["odense"]
    return town if any(character.isalpha() for character in town) else None
