"""The connection to the VTN, as an operator looks at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.app import App

from tests.screens.operator import at_console
from tests.screens.test_anywhere import second, status
from tests.screens.test_terminal import console
from vendash.screens.connection_text import connection_lines
from vendash.telemetry.status import (
    ConnectionStatus,
    EngineStatus,
    ServiceStatus,
    write_status,
)

pytestmark = pytest.mark.usefixtures("copenhagen")

Picture = Callable[[App[Any]], None]
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])

AT = datetime(2026, 6, 1, 12, 3, 20, tzinfo=UTC).timestamp()
"""14:03:20 in Copenhagen."""
WELL = ConnectionStatus(
    answers=12_304,
    in_flight=3,
    window=8,
    latency_p50=0.0082,
    latency_p99=0.0457,
    answered_at=AT - 1,
    token="client",
    token_age=720.0,
    token_left=2880.0,
    scopes=("read_targets", "read_ven_objects", "write_vens_bl"),
    clock_offset=0.4,
    certificate_ends=AT + 43 * 86_400,
)
ILL = replace(
    WELL,
    breaker="half-open",
    latency_p99=11.2,
    answered_at=AT - 95,
    clock_offset=7200.0,
    error="The VTN refuses GET /vens (503): [full] \x1b[2J.",
    error_at=AT - 95,
    word="clock",
    warnings=(
        "The clock of this machine is 2 h 0 min behind the VTN's: set it (timedatectl set-ntp"
        " true), or have the VTN's set.",
    ),
)


def engine(connection: ConnectionStatus | None, vtn: ServiceStatus | None = None) -> EngineStatus:
    return replace(
        status(vtn=vtn or ServiceStatus(health="ok", text="3.1", since=AT - 3660)),
        vtn_url="https://vtn.example.com/openadr3/3.1.0",
        connection=connection,
    )


def said(connection: ConnectionStatus | None, width: int = 78) -> str:
    lines = connection_lines(engine(connection), AT, width, advice="vendash run")
    return "\n".join("".join(text for text, _ in line) for line in lines)


@SIZES
async def test_picture_of_a_connection_that_is_well(
    tmp_path: Path, size: tuple[int, int], picture: Picture
) -> None:
    async with at_console(tmp_path, size=size) as operator:
        await second(operator, tmp_path, engine(WELL))
        await operator.press("7")
        picture(operator.app)


@SIZES
async def test_picture_of_a_connection_that_is_not(
    tmp_path: Path, size: tuple[int, int], picture: Picture
) -> None:
    """The word for it stands in the header of every screen."""
    async with at_console(tmp_path, size=size) as operator:
        trouble = ServiceStatus(health="trouble", text="busy", detail=ILL.error, since=AT - 95)
        await second(operator, tmp_path, engine(ILL, trouble))
        await operator.type(":connection\r")
        picture(operator.app)


@SIZES
async def test_picture_without_an_engine(
    tmp_path: Path, size: tuple[int, int], picture: Picture
) -> None:
    async with at_console(tmp_path, size=size) as operator:
        await operator.press("7")
        picture(operator.app)


async def test_it_follows_the_engine_every_second_and_esc_goes_back(tmp_path: Path) -> None:
    async with at_console(tmp_path) as operator:
        await second(operator, tmp_path, engine(WELL))
        await operator.press("2", "7")
        assert "12,304 since the engine started" in operator.text
        await second(operator, tmp_path, engine(replace(WELL, answers=12_311)))
        assert "12,311 since the engine started" in operator.text
        await operator.press("escape")
        assert "Resources" in operator.header
        await operator.press("7", "7")
        assert "Resources" in operator.header


async def test_a_word_in_the_header_says_that_something_is_wrong(tmp_path: Path) -> None:
    """A VTN that does not work has its own word, and one is enough."""
    async with at_console(tmp_path) as operator:
        await second(operator, tmp_path, engine(WELL))
        assert "!" not in operator.header
        await second(operator, tmp_path, engine(ILL))
        assert "VTN ok 3.1" in operator.header
        assert "! clock" in operator.header
        trouble = ServiceStatus(health="trouble", text="refused")
        await second(operator, tmp_path, engine(ILL, trouble))
        assert "VTN ! refused" in operator.header
        assert "clock" not in operator.header


def test_what_is_not_known_is_said_to_be_so() -> None:
    text = said(ConnectionStatus(token="client"))
    for words in ("no answer yet", "none yet", "none fetched yet", "tells no time", "not seen yet"):
        assert words in text
    assert said(None).endswith("since 13:02")


def test_why_a_comparison_failed_is_said() -> None:
    """Screen Drift says that it did, and that the reason is here."""
    why = "GET /resources: the VTN answers 500."
    trouble = ServiceStatus(health="trouble", text="compare", detail=why)
    found = replace(engine(WELL), survey=trouble)
    lines = connection_lines(found, AT, 78, advice="vendash run")
    assert any(words[0][0].startswith("comparison") and why in words[1][0] for words in lines[1:3])


def test_every_kind_of_token_has_its_words() -> None:
    assert "12 min old, lives 48 min more" in said(WELL)
    assert "12 min old, without an end" in said(replace(WELL, token_left=None))
    assert "none is sent" in said(ConnectionStatus(token="none"))
    assert "bearer token" in said(ConnectionStatus(token="bearer"))


def test_no_line_is_longer_than_the_screen_and_none_steers_it() -> None:
    long = replace(ILL, scopes=tuple(f"scope_{number}" for number in range(30)))
    text = said(long, 60)
    assert max(map(len, text.split("\n"))) <= 60
    assert all(line.isprintable() for line in text.split("\n"))


def test_a_second_of_it_costs_little(tmp_path: Path) -> None:
    """Under a pty at 120x40: with every number changing < 1,200 bytes a second; else none."""
    with console(tmp_path) as terminal:
        write_status(tmp_path, engine(WELL))
        terminal.send("7")
        terminal.wait("12,304 since the engine started")
        terminal.quiet(0.5)
        with terminal.counted() as idle:
            terminal.listen(1.5)
        busy = [
            replace(WELL, answers=13_000 + n, in_flight=n, latency_p50=n / 100, token_age=60.0 * n)
            for n in range(3)
        ]
        with terminal.counted() as count:
            for connection in busy:
                write_status(tmp_path, engine(connection))
                terminal.wait(f"{connection.answers:,} since")
        assert idle.bytes < 100
        assert count.bytes < len(busy) * 1200
