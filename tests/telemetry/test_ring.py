"""The ring is bounded for every fleet, and what goes in comes out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.telemetry.rosters import roster
from vendash.errors import VendashError
from vendash.telemetry.ring import LIMIT, SUMMED_SECONDS, Shape, pack, unpack


def shape(resources: int, vens: int, key_size: int = 4) -> Shape:
    """With names of 16 bytes."""
    return Shape(resources, key_size, vens, 2 if vens <= 2**16 else 4, 19 * vens + 2)


@given(
    resources=st.integers(0, 3_000_000),
    vens=st.integers(0, 300_000),
    key_size=st.sampled_from([4, 8]),
)
def test_no_ring_is_larger_than_16_mb(resources: int, vens: int, key_size: int) -> None:
    """A shape either fits, with room for two ticks and two sums, or is not possible."""
    made = shape(resources, vens, key_size)
    if made.possible:
        assert made.size <= LIMIT <= 16 * 10**6
        assert made.slots >= 2
        assert made.rows >= 2
    else:
        with pytest.raises(VendashError, match="too many for the live view"):
            made.check()


def test_the_sample_fleet_has_tens_of_ticks_and_15_minutes_second_by_second() -> None:
    made = shape(10_562, 158)
    assert made.slots >= 30
    assert (made.rows, made.row_seconds) == (SUMMED_SECONDS, 1.0)
    assert made.size < 4 * 10**6


@pytest.mark.parametrize("vens", [1, 158, 15_800])
def test_a_million_resources_fit_with_15_minutes_of_sums(vens: int) -> None:
    """With very many VENs the sums are further apart, but still cover as long."""
    made = shape(1_000_000, vens)
    made.check()
    assert made.rows * made.row_seconds == pytest.approx(SUMMED_SECONDS)


def test_large_keys_and_many_vens_get_the_bytes_they_need() -> None:
    assert Shape.of(roster(5), b"[]").key_size == 4
    assert Shape.of(roster(5, first_key=2**31), b"[]").key_size == 8
    assert Shape.of(roster(5, vens=65_536), b"[]").ven_size == 2
    assert Shape.of(roster(5, vens=65_537), b"[]").ven_size == 4


@given(st.lists(st.integers(0, 3), max_size=50))
def test_two_bits_a_value_hold_every_value(values: list[int]) -> None:
    array = np.array(values, dtype=np.uint8)
    packed = pack(array)
    assert len(packed) == -(-len(values) // 4)
    assert unpack(packed, len(values)).tolist() == values
