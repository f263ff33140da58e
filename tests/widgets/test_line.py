"""A line that repaints only what has changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vendash.widgets.line import changed_cells, cut, width
from vendash.widgets.palette import Words

WORDS: st.SearchStrategy[Words] = st.lists(
    st.tuples(st.text("ab ", min_size=1, max_size=4), st.sampled_from(["text", "dim"])), max_size=6
)


def cells(words: Words) -> list[tuple[str, str]]:
    return [(character, style) for text, style in words for character in text]


@given(WORDS, WORDS)
def test_all_that_differs_is_painted(before: Words, after: Words) -> None:
    """Every cell outside the painted ones is the same before and after."""
    start, end = changed_cells(before, after)
    old, new = cells(before), cells(after)
    for place in range(max(len(old), len(new))):
        if not start <= place < end:
            assert old[place : place + 1] == new[place : place + 1]


def test_the_same_costs_nothing() -> None:
    """No cell is painted when nothing has changed."""
    words: Words = [("14:03", "text"), ("  ok", "dim")]
    assert changed_cells(words, list(words)) == (0, 0)


def test_a_cut_says_so() -> None:
    """What does not fit is cut with dots, a wide character never halved."""
    assert cut([("Aalborg", "text"), (" 812", "dim")], 9) == [("Aalborg", "text"), (" …", "dim")]
    assert width(cut([("北京飯店", "text")], 5)) == 5
