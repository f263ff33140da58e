"""What works on every screen: going somewhere, commands, undo, leaving, and the frame."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.screens.operator import Operator, at_console
from tests.store.making import ANY, APPROVED, PENDING, SUSPENDED
from vendash.errors import VendashError
from vendash.filters import Query, parse_filter
from vendash.models import Accepted, SimulationSettings
from vendash.telemetry.status import (
    EngineStatus,
    RegistrationProgress,
    ServiceStatus,
    write_status,
)


class Engine:
    """An engine that this console started."""

    started_here = True
    advice = "vendash run --db-path fleet.db"

    def __init__(self) -> None:
        self.stopped = False
        self.news = ""

    def running(self) -> bool:
        return not self.stopped

    async def stop(self) -> None:
        self.stopped = True

    async def tend(self) -> str:
        news, self.news = self.news, ""
        return news


def status(
    *, registration: RegistrationProgress | None = None, vtn: ServiceStatus | None = None
) -> EngineStatus:
    return EngineStatus(
        pid=1,
        started=0.0,
        beat=time.monotonic() + 60.0,  # fresh, however slow this machine is
        vtn=vtn or ServiceStatus(health="ok", text="3.1"),
        simulation=ServiceStatus(health="ok"),
        registration=registration,
    )


def backups(folder: Path) -> list[Path]:
    return list(folder.glob("*backup*"))


PROGRESS = RegistrationProgress(
    done=602, total=1114, failed=2, per_second=231.0, seconds_left=3.0, ven="Aarhus"
)


async def second(operator: Operator, folder: Path, said: EngineStatus) -> None:
    """A second in which the engine says this."""
    write_status(folder, said)
    operator.app.second()
    await operator.pilot.pause()


def age_notice(operator: Operator) -> None:
    """As after eight seconds."""
    notice = operator.app.console_state.notice
    assert notice is not None
    operator.app.console_state.notice = replace(notice, at=notice.at - 8.0)


async def test_screens_by_number_and_by_command(tmp_path: Path) -> None:
    """1 to 4 and `:` commands go to the same screens."""
    async with at_console(tmp_path) as operator:
        for key, command, title in (
            ("2", "resources", "Resources"),
            ("3", "live", "Live"),
            ("4", "activity", "Activity"),
            ("1", "vens", "VENs"),
        ):
            await operator.press(key)
            assert operator.header.split("  ")[1].startswith(title)
            await operator.press("1")
            await operator.type(f":{command}\r")
            assert operator.header.split("  ")[1].startswith(title)


async def test_a_command_opens_a_ven_by_the_start_of_its_name(tmp_path: Path) -> None:
    """`:resources aalb` is Aalborg; a name that is not there is said."""
    async with at_console(tmp_path) as operator:
        await operator.type(":resources aalb\r")
        assert "VENs › Aalborg" in operator.header
        await operator.type(":resources nowhere\r")
        assert operator.reserved == "There is no VEN nowhere: `:vens` lists them."


async def test_a_command_asks_which_ven_is_meant(tmp_path: Path) -> None:
    """It says which fit and stays open: a letter more, or Tab, and it goes to one of them."""
    async with at_console(tmp_path) as operator:
        await operator.type(":resources aa\r")
        assert operator.reserved == ":resources aa    which?   Aabenraa  Aalborg  Aarhus"
        await operator.press("enter")
        assert operator.reserved.startswith(":resources aa")
        await operator.press("r", "tab", "enter")
        assert "VENs › Aarhus" in operator.header


async def test_a_whole_name_is_meant_though_another_begins_with_it(tmp_path: Path) -> None:
    """In any case of letters: `:resources aal` is no question where a VEN is called Aal."""
    async with at_console(tmp_path) as operator:
        keys = await operator.store.keys(Query(ven="Herning"))
        one = (await operator.store.resources(keys[:1]))[0][1]
        named = replace(one, resource_id="other", resource_name="Other", ven="Aal")
        await operator.store.import_resources([named], actor="cli")
        await operator.type(":resources aal\r")
        assert "VENs › Aal " in operator.header


async def test_an_unknown_command_is_said(tmp_path: Path) -> None:
    """A wrong command changes nothing and says where the right ones are."""
    async with at_console(tmp_path) as operator:
        await operator.type(":frobnicate\r")
        assert operator.reserved == "There is no command :frobnicate on this screen; ? lists them."


async def test_commands_are_remembered(tmp_path: Path) -> None:
    """Up brings back what was typed before."""
    async with at_console(tmp_path) as operator:
        await operator.type(":live\r")
        await operator.press(":", "up")
        assert operator.reserved.startswith(":live")


async def test_simulate_is_a_wanted_state_in_the_file(tmp_path: Path) -> None:
    """`:simulate on` is written into the database, and nothing more; `u` takes it back."""
    async with at_console(tmp_path) as operator:
        await operator.type(":simulate on\r")
        assert (await operator.store.simulation()).on
        assert operator.reserved.startswith("simulation on")
        await operator.type("uy")
        assert await operator.store.simulation() == SimulationSettings(on=False)


async def test_nothing_to_undo_is_said(tmp_path: Path) -> None:
    """What others did is not this operator's to undo."""
    async with at_console(tmp_path) as operator:
        await operator.press("u")
        assert operator.reserved == "There is nothing of yours to undo."


