"""Danish names of places, as they stand on signs. All of them are put together by chance.

The words are in danish_words.json: signs by sub type, words for the blanks in them, and streets by
the part of a town where they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

_DATA = json.loads((Path(__file__).parent / "danish_words.json").read_text(encoding="utf-8"))
WORDS: Mapping[str, list[str]] = _DATA["words"]
SIGNS: Mapping[str, list[str]] = _DATA["signs"]
STREETS: Mapping[str, list[str]] = _DATA["streets"]


def sign(random: Random, sub_type: str, town: str, street: str) -> str:
    """A name for a place of this sub type."""
    return random.choice(SIGNS[sub_type]).format_map(_Words(random, town, street))


class _Words(Mapping[str, str]):
    """Gives another word for every blank of a sign."""

    def __init__(self, random: Random, town: str, street: str) -> None:
        self._random = random
        self._fixed = {"town": town, "street": street}

    def __getitem__(self, key: str) -> str:
        return self._fixed.get(key) or self._random.choice(WORDS[key])

    def __iter__(self) -> Iterator[str]:
        return iter(WORDS)

    def __len__(self) -> int:
        return len(WORDS)
