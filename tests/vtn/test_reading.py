"""Read liberally: dates, decisions and values in every form that a VTN was seen to send."""

from __future__ import annotations

import msgspec
import pytest

from vendash.models import RegistrationStatus
from vendash.vtn.dialects import DIALECTS, dialect_named
from vendash.vtn.dialects.reading import in_words, stamp_of, status_of


@pytest.mark.parametrize(
    ("said", "stamp"),
    [
        ("2026-11-22T08:27:04.547787+00:00", "2026-11-22T08:27:04.547787Z"),
        ("2026-11-22T09:27:04+01:00", "2026-11-22T08:27:04.000000Z"),
        ("2026-11-22T08:27:04Z", "2026-11-22T08:27:04.000000Z"),
        ("2026-11-22T08:27:04.1234567891Z", "2026-11-22T08:27:04.123456Z"),
        ("2026-11-21 23:30:27", "2026-11-21T23:30:27.000000Z"),
        ("23:30:28", ""),
        ("yesterday", ""),
        ("", ""),
        ("0001-01-01T00:00:00+09:00", ""),
        (None, ""),
        (1700000000, ""),
        (["2026-11-21"], ""),
    ],
)
def test_a_stamp_is_utc_in_one_form_or_empty(said: object, stamp: str) -> None:
    assert stamp_of(said) == stamp


def test_the_order_of_stamps_is_the_order_of_time() -> None:
    early, late = stamp_of("2026-11-22T10:00:00+02:00"), stamp_of("2026-11-22T08:00:00.5Z")
    assert early < late


@pytest.mark.parametrize(
    ("values", "status"),
    [
        (["APPROVED"], RegistrationStatus.APPROVED),
        ([" suspended "], RegistrationStatus.SUSPENDED),
        (["WAITLISTED"], None),
        ([], None),
        ([1], None),
        ("APPROVED", None),
        (None, None),
    ],
)
def test_a_decision_is_known_or_none(values: object, status: RegistrationStatus | None) -> None:
    assert status_of(values) is status


@pytest.mark.parametrize("dialect", DIALECTS[:2])
def test_a_listed_object_carries_its_stamp_and_decision(dialect: str) -> None:
    one = {
        "id": "r",
        "resourceName": "x",
        "modificationDateTime": "2026-11-21 23:30:27",
        "attributes": [7, {"type": "prequalification", "values": ["APPROVED"]}],
    }
    odd = {"id": "s", "modificationDateTime": 5, "attributes": "none"}
    first, second = dialect_named(dialect).listed(msgspec.json.encode([one, odd]))
    assert (first.stamp, first.status) == ("2026-11-21T23:30:27.000000Z", "APPROVED")
    assert (second.stamp, second.status) == ("", None)


def test_values_in_words_are_short_and_harmless() -> None:
    assert in_words([1.0, "a\x1b[2J", None, True]) == "1, a\\x1b[2J, , True"
    assert len(in_words(["x" * 500] * 50)) <= 200
    assert in_words(10**5000) == "a number beyond all measure"