async def test_what_was_only_tried_again_is_no_action_to_undo(tmp_path: Path) -> None:
    """`u` goes on to what was done before; asked for in the log, it is said why it is refused."""
    async with at_console(tmp_path) as operator:
        herning = await operator.store.keys(Query(ven="Herning"))
        actor = operator.app.console_state.fleet.actor
        await operator.store.set_status(herning, ANY, SUSPENDED, actor=actor)
        refused = await operator.store.keys(Query(filter=parse_filter("vtn:conflict")))
        retried = await operator.store.want_at_vtn(refused, True, actor=actor)
        assert retried.changed == len(refused) > 0
        await operator.press("u")
        assert operator.reserved.startswith("UNDO suspend of ")
        await operator.press("escape", "4", "u")
        assert "only tried again what was wanted already" in operator.reserved


async def test_an_undo_that_changed_nothing_says_so(tmp_path: Path) -> None:
    """Where somebody else has decided since, it is not told to have undone anything."""
    async with at_console(tmp_path) as operator:
        one = await operator.store.keys(Query(ven="Herning", status=PENDING))
        actor = operator.app.console_state.fleet.actor
        await operator.store.set_status(one, ANY, APPROVED, actor=actor)
        await operator.store.set_status(one, ANY, SUSPENDED, actor="bo")
        await operator.type("uy")
        said = f"nothing was undone; {len(one)} changed since, left alone; 4 lists what"
        assert operator.reserved.startswith(said)


async def test_undoing_what_took_the_number_takes_it_too(tmp_path: Path) -> None:
    """What is asked with the number is undone with the number; `y` is enough for neither."""
    async with at_console(tmp_path) as operator:
        await operator.type("As57\r")
        assert operator.reserved.startswith("suspended 57")
        changed = (await operator.store.actions(limit=1))[0].count
        await operator.type("u")
        assert operator.reserved.startswith(f"UNDO suspend of {changed}")
        assert f": type {changed}, enter   esc:no" in operator.reserved
        await operator.type(f"y{changed}\r")
        assert (await operator.statuses("Herning"))["s"] == 0


async def test_the_undo_of_a_register_says_what_it_removes(tmp_path: Path) -> None:
    """Undoing a register deletes at the VTN: that is said before it is done."""
    async with at_console(tmp_path) as operator:
        await operator.type("/herning\rry")
        await _accept(operator, 5)
        await operator.press("u")
        said = "UNDO register: removes up to 12 at the VTN in Herning"
        assert operator.reserved.startswith(said)
        await operator.press("escape")
        await _accept(operator, 7)
        await operator.press("u")
        assert operator.reserved.startswith(said.replace("up to ", ""))


async def test_what_has_not_left_is_taken_back_with_a_single_key(tmp_path: Path) -> None:
    """In the seconds a register is held for an undo, nobody has to type a number."""
    async with at_console(tmp_path) as operator:
        await operator.type("Ar")
        asked = re.search(r"type (\d+)", operator.reserved)
        assert asked is not None
        await operator.type(f"{asked[1]}\r")
        (action,) = await operator.store.actions(limit=1)
        items = await operator.store.action_items(action.sequence)
        changed = sum(item.before != item.after for item in items)
        assert 0 < changed < action.count  # some had failed, and are only tried again
        await operator.press("u")
        assert operator.reserved.startswith(f"UNDO register of {changed}")
        assert "nothing sent yet" in operator.reserved
        assert operator.reserved.endswith("y:yes   esc:no")
        await operator.press("y")
        assert operator.reserved.startswith("undid register of")


