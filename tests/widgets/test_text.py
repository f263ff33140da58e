"""Text from outside in terminal cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from vendash.widgets.text import fit, plural, power, visible


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("Nytorv 1", "Nytorv 1"),
        ("a\x1b[31mb", "a␛[31mb"),
        ("a\x9b31mb", "a\N{REPLACEMENT CHARACTER}31mb"),
        ("line\nbreak\ttab\x00", "line␊break␉tab␀"),
        ("\u202eevil", "\N{REPLACEMENT CHARACTER}evil"),
        ("zero\u200bwidth", "zerowidth"),
        ("👩\u200d🔧", "👩🔧"),
        ("👍🏽", "👍"),
        ("🇩🇰", "DK"),
        ("☀\ufe0f", "☀"),
        ("e\u0301", "é"),
        ("[bold]x[/]", "[bold]x[/]"),
    ],
)
def test_what_acts_on_a_terminal_is_shown_as_a_symbol(given_text: str, shown: str) -> None:
    """Control characters become symbols; what terminals measure differently is cut."""
    assert visible(given_text) == shown


def test_towers_of_accents_are_cut() -> None:
    """A letter with a hundred accents does not reach over its neighbours."""
    assert len(visible("q" + "\u0323\u0307" * 50)) <= 3


@given(st.text(max_size=40), st.integers(min_value=0, max_value=30), st.booleans())
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int, right: bool) -> None:
    """Whatever the text: nothing that moves the cursor, and the width that was asked for."""
    cell = fit(visible(text), width, right=right)
    assert cell_len(cell) == width
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in cell)


def test_what_is_cut_ends_with_dots() -> None:
    """A cut is seen, and a wide character is never halved."""
    assert fit("Havnefronten", 6) == "Havne…"
    assert fit("北京飯店", 6) == "北京 …"
    assert fit("7.4", 6, right=True) == "   7.4"


def test_numbers_in_words() -> None:
    """Power in the unit that reads best; counts with their noun."""
    assert [power(kw) for kw in (7.4, 22, 696, 2500)] == ["7.4 kW", "22 kW", "696 kW", "2.5 MW"]
    assert [plural(count, "VEN") for count in (1, 158)] == ["1 VEN", "158 VENs"]
