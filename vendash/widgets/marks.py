"""Which rows are marked, by key, in a few bits a row: a million marks take some hundred kB."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

_PAGE = 4096
"""Keys per page; row ids are dense, so pages are full and few."""


class Marks:
    """A set of row keys (non-negative integers), kept as bits."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: int) -> bool:
        page = self._pages.get(key // _PAGE)
        if page is None:
            return False
        place = key % _PAGE
        return bool(page[place >> 3] & (1 << (place & 7)))

    def __iter__(self) -> Iterator[int]:
        for number, page in sorted(self._pages.items()):
            for place, byte in enumerate(page):
                if byte:
                    start = number * _PAGE + place * 8
                    yield from (start + bit for bit in range(8) if byte & (1 << bit))

    def add(self, keys: Iterable[int]) -> None:
        """Mark these too."""
        for key in keys:
            page = self._pages.get(key // _PAGE)
            if page is None:
                page = self._pages[key // _PAGE] = bytearray(_PAGE // 8)
            place = key % _PAGE
            bit = 1 << (place & 7)
            if not page[place >> 3] & bit:
                page[place >> 3] |= bit
                self._count += 1

    def discard(self, keys: Iterable[int]) -> None:
        """Unmark these where they are marked."""
        for key in keys:
            page = self._pages.get(key // _PAGE)
            if page is None:
                continue
            place = key % _PAGE
            bit = 1 << (place & 7)
            if page[place >> 3] & bit:
                page[place >> 3] &= ~bit
                self._count -= 1

    def toggle(self, key: int) -> None:
        """Mark what is not marked, and the other way round."""
        if key in self:
            self.discard((key,))
        else:
            self.add((key,))

    def clear(self) -> None:
        """Unmark everything."""
        self._pages.clear()
        self._count = 0

    def among(self, keys: Iterable[int]) -> array[int]:
        """Those of the keys that are marked, in their order."""
        return array("q", (key for key in keys if key in self))
