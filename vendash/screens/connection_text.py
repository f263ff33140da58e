"""How the connection to the VTN is, in words: pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from vendash.screens.detail import wrap
from vendash.screens.lines import duration
from vendash.telemetry.status import DECISIONS, ConnectionStatus, EngineStatus, ServiceStatus
from vendash.widgets.palette import Words
from vendash.widgets.text import visible

LEAST_CELLS = 40
_LABEL_CELLS = 13
_BREAKER = {
    "closed": "closed: requests flow",
    "paused": "paused: the VTN asked for a moment",
    "open": "open: nothing is sent until the VTN works again",
    "half-open": "half-open: one request is out to see whether the VTN works again",
}

_NOT_FETCHED = {"none": "none is sent", "bearer": "the bearer token that was given"}

Field = tuple[str, str, str]
"""Label, value, style."""


def connection_lines(
    status: EngineStatus | None, now: float, width: int, *, advice: str
) -> list[Words]:
    """The whole view in lines of at most so many cells.

    Args:
        status: What the engine last said.
        now: Unix time.
        width: Cells.
        advice: What starts an engine.
    """
    width = max(LEAST_CELLS, width)  # 0 before the screen is laid out
    if status is None or not status.fresh:
        return list(_no_engine(status, width, advice))
    lines: list[Words] = []
    for label, value, style in _fields(status, now):
        room = width - _LABEL_CELLS
        for number, part in enumerate(wrap(visible(value), room)):
            lines.append([(("" if number else label).ljust(_LABEL_CELLS), "dim"), (part, style)])
    warnings = () if status.connection is None else status.connection.warnings
    for sentence in warnings:
        lines.append([])
        lines += [[(part, "trouble")] for part in wrap(f"! {visible(sentence)}", width)]
    return lines


def _no_engine(status: EngineStatus | None, width: int, advice: str) -> Iterator[Words]:
    what = "No engine runs for this database" if status is None else "The engine is silent"
    text = f"{what}, so nothing is known of the VTN now and nothing is sent to it."
    yield from ([(part, "trouble")] for part in wrap(text, width))
    yield []
    if status is None:
        yield [("start one with    ", "dim"), (visible(advice), "key")]
    yield [("ask the VTN with  ", "dim"), ("vendash doctor", "key")]


def _fields(status: EngineStatus, now: float) -> Iterator[Field]:
    yield "VTN", status.vtn_url or "not known yet", "text"
    yield "state", *_state(status.vtn)
    if status.survey.health == "trouble":
        label = "decisions" if status.survey.text == DECISIONS else "comparison"
        yield label, _state(status.survey)[0], "trouble"
    connection = status.connection
    if connection is None:
        return
    yield "breaker", _breaker(connection), "text" if connection.breaker == "closed" else "trouble"
    yield "in flight", f"{connection.in_flight:,} of at most {connection.window:,} at once", "text"
    yield "latency", _latency(connection), "text"
    yield "answers", _answers(connection, now), "text"
    yield "token", _token(connection), "text"
    if connection.scopes is not None:
        yield "scopes", ", ".join(connection.scopes) or "none", "text"
    yield "clock", _clock(connection), "trouble" if connection.word == "clock" else "text"
    style = "trouble" if connection.word == "certificate" else "text"
    yield "certificate", _certificate(connection, status.vtn_url, now), style
    yield "last error", _error(connection, now), "text" if connection.error else "dim"


def _state(vtn: ServiceStatus) -> tuple[str, str]:
    since = f"since {datetime.fromtimestamp(vtn.since):%H:%M}" if vtn.since else ""
    if vtn.health == "trouble":
        return f"{since}: {vtn.detail or vtn.text}".removeprefix(": "), "trouble"
    if vtn.health == "ok":
        return f"ok, OpenADR {vtn.text}, {since}".removesuffix(", "), "approved"
    return vtn.text or vtn.health, "text"


def _breaker(connection: ConnectionStatus) -> str:
    return _BREAKER.get(connection.breaker, connection.breaker)


def _latency(connection: ConnectionStatus) -> str:
    if connection.latency_p50 is None or connection.latency_p99 is None:
        return "no answer yet"
    return f"p50 {_ms(connection.latency_p50)}, p99 {_ms(connection.latency_p99)}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds < 10 else f"{seconds:,.0f} s"


def _answers(connection: ConnectionStatus, now: float) -> str:
    if connection.answered_at is None:
        return "none yet"
    ago = max(0.0, now - connection.answered_at)
    last = "the last one just now" if ago < 5 else f"the last one {duration(ago)} ago"
    return f"{connection.answers:,} since the engine started, {last}"


def _token(connection: ConnectionStatus) -> str:
    if connection.token in _NOT_FETCHED:
        return _NOT_FETCHED[connection.token]
    if connection.token_age is None:
        return "none fetched yet"
    left = connection.token_left
    life = "without an end" if left is None else f"lives {duration(left)} more"
    return f"{duration(connection.token_age)} old, {life}"


def _clock(connection: ConnectionStatus) -> str:
    offset = connection.clock_offset
    if offset is None:
        return "not known: the VTN tells no time"
    if abs(offset) < 2:
        return "the same as here, to a second"
    return f"of the VTN {duration(abs(offset))} {'ahead' if offset > 0 else 'behind'}"


def _certificate(connection: ConnectionStatus, url: str, now: float) -> str:
    if connection.certificate_ends is None:
        return "not seen yet" if url.startswith("https:") else "none: this is plain http"
    ends = datetime.fromtimestamp(connection.certificate_ends, UTC)
    days = (connection.certificate_ends - now) / 86_400
    left = f"in {days:,.0f} days" if days >= 2 else f"in {max(0.0, days * 24):.0f} h"
    return f"ends {ends:%Y-%m-%d %H:%M} UTC, {left}"


def _error(connection: ConnectionStatus, now: float) -> str:
    if not connection.error:
        return "none since the engine started"
    if connection.error_at is None:
        return connection.error
    at = datetime.fromtimestamp(connection.error_at)
    ago = duration(max(0.0, now - connection.error_at))
    return f"{at:%H:%M:%S}, {ago} ago: {connection.error}"
