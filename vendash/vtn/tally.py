"""How far registration is and what came of it: what the engine shows and `register` prints."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from vendash.models import NEEDS_A_PERSON, Accepted, Refused, RegistrationOutcome, VenWork
from vendash.vtn.moves import Work

RATE_OVER = 5.0
"""Seconds over which the rate is taken."""
RATE_FROM = 1.0
"""Seconds of answers before there is a rate: what came before is a hold, a look-up, a first try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationProgress:
    """How far the present work is. Counts are of VENs and resources together."""

    done: int
    total: int
    failed: int
    per_second: float
    """Over the last few seconds; 0.0 before it can be told."""
    seconds_left: float | None
    """None before that."""
    ven: str = ""
    """The VEN being worked on, empty when they are many."""
    verb: str = "SEND"
    """What most of the last batch was about: REGISTER, UPDATE, REMOVE."""


@dataclass(slots=True, kw_only=True)
class Count:
    """What came of VENs, or of resources."""

    registered: int = 0
    """Created at the VTN."""
    already: int = 0
    """Were there before: adopted, or brought up to date."""
    removed: int = 0
    """Not wanted there any more, and gone."""
    failed: int = 0
    """Refused for good, or in conflict."""
    waiting: int = 0
    """Not there yet, and sent by itself when the VTN can be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What `Registrar.settle` did."""

    vens: Count
    resources: Count
    failures: Sequence[Refused]
    seconds: float
    trouble: str = ""
    """A sentence about the VTN as a whole that ended the work early; empty where none did."""


class Tally:
    """Counts outcomes as they are recorded."""

    def __init__(self, *, keep_failures: bool) -> None:
        self.vens = Count()
        self.resources = Count()
        self.failures: list[Refused] = []
        self._keep_failures = keep_failures
        self._recent: deque[tuple[float, int]] = deque()
        self._ven = ""
        self._verb = "SEND"
        self.done = 0

    def add(self, outcomes: Sequence[RegistrationOutcome]) -> None:
        """Count a batch; what will be tried again does not count yet."""
        for outcome in outcomes:
            self._count(outcome)
        names = {_ven_of(outcome.item) for outcome in outcomes}
        self._ven = names.pop() if len(names) == 1 else ""
        if verbs := [verb for verb in map(_verb_of, outcomes) if verb]:
            self._verb = max(set(verbs), key=verbs.count)
        now = time.monotonic()
        if self.done:
            self._recent.append((now, self.done))
        while len(self._recent) > 2 and self._recent[0][0] < now - RATE_OVER:
            self._recent.popleft()

    def progress(self, total: int) -> RegistrationProgress:
        """A snapshot for the screen."""
        rate = self._per_second()
        return RegistrationProgress(
            done=self.done,
            total=max(total, self.done),
            failed=self.vens.failed + self.resources.failed,
            per_second=rate,
            seconds_left=max(0, total - self.done) / rate if rate > 0 else None,
            ven=self._ven,
            verb=self._verb,
        )

    def _per_second(self) -> float:
        """From the first batch on, which is where the answers begin."""
        if not self._recent:
            return 0.0
        (since, before), (now, done) = self._recent[0], self._recent[-1]
        return (done - before) / (now - since) if now - since >= RATE_FROM else 0.0

    def _count(self, outcome: RegistrationOutcome) -> None:
        count = self.vens if isinstance(outcome.item, VenWork) else self.resources
        match outcome:
            case Accepted(item=item) if not item.wanted:
                count.removed += 1
            case Accepted(already=True):
                count.already += 1
            case Accepted():
                count.registered += 1
            case Refused(state=state) if state in NEEDS_A_PERSON:
                count.failed += 1
                if self._keep_failures:
                    self.failures.append(outcome)
            case _:
                return
        self.done += 1


def _verb_of(outcome: RegistrationOutcome) -> str:
    """What was done, as the screen says it; empty where it will be tried again."""
    if not outcome.item.wanted:
        return "REMOVE"
    if isinstance(outcome, Accepted):
        return "UPDATE" if outcome.already else "REGISTER"
    return ""


def _ven_of(item: Work) -> str:
    return item.name if isinstance(item, VenWork) else item.resource.ven or ""
