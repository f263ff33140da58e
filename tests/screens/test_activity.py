"""The Activity screen, as an operator uses it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

import pytest
from textual.app import App

from tests.screens.fleet import ACTOR, NOON, open_fleet, resources
from tests.screens.operator import Operator, at_console
from vendash.filters import Query
from vendash.models import RegistrationStatus
from vendash.store import audit
from vendash.telemetry.status import (
    EngineStatus,
    RegistrationProgress,
    ServiceStatus,
    write_status,
)

pytestmark = pytest.mark.usefixtures("copenhagen", "audit_clock")

Picture = Callable[[App[Any]], None]

ANY = frozenset(RegistrationStatus)
BO = "bo@10.0.0.7 pts/1"


class AuditTime(datetime):
    """The clock of the audit log: a minute later at each action, the first one at 12:00."""

    minutes: ClassVar[int] = 0

    @classmethod
    def now(cls, tz: object = None) -> Self:
        """In UTC; the operator's clock is two hours ahead of it in summer."""
        cls.minutes += 1
        return cls(2026, 6, 1, 9, 59, tzinfo=UTC) + timedelta(minutes=cls.minutes)


@pytest.fixture
def audit_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Actions are recorded by a clock that stands still between them."""
    monkeypatch.setattr(AuditTime, "minutes", 0)
    monkeypatch.setattr(audit, "datetime", AuditTime)


@asynccontextmanager
async def at_activity(
    folder: Path, *, read_only: bool = False, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Operator]:
    """The Activity screen: an import at 12:00, then Herning approved, half of it suspended."""
    async with await open_fleet(folder / "fleet.db", filled=False) as store:
        await store.import_resources(resources(), actor="cli")
        herning = await store.keys(Query(ven="Herning"))
        await store.set_status(
            herning, ANY, RegistrationStatus.APPROVED, actor=ACTOR, subject="Herning"
        )
        await store.set_status(
            herning[:6],
            ANY,
            RegistrationStatus.SUSPENDED,
            actor=BO,
            subject="Herning",
            reason="heat [red]wave[/] \x1b[2J",
        )
    async with at_console(folder, filled=False, read_only=read_only, size=size) as operator:
        await operator.press("4")
        await operator.see("log whole")
        yield operator


def rows(operator: Operator) -> list[str]:
    """The rows of the log, without the glyph of the cursor."""
    lines = operator.lines
    heading = next(place for place, line in enumerate(lines) if line.startswith("  When"))
    return [line[2:] for line in lines[heading + 1 : -2] if line]


async def test_the_log_is_shown_newest_first(tmp_path: Path) -> None:
    """Local time, who, what, how many rows, and why."""
    async with at_activity(tmp_path) as operator:
        assert operator.work.startswith("3 actions")
        newest, middle, oldest = rows(operator)
        assert newest.split()[:6] == ["12:02:00", "bo@10.0.0.7", "pts/1", "suspend", "Herning", "6"]
        assert middle.split()[:2] == ["12:01:00", "anna@pi3"]
        assert oldest.split()[:4] == ["12:00:00", "cli", "import", "60"]


async def test_a_reason_is_data(tmp_path: Path) -> None:
    """It is neither markup nor an escape sequence."""
    async with at_activity(tmp_path, size=(120, 40)) as operator:
        assert "heat [red]wave[/] ␛[2J" in operator.text


async def test_an_empty_log_says_what_will_be_in_it(tmp_path: Path) -> None:
    async with at_console(tmp_path, filled=False) as operator:
        await operator.press("4")
        assert "Nothing was done yet: what you decide will stand here." in operator.text


async def test_enter_shows_the_rows_of_an_action_and_esc_goes_back(tmp_path: Path) -> None:
    async with at_activity(tmp_path) as operator:
        await operator.press("j", "enter")
        assert "Activity › approve Herning" in operator.header
        assert operator.work.startswith("action 2  12:01:00  anna@pi3 pts/3")
        assert "12 of 12 shown" in operator.text
        assert "PENDING" in operator.cursor
        assert operator.cursor.endswith("APPROVED")
        await operator.press("escape")
        assert "12:01:00" in operator.cursor


async def test_u_undoes_the_action_under_the_cursor_after_asking(tmp_path: Path) -> None:
    """Also one that somebody else did; it is marked as undone by the action that undid it."""
    async with at_activity(tmp_path) as operator:
        await operator.press("u")
        assert operator.reserved.startswith("UNDO suspend of 6 in Herning, 12:02, by bo@10.0.0.7")
        assert await operator.statuses("Herning") == {"p": 0, "a": 6, "s": 6}
        await operator.press("y")
        assert await operator.statuses("Herning") == {"p": 0, "a": 12, "s": 0}
        await operator.see("undone by 4")
        assert any("undoes 3" in row for row in rows(operator))


async def test_u_says_why_an_action_cannot_be_undone(tmp_path: Path) -> None:
    async with at_activity(tmp_path) as operator:
        await operator.press("G", "u")
        assert "An import stays" in operator.reserved
        await operator.press("g", "u", "y")
        await operator.see("undone by 4")
        while "undone by 4" not in operator.cursor:
            await operator.press("j")
        await operator.press("u")
        assert "It was undone by action 4" in operator.reserved
        assert operator.list.asking is None


async def test_u_undoes_the_action_whose_rows_are_shown(tmp_path: Path) -> None:
    async with at_activity(tmp_path) as operator:
        await operator.press("enter", "u", "y")
        assert await operator.statuses("Herning") == {"p": 0, "a": 12, "s": 0}


async def test_nothing_is_undone_in_read_only_mode(tmp_path: Path) -> None:
    async with at_activity(tmp_path, read_only=True) as operator:
        await operator.press("u")
        assert "read-only" in operator.reserved
        assert operator.list.asking is None


async def test_what_another_operator_does_appears_by_itself(tmp_path: Path) -> None:
    async with at_activity(tmp_path) as operator:
        keys = [row.key for row in await operator.rows("Aalborg")]
        await operator.store.set_status(keys, ANY, RegistrationStatus.APPROVED, actor=BO)
        await operator.see("4 actions")
        assert rows(operator)[0].split()[:4] == ["12:03:00", "bo@10.0.0.7", "pts/1", "approve"]


async def test_older_actions_come_when_the_cursor_gets_near_them(tmp_path: Path) -> None:
    """Only the newest are read at first; going on leads to the very first action."""
    async with at_activity(tmp_path) as operator:
        key = (await operator.rows("Aalborg"))[0].key
        for turn in range(240):
            wanted = (RegistrationStatus.APPROVED, RegistrationStatus.SUSPENDED)[turn % 2]
            await operator.store.set_status([key], ANY, wanted, actor=BO)
        await operator.see("243 actions")
        await operator.see("200 of 243 shown")
        await operator.press("G")
        await operator.see("243 of 243 shown")
        await operator.press("G")
        assert "import" in operator.cursor


async def test_what_a_column_cuts_is_shown_whole_below(tmp_path: Path) -> None:
    """Settings before and after, field by field and in words."""
    async with at_console(tmp_path) as operator:
        await operator.type(":simulate on\r")
        await operator.press("4", "enter")
        assert "simulation  off → on" in operator.text
        assert "{" not in operator.text
        assert operator.cursor.split()[-2:] == ["off", "on"]


async def test_since_is_the_handover(tmp_path: Path) -> None:
    """What was done since then, and what is still open; esc shows the whole log again."""
    async with at_activity(tmp_path) as operator:
        await operator.type(":since 12:01\r")
        assert len(rows(operator)) == 2
        assert operator.work.startswith("2 actions since 12:01:00; still open: 60 unsent")
        await operator.press("escape")
        assert len(rows(operator)) == 3


async def test_since_a_time_when_nothing_was_done_says_so(tmp_path: Path) -> None:
    async with at_activity(tmp_path) as operator:
        await operator.type(":since 14:00\r")
        assert "Nothing was done since then." in operator.text
        await operator.type(":since yesterday\r")
        assert "Type :since 22:00" in operator.reserved


async def test_the_filter_looks_at_who_what_and_why(tmp_path: Path) -> None:
    async with at_activity(tmp_path) as operator:
        for text, count in (("herning", 2), ("BO@", 1), ("heat", 1), ("!import", 2)):
            await operator.type(f"/{text}\r")
            assert len(rows(operator)) == count
            await operator.press("escape")
        await operator.type("/status:pending")
        assert "The log is filtered by text" in operator.text


async def test_a_log_that_was_changed_is_not_trusted(tmp_path: Path) -> None:
    """The first action whose chain is broken is named on the second line."""
    async with at_activity(tmp_path) as operator:
        await asyncio.to_thread(rewrite_history, tmp_path / "fleet.db")
        await operator.press("1", "4")
        await operator.wait(lambda: "! " in operator.work, "a broken chain")
        assert "Action 2" in operator.work
        assert "log whole" not in operator.work


def rewrite_history(path: Path) -> None:
    """Let another one have done it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE vendash_actions SET actor = 'nobody' WHERE sequence = 2")


