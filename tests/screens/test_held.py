"""What leaves for the VTN only after some seconds: shown while it waits, and undone without ado."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.app import App

from tests.screens.operator import Operator, at_console
from vendash.filters import Query
from vendash.models import Accepted
from vendash.telemetry.status import EngineStatus, ServiceStatus, write_status

WELL = ServiceStatus(health="ok", text="3.1")


async def engine_says(operator: Operator, folder: Path, vtn: ServiceStatus = WELL) -> None:
    """A second in which the engine holds changes back for three."""
    status = EngineStatus(
        pid=1,
        started=0.0,
        beat=time.monotonic() + 60.0,  # fresh, however slow this machine is
        vtn=vtn,
        simulation=WELL,
        hold_seconds=3.0,
    )
    write_status(folder, status)
    operator.app.second()


async def left(operator: Operator, seconds: float) -> None:
    """As when the last action is held back for so long still."""
    console = operator.app.console_state
    assert console.held is not None
    assert console.notice is not None
    assert console.notice.held is console.held
    console.held = replace(console.held, until=time.monotonic() + seconds)
    console.notice = replace(console.notice, held=console.held)
    operator.app.second()
    await operator.idle()


async def expire(operator: Operator) -> None:
    """As when the last action is not held back any more."""
    console = operator.app.console_state
    assert console.held is not None
    console.held = replace(console.held, until=time.monotonic())


async def send_all(operator: Operator) -> None:
    """What the VTN makes of all that is due now."""
    while due := await operator.store.due_vens(50):
        await operator.store.complete(
            [Accepted(item=work, remote_id=f"v-{work.name}", already=False) for work in due]
        )
    while work := await operator.store.due_resources(100):
        await operator.store.complete(
            [Accepted(item=one, remote_id=f"r-{one.key}", already=False) for one in work]
        )


async def test_how_long_a_change_is_held_back_is_counted_down(tmp_path: Path) -> None:
    """So an operator sees until when an undo is in time; then the sentence stays as it was."""
    async with at_console(tmp_path) as operator:
        await engine_says(operator, tmp_path)
        await operator.type("/aalborg\rsy")
        said = "suspended 22 in Aalborg; u undoes"
        for seconds, counted in ((2.9, 3), (1.9, 2), (0.9, 1)):
            await left(operator, seconds)
            assert operator.reserved == f"{said}; leaves for the VTN in {counted} s"
        await left(operator, -0.1)
        assert operator.reserved == said


async def test_what_the_vtn_was_never_asked_to_hold_does_not_leave(tmp_path: Path) -> None:
    """To approve what is not wanted there sends nothing, and nothing else is said."""
    async with at_console(tmp_path) as operator:
        await engine_says(operator, tmp_path)
        await operator.type("/herning\ray")
        assert operator.reserved.startswith("approved 12 in Herning")
        assert "leaves" not in operator.reserved


async def test_a_register_and_its_redo_leave_later(tmp_path: Path) -> None:
    """Each after a hold of its own; the undo between them sends nothing."""
    async with at_console(tmp_path) as operator:
        await engine_says(operator, tmp_path)
        await operator.type("/herning\r")
        for keys, leaves in (("ry", True), ("uy", False), ("uy", True)):
            await operator.type(keys)
            await left(operator, 2.9)
            assert operator.reserved.endswith("u undoes; leaves for the VTN in 3 s") is leaves


async def test_nothing_leaves_while_the_vtn_is_away(tmp_path: Path) -> None:
    """When it leaves nobody knows then."""
    async with at_console(tmp_path) as operator:
        away = ServiceStatus(health="trouble", text="refused", detail="It refuses connections.")
        await engine_says(operator, tmp_path, away)
        await operator.type("/aalborg\rsy")
        assert operator.reserved.endswith("u undoes")


async def test_a_count_is_not_told_beside_another_sentence(tmp_path: Path) -> None:
    """What was said since is about something else."""
    async with at_console(tmp_path) as operator:
        await engine_says(operator, tmp_path)
        await operator.type("/aalborg\rsy")
        await operator.press("c")
        assert operator.reserved == "copied 1 of 1"


async def test_an_undo_in_time_takes_no_number_and_says_that_nothing_was_sent(
    tmp_path: Path,
) -> None:
    """Of the many, too; seconds later the number is asked for as it was for the action."""
    async with at_console(tmp_path) as operator:
        await engine_says(operator, tmp_path)
        await operator.type("2/!vtn:conflict\rAs57\r")
        await left(operator, 2.0)
        await operator.type("u")
        assert operator.reserved.startswith("UNDO suspend of 54, nothing sent yet, ")
        assert operator.reserved.endswith("y:yes   esc:no")
        await operator.type("y")
        await left(operator, 2.0)
        assert operator.reserved == "undid suspend of 54, nothing was sent; u redoes"
        await operator.type("u")
        assert re.match(r"REDO suspend of 54, \d\d:\d\d, by you\?  y:yes", operator.reserved)
        await operator.press("escape")
        await expire(operator)
        await operator.type("u")
        assert ": type 54, enter" in operator.reserved


async def test_an_undo_too_late_is_sent_after_it(tmp_path: Path) -> None:
    """What has left is corrected there: that leaves, too, and is not told to be nothing."""
    async with at_console(tmp_path) as operator:
        await engine_says(operator, tmp_path)
        await operator.type("/aalborg\rsyu")
        assert "nothing sent yet" in operator.reserved
        await send_all(operator)
        await operator.type("y")
        await left(operator, 2.9)
        assert operator.reserved.startswith("undid suspend of 22 in Aalborg; u redoes; leaves for")


async def test_what_is_under_way_already_counts_as_sent(tmp_path: Path) -> None:
    """It was in doubt and is looked up at once, hold or not."""
    async with at_console(tmp_path) as operator:
        await engine_says(operator, tmp_path)
        await operator.type("As57\r")
        changed = (await operator.store.actions(limit=1))[0].count
        await operator.store.due_resources(5)
        assert len(await operator.store.keys(Query())) > changed
        await left(operator, 2.0)
        await operator.type("u")
        assert f": type {changed}, enter" in operator.reserved


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_picture(
    tmp_path: Path, size: tuple[int, int], picture: Callable[[App[Any]], None]
) -> None:
    """A change that is held back for three seconds."""
    async with at_console(tmp_path, size=size) as operator:
        await engine_says(operator, tmp_path)
        await operator.type("/aalborg\rsy")
        await left(operator, 3.0)
        picture(operator.app)
