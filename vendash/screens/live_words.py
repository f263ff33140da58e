"""What the Live screen says, in words: pure."""

from __future__ import annotations

import math
from datetime import datetime

from vendash.models import SimulationSettings
from vendash.screens.lines import duration
from vendash.screens.live_figures import Figures, Group, Load
from vendash.telemetry.status import EngineStatus
from vendash.widgets.palette import Words


def kilowatts(kw: float) -> str:
    """A power to the tenth of a kW (`1,234.5`); `-` where there is none."""
    return "-" if math.isnan(kw) else f"{kw + 0.0:,.1f}"


def work_words(now: Figures | None, load: Load, approved: int | None, why: str) -> Words:
    """How many are approved and how many of them have readings; or how old these are.

    `why` says why there are no readings, where that is known.
    """
    words: Words = []
    if approved is not None:
        words.append((f"{approved:,} approved  ", "approved"))
    if now is None and math.isnan(load.peak):
        return words  # the middle of the screen says the rest
    if now is None:
        because: Words = [(": ", "text"), *with_keys(why)] if why else []
        return [*words, ("no readings", "trouble"), *because]
    if not now.fresh:
        words.append((f"! stale for {duration(now.age)}", "trouble"))
        return [*words, *([(": ", "text"), *with_keys(why)] if why else [])]
    words.append((f"{now.readings / load.interval:,.0f} readings/s", "text"))
    if now.stale:
        words.append((f"  {now.stale:,} stale", "trouble"))
    return words


def tick_words(now: Figures | None) -> Words:
    """When the last tick was, by the local clock; an old one has its age instead."""
    if now is None or not now.fresh:
        return []
    return [(f"last {datetime.fromtimestamp(now.at):%H:%M:%S}", "dim")]


def summary_lines(now: Figures | None, load: Load) -> list[Words]:
    """The load now, where there is one, and over the last minutes."""
    fresh = now is not None and now.fresh
    return [
        _figure("now", now.kw if now else math.nan, "strong" if fresh else "dim"),
        _figure("peak", load.peak, "text"),
        _figure("mean", load.mean, "text"),
        _figure("export", now.export_kw if now else math.nan, "text" if fresh else "dim"),
    ]


def _figure(name: str, kw: float, style: str) -> Words:
    return [(f"  {name:<8}", "dim"), (f"{kilowatts(kw):>12}", style)]


def type_lines(now: Figures) -> list[Words]:
    """The load by type, most first."""
    heading = f"{'kW now':>11}  {'Type':<8}{'reading':>9}{'stale':>7}"
    lines: list[Words] = [[(heading, "heading")]]
    for one in sorted(now.types, key=lambda group: (math.isnan(group.kw), -group.kw)):
        style = group_style(one, now)
        text = f"{kilowatts(one.kw):>11}  {one.name:<8}{one.readings:>9,}"
        lines.append([(text, style), (f"{one.stale:>7,}", "trouble" if one.stale else style)])
    return lines


def group_style(group: Group, now: Figures) -> str:
    """Dimmed where nothing of it is live."""
    return "text" if now.fresh and group.readings else "dim"


def why_no_readings(
    status: EngineStatus | None,
    wanted: SimulationSettings | None,
    approved: int | None,
    start: str = "vendash run",
) -> str:
    """Why there are none and what to do, as a sentence; empty when they should come.

    `start` is what starts an engine.
    """
    if status is None or not status.fresh:
        return f"no engine runs; `{start}` starts one."
    if approved == 0:
        return "nothing is approved yet; approve a VEN with `a` on screen `1`."
    if wanted is not None and not wanted.on:
        return "the simulation is off; `:simulate on` starts it."
    return status.simulation.detail


def teaching_lines(why: str) -> list[Words]:
    """What stands in the middle of a screen that has nothing to show."""
    sentence = why[:1].upper() + why[1:] if why else "The first one will be here soon."
    return [[], [("  No readings.", "strong")], [], [("  ", "text"), *with_keys(sentence)]]


def with_keys(sentence: str) -> Words:
    """A sentence in which what is to be typed stands between backticks."""
    parts = sentence.split("`")
    return [(part, "key" if place % 2 else "text") for place, part in enumerate(parts) if part]