async def test_work_that_runs_stands_on_top(tmp_path: Path) -> None:
    async with at_activity(tmp_path) as operator:
        progress(tmp_path)
        operator.app.second()
        await operator.idle()
        assert operator.lines[2].startswith("REGISTER Aarhus")
        assert "602 of 1,114  231/s  2 failed  3 s left" in operator.lines[2]
        assert operator.reserved == ""
        assert len(rows(operator)) == 3


def progress(folder: Path) -> None:
    """An engine that is in the middle of registering."""
    write_status(
        folder,
        EngineStatus(
            pid=1,
            started=0.0,
            beat=time.monotonic() + 3600,
            vtn=ServiceStatus(health="ok", text="3.1"),
            simulation=ServiceStatus(health="off"),
            registration=RegistrationProgress(
                done=602, total=1114, failed=2, per_second=231.0, seconds_left=3.0, ven="Aarhus"
            ),
        ),
    )


async def test_failed_ones_are_sent_again_after_asking(tmp_path: Path) -> None:
    """R wants everything at the VTN again that was refused there."""
    async with at_console(tmp_path) as operator:
        assert (await operator.store.work()).trouble == 3
        await operator.press("4", "R")
        assert operator.reserved.startswith("TRY AGAIN to send 3 resources that failed?")
        await operator.press("y")
        assert "3 resources will be sent again" in operator.reserved
        assert (await operator.store.work()).trouble == 0
        await operator.press("R")
        assert "Nothing has failed." in operator.reserved