async def _accept(operator: Operator, number: int) -> None:
    """As the engine does: the VEN, and so many of the resources that are due."""
    store = operator.store
    await store.complete(
        [Accepted(item=v, remote_id=f"v-{v.name}", already=False) for v in await store.due_vens(9)]
    )
    await store.complete(
        [
            Accepted(item=work, remote_id=f"r-{work.key}", already=False)
            for work in await store.due_resources(number)
        ]
    )


async def test_reset_takes_the_number_and_makes_a_backup(tmp_path: Path) -> None:
    """Deleting everything is asked with the number of rows, however few, and backed up first."""
    async with at_console(tmp_path) as operator:
        await operator.type(":reset\r")
        assert operator.reserved.startswith("RESET: delete all 60 resources, after a backup")
        await operator.type("y\r")
        assert (await operator.store.work()).total == 60
        await operator.type(":reset\r60\r")
        assert (await operator.store.work()).total == 0
        assert len(await asyncio.to_thread(backups, tmp_path)) == 1
        await operator.see("No resources yet.")


async def test_digits_after_a_wrong_number_are_no_keys(tmp_path: Path) -> None:
    """The prompt stays open, so what is typed on does not walk through the screens."""
    async with at_console(tmp_path) as operator:
        await operator.type(":reset\r12\r3")
        assert operator.header.split("  ")[1] == "VENs"
        await operator.press("backspace", "1", "2", "enter")
        assert "12 is not 60: type 60   esc:no" in operator.reserved
        await operator.type("60\r")
        assert (await operator.store.work()).total == 0


async def test_import_is_done_by_the_hook(tmp_path: Path) -> None:
    """`:import FOLDER` hands the folder to whoever can import, and says what came of it."""
    seen: list[Path] = []

    async def importer(folder: Path) -> str:
        seen.append(folder)
        return "imported 3"

    async with at_console(tmp_path, importer=importer) as operator:
        await operator.type(":import /data/My Files\r")
        assert seen == [Path("/data/My Files")]
        assert operator.reserved == "imported 3"


async def test_without_the_hook_import_says_what_to_use(tmp_path: Path) -> None:
    """A command that is off says why."""
    async with at_console(tmp_path) as operator:
        await operator.type(":import /data\r")
        assert operator.reserved == "import: this console cannot import: use vendash prepare"


@pytest.mark.parametrize(("answer", "stopped"), [("g", False), ("s", True)])
async def test_leaving_asks_about_an_engine_of_ours(
    tmp_path: Path, answer: str, stopped: bool
) -> None:
    """`q` asks when this console started the engine: let it go on, or stop it."""
    engine = Engine()
    async with at_console(tmp_path, engine=engine) as operator:
        await operator.press("q")
        said = "LEAVE: the engine started here   g:goes on   s:stop it   esc:stay"
        assert operator.reserved == said
        await operator.press("escape")
        assert operator.app.is_running
        await operator.press("q", answer)
        assert engine.stopped is stopped
        assert not operator.app.is_running


async def test_leaving_without_an_engine_of_ours_asks_nothing(tmp_path: Path) -> None:
    """`q` leaves; closing a session stops nothing."""
    async with at_console(tmp_path) as operator:
        await operator.press("q")
        assert not operator.app.is_running


async def test_q_has_two_words(tmp_path: Path) -> None:
    """`:quit` leaves as `:q` does."""
    async with at_console(tmp_path) as operator:
        await operator.type(":quit\r")
        assert not operator.app.is_running


async def test_progress_gives_way_to_a_prompt_and_comes_back(tmp_path: Path) -> None:
    """Registering shows on the reserved line while the keys stay live."""
    async with at_console(tmp_path) as operator:
        await second(operator, tmp_path, status(registration=PROGRESS))
        bar = "█" * 11 + "░" * 9
        said = f"REGISTER Aarhus  {bar}  602 of 1,114  231/s  2 failed  3 s left"
        assert operator.reserved == said
        await operator.press("a")
        assert operator.reserved.startswith("APPROVE Aarhus")
        await second(operator, tmp_path, status(registration=PROGRESS))
        assert operator.reserved.startswith("APPROVE Aarhus")
        await operator.press("escape")
        assert operator.reserved == "nothing was done"
        age_notice(operator)
        await second(operator, tmp_path, status(registration=PROGRESS))
        assert operator.reserved == said


