"""The resources of a VEN or of all, as an operator decides about them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from tests.screens.fleet import decide, open_fleet
from tests.screens.operator import Operator, at_console
from tests.screens.readers import SteadyReader
from vendash.filters import Query, parse_filter
from vendash.models import ActionOutcome, RegistrationStatus, Selection

AALBORG = "/aalborg\r\r"
"""Typed at the list of VENs, opens Aalborg."""


async def test_tabs_count_and_turn(tmp_path: Path) -> None:
    """Each decision has a tab with its count; the active one stands in brackets."""
    async with at_console(tmp_path) as operator:
        await operator.type(AALBORG)
        assert "◌ Pending 10" in operator.work
        assert "[All 24]" in operator.work
        await operator.press("tab", "tab")
        assert "[● Approved 12]" in operator.work
        assert "12 of 12 shown" in operator.text
        await operator.press("shift+tab")
        assert "[◌ Pending 10]" in operator.work


async def test_every_row_shows_its_decision_by_glyph(tmp_path: Path) -> None:
    """The All tab can be read without colour."""
    async with at_console(tmp_path, size=(80, 40)) as operator:
        await operator.type(AALBORG)
        glyphs = [line[16:18].strip(" *") for line in operator.lines[4:28]]
        assert {glyph: glyphs.count(glyph) for glyph in "◌●■"} == {"◌": 10, "●": 12, "■": 2}


async def test_one_row_needs_its_name_and_y(tmp_path: Path) -> None:
    """A single row is confirmed by name with y; it stays where it is until the cursor moves."""
    async with at_console(tmp_path) as operator:
        await operator.type(AALBORG)
        await operator.press("tab", "tab")
        first = operator.cursor
        await operator.press("s")
        assert operator.reserved.startswith("SUSPEND ")
        assert operator.reserved.split(",")[0].removeprefix("SUSPEND ") in first
        await operator.press("y")
        assert await operator.statuses("Aalborg") == {"p": 10, "a": 11, "s": 3}
        await operator.see("Approved 11")
        assert "■" in operator.cursor
        assert operator.cursor[18:40] == first[18:40]
        assert "12 shown, 11 now" in operator.text
        await operator.press("down")
        await operator.see("11 of 11 shown")


async def test_the_default_is_no(tmp_path: Path) -> None:
    """Enter, esc and n answer No; other keys answer nothing at all."""
    async with at_console(tmp_path) as operator:
        await operator.type(AALBORG)
        before = await operator.statuses("Aalborg")
        for no in ("enter", "escape", "n"):
            await operator.press("A", "s", "a", "r", no)
            assert operator.reserved == "nothing was done"
            await operator.press("A")
        assert await operator.statuses("Aalborg") == before


async def test_marks_survive_a_filter_but_hidden_rows_are_not_acted_on(tmp_path: Path) -> None:
    """Only what is shown is acted on; `h` adds the marked rows that the filter hides."""
    async with at_console(tmp_path) as operator:
        await operator.type(AALBORG)
        await operator.type("A/type:pv\r")
        assert "6 marked, +18 hidden" in operator.work
        await operator.press("p")
        assert operator.reserved.startswith("PENDING 6 shown")
        assert "h:18 hidden too" in operator.reserved
        await operator.press("h")
        assert operator.reserved.startswith("PENDING 24 shown")
        await operator.press("escape", "p", "y")
        assert await operator.statuses("Aalborg") == {"p": 14, "a": 9, "s": 1}


async def test_all_shown_again_unmarks(tmp_path: Path) -> None:
    """`A` marks all shown, and unmarks them when all are marked."""
    async with at_console(tmp_path) as operator:
        await operator.type(AALBORG)
        await operator.press("A")
        assert "24 marked" in operator.work
        await operator.press("A")
        assert "marked" not in operator.work


async def test_a_range_marks_what_is_between(tmp_path: Path) -> None:
    """`v` opens a range at the cursor; `v` again marks it, esc drops it."""
    async with at_console(tmp_path) as operator:
        await operator.type(AALBORG)
        await operator.press("v", "down", "down", "v")
        assert "3 marked" in operator.work
        await operator.press("v", "down", "escape")
        assert "3 marked" in operator.work


async def test_esc_goes_back_one_level_a_press(tmp_path: Path) -> None:
    """The esc key leaves the filter, then the marks, then the screen."""
    async with at_console(tmp_path) as operator:
        await operator.type(AALBORG)
        await operator.type("A/ev\r")
        await operator.press("escape")
        assert operator.list.filter_text == ""
        assert "24 marked" in operator.work
        await operator.press("escape")
        assert "marked" not in operator.work
        assert "› Aalborg" in operator.header
        await operator.press("escape")
        assert "› Aalborg" not in operator.header


async def test_a_prompt_in_one_write(tmp_path: Path) -> None:
    """`s`, the answer and Enter in one packet are one decision, taken once."""
    async with at_console(tmp_path) as operator:
        await operator.type(AALBORG)
        await operator.type("Asy")
        assert await operator.statuses("Aalborg") == {"p": 0, "a": 0, "s": 24}
        assert operator.reserved == "suspended 22 in Aalborg; 2 were so already; u undoes"


async def test_a_selection_is_frozen_when_the_prompt_appears(tmp_path: Path) -> None:
    """What another operator moves into the filter meanwhile is not acted on."""
    async with at_console(tmp_path) as operator:
        await operator.type(AALBORG)
        await operator.press("tab", "tab", "A", "s")
        assert operator.reserved.startswith("SUSPEND 12 shown")
        pending = [row for row in await operator.rows("Aalborg") if row.status == "PENDING"]
        approved = RegistrationStatus.APPROVED
        await decide(operator.store, [row.key for row in pending], approved, actor="bo@x pts/1")
        await operator.see("Approved 12")
        await operator.press("y")
        assert await operator.statuses("Aalborg") == {"p": 0, "a": 10, "s": 14}


async def test_the_same_key_twice_acts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second, equal key press while the first acts is ignored; other keys stay live."""
    go_on = asyncio.Event()
    calls = 0
    async with at_console(tmp_path) as operator:
        real = operator.app.console_state.fleet.suspend

        async def slow(selection: Selection, *, subject: str) -> ActionOutcome:
            nonlocal calls
            calls += 1
            await go_on.wait()
            return await real(selection, subject=subject)

        monkeypatch.setattr(operator.app.console_state.fleet, "suspend", slow)
        await operator.pilot.pause()
        for key in "2sysy":
            await _press(operator, key)
        await _press(operator, "down")
        await operator.wait(lambda: calls == 1)
        assert operator.list.asking is None
        assert operator.list.table.cursor == 1
        go_on.set()
        await operator.idle()
        assert calls == 1


