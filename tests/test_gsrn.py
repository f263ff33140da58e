"""Numbers of meter points."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendash import gsrn

uuids = st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))


@pytest.mark.parametrize("number", ["707057500054134059", "000000000000000000"])
def test_a_number_that_ends_with_its_check_digit_is_valid(number: str) -> None:
    assert gsrn.is_valid(number)


@pytest.mark.parametrize(
    "number",
    [
        "707057500054134058",
        "707057500054134",
        "70705750005413405９",
        "70705750005413405x",
        "",
        " " * 18,
    ],
)
def test_any_other_text_is_not(number: str) -> None:
    assert not gsrn.is_valid(number)


@given(uuids, st.integers(0, 1000))
def test_a_made_up_number_is_a_valid_danish_one_and_always_the_same(
    resource_id: UUID, attempt: int
) -> None:
    number = gsrn.made_up(resource_id, attempt)
    assert gsrn.is_valid(number)
    assert number.startswith("571313")
    assert number == gsrn.made_up(UUID(str(resource_id)), attempt)
    assert number != gsrn.made_up(resource_id, attempt + 1)


@given(uuids, st.integers(0, 17), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(resource_id: UUID, place: int, change: int) -> None:
    number = gsrn.made_up(resource_id)
    wrong = str((int(number[place]) + change) % 10)
    assert not gsrn.is_valid(number[:place] + wrong + number[place + 1 :])