async def test_a_notice_goes_with_its_screen_and_with_time(tmp_path: Path) -> None:
    """What was said goes when the screen changes, and after eight seconds for what is wrong."""
    away = ServiceStatus(health="trouble", text="refused", detail="refused", since=1.0)
    async with at_console(tmp_path) as operator:
        await operator.press("a", "escape")
        assert operator.reserved == "nothing was done"
        await operator.press("2")
        assert operator.reserved == ""
        await operator.press("a", "escape")
        await second(operator, tmp_path, status(vtn=away))
        assert operator.reserved == "nothing was done"
        age_notice(operator)
        await second(operator, tmp_path, status(vtn=away))
        assert operator.reserved.startswith("VTN since ")


async def test_a_vtn_that_is_away_says_since_when_and_what_waits(tmp_path: Path) -> None:
    """VTN away: since when, and how much is sent when it comes back; not what nobody asked for."""
    away = ServiceStatus(health="trouble", text="refused", detail="refused", since=1.0)
    async with at_console(tmp_path) as operator:
        await operator.type("/herning\rry")
        age_notice(operator)
        await second(operator, tmp_path, status(vtn=away))
        assert "VTN ! refused" in operator.header
        assert operator.reserved == f"VTN since {datetime.fromtimestamp(1):%H:%M}, 12 wait: refused"


async def test_a_silent_engine_is_not_taken_to_be_alive(tmp_path: Path) -> None:
    """A status that is too old is an engine that hangs or has died."""
    async with at_console(tmp_path) as operator:
        assert "ENGINE none" in operator.header
        await second(operator, tmp_path, status())
        assert "ENGINE ok" in operator.header
        assert "SIM" in operator.header
        old = status()
        write_status(
            tmp_path,
            EngineStatus(
                pid=1,
                started=0.0,
                beat=time.monotonic() - 60.0,
                vtn=old.vtn,
                simulation=old.simulation,
            ),
        )
        operator.app.second()
        await operator.pilot.pause()
        assert "ENGINE ! silent" in operator.header
        assert "SIM" not in operator.header


async def test_a_small_terminal_only_says_so(tmp_path: Path) -> None:
    """Below 80x24 it says what it needs; keys but q do nothing."""
    async with at_console(tmp_path, size=(79, 24)) as operator:
        assert operator.text.strip() == "terminal too small, needs 80x24"
        await operator.press("2", "s", "y")
        await operator.pilot.resize_terminal(80, 24)
        await operator.see("6 of 6 shown")
        assert operator.header.split("  ")[1] == "VENs"
        assert len([line for line in operator.lines if line]) > 8


async def test_an_error_of_the_store_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read that fails is said in one sentence and the keys stay live."""
    async with at_console(tmp_path) as operator:

        async def broken(query: Query) -> None:
            raise VendashError("The database is locked: close the other program.")

        monkeypatch.setattr(operator.store, "keys", broken)
        await operator.press("2")
        assert operator.reserved == "The database is locked: close the other program."
        assert "locked" in operator.lines[5]
        await operator.press("1")
        assert "6 of 6 shown" in operator.text


async def test_a_failing_action_is_said_and_the_next_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unforeseen error becomes a sentence; nothing ends, nothing is silently lost."""
    async with at_console(tmp_path) as operator:

        async def broken(*args: object, **options: object) -> None:
            raise RuntimeError("boom")

        with monkeypatch.context() as patch:
            patch.setattr(operator.app.console_state.fleet, "approve", broken)
            await operator.type("ay")
            assert operator.reserved == "approve failed: the log says why."
        await operator.type("ay")
        assert operator.reserved.startswith("approved ")


