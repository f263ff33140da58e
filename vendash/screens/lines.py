"""What stands on the header, the reserved line and the footer, as words: pure."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from vendash.actions import Situation, in_footer
from vendash.screens.console import Console, Notice
from vendash.telemetry.status import EngineStatus, RegistrationProgress, ServiceStatus
from vendash.widgets.line import width
from vendash.widgets.palette import Words
from vendash.widgets.text import fit, thousands, visible

NOTICE_SECONDS = 8.0
"""How long a sentence stands on the reserved line, unless the operator goes elsewhere first."""
BEFORE_PROGRESS_SECONDS = 4.0
"""The same while something goes on that is to be seen there."""
START_SECONDS = 10.0
"""A console that has just been opened may be starting an engine."""
_BAR_CELLS = 20


def header(console: Console, breadcrumb: str, badges: Sequence[str], cells: int) -> Words:
    """The header in at most so many cells.

    When it is too long it loses, in this order: time, host, the services that are ok.
    """
    host: Words = [(console.site + "  ", "dim")]
    marks: Words = list(
        chain.from_iterable((("  ", "text"), (f" {mark} ", "badge")) for mark in badges)
    )
    clock: Words = [(f"  {console.clock():%H:%M}", "text")]
    ok, wrong = _services(console)
    for keep_clock, keep_host, keep_ok in _LOSSES:
        left = (host if keep_host else []) + [(visible(breadcrumb), "strong")] + marks
        right = (ok if keep_ok else []) + wrong + (clock if keep_clock else [])
        if width(left) + width(right) + 2 <= cells:
            break
    else:
        left = [(fit(visible(breadcrumb), max(1, cells - width(marks + wrong) - 2)), "strong")]
        left += marks
    gap = max(0, cells - width(left) - width(right))
    return [*left, (" " * gap, "text"), *right]


_LOSSES = (
    (True, True, True),
    (False, True, True),
    (False, False, True),
    (False, False, False),
)


def _services(console: Console) -> tuple[Words, Words]:
    """The health of the services in words: those that are ok, and those that are not."""
    status = console.status
    if status is None or not status.fresh:
        return [], [("  ENGINE none" if status is None else "  ENGINE ! silent", "trouble")]
    ok: Words = []
    wrong: Words = []
    for name, service in (("VTN", status.vtn),):
        words = f"  {name} {_health(service)}"
        if service.health == "trouble":
            wrong.append((words, "trouble"))
        else:
            ok.append((words, "dim"))
    ok.append(("  ENGINE ok", "dim"))
    connection = status.connection
    if connection is not None and connection.word and status.vtn.health != "trouble":
        wrong.append((f"  ! {visible(connection.word)}", "trouble"))  # 7 says more
    return ok, wrong


def _health(service: ServiceStatus) -> str:
    if service.health == "busy":
        return visible(service.text) or "busy"
    word = {"ok": "ok", "trouble": "!", "off": "off"}[service.health]
    return f"{word} {visible(service.text)}".rstrip()


def badges(console: Console) -> list[str]:
    """What the operator must never overlook, in reverse video."""
    status = console.status
    simulates = status is not None and status.fresh and status.simulation.health in {"ok", "busy"}
    found = ["READ-ONLY"] if console.fleet.read_only else []
    if simulates and status is not None:
        found.append("SIM" if status.speed == 1 else f"SIM x{status.speed:g}")
    return [*found, *console.marks]


def footer(now: Situation, cells: int) -> tuple[Words, Words]:
    """What works here and now, as much as fits, and at the right where the rest is."""
    right: Words = [("?", "key"), (":help", "dim")]
    left: Words = []
    for one in in_footer(now):
        more: Words = [(one.key, "key"), (f":{one.title} ", "dim")]
        if width(left) + width(more) + width(right) + 1 > cells:
            break
        left += more
    return left, right


def reserved(console: Console, waiting: int | None) -> Words:
    """What the reserved line says when nothing is asked: news, progress, or what is wrong."""
    status = console.status if console.status is not None and console.status.fresh else None
    progress = None if status is None else status.registration
    notice = console.notice
    shown_for = NOTICE_SECONDS if progress is None else BEFORE_PROGRESS_SECONDS
    if notice is not None and _age(notice) < shown_for:
        return [(visible(notice.text), "trouble" if notice.trouble else "strong"), *_held(notice)]
    if progress is not None:
        return progress_now(console)
    if status is None and _alone(console):
        advice = visible(console.start_advice)
        return [("No engine runs, so nothing is sent: ", "trouble"), (advice, "key")]
    return _away(status, waiting)


def _held(notice: Notice) -> Words:
    """How long the action still waits here, so that an undo is known to be in time."""
    held = notice.held
    left = held.until - time.monotonic() if held is not None and held.leaves else 0.0
    return [(f"; leaves for the VTN in {math.ceil(left)} s", "text")] if left > 0 else []


def _alone(console: Console) -> bool:
    """Whether the engine has gone that this console did not start, and will not start again."""
    engine = console.engine
    if engine is None or engine.started_here or console.fleet.read_only:
        return False
    return time.monotonic() - console.began > START_SECONDS and not engine.running()


def folded(news: Words, notice: Notice | None, cells: int) -> tuple[Words, Words]:
    """A notice too long for one line on two: the second lies over the footer while it is said."""
    if notice is None or not news or news[0][0] != visible(notice.text) or width(news) <= cells:
        return news, []
    text, style = "".join(part for part, _ in news), news[0][1]
    cut = text.rfind(" ", 0, cells + 1)  # cells, where every letter takes one
    if cut <= 0:
        return news, []
    return [(text[:cut], style)], [(text[cut + 1 :], style)]


def _age(notice: Notice) -> float:
    return time.monotonic() - notice.at


def _away(status: EngineStatus | None, waiting: int | None) -> Words:
    if status is None or status.vtn.health != "trouble":
        return []
    at = status.vtn.since
    since = f" since {datetime.fromtimestamp(at):%H:%M}" if at else ""
    waits = f", {thousands(waiting)} wait" if waiting else ""
    return [(f"VTN{since}{waits}: {visible(status.vtn.detail or status.vtn.text)}", "trouble")]


def progress_now(console: Console) -> Words:
    """The progress that the engine tells of; empty where there is none."""
    status = console.status
    if status is None or not status.fresh or status.registration is None:
        return []
    connection = status.connection
    paused = connection is not None and connection.breaker == "paused"
    return progress_words(status.registration, paused=paused)


def progress_words(progress: RegistrationProgress, *, paused: bool = False) -> Words:
    """How far the registrar is: `REGISTER Aarhus ███░░ 602 of 1,114  231/s  2 failed  3 s left`.

    The verb is what it does of late: what is taken from the VTN is not registered. `paused`: the
    VTN has asked for a moment, so that it goes on by itself however long it seems to stand still.
    """
    share = progress.done / progress.total if progress.total else 1.0
    full = min(_BAR_CELLS, round(share * _BAR_CELLS))
    lead = f"{visible(progress.verb)} {visible(progress.ven)}".rstrip()
    pace = f"  {rate(progress.per_second)}/s" if progress.per_second else ""
    words: Words = [
        (lead + "  ", "strong"),
        ("█" * full + "░" * (_BAR_CELLS - full), "bar"),
        (f"  {progress.done:,} of {progress.total:,}{pace}", "text"),
    ]
    if progress.failed:
        words.append((f"  {progress.failed:,} failed", "trouble"))
    if paused:
        words.append(("  the VTN asked for a pause", "text"))
    elif progress.seconds_left is not None:
        words.append((f"  {duration(progress.seconds_left)} left", "text"))
    return words


def rate(per_second: float) -> str:
    """How many a second; of a slow VTN with a digit more, so that it is not told to stand still."""
    return f"{per_second:.1f}" if 0 < per_second < 9.95 else f"{per_second:,.0f}"


def duration(seconds: float) -> str:
    """A time span as it is read (`3 s`, `4 min`, `2 h`)."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