async def _press(operator: Operator, key: str) -> None:
    """A key without waiting for what it does."""
    await operator.pilot.press(key)
    await operator.app._keys.join()


async def test_n_crosses_vens(tmp_path: Path) -> None:
    """`n` goes to the next trouble over all VENs, saying what it is and for how long."""
    async with at_console(tmp_path) as operator:
        await operator.type("/aarhus\r\r")
        seen = []
        for _ in range(3):
            await operator.press("n")
            what, _, how_long = operator.reserved.rpartition(", for ")
            seen.append(what)
            assert how_long.split()[1] in {"min", "h"}
            ven = operator.header.split("›")[1].split("  ")[0].strip()
            assert operator.reserved.startswith(f"{ven}: ")
        assert seen == [
            'Aalborg: Skole [nord] "A" 3: name taken',
            "Aarhus: Svømmehal ␛[31mrød␇ 5: name taken",
            "Aarhus: Gammel Skagen Ladepark 1: refused: P_max missing",
        ]


async def test_n_is_offered_only_where_there_is_trouble(tmp_path: Path) -> None:
    """Once nothing needs a person any more, the footer has no key that leads there."""
    async with at_console(tmp_path, size=(120, 40)) as operator:
        await operator.press("2")
        assert "n:next" in operator.footer
        troubled = await operator.store.keys(Query(filter=parse_filter("vtn:conflict")))
        await operator.store.want_at_vtn(troubled, True, actor="cli")
        await operator.wait(lambda: "n:next" not in operator.footer, "taking the offer back")
        await operator.press("n")
        assert operator.reserved == "next: nothing is ≠ or !"


async def test_read_only_says_why_a_key_is_off(tmp_path: Path) -> None:
    """Read-only: dangerous actions are not in the footer, and a press says why."""
    async with at_console(tmp_path, read_only=True) as operator:
        assert "READ-ONLY" in operator.header
        await operator.type("2")
        assert "s:suspend" not in operator.footer
        await operator.press("s")
        assert operator.reserved.startswith("suspend: read-only")
        assert operator.list.asking is None


