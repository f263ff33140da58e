"""The window of requests under way, as a pure function: no clock runs here."""

from __future__ import annotations

import heapq
from random import Random

import pytest

from vendash.vtn.aimd import CAP, START, Window, fixed


def rounds(window: Window, count: int, latency: float, now: float = 100.0) -> tuple[Window, float]:
    """So many rounds of a full window, all answered after the same time."""
    for _ in range(count):
        sent_at, now, size = now, now + latency, window.size
        for _ in range(size):
            window = window.answered("POST", sent_at, now, in_flight=size)
    return window, now


def test_it_doubles_until_the_cap_while_nothing_queues() -> None:
    sizes = [rounds(Window(), count, 0.05)[0].size for count in range(6)]
    assert sizes == [4, 8, 16, 32, CAP, CAP]


def test_after_an_overload_it_grows_by_one_a_round() -> None:
    window, now = rounds(Window(), 3, 0.05)
    window = window.overloaded(now, now)
    assert window.size == 16
    assert [rounds(window, count, 0.05, now)[0].size for count in (1, 2, 3)] == [17, 18, 19]


def test_it_is_halved_at_most_once_per_round_trip() -> None:
    """All that was under way when it was halved tells of the same overload."""
    window, now = rounds(Window(), 4, 0.05)
    for _ in range(20):
        window = window.overloaded(now, now + 0.05)
    assert window.size == CAP // 2
    assert window.overloaded(now + 0.05, now + 0.1).size == CAP // 4


def test_it_never_falls_below_one() -> None:
    window = Window()
    for moment in range(20):
        window = window.overloaded(float(moment), float(moment))
    assert window.size == 1
    assert rounds(window, 1, 0.05, 30.0)[0].size == 2


def test_it_does_not_grow_on_what_does_not_need_it() -> None:
    """A few requests now and then say nothing about many at once."""
    window = Window(size=32)
    for moment in range(200):
        window = window.answered("POST", moment, moment + 0.05, in_flight=1)
    assert window.size == 32


def test_one_answer_that_was_lucky_does_not_keep_it_at_a_handful() -> None:
    """Four at once can never wait for more than three: too few to tell queues from chance."""
    lucky = Window().answered("POST", 99.0, 99.0001, in_flight=1)
    assert rounds(lucky, 2, 0.001)[0].size > START


def test_a_fixed_one_is_fixed() -> None:
    window, now = rounds(fixed(7), 5, 0.05)
    assert window.overloaded(now, now).size == 7


@pytest.mark.parametrize(
    ("service", "delay"), [(0.002, 0.0), (0.002, 0.008), (0.002, 0.05), (0.001, 0.05)]
)
def test_it_settles_within_a_tenth_of_the_best_fixed_size(service: float, delay: float) -> None:
    """A VTN that works on one request at a time, some way away."""
    adaptive = _requests_per_second(Window(), service, delay)
    best = max(_requests_per_second(fixed(n), service, delay) for n in (1, 2, 4, 8, 16, 32, 64))
    assert adaptive >= 0.9 * best


def test_where_more_at_once_is_slower_it_keeps_to_few() -> None:
    """Every request in the queue makes the others slower: the best is far below the cap."""
    adaptive = _requests_per_second(Window(), 0.002, 0.008, crowding=0.03)
    rates = {n: _requests_per_second(fixed(n), 0.002, 0.008, crowding=0.03) for n in (4, 8, 64)}
    assert rates[64] < 0.7 * max(rates.values())
    assert adaptive >= 0.9 * max(rates.values())


def _requests_per_second(
    window: Window, service: float, delay: float, crowding: float = 0.0, seconds: float = 10.0
) -> float:
    """A queue before one server; with crowding, service takes longer the more are under way."""
    chance, now, free_at, done = Random(1), 0.0, 0.0, 0
    under_way: list[tuple[float, float]] = []
    while now < seconds:
        while len(under_way) < window.size:
            busy = service * (1 + crowding * len(under_way)) * chance.uniform(0.5, 1.5)
            free_at = max(free_at, now + delay / 2) + busy
            heapq.heappush(under_way, (free_at + delay / 2, now))
        ended, sent_at = heapq.heappop(under_way)
        now, done = ended, done + 1
        window = window.answered("POST", sent_at, now, in_flight=len(under_way) + 1)
    return done / now


def test_it_starts_small() -> None:
    assert Window().size == START <= 8
