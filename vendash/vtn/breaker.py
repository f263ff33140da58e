"""When to leave a VTN alone: a circuit breaker as a pure function of what happened, and when.

Closed, requests flow. After a refused connection, or several failures in a row, it opens: nothing
is sent but one probe at a time, with growing pauses, until the VTN answers. All times are seconds
on the monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FAILURES = 5
"""In a row, before it opens."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Starts open and due for a probe: nothing is sent to a VTN that has not been greeted."""

    open: bool = True
    until: float = 0.0
    """Before this time no request leaves, and no probe."""
    failures: int = 0
    """In a row."""
    pauses: int = 0
    """How often it opened, or a probe failed, since the last success of real work."""

    def succeeded(self) -> Breaker:
        """A request was answered. A pause that the VTN asked for stays."""
        return Breaker(open=False, until=self.until)

    def failed(self, now: float, chance: float, *, at_once: bool = False) -> Breaker:
        """A request failed; `chance` in [0, 1) spreads the end of the pause."""
        failures = self.failures + 1
        if self.open or (failures < FAILURES and not at_once):
            return replace(self, failures=failures)
        return self._opened(now, chance)

    def probed(self, alive: bool, now: float, chance: float) -> Breaker:
        """The one probe came back. Only real work shortens the next pause."""
        return replace(self, open=False, failures=0) if alive else self._opened(now, chance)

    def asked_to_wait(self, until: float) -> Breaker:
        """The VTN named a time (Retry-After): it holds for everyone."""
        return replace(self, until=max(self.until, until))

    def _opened(self, now: float, chance: float) -> Breaker:
        # Between half and all of the pause, so that consoles do not come back in step.
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.pauses, 16)) * (1 + chance) / 2
        return Breaker(open=True, until=max(self.until, now + pause), pauses=self.pauses + 1)
