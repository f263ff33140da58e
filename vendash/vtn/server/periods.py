"""When an event is over, from the interval periods it carries (ISO 8601 durations)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_DURATION = re.compile(
    r"(-?)P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)([DW]))?"
    r"(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?)?"
)
_DAY_S = 86_400.0
_CENTURY_S = 100 * 366 * _DAY_S


def duration_s(text: str) -> float:
    """Seconds of an ISO 8601 duration; a year counts 365 days and a month 30."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return 0.0
    sign, years, months, days, unit, hours, minutes, seconds = match.groups()
    whole_days = 365.0 * _number(years) + 30.0 * _number(months)
    whole_days += _number(days) * (7.0 if unit == "W" else 1.0)
    total = whole_days * _DAY_S + 3600 * _number(hours) + 60 * _number(minutes) + _number(seconds)
    return -total if sign else total


def over_at(event: Mapping[str, Any]) -> float | None:
    """Seconds since 1970 when the last interval of an event has passed; None if it never does.

    A start in the year 1 stands for now, and with no duration for a cancelled event, which is
    over. An event's own `duration` (3.1) says how long its intervals repeat.
    """
    default = event.get("intervalPeriod")
    intervals = event.get("intervals", ())
    ends: list[float | None] = []
    clock: float | None = None
    for interval in intervals:
        period = interval.get("intervalPeriod")
        if period is None and default is not None and clock is not None:
            clock += duration_s(default.get("duration", "PT0S"))
            ends.append(clock)
            continue
        clock = _end(period or default)
        ends.append(clock)
    if not intervals:
        ends.append(_end(default))
    if "duration" in event and default is not None and "start" in default:
        ends.append(_end({"start": default["start"], "duration": event["duration"]}))
    finite = [end for end in ends if end is not None]
    return max(finite) if len(finite) == len(ends) else None


def _end(period: Mapping[str, Any] | None) -> float | None:
    if period is None or "start" not in period:
        return None
    length = duration_s(period.get("duration", "PT0S"))
    start = datetime.fromisoformat(period["start"])
    if length > _CENTURY_S or (start.year == 1 and length > 0):
        return None
    return start.timestamp() + length if start.year > 1 else 0.0


def _number(text: str | None) -> float:
    return float(text) if text else 0.0
