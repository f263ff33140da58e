"""Marks: a set of keys in few bits."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from vendash.widgets.marks import Marks

KEYS = st.lists(st.integers(min_value=0, max_value=2**40), max_size=60)


@given(KEYS, KEYS, KEYS)
def test_marks_are_a_set(added: list[int], dropped: list[int], toggled: list[int]) -> None:
    """Adding, dropping and toggling do what they do to a set; iteration is in order of key."""
    marks, plain = Marks(), set[int]()
    marks.add(added)
    plain.update(added)
    marks.discard(dropped)
    plain.difference_update(dropped)
    for key in toggled:
        marks.toggle(key)
        plain.symmetric_difference_update({key})
    assert list(marks) == sorted(plain)
    assert len(marks) == len(plain)
    assert all((key in marks) == (key in plain) for key in (*added, *dropped, *toggled))
    assert list(marks.among(added)) == [key for key in added if key in plain]


def test_a_million_marks_take_less_than_a_megabyte() -> None:
    """An int set of as many would take 67 MB."""
    marks = Marks()
    marks.add(range(1, 1_000_001))
    assert len(marks) == 1_000_000
    pages = marks._pages
    assert sys.getsizeof(pages) + sum(map(sys.getsizeof, pages.values())) < 1_000_000
