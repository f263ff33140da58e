"""How fast registration is, and how long it still takes."""

from __future__ import annotations

import pytest

from vendash.models import Accepted, VenWork
from vendash.vtn.tally import Tally


class Clock:
    """Monotonic seconds, as the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("vendash.vtn.tally.time.monotonic", lambda: self.now)


def batch(count: int) -> list[Accepted]:
    """So many that the VTN has taken."""
    work = VenWork(name="Herning", client_id="h", revision=1, remote_id=None, doubtful=False)
    return [Accepted(item=work, remote_id="v1", already=False)] * count


def test_waiting_for_the_first_answer_is_no_part_of_the_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hold of 3 s before 200 a second makes them neither slow nor long."""
    clock = Clock(monkeypatch)
    tally = Tally(keep_failures=False)
    clock.now += 3.0
    for _ in range(6):
        tally.add(batch(40))
        clock.now += 0.2
    progress = tally.progress(1240)
    assert progress.per_second == pytest.approx(200.0)
    assert progress.seconds_left == pytest.approx(5.0)


def test_no_rate_is_told_before_a_second_of_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of nothing, not of one batch, not of two that came together."""
    clock = Clock(monkeypatch)
    tally = Tally(keep_failures=False)
    for _ in range(3):
        progress = tally.progress(1000)
        assert (progress.per_second, progress.seconds_left) == (0.0, None)
        tally.add(batch(40))
        clock.now += 0.3
    clock.now += 1.0
    tally.add(batch(40))
    assert tally.progress(1000).seconds_left is not None


def test_the_rate_is_that_of_the_last_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fast long ago says nothing of now."""
    clock = Clock(monkeypatch)
    tally = Tally(keep_failures=False)
    for count in (500, 500, *[10] * 8):
        tally.add(batch(count))
        clock.now += 1.0
    assert tally.progress(2000).per_second == pytest.approx(10.0)
