"""Randomness that depends on names, never on order, process or tick length.

A draw is a pure function of (seed, name, what for, when): a resource behaves the same whoever else
is in the fleet, and a run can be repeated or entered in the middle. No generator has a state.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
"""One 64-bit key for each name, shape (n,)."""

_WORD = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def stable_keys(names: Iterable[str], seed: int) -> Keys:
    """One key for each name; the same in every process, unlike `hash()`."""
    digests = (
        blake2b(f"{seed}:{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
        for name in names
    )
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def uniform(keys: Keys, stream: int, counter: int = 0) -> NDArray[np.float32]:
    """A number in [0, 1) for each key; `stream` says what for, `counter` says when."""
    return (_draw(keys, stream, counter) >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)


def normal(keys: Keys, stream: int, counter: int = 0) -> NDArray[np.float32]:
    """A nearly normal number for each key, mean 0, variance 1, within +-3.5.

    The sum of four uniform 16-bit numbers (Irwin-Hall): cheap, and free of the far tails that
    no meter shows.
    """
    lanes = _draw(keys, stream, counter).view(np.uint16).reshape(-1, 4)
    total: NDArray[np.float32] = lanes.sum(axis=1, dtype=np.int32).astype(np.float32)
    total -= np.float32(2 * 65535)
    total *= np.float32(math.sqrt(3.0) / 65536)
    return total


def _draw(keys: Keys, stream: int, counter: int) -> Keys:
    """SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) of the key and a salt."""
    salt = (stream * 0xD1342543DE82EF95 + counter + 1) * _GOLDEN & _WORD
    word = keys ^ np.uint64(salt)
    word = (word ^ (word >> np.uint64(30))) * _FIRST
    word = (word ^ (word >> np.uint64(27))) * _SECOND
    return word ^ (word >> np.uint64(31))
