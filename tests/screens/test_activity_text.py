"""The words of the Activity screen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from vendash.errors import VendashError
from vendash.models import AuditAction, WorkCounts
from vendash.screens.activity_text import (
    handover,
    local_time,
    parse_since,
    remark,
    what,
    why_not_undone,
)

NOW = datetime(2025, 11, 22, 13, 3, 10, tzinfo=UTC)  # 14:03:10 in Copenhagen

ACTION = AuditAction(
    sequence=7,
    at=NOW,
    actor="anna@10.0.0.7 pts/3",
    verb="suspend",
    reason="heat wave",
    count=112,
    subject="Aalborg",
)

pytestmark = pytest.mark.usefixtures("copenhagen")


@pytest.fixture
def copenhagen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The operator's clock is the one of Copenhagen."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Copenhagen")
        time.tzset()
        yield
    time.tzset()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2025-11-22T13:03:10+00:00", "14:03:10"),
        ("2025-11-21T23:30:00+00:00", "00:30:00"),
        ("2025-11-21T21:04:00+00:00", "21 Nov 22:04"),
        ("2023-01-31T12:00:00+00:00", "2023-01-31"),
    ],
)
def test_a_moment_is_shown_by_the_local_clock_with_the_day_when_it_was_another(
    moment: str, shown: str
) -> None:
    assert local_time(at(moment), NOW) == shown


def test_an_action_is_its_verb_and_what_it_was_about() -> None:
    assert what(ACTION) == "suspend Aalborg"
    assert what(replace(ACTION, verb="simulate", subject="")) == "simulate"
    assert what(replace(ACTION, verb="theirs", subject="3 items")) == "take theirs 3 items"
    assert what(replace(ACTION, verb="take", subject="")) == "as the VTN decided:"


def test_an_undone_action_says_by_which_one() -> None:
    assert remark(ACTION) == "heat wave"
    assert remark(replace(ACTION, undone_by=9)) == "undone by 9; heat wave"
    assert remark(replace(ACTION, verb="undo", undoes=7, reason="of suspend")) == "undoes 7"


def test_what_cannot_be_undone_says_why() -> None:
    assert why_not_undone(ACTION) == ""
    assert why_not_undone(replace(ACTION, verb="undo", undoes=7)) == ""
    assert "undone by action 9" in why_not_undone(replace(ACTION, undone_by=9))
    assert "backup" in why_not_undone(replace(ACTION, verb="reset"))
    assert "nothing" in why_not_undone(replace(ACTION, count=0))
    assert "tidy" in why_not_undone(replace(ACTION, verb="tidy"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("13:00", "2025-11-22T12:00:00+00:00"),
        ("22:00", "2025-11-21T21:00:00+00:00"),
        (" 6:05 ", "2025-11-22T05:05:00+00:00"),
        ("2025-11-20", "2025-11-19T23:00:00+00:00"),
        ("5m", "2025-11-22T12:58:10+00:00"),
        ("2 h", "2025-11-22T11:03:10+00:00"),
        ("1d", "2025-11-21T13:03:10+00:00"),
        ("2025-07-01 22:00", "2025-07-01T20:00:00+00:00"),
    ],
)
def test_since_takes_the_last_such_time_by_the_local_clock(text: str, moment: str) -> None:
    assert parse_since(text, NOW) == at(moment)


@pytest.mark.parametrize("text", ["", "yesterday", "25:00", "22", "2099-01-01"])
def test_since_a_moment_that_is_none_says_what_to_type(text: str) -> None:
    with pytest.raises(VendashError, match=r"type|Type"):
        parse_since(text, NOW)


def test_the_handover_says_what_happened_and_what_is_open() -> None:
    work = WorkCounts(decide=866, unsent=8644, approved=990, suspended=62, trouble=2)

    assert (
        handover(3, at("2025-11-21T21:00:00+00:00"), NOW, work)
        == "3 actions since 21 Nov 22:00; still open: 866 to decide, 8,644 unsent, 2 !"
    )
    assert handover(1, NOW, NOW, WorkCounts(approved=5)).endswith("; nothing is open")
