"""When an event is over."""

from __future__ import annotations

from datetime import datetime

import pytest

from vendash.vtn.server.periods import duration_s, over_at

START = "2026-11-22T12:00:00Z"
AT = datetime.fromisoformat(START).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT0S", 0),
        ("PT1H", 3600),
        ("PT15M30S", 930),
        ("PT0.5S", 0.5),
        ("P1D", 86_400),
        ("P2W", 14 * 86_400),
        ("P1Y2M", 425 * 86_400),
        ("-PT1H", -3600),
    ],
)
def test_a_duration_in_seconds(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


def interval(**period: str) -> dict[str, object]:
    return {"id": 0, "payloads": [], **({"intervalPeriod": period} if period else {})}


@pytest.mark.parametrize(
    ("event", "over"),
    [
        ({}, None),
        ({"intervals": [interval()]}, None),
        ({"intervalPeriod": {"start": START, "duration": "PT1H"}}, AT + 3600),
        (
            {
                "intervalPeriod": {"start": START, "duration": "PT1H"},
                "intervals": [interval(), interval(), interval()],
            },
            AT + 3 * 3600,
        ),
        (
            {
                "intervals": [
                    interval(start=START, duration="PT2H"),
                    interval(start=START, duration="PT1H"),
                ]
            },
            AT + 2 * 3600,
        ),
        (
            {
                "duration": "P1D",
                "intervalPeriod": {"start": START, "duration": "PT1H"},
                "intervals": [interval()],
            },
            AT + 86_400,
        ),
        ({"intervalPeriod": {"start": START, "duration": "P9999Y"}}, None),
        ({"intervalPeriod": {"start": "0001-01-01T00:00:00Z", "duration": "PT0S"}}, 0.0),
        ({"intervalPeriod": {"start": "0001-01-01T00:00:00+14:00", "duration": "PT0S"}}, 0.0),
        ({"intervalPeriod": {"start": "0001-01-01T00:00:00Z", "duration": "PT1H"}}, None),
        (
            {"intervalPeriod": {"start": "9999-12-31T23:59:59-14:00", "duration": "PT1H"}},
            253_402_300_799.0 + 15 * 3600,
        ),
    ],
)
def test_an_event_is_over_when_its_last_interval_is(
    event: dict[str, object], over: float | None
) -> None:
    assert over_at(event) == over
