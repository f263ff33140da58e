"""GSRN, the number of a meter point: 18 digits, the last being the GS1 mod-10 check digit."""

from __future__ import annotations

from uuid import UUID

LENGTH = 18
DANISH_ELECTRICITY = "571313"
"""What the meter points of Danish electricity begin with."""


def check_digit(digits: str) -> str:
    """The check digit of the 17 digits before it (GS1 General Specifications, 7.9).

    Weights are 3, 1, 3 ... from the left.
    """
    codes = digits.encode("ascii")  # "0" is 48, and 48 x (9 x 3 + 8) is a multiple of ten
    return str(-(3 * sum(codes[0::2]) + sum(codes[1::2])) % 10)


def is_valid(number: str) -> bool:
    """Whether this is 18 digits that end with their check digit."""
    if len(number) != LENGTH or not (number.isascii() and number.isdigit()):
        return False
    return check_digit(number[:-1]) == number[-1]


def made_up(resource_id: UUID, attempt: int = 0) -> str:
    """A Danish number derived from a resource's id; another one for every attempt.

    It stands in for the real one where that is not known. Two ids in a hundred thousand million
    share a number: whoever needs them apart asks again with the next attempt.
    """
    digits = f"{DANISH_ELECTRICITY}{(resource_id.int + attempt) % 10**11:011d}"
    return digits + check_digit(digits)
