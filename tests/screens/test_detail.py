"""Text in lines, as the screens with much text have it."""

from __future__ import annotations

import pytest

from vendash.screens.detail import indented, wrap
from vendash.widgets.text import width_of

TEXT = "En lang adresse, Københavnsgade 12 東京都千代田区 x" + "y" * 40


@pytest.mark.parametrize("width", [-3, 0, 1, 2, 5, 30, 200])
def test_wrapping_ends_at_any_width_and_loses_nothing(width: int) -> None:
    """A pane may have no cells for a moment, while the terminal is laid out."""
    lines = wrap(TEXT, width)
    assert "".join(lines).replace(" ", "") == TEXT.replace(" ", "")
    assert all(width_of(line) <= max(width, 2) for line in lines)


def test_wide_letters_are_counted_as_they_are_shown() -> None:
    """Each takes two cells."""
    assert wrap("東京都千代田区", 5) == ["東京", "都千", "代田", "区"]


@pytest.mark.parametrize("width", [0, 1, 40])
def test_indented_text_ends_too(width: int) -> None:
    """The body of an answer, in whatever room there is."""
    assert list(indented('{\n  "a": "' + "b" * 50 + '"\n}', width))
