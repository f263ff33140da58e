"""Looking through very many keys without holding up anything else."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator, Sequence

from vendash.widgets.marks import Marks

_SLICE = 100_000
"""Keys looked through without letting anything else run."""


async def place_of(key: int | None, keys: Sequence[int], *, near: int) -> int | None:
    """Where a key stands, looking near its last place first; None when it is not there."""
    if key is None:
        return None
    if near < len(keys) and keys[near] == key:
        return near
    for start in range(0, len(keys), _SLICE):
        try:
            return keys.index(key, start, start + _SLICE)
        except ValueError:
            await asyncio.sleep(0)
    return None


async def slices(keys: Sequence[int], size: int = 20_000) -> AsyncIterator[Sequence[int]]:
    """The keys in parts, letting other work run between them."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
        await asyncio.sleep(0)


async def without(keys: Sequence[int], left: Sequence[int]) -> Sequence[int]:
    """The keys that are not among those to leave."""
    kept = Marks()
    async for part in slices(keys):
        kept.add(part)
    async for part in slices(left):
        kept.discard(part)
    return array("q", kept)
