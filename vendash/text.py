"""Text from outside made fit to stand in a sentence or on a line of a terminal."""

from __future__ import annotations

import unicodedata

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_JOINER = "\u200d"  # holds an emoji together


def is_control(character: str) -> bool:
    """Whether a character could steer a terminal, or turn or hide the text around it."""
    return character != _JOINER and unicodedata.category(character) in _UNSAFE


def first_control(text: str) -> str | None:
    """The first such character of a text; None where all of it is harmless."""
    if text.isprintable():
        return None
    return next((character for character in text if is_control(character)), None)


def plain(text: str, limit: int = 60) -> str:
    r"""The text with control characters written as escapes (`\x1b`), cut to so many characters."""
    safe = "".join(_escaped(c) if is_control(c) else c for c in text[: limit + 1])
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def harmless(text: str) -> str:
    r"""All of the text, its lines kept, with other control characters as escapes (`\x1b`)."""
    return "\n".join(
        "".join(_escaped(c) if is_control(c) else c for c in line) for line in text.split("\n")
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
