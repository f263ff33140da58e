"""The header and the footer, as they lose what does not fit."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from tests.screens.fleet import NOON
from tests.screens.readers import NoReader
from vendash.actions import Situation
from vendash.fleet import Fleet
from vendash.screens import lines
from vendash.screens.console import Console, Notice
from vendash.telemetry.status import (
    ConnectionStatus,
    EngineStatus,
    Health,
    RegistrationProgress,
    ServiceStatus,
)
from vendash.widgets.line import width


class NoFleet:
    read_only = False


def console(vtn: Health = "ok", text: str = "3.1") -> Console:
    made = Console(
        fleet=cast("Fleet", NoFleet()),
        live=NoReader(),
        folder=Path("/nowhere"),
        site="nord@pi3",
        clock=lambda: NOON,
        marks=("DEMO",),
    )
    made.status = EngineStatus(
        pid=1,
        started=0.0,
        beat=time.monotonic() + 60.0,  # fresh, however slow this machine is
        vtn=ServiceStatus(health=vtn, text=text),
        simulation=ServiceStatus(health="off"),
    )
    return made


def header(cells: int, breadcrumb: str = "VENs › Aalborg", **options: str) -> str:
    words = lines.header(console(**options), breadcrumb, ["DEMO"], cells)  # type: ignore[arg-type]
    assert width(words) == cells
    return "".join(text for text, _ in words)


def test_the_header_loses_time_host_and_what_is_ok_in_this_order() -> None:
    """What the operator must not overlook stays to the last."""
    whole = "nord@pi3 VENs › Aalborg DEMO VTN ok 3.1 ENGINE ok 14:03"
    assert header(80).split() == whole.split()
    assert header(64).endswith("14:03")
    assert "14:03" not in header(60)
    assert "nord@pi3" in header(60)
    assert "nord@pi3" not in header(48)
    assert "VTN ok" in header(48)
    assert header(30) == "VENs › Aalborg   DEMO         "


def test_trouble_and_marks_are_never_lost() -> None:
    """A long name is cut before a mark or a service in trouble is."""
    said = header(40, breadcrumb="VENs › " + "x" * 60, vtn="trouble", text="token")
    assert "VTN ! token" in said
    assert " DEMO " in said
    assert "…" in said


def test_a_service_that_is_busy_is_not_yet_ok() -> None:
    """Connecting is said alone."""
    assert "VTN connecting" in header(80, vtn="busy", text="connecting")


@pytest.mark.parametrize("cells", [20, 40, 80, 120])
def test_the_footer_fits_and_says_where_the_rest_is(cells: int) -> None:
    """As much as fits of what works here, and `?:help` at the right."""
    left, right = lines.footer(Situation(screen="vens"), cells)
    assert width(left) + width(right) < cells
    assert "".join(text for text, _ in right) == "?:help"


def test_the_footer_offers_only_what_works() -> None:
    """Read-only: no action that changes the fleet; without rows: none that needs one."""

    def offered(now: Situation) -> str:
        return "".join(text for text, _ in lines.footer(now, 200)[0])

    assert "s:suspend" in offered(Situation(screen="vens"))
    assert "s:suspend" not in offered(Situation(screen="vens", read_only=True))
    assert "enter:open" not in offered(Situation(screen="vens", rows=False))
    assert "n:next" not in offered(Situation(screen="vens", trouble=False))
    assert "a:approve" not in offered(Situation(screen="vens", acting="approve"))


@pytest.mark.parametrize("screen", ["vens", "resources"])
def test_a_narrow_footer_has_what_is_used_most(screen: str) -> None:
    """At 80 cells: open, register, approve, suspend, mark, filter and undo."""
    left, _ = lines.footer(Situation(screen=screen, trouble=False), 80)
    keys = "".join(text for text, style in left if style == "key")
    assert keys.startswith("enterrasspace/u")


@pytest.mark.parametrize("screen", ["help", "detail"])
def test_what_was_opened_says_how_to_go_back(screen: str) -> None:
    """First of all."""
    left, _ = lines.footer(Situation(screen=screen), 80)
    assert "".join(text for text, _ in left).startswith("esc:back")


@pytest.mark.parametrize(("verb", "lead"), [("REMOVE", "REMOVE Aarhus"), ("SEND", "SEND Aarhus")])
def test_progress_says_what_is_done(verb: str, lead: str) -> None:
    """What is taken from the VTN is not registered there."""
    progress = RegistrationProgress(
        done=1, total=4, failed=0, per_second=1.0, seconds_left=None, ven="Aarhus", verb=verb
    )
    assert "".join(text for text, _ in lines.progress_words(progress)).startswith(f"{lead}  █")


def said(progress: RegistrationProgress) -> str:
    return "".join(text for text, _ in lines.progress_words(progress))


def test_no_rate_and_no_time_left_are_told_before_they_can_be() -> None:
    """The engine says 0 and None until it has measured."""
    first = RegistrationProgress(done=1, total=267, failed=0, per_second=0.0, seconds_left=None)
    assert said(first).endswith("  1 of 267")
    slow = replace(first, done=3, per_second=0.37, seconds_left=720.0)
    assert said(slow).endswith("  3 of 267  0.4/s  12 min left")
    last = replace(first, done=267, per_second=48.4, seconds_left=0.0)
    assert said(last).endswith("  267 of 267  48/s  0 s left")


def test_a_sentence_soon_gives_way_to_the_progress_that_follows_it() -> None:
    """It stands longer where nothing goes on."""
    made = console()
    made.notice = Notice("registering 45", trouble=False, at=time.monotonic() - 5.0)
    assert lines.reserved(made, None) == [("registering 45", "strong")]
    going_on = RegistrationProgress(done=1, total=4, failed=0, per_second=1.0, seconds_left=None)
    assert made.status is not None
    made.status = replace(made.status, registration=going_on)
    assert lines.reserved(made, None) == lines.progress_words(going_on)


def test_a_pause_that_the_vtn_asked_for_is_said_instead_of_the_time_left() -> None:
    """Nothing moves then, and no estimate of before holds."""
    made = console()
    assert made.status is not None
    going_on = RegistrationProgress(done=1, total=4, failed=0, per_second=1.0, seconds_left=3.0)
    made.status = replace(
        made.status, registration=going_on, connection=ConnectionStatus(breaker="paused")
    )
    said = "".join(text for text, _ in lines.reserved(made, None))
    assert said.endswith("the VTN asked for a pause")


@pytest.mark.parametrize(
    ("seconds", "words"), [(3, "3 s"), (99, "99 s"), (240, "4 min"), (7200, "2 h")]
)
def test_time_spans(seconds: float, words: str) -> None:
    """In the unit that reads best."""
    assert lines.duration(seconds) == words


class GoneEngine:
    """Started by someone else, and ended by someone else."""

    started_here = False
    advice = "vendash run --db-path fleet.db"

    def running(self) -> bool:
        return False

    async def stop(self) -> None:
        """Nothing to end."""

    async def tend(self) -> str:
        return ""


def test_an_engine_that_nobody_starts_again_is_said_with_what_starts_one() -> None:
    """Not at once: this console may be starting one."""
    made = console()
    made.status, made.engine = None, GoneEngine()
    assert lines.reserved(made, None) == []
    made.began -= lines.START_SECONDS + 1
    said = "".join(text for text, _ in lines.reserved(made, None))
    assert said == "No engine runs, so nothing is sent: vendash run --db-path fleet.db"
    made.engine.started_here = True
    assert lines.reserved(made, None) == []