# --- pictures -----------------------------------------------------------------------------------

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])

STATES = {
    "some": "",
    "items": "\r",
    "undo_asked": "u",
    "undone": "uy",
    "since": ":since 12:01\r",
    "cannot_undo": "Gu",
}


@SIZES
@pytest.mark.parametrize("state", STATES)
async def test_picture(tmp_path: Path, size: tuple[int, int], state: str, picture: Picture) -> None:
    """Every state of the log looks as it was accepted."""
    async with at_activity(tmp_path, size=size) as operator:
        await operator.type(STATES[state])
        if state == "undone":
            await operator.see("undone by 4")
        await operator.idle()
        picture(operator.app)


@SIZES
async def test_picture_empty(tmp_path: Path, size: tuple[int, int], picture: Picture) -> None:
    """A log with nothing in it."""
    async with at_console(tmp_path, filled=False, size=size, clock=lambda: NOON) as operator:
        await operator.press("4")
        await operator.see("log whole")
        picture(operator.app)


@SIZES
async def test_picture_running(tmp_path: Path, size: tuple[int, int], picture: Picture) -> None:
    """While the engine registers."""
    async with at_activity(tmp_path, size=size) as operator:
        progress(tmp_path)
        operator.app.second()
        await operator.idle()
        picture(operator.app)