async def test_copying_asks_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`c` copies the row through OSC 52, which works over SSH; nothing in it is an escape."""
    monkeypatch.delenv("TMUX", raising=False)
    async with at_console(tmp_path) as operator:
        written: list[str] = []
        driver = operator.app._driver
        assert driver is not None
        monkeypatch.setattr(driver, "write", written.append)
        await operator.type("2/svøm\rc")
        sequence = next(text for text in written if text.startswith("\x1b]52;c;"))
        copied = base64.b64decode(sequence.removeprefix("\x1b]52;c;").removesuffix("\x07"))
        assert copied.decode().startswith("Svømmehal ␛[31mrød␇ 5\t")
        assert operator.reserved == "copied 1 of 1"


async def test_paste_goes_only_into_a_line_being_typed(tmp_path: Path) -> None:
    """Pasted text is never a row of key presses."""
    from textual.events import Paste  # noqa: PLC0415

    async with at_console(tmp_path) as operator:
        before = await operator.rows()
        operator.app.post_message(Paste("2Asy\n"))
        await operator.idle()
        assert operator.header.split("  ")[1] == "VENs"
        assert await operator.rows() == before
        await operator.press("/")
        operator.app.post_message(Paste("aarhus\nrm -rf"))
        await operator.press("enter")
        assert operator.list.filter_text == "aarhus"


async def test_themes(tmp_path: Path) -> None:
    """`:theme` changes the colours; a name that is none lists them."""
    async with at_console(tmp_path) as operator:
        for name in ("contrast", "colour-blind", "ansi", "vendash"):
            await operator.type(f":theme {name}\r")
            assert operator.app.theme == name
        await operator.type(":theme pink\r")
        assert "contrast" in operator.reserved


async def test_keys_typed_before_the_first_rows_wait_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that acts on rows waits for the rows it was meant for."""
    go_on = asyncio.Event()
    async with at_console(tmp_path) as operator:
        real = operator.store.keys

        async def slow(query: Query) -> object:
            await go_on.wait()
            return await real(query)

        monkeypatch.setattr(operator.store, "keys", slow)
        for key in ("2", "s"):
            await operator.pilot.press(key)
        await operator.wait(lambda: "Resources" in operator.header)
        assert operator.app.current is not None
        assert operator.app.current.asking is None
        go_on.set()
        await operator.idle()
        assert operator.reserved.startswith("SUSPEND Gammel Skagen Ladepark 1,")


async def test_one_can_move_before_all_rows_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first rows can be walked and opened while the others are still looked for."""
    go_on = asyncio.Event()
    async with at_console(tmp_path) as operator:
        real = operator.store.keys

        async def slow(query: Query) -> object:
            await go_on.wait()
            return await real(query)

        monkeypatch.setattr(operator.store, "keys", slow)
        for key in ("2", "down", "down"):
            await operator.pilot.press(key)
        await operator.wait(lambda: "Svømmehal" in next(iter(cursor_lines(operator)), ""))
        assert "loading…" in operator.text
        go_on.set()
        await operator.idle()
        assert "Svømmehal" in operator.cursor
        assert "60 of 60 shown" in operator.text


def cursor_lines(operator: Operator) -> list[str]:
    return [line for line in operator.lines if line.startswith("▸")]


async def test_a_number_goes_to_the_screen_itself(tmp_path: Path) -> None:
    """Not to what was opened from it before."""
    async with at_console(tmp_path) as operator:
        await operator.press("4", "enter")
        assert "Activity ›" in operator.header
        await operator.press("1", "4")
        assert "Activity ›" not in operator.header


async def test_an_engine_that_was_started_again_is_said(tmp_path: Path) -> None:
    """Whoever watches knows why the numbers stood still."""
    engine = Engine()
    async with at_console(tmp_path, engine=engine) as operator:
        engine.news = "The engine had died; it was started again and goes on where it was."
        await operator.wait(lambda: not engine.news)
        operator.app.show_current()
        await operator.see("The engine had died; it was started again")


async def test_the_last_words_of_an_engine_that_was_killed_are_not_believed(tmp_path: Path) -> None:
    """There is none, and that is said."""
    engine = Engine()
    async with at_console(tmp_path, engine=engine) as operator:
        engine.stopped = True
        write_status(tmp_path, replace(status(), beat=time.monotonic() - 60.0))
        operator.app.second()
        assert "ENGINE none" in operator.header


async def test_an_undo_of_the_simulation_is_asked_in_its_own_words(tmp_path: Path) -> None:
    """It is about no number of rows."""
    async with at_console(tmp_path) as operator:
        await operator.type(":simulate on\r")
        await operator.press("u")
        assert operator.reserved.startswith("UNDO simulate on, x1, ")
        await operator.press("y")
        assert operator.reserved == "undid simulate on, x1; u redoes"


async def test_to_undo_an_undo_is_to_redo(tmp_path: Path) -> None:
    """And is asked and told so."""
    async with at_console(tmp_path) as operator:
        await operator.press(*"/herning", "enter", "a", "y")
        await operator.press("u", "y")
        assert operator.reserved == "undid approve of 12 in Herning; u redoes"
        await operator.press("u")
        assert operator.reserved.startswith("REDO approve of 12 in Herning")
        await operator.press("y")
        assert operator.reserved == "redid approve of 12 in Herning; u undoes"
