"""What is known of the connection to a VTN: token, clock, certificate, speed, last trouble.

Recorded by every connection as it goes, and never by asking for it. No secret passes through here.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from vendash.vtn.answers import Reply
from vendash.vtn.auth import Token

SAMPLES = 512
"""Of the latest answers, for the latencies."""
CLOCK_TOLERANCE = 30.0
"""Seconds that two clocks may differ before it is worth a word."""
SHORT = 2.0
"""Seconds of a call from which the VTN's clock is told. After a longer one its Date may be old: of
a VTN that stood still it is the time at which it fell asleep."""
CERTIFICATE_SOON = timedelta(days=14)
"""Before its end, a certificate is worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFacts:
    """How the connection to a VTN was at one moment. None: not known, or there is none."""

    answers: int = 0
    """Since the start."""
    in_flight: int = 0
    latency_p50: float | None = None
    """Seconds, over the latest answers."""
    latency_p99: float | None = None
    answered_at: float | None = None
    """Unix time of the latest answer."""
    token_age: float | None = None
    """Seconds since the token was fetched."""
    token_left: float | None = None
    """Seconds that it still lives; infinite where the VTN names no end."""
    scopes: tuple[str, ...] | None = None
    """That the token was given; None where the VTN does not say."""
    clock_offset: float | None = None
    """The VTN's clock minus ours in seconds, to about one second."""
    certificate_ends: datetime | None = None
    """UTC."""
    error: str = ""
    """The latest trouble in a sentence; empty where there was none."""
    error_at: float | None = None
    """Unix time."""
    vens_without_token: tuple[str, ...] = ()
    """VENs whose own token was given once and has not reached us."""

    def warnings(self, now: datetime | None = None) -> list[str]:
        """What an operator should look after, a sentence each: what is wrong and what to do.

        Args:
            now: UTC; the present by default.
        """
        found = [clock_warning(self.clock_offset), self._certificate_warning(now)]
        found += [lost_token(ven) for ven in self.vens_without_token]
        return [sentence for sentence in found if sentence]

    def _certificate_warning(self, now: datetime | None) -> str:
        if self.certificate_ends is None:
            return ""
        left = self.certificate_ends - (now or datetime.now(UTC))
        if left > CERTIFICATE_SOON:
            return ""
        return (
            f"The certificate of the VTN ends on {self.certificate_ends:%Y-%m-%d %H:%M} UTC: "
            "have it renewed there before nothing gets through."
        )


def clock_warning(offset: float | None) -> str:
    """A sentence where two clocks differ too much (seconds, the VTN's minus ours); else empty."""
    if offset is None or abs(offset) <= CLOCK_TOLERANCE:
        return ""
    side = "behind" if offset > 0 else "ahead of"
    return (
        f"The clock of this machine is {_length(abs(offset))} {side} the VTN's: "
        "set it (timedatectl set-ntp true), or have the VTN's set."
    )


def lost_token(ven: str) -> str:
    """A sentence about a VEN whose token the VTN gives only once, and which we do not have."""
    return (
        f"The VTN gave the token of the VEN {ven} once, and it is not known here: "
        f"ask its operator for it and give it with: vendash secret set ven '{ven}'."
    )


class Vitals:
    """Records what the connections to one VTN see."""

    def __init__(self) -> None:
        self._answers = 0
        self._in_flight = 0
        self._seconds: deque[float] = deque(maxlen=SAMPLES)
        self._answered_at: float | None = None
        self._token: Token | None = None
        self._clock_offset: float | None = None
        self._certificate_ends: float | None = None
        self._error = ""
        self._error_at: float | None = None
        self._without_token: dict[str, None] = {}

    @contextmanager
    def flight(self) -> Iterator[None]:
        """A request is under way for the length of the block."""
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    def answered(self, reply: Reply, seconds: float) -> None:
        """A whole answer came, so many seconds after its request left."""
        now = time.time()
        self._answers += 1
        self._seconds.append(seconds)
        self._answered_at = now
        if reply.date is not None and (seconds < SHORT or self._clock_offset is None):
            # Whole seconds, cut off: half of one is on average missing.
            self._clock_offset = reply.date + 0.5 - (now - seconds / 2)
        if reply.certificate_ends is not None:
            self._certificate_ends = reply.certificate_ends

    def failed(self, sentence: str) -> None:
        """Something went wrong."""
        self._error, self._error_at = sentence, time.time()

    def token_came(self, token: Token | None) -> None:
        """This is the token now."""
        self._token = token

    def ven_token(self, ven: str, *, known: bool) -> None:
        """Whether the token of a VEN has reached us."""
        if known:
            self._without_token.pop(ven, None)
        else:
            self._without_token[ven] = None

    def snapshot(self) -> ConnectionFacts:
        """How it is now."""
        ordered = sorted(self._seconds)
        now = time.monotonic()
        token, ends = self._token, self._certificate_ends
        return ConnectionFacts(
            answers=self._answers,
            in_flight=self._in_flight,
            latency_p50=_percentile(ordered, 0.50),
            latency_p99=_percentile(ordered, 0.99),
            answered_at=self._answered_at,
            token_age=None if token is None else now - token.fetched_at,
            token_left=None if token is None else max(0.0, token.expires_at - now),
            scopes=None if token is None else token.scopes,
            clock_offset=self._clock_offset,
            certificate_ends=None if ends is None else datetime.fromtimestamp(ends, UTC),
            error=self._error,
            error_at=self._error_at,
            vens_without_token=tuple(self._without_token),
        )


def _percentile(ordered: list[float], share: float) -> float | None:
    """By nearest rank."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None


def _length(seconds: float) -> str:
    """`45 s`, `2 min`, `2 h 5 min`, `3 days`."""
    minutes = round(seconds / 60)
    if seconds < 120:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 2 * 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // (24 * 60)} days"
