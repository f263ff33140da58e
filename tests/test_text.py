"""Text from outside, made fit for a line of a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vendash.text import first_control, plain


def test_control_characters_become_escapes() -> None:
    assert plain("a\x1b[31mb\0\u202e\n") == r"a\x1b[31mb\x00\u202e\n"


def test_letters_signs_and_joined_emoji_stay_as_they_are() -> None:
    text = "Ærø & [b]'Café'[/b] 👩‍👧 ☀️\u00a0½"
    assert plain(text) == text
    assert first_control(text) is None


def test_long_text_is_cut() -> None:
    assert plain("a" * 61) == "a" * 59 + "…"
    assert plain("a" * 60) == "a" * 60


@given(st.text(), st.integers(5, 80))
def test_what_is_plain_has_no_control_character_and_keeps_to_its_length(
    text: str, limit: int
) -> None:
    safe = plain(text, limit)
    assert first_control(safe) is None
    assert len(safe) <= limit
