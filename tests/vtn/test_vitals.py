"""What is known of a connection is recorded as it goes, in numbers and in sentences."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import formatdate

import pytest

from tests.vtn.scripted import Asked, Say, scripted
from vendash.vtn.answers import Reply
from vendash.vtn.auth import Credentials, Token
from vendash.vtn.client import Vtn
from vendash.vtn.dialects.base import Request
from vendash.vtn.errors import VtnUnreachableError
from vendash.vtn.vitals import SAMPLES, ConnectionFacts, Vitals, clock_warning

VENS = Request("GET", "/vens")


def test_nothing_is_known_before_the_first_answer() -> None:
    assert Vitals().snapshot() == ConnectionFacts()
    assert ConnectionFacts().warnings() == []


def test_latencies_are_percentiles_of_the_latest_answers() -> None:
    vitals = Vitals()
    for _ in range(SAMPLES):
        vitals.answered(Reply(200), 9.0)
    for number in range(1, SAMPLES + 1):
        vitals.answered(Reply(200), number / SAMPLES)
    facts = vitals.snapshot()
    assert facts.answers == 2 * SAMPLES
    assert facts.latency_p50 == 0.5
    assert facts.latency_p99 == pytest.approx(0.99, abs=0.01)


def test_the_clock_of_the_vtn_is_taken_from_the_middle_of_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_000_010.0)
    vitals = Vitals()
    vitals.answered(Reply(200, date=1_000_107.0), 5.0)
    assert vitals.snapshot().clock_offset == 100.0
    vitals.answered(Reply(200), 5.0)
    assert vitals.snapshot().clock_offset == 100.0


def test_the_late_date_of_a_vtn_that_stood_still_says_nothing_of_its_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_000_100.0)
    vitals = Vitals()
    vitals.answered(Reply(200, date=1_000_100.0), 0.2)
    vitals.answered(Reply(200, date=1_000_040.0), 9.0)
    assert vitals.snapshot().warnings() == []
    vitals.answered(Reply(200, date=1_000_040.0), 0.2)
    assert "59 s ahead of the VTN's" in vitals.snapshot().warnings()[0]


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (None, ""),
        (0.7, ""),
        (-29.0, ""),
        (45.0, "is 45 s behind the VTN's"),
        (-300.0, "is 5 min ahead of the VTN's"),
        (7200.0, "is 2 h 0 min behind the VTN's: set it"),
        (-90 * 86_400.0, "is 90 days ahead of"),
    ],
)
def test_a_clock_that_is_off_is_a_sentence_that_says_by_how_much(
    offset: float | None, words: str
) -> None:
    said = clock_warning(offset)
    assert words in said
    assert bool(said) is bool(words)


def test_the_token_has_an_age_a_rest_of_life_and_scopes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 130.0)
    vitals = Vitals()
    vitals.token_came(Token("secret-token", 180.0, 200.0, 100.0, ("read_all",)))
    facts = vitals.snapshot()
    assert (facts.token_age, facts.token_left, facts.scopes) == (30.0, 70.0, ("read_all",))
    assert "secret-token" not in repr(facts)


async def test_a_connection_records_what_it_sees() -> None:
    two_hours_off = formatdate(time.time() + 7200, usegmt=True)
    in_flight = []

    def handler(asked: Asked) -> Say:
        in_flight.append(vtn.vitals.snapshot().in_flight)
        if asked.path == "/auth/token":
            return Say(200, {"access_token": "t", "expires_in": 100, "scope": ["read_all", "x"]})
        busy = Say(503, {"detail": "full"}, {"date": two_hours_off})
        return busy if asked.path == "/vens" else Say(404)

    async with scripted(handler) as server:
        vtn = Vtn(server.url, credentials=Credentials("me", "the-secret"))
        async with vtn.connect() as connection:
            await connection.send(VENS)
    assert in_flight[-1] == 1
    facts = vtn.vitals.snapshot()
    assert (facts.in_flight, facts.scopes) == (0, ("read_all", "x"))
    assert facts.token_left == pytest.approx(100, abs=5)
    assert facts.clock_offset == pytest.approx(7200, abs=3)
    assert facts.error == "The VTN refuses GET /vens (503): full."
    assert facts.error_at == pytest.approx(time.time(), abs=5)
    assert any("2 h 0 min behind" in sentence for sentence in facts.warnings(datetime.now(UTC)))


async def test_a_vtn_that_cannot_be_reached_is_the_latest_trouble() -> None:
    async with scripted(lambda _: Say()) as server:
        url = server.url
    vtn = Vtn(url, dialect="3.1")
    async with vtn.connect() as connection:
        with pytest.raises(VtnUnreachableError) as error:
            await connection.greet()
    assert vtn.vitals.snapshot().error == str(error.value)
