"""How many requests may be under way: additive increase, multiplicative decrease, as pure data.

The window doubles with every round of answers until requests begin to queue, then grows by one a
round. It is halved, at most once per round trip, when the VTN is overloaded: 429, 5xx, or silence.
Queuing is seen as TCP Vegas sees it: of `n` requests under way, `n (1 - shortest / present)` wait
for others, where the shortest latency is that of the same kind of request. All times are seconds
on the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

CAP = 64
START = 4
FORGET_AFTER = 15.0
"""Seconds after which the shortest latencies are learnt anew: the way to a VTN may change."""


@dataclass(frozen=True, slots=True)
class Window:
    """How many requests may be under way, and what that rests on."""

    size: int = START
    cap: int = CAP
    least: int = 1
    doubling: bool = True
    """Nothing has queued yet."""
    answers: int = 0
    """In this round."""
    queued: float = 0.0
    """Sum over the answers of this round: the share of their time that they waited for others."""
    shortest: Mapping[str, float] = field(default_factory=dict)
    """Latency, by kind of request."""
    learning_since: float = float("-inf")
    changed_at: float = float("-inf")
    """Answers to what left before say nothing about the present size."""

    def answered(self, kind: str, sent_at: float, now: float, *, in_flight: int) -> Window:
        """The VTN did what was asked, or said clearly that it does not."""
        latency = max(now - sent_at, 1e-6)
        learnt = self._learnt(kind, latency, now)
        if sent_at < self.changed_at or 2 * in_flight < self.size:
            return learnt  # of another size, or the window is not what holds us back
        share = 1.0 - learnt.shortest[kind] / latency
        answers, queued = self.answers + 1, self.queued + share
        if answers < self.size:
            return replace(learnt, answers=answers, queued=queued)
        return learnt._adjusted(self.size * queued / answers, now)

    def overloaded(self, sent_at: float, now: float) -> Window:
        """The VTN said that it is too much (429, 5xx), or nothing at all."""
        if sent_at < self.changed_at:
            return self
        return self._resized(self.size // 2, now, doubling=False)

    def _adjusted(self, waiting: float, now: float) -> Window:
        """At the end of a round in which so many of the requests were waiting on average."""
        few, many = 4.0 + self.size / 8, 6.0 + self.size / 4
        if waiting < few:
            return self._resized(self.size * 2 if self.doubling else self.size + 1, now)
        if waiting > many:
            return self._resized(self.size - max(1, self.size // 8), now, doubling=False)
        return self._resized(self.size, now, doubling=False)

    def _resized(self, size: int, now: float, *, doubling: bool | None = None) -> Window:
        size = max(self.least, min(self.cap, size))
        return replace(
            self,
            size=size,
            doubling=self.doubling if doubling is None else doubling,
            answers=0,
            queued=0.0,
            changed_at=self.changed_at if size == self.size else now,
        )

    def _learnt(self, kind: str, latency: float, now: float) -> Window:
        if now - self.learning_since > FORGET_AFTER:
            return replace(self, shortest={kind: latency}, learning_since=now)
        if latency < self.shortest.get(kind, float("inf")):
            return replace(self, shortest={**self.shortest, kind: latency})
        return self


def fixed(size: int) -> Window:
    """A window that never changes."""
    return Window(size=size, cap=size, least=size)
