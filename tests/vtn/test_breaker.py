"""When a VTN is left alone, and for how long: no clock runs here."""

from __future__ import annotations

from itertools import pairwise

from vendash.vtn.breaker import FAILURES, LONGEST_PAUSE, Breaker

NOW = 1000.0
CLOSED = Breaker(open=False)


def test_nothing_is_sent_before_the_first_greeting() -> None:
    assert Breaker().open
    assert Breaker().until <= NOW


def test_a_refused_connection_opens_at_once() -> None:
    breaker = CLOSED.failed(NOW, 0.5, at_once=True)
    assert breaker.open
    assert breaker.until > NOW


def test_other_failures_open_only_when_several_follow_each_other() -> None:
    breaker = CLOSED
    for _ in range(FAILURES - 1):
        breaker = breaker.failed(NOW, 0.0)
    assert not breaker.open
    assert breaker.failed(NOW, 0.0).open
    assert not breaker.succeeded().failed(NOW, 0.0).open


def test_pauses_grow_to_a_limit_and_never_come_in_step() -> None:
    breaker = CLOSED.failed(NOW, 0.0, at_once=True)
    pauses = []
    for _ in range(20):
        breaker = breaker.probed(False, NOW, 0.999)
        pauses.append(breaker.until - NOW)
    assert all(shorter <= longer for shorter, longer in pairwise(pauses))
    assert 0.99 * LONGEST_PAUSE < pauses[-1] <= LONGEST_PAUSE
    later = breaker.until
    assert breaker.probed(False, later, 0.0).until != breaker.probed(False, later, 0.5).until


def test_a_probe_that_succeeds_closes_but_only_real_work_shortens_the_next_pause() -> None:
    """A VTN whose lists work and whose writes fail is left alone longer and longer."""
    opened = CLOSED.failed(NOW, 0.0, at_once=True).probed(False, NOW, 0.0).probed(False, NOW, 0.0)
    greeted = opened.probed(True, NOW, 0.0)
    assert not greeted.open
    again = greeted.failed(NOW, 0.0, at_once=True)
    worked = greeted.succeeded().failed(NOW, 0.0, at_once=True)
    assert again.until > worked.until


def test_failures_of_requests_that_were_under_way_do_not_lengthen_the_pause() -> None:
    opened = CLOSED.failed(NOW, 0.0, at_once=True)
    assert opened.failed(NOW + 1, 0.0, at_once=True).until == opened.until


def test_a_time_that_the_vtn_names_holds_whatever_succeeds_meanwhile() -> None:
    paused = CLOSED.asked_to_wait(NOW + 7).asked_to_wait(NOW + 3)
    assert not paused.open
    assert paused.succeeded().until == NOW + 7