async def test_alt_is_ignored(tmp_path: Path) -> None:
    """A quick esc, s comes out of tmux as alt-s, and does nothing."""
    async with at_console(tmp_path) as operator:
        await operator.press("2", "alt+s")
        assert operator.list.asking is None


async def test_y_is_bound_nowhere(tmp_path: Path) -> None:
    """`y` only ever confirms."""
    async with at_console(tmp_path) as operator:
        before = await operator.rows()
        for screen in "1234":
            await operator.press(screen, "y", "y")
        assert await operator.rows() == before


async def test_live_numbers_stand_at_the_left_and_stale_ones_are_dimmed(tmp_path: Path) -> None:
    """A stale value stays visible, dimmed, with its age; it never looks like a live one."""
    now = [1_800_000_000.0]
    async with await open_fleet(tmp_path / "fleet.db") as store:
        reader = await SteadyReader.of(store, clock=lambda: now[0])
    async with at_console(
        tmp_path, live=reader, clock=lambda: datetime.fromtimestamp(now[0]).astimezone()
    ) as operator:
        await operator.type(AALBORG)
        await operator.press("tab", "tab")
        row = operator.list.table.cursor_row
        assert row is not None
        assert operator.cursor.split()[1:3] == [f"{row.key:.1f}", "0s"]
        now[0] += 3
        operator.app.second()
        await operator.pilot.pause()
        assert operator.cursor.split()[1] == f"{row.key + 3:.1f}"


async def test_names_from_outside_are_shown_not_obeyed(tmp_path: Path) -> None:
    """Markup stays text, an escape sequence is shown as symbols, and columns stay aligned."""
    async with at_console(tmp_path, size=(100, 40)) as operator:
        await operator.type(AALBORG)
        assert 'Skole [nord] "A" 3' in operator.text
        assert "Svømmehal ␛[31mrød␇" in operator.text
        assert "\x1b" not in operator.text


async def test_enter_tells_all_about_a_resource(tmp_path: Path) -> None:
    """Enter on a resource shows all that is known of it, the VTN's answer too."""
    async with at_console(tmp_path) as operator:
        await operator.type("2\r")
        assert "at the VTN: refused: P_max missing" in operator.text
        assert "its answer was HTTP 409" in operator.text
        await operator.press("escape")
        assert operator.header.split("  ")[1] == "Resources"


async def test_the_same_command_is_shown_under_question_mark(tmp_path: Path) -> None:
    """A confirmation shows, under `?`, the command that would do the same; then asks again."""
    async with at_console(tmp_path) as operator:
        await operator.type("/aalborg\ra")
        await operator.press("?")
        assert "vendash approve --ven Aalborg" in operator.reserved
        await operator.press("y")
        assert operator.reserved.startswith("APPROVE Aalborg: 10 pending")


async def test_what_another_operator_does_is_seen(tmp_path: Path) -> None:
    """Two consoles on one file see each other's decisions without a key press."""
    async with at_console(tmp_path) as one, at_console(tmp_path) as other:
        await one.type(AALBORG)
        await other.type("/aalborg\ray")
        await one.see("Approved 22")


async def test_an_open_range_survives_a_change_by_others(tmp_path: Path) -> None:
    """What others do while a range is open does not close it."""
    async with at_console(tmp_path) as operator:
        await operator.type(AALBORG)
        await operator.press("v", "down", "down")
        rows = await operator.rows("Aalborg")
        suspended = RegistrationStatus.SUSPENDED
        await decide(operator.store, [rows[20].key], suspended, actor="bo@x pts/1")
        await operator.wait(lambda: "Susp. 3" in operator.work)
        await operator.press("v")
        assert "3 marked" in operator.work


async def test_what_is_so_already_is_not_asked(tmp_path: Path) -> None:
    """A question to which every answer changes nothing is none."""
    async with at_console(tmp_path) as operator:
        await operator.type(":resources Aalborg\r/status:approved\rja")
        assert operator.reserved == "nothing changed: 1 was so already"
        before = await operator.store.actions(limit=1)
        await operator.type("Aa")
        assert operator.reserved == "nothing changed: 12 were so already"
        assert await operator.store.actions(limit=1) == before
