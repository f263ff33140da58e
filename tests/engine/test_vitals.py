"""What the engine's status says of the connection: everything an operator asks, and no secret."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from vendash.engine.vitals import MOST_WARNINGS, connection_status
from vendash.telemetry.status import ConnectionStatus
from vendash.vtn.answers import Reply
from vendash.vtn.auth import Credentials, Token
from vendash.vtn.client import Vtn
from vendash.vtn.health import RegistrarVitals

QUIET = RegistrarVitals(
    in_flight=3, window=8, breaker="half-open", calls=0, last_error="", last_error_at=0.0
)


def vtn(*, bearer: str | None = None, credentials: Credentials | None = None) -> Vtn:
    return Vtn("https://vtn.example.com", bearer_token=bearer, credentials=credentials)


def test_the_status_survives_being_written_and_read() -> None:
    """Also a token without an end, which JSON has no number for."""
    made = vtn(credentials=Credentials("me", "hush-hush"))
    made.vitals.token_came(Token("the-token", math.inf, math.inf, time.monotonic(), ("read_all",)))
    made.vitals.answered(Reply(200, date=time.time() + 7200, certificate_ends=2e9), 0.05)
    status = connection_status(made, QUIET)
    text = msgspec.json.encode(status)
    assert msgspec.json.decode(text, type=ConnectionStatus) == status
    assert b"hush" not in text
    assert b"the-token" not in text
    assert (status.token, status.token_left, status.scopes) == ("client", None, ("read_all",))
    assert (status.window, status.breaker, status.latency_p50) == (8, "half-open", 0.05)
    assert status.certificate_ends == 2e9


def test_a_clock_that_is_off_is_the_word_for_the_header() -> None:
    made = vtn(bearer="abc")
    made.vitals.answered(Reply(200, date=time.time() + 7200), 0.05)
    status = connection_status(made, QUIET)
    assert (status.token, status.word) == ("bearer", "clock")
    assert "2 h 0 min behind" in status.warnings[0]


def test_a_certificate_that_ends_soon_is_the_word_for_the_header() -> None:
    made = vtn()
    ends = datetime.now(UTC) + timedelta(days=3)
    made.vitals.answered(Reply(200, certificate_ends=ends.timestamp()), 0.05)
    status = connection_status(made, QUIET)
    assert (status.token, status.word) == ("none", "certificate")


def test_all_is_well_without_a_word() -> None:
    assert connection_status(vtn(), QUIET).word == ""
    assert connection_status(vtn(), QUIET).warnings == ()


def test_of_many_warnings_a_few_are_said_and_the_others_counted() -> None:
    made = vtn()
    for number in range(20):
        made.vitals.ven_token(f"Town {number}", known=False)
    status = connection_status(made, QUIET)
    assert status.word == "VEN token"
    assert len(status.warnings) == MOST_WARNINGS + 1
    assert status.warnings[-1].startswith("And 15 more")


@pytest.mark.parametrize(("item_at", "said"), [(0.0, "line"), (4e9, "item")])
def test_the_newest_error_is_said_whether_of_the_line_or_of_an_item(
    item_at: float, said: str
) -> None:
    made = vtn()
    made.vitals.failed("line")
    registrar = RegistrarVitals(
        in_flight=0, window=1, breaker="closed", calls=1, last_error="item", last_error_at=item_at
    )
    status = connection_status(made, registrar)
    assert status.error == said
    assert status.error_at is not None
