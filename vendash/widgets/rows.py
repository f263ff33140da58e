"""The rows of a table that were seen last."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

R = TypeVar("R")

CACHED_ROWS = 2000
"""Rows kept; some forty screens of them."""


class RowCache(Generic[R]):
    """The rows seen last, by key; stale ones are still shown until the new ones have come."""

    def __init__(self, limit: int = CACHED_ROWS) -> None:
        self._rows: OrderedDict[int, tuple[int, R]] = OrderedDict()
        self._limit = limit
        self._epoch = 0

    def get(self, key: int) -> R | None:
        """The row as it was last known."""
        found = self._rows.get(key)
        if found is None:
            return None
        self._rows.move_to_end(key)
        return found[1]

    def put(self, key: int, row: R) -> None:
        """Keep a row that was just read."""
        self._rows[key] = (self._epoch, row)
        self._rows.move_to_end(key)
        while len(self._rows) > self._limit:
            self._rows.popitem(last=False)

    def is_fresh(self, key: int) -> bool:
        """Whether the row was read since the last `age`."""
        found = self._rows.get(key)
        return found is not None and found[0] == self._epoch

    def age(self) -> None:
        """What is kept may be out of date from now on."""
        self._epoch += 1
