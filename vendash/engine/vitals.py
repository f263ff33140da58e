"""What the engine knows of its connection, as it is written into its status: small, no secrets."""

from __future__ import annotations

import math

from vendash.telemetry.status import ConnectionStatus
from vendash.text import plain
from vendash.vtn.client import Vtn
from vendash.vtn.health import RegistrarVitals
from vendash.vtn.vitals import CLOCK_TOLERANCE, ConnectionFacts

MOST_WARNINGS = 5
"""The status is written once a second."""
MOST_SCOPES = 30
_LONGEST = 300


def connection_status(vtn: Vtn, registrar: RegistrarVitals) -> ConnectionStatus:
    """Both, in the shape of the status file."""
    facts = vtn.vitals.snapshot()
    left = facts.token_left
    ends = facts.certificate_ends
    error, error_at = _newest(facts, registrar)
    warnings = facts.warnings()
    return ConnectionStatus(
        answers=facts.answers,
        in_flight=facts.in_flight,
        window=registrar.window,
        breaker=registrar.breaker,
        latency_p50=_rounded(facts.latency_p50, 4),
        latency_p99=_rounded(facts.latency_p99, 4),
        answered_at=_rounded(facts.answered_at, 1),
        token="client" if vtn.credentials else "bearer" if vtn.tokens.fixed else "none",
        token_age=_rounded(facts.token_age, 1),
        token_left=None if left is None or math.isinf(left) else round(left, 1),
        scopes=None if facts.scopes is None else facts.scopes[:MOST_SCOPES],
        clock_offset=_rounded(facts.clock_offset, 1),
        certificate_ends=None if ends is None else ends.timestamp(),
        error=plain(error, _LONGEST),
        error_at=error_at,
        word=_word(facts, warnings),
        warnings=_few(warnings),
    )


def _newest(facts: ConnectionFacts, registrar: RegistrarVitals) -> tuple[str, float | None]:
    """The later of the two last errors: of the line, and of an item on it."""
    if registrar.last_error and registrar.last_error_at >= (facts.error_at or 0.0):
        return registrar.last_error, registrar.last_error_at
    return facts.error, facts.error_at


def _word(facts: ConnectionFacts, warnings: list[str]) -> str:
    if facts.clock_offset is not None and abs(facts.clock_offset) > CLOCK_TOLERANCE:
        return "clock"
    if len(warnings) > len(facts.vens_without_token):
        return "certificate"
    return "VEN token" if warnings else ""


def _few(warnings: list[str]) -> tuple[str, ...]:
    shown = [plain(one, _LONGEST) for one in warnings[:MOST_WARNINGS]]
    if len(warnings) > len(shown):
        shown.append(f"And {len(warnings) - len(shown):,} more like these: vendash doctor.")
    return tuple(shown)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
