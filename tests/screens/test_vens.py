"""The list of VENs, as an operator uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.fleet import decide
from tests.screens.operator import at_console
from vendash.filters import Query
from vendash.models import (
    Refused,
    RegistrationStatus,
    StatusCounts,
    VenRow,
    VtnState,
    WorkCounts,
)
from vendash.screens.ven_rows import vtn_cell
from vendash.screens.work import work_words


async def test_the_second_line_adds_up_to_the_fleet(tmp_path: Path) -> None:
    """What is to decide, unsent, approved and suspended adds up to all; trouble stands beside."""
    async with at_console(tmp_path) as operator:
        assert operator.work.startswith("60  decide 14  unsent 31  approved 12  suspended 3  ≠ 0")
        assert "! 3" in operator.work


@pytest.mark.parametrize(
    ("cells", "lost"), [(80, []), (70, ["suspended"]), (54, ["suspended", "approved"])]
)
def test_what_needs_a_person_is_seen_beside_the_marks(cells: int, lost: list[str]) -> None:
    """What is well gives way to them: first the suspended, then the approved."""
    work = WorkCounts(decide=866, unsent=8644, approved=990, suspended=62, different=3, trouble=2)
    words = "".join(text for text, _ in work_words(work, cells))
    assert "≠ 3  ! 2" in words
    assert [title for title in ("suspended", "approved") if title not in words] == lost
    assert len(words) < cells


async def test_what_is_approved_here_alone_is_said(tmp_path: Path) -> None:
    """A decision is no registration: the VTN was never asked to hold these."""
    async with at_console(tmp_path) as operator:
        await operator.press(*"/herning", "enter", "a", "y")
        said = "approved 12 in Herning; not at the VTN yet: r registers; u undoes"
        assert operator.reserved == said
        operator.app.console_state.notice = None
        operator.app.show_current()
        await operator.idle()
        assert operator.reserved == "12 approved here are not at the VTN yet: r registers"


async def test_esc_takes_the_filter_away_and_stays_on_the_row(tmp_path: Path) -> None:
    """What was looked for is what one goes on with."""
    async with at_console(tmp_path) as operator:
        await operator.press(*"/herning", "enter")
        await operator.press("escape")
        assert "Herning" in operator.cursor
        assert len(operator.list.table.keys) > 1


async def test_only_what_is_not_there_is_asked_to_be_registered(tmp_path: Path) -> None:
    """Aarhus has eight at the VTN, of which two were refused."""
    async with at_console(tmp_path) as operator:
        await operator.press(*"/aarhus", "enter", "r")
        assert operator.reserved.startswith("REGISTER Aarhus: 8 resources")
        assert "; 6 so already" in operator.reserved


async def test_trouble_comes_first(tmp_path: Path) -> None:
    """Lists sort by trouble unless the operator chose another order."""
    async with at_console(tmp_path) as operator:
        assert "Aarhus" in operator.cursor
        await operator.press("o")
        assert "sort: name" in operator.text
        assert operator.list.table.cursor == 0
        assert "(none)" in operator.lines[4]


async def test_enter_opens_and_esc_goes_back(tmp_path: Path) -> None:
    """Enter opens the VEN under the cursor; esc goes back one level to the same place."""
    async with at_console(tmp_path) as operator:
        await operator.press("down", "enter")
        assert "VENs › Aalborg" in operator.header
        await operator.press("escape")
        assert "› Aalborg" not in operator.header
        assert "Aalborg" in operator.cursor


async def test_typed_ahead_after_enter_acts_in_the_ven(tmp_path: Path) -> None:
    """A key typed ahead of the screen it is meant for waits for that screen."""
    async with at_console(tmp_path) as operator:
        await operator.type("j\rs")
        assert "VENs › Aalborg" in operator.header
        assert operator.reserved.startswith('SUSPEND Skole [nord] "A" 3, 50 kW?')


async def test_a_filter_in_one_write_only_filters(tmp_path: Path) -> None:
    """`/aarhus` and Enter in one packet filter by aarhus and do nothing else."""
    async with at_console(tmp_path) as operator:
        before = await operator.rows()
        await operator.type("/aarhus\r")
        assert operator.list.filter_text == "aarhus"
        assert "1 of 6 shown" in operator.text
        assert "Aarhus" in operator.cursor
        assert operator.list.asking is None
        assert len(operator.list.table.marks) == 0
        assert await operator.rows() == before


async def test_the_filter_applies_while_typing(tmp_path: Path) -> None:
    """Every letter filters; esc brings back what was there before."""
    async with at_console(tmp_path) as operator:
        await operator.type("/aa")
        assert "3 of 6 shown" in operator.text
        await operator.type("r")
        assert "1 of 6 shown" in operator.text
        await operator.press("escape")
        assert "6 of 6 shown" in operator.text
        assert operator.list.filter_text == ""


async def test_approving_a_ven_approves_its_pending_ones(tmp_path: Path) -> None:
    """On a VEN approve means what is pending there; what is suspended stays so and is named."""
    async with at_console(tmp_path) as operator:
        await operator.type("/aalborg\ra")
        assert operator.reserved.startswith("APPROVE Aalborg: 10 pending")
        assert "2 suspended stay" in operator.reserved
        await operator.press("y")
        assert await operator.statuses("Aalborg") == {"p": 0, "a": 22, "s": 2}
        assert operator.reserved == "approved 10 in Aalborg; u undoes"


async def test_undo_asks_with_the_words_of_the_action(tmp_path: Path) -> None:
    """`u` asks in the words of what it reverses, and then reverses it whole."""
    async with at_console(tmp_path) as operator:
        await operator.type("/aalborg\ray")
        await operator.press("u")
        assert operator.reserved.startswith("UNDO approve of 10 in Aalborg")
        assert "by you" in operator.reserved
        await operator.press("y")
        assert await operator.statuses("Aalborg") == {"p": 10, "a": 12, "s": 2}


async def test_registering_several_marked_vens(tmp_path: Path) -> None:
    """VENs are marked with space; the action is done to the resources of all that are marked."""
    async with at_console(tmp_path) as operator:
        await operator.type("/nyk\r")
        await operator.press("space", "escape")
        await operator.type("/herning\r")
        await operator.press("space", "escape")
        assert "2 marked" in operator.work
        await operator.press("r")
        assert operator.reserved.startswith("REGISTER 2 VENs: 17 resources")
        await operator.press("y")
        assert "unwanted" not in {str(row.vtn) for row in await operator.rows("Herning")}


async def test_n_goes_to_the_next_trouble_and_says_it(tmp_path: Path) -> None:
    """`n` goes from VEN to VEN that needs a person and says why."""
    async with at_console(tmp_path) as operator:
        await operator.press("n")
        assert "Aalborg" in operator.cursor
        assert operator.reserved == "Aalborg: 1 failed or in conflict"
        await operator.press("N")
        assert operator.reserved == "Aarhus: 2 failed or in conflict"


async def test_n_takes_a_filter_away_that_hides_what_is_wrong(tmp_path: Path) -> None:
    """What it looks for is anywhere in the fleet."""
    async with at_console(tmp_path) as operator:
        await operator.type("/herning\rn")
        assert "Aalborg" in operator.cursor
        await operator.type("/aarhus\rn")
        assert "1 of 6 shown" in operator.text
        assert operator.reserved == "Aarhus: 2 failed or in conflict"


async def test_n_finds_a_ven_that_the_vtn_refuses(tmp_path: Path) -> None:
    """Nothing is wrong with its resources: they wait for it."""
    async with at_console(tmp_path) as operator:
        keys = await operator.store.keys(Query(ven="Herning"))
        await operator.store.want_at_vtn(keys, True, actor="cli")
        (ven,) = await operator.store.due_vens(5)
        refused = Refused(item=ven, state=VtnState.CONFLICT, reason="name taken", http_status=409)
        await operator.store.complete([refused])
        await operator.see("! name")
        await operator.press("G", "n", "n", "n")
        assert operator.reserved.startswith("Herning: name taken")


async def test_without_a_fleet_it_says_how_to_get_one(tmp_path: Path) -> None:
    """An empty state teaches."""
    async with at_console(tmp_path, filled=False) as operator:
        assert "No resources yet. vendash prepare --sample" in operator.text
        assert "a:approve" not in operator.footer


async def test_no_match_names_the_filter(tmp_path: Path) -> None:
    """Where nothing matches, the filter is named and how many it hides."""
    async with at_console(tmp_path) as operator:
        await operator.type("/zzz\r")
        assert "Nothing matches /zzz: it hides 6." in operator.text


@pytest.mark.parametrize(
    ("typed", "said"), [("type:ev", "filters resources"), ("p>x", "number"), ("frob:1", "frob")]
)
async def test_a_wrong_filter_is_said_while_typing(tmp_path: Path, typed: str, said: str) -> None:
    """What is wrong with a filter stands beside it while it is typed; the last right one holds."""
    async with at_console(tmp_path, size=(120, 40)) as operator:
        await operator.type("/" + typed)
        assert operator.lines[2].startswith(f"/{typed}")
        assert said in operator.lines[2].removeprefix(f"/{typed}")
        await operator.press("escape")
        assert "6 of 6 shown" in operator.text


async def test_a_wrong_filter_is_not_accepted_and_esc_restores_the_one_before(
    tmp_path: Path,
) -> None:
    """Enter leaves a wrong filter to be corrected, never another one applied in its place."""
    async with at_console(tmp_path) as operator:
        await operator.type("/aarhus\r")
        await operator.press("/")
        await operator.type("p>1x\r")
        assert operator.lines[2].startswith("/p>1x")
        assert operator.list.asking is not None
        await operator.press("escape")
        assert operator.list.filter_text == "aarhus"
        await operator.press("/")
        await operator.type("p>1x\r")
        await operator.press("backspace", "enter")
        assert operator.list.filter_text == "p>1"


async def test_a_new_filter_replaces_the_one_before(tmp_path: Path) -> None:
    """`/` begins an empty line: typing replaces, esc restores, enter alone takes away."""
    async with at_console(tmp_path) as operator:
        await operator.type("/aarhus\r/herning\r")
        assert operator.list.filter_text == "herning"
        await operator.press("/", "x", "escape")
        assert operator.list.filter_text == "herning"
        await operator.press("/", "enter")
        assert operator.list.filter_text == ""
        assert "6 of 6 shown" in operator.text


@pytest.mark.parametrize(
    ("wanted", "unsent", "accepted", "said"),
    [
        (112, 112, 0, "0 at VTN"),
        (112, 8, 104, "104 at VTN"),
        (112, 0, 8, "telling 104"),
        (112, 0, 112, "ok"),
        (0, 8, 0, "remove 104"),
        (0, 112, 0, "-"),
    ],
)
def test_what_the_vtn_has_yet_to_be_told(
    wanted: int, unsent: int, accepted: int, said: str
) -> None:
    """How many are there while some are not; then how many wait to be told of a decision."""
    ven = VenRow(
        name="Herning",
        work=WorkCounts(unsent=unsent, approved=112 - unsent),
        decisions=StatusCounts(approved=112),
        wanted=wanted,
        accepted=accepted,
        vtn=VtnState.OK,
        vtn_error="",
        client_id="c",
        remote_id="r",
    )
    assert vtn_cell(ven)[0] == said


async def test_marked_vens_that_a_filter_hides_are_left_alone_unless_h(tmp_path: Path) -> None:
    """On VENs too only what is shown is acted on, and `h` adds the hidden ones."""
    async with at_console(tmp_path) as operator:
        await operator.type("A/herning\rs")
        assert operator.reserved.startswith("SUSPEND Herning: 12 resources")
        assert "h:5 hidden too" in operator.reserved
        await operator.press("h")
        assert operator.reserved.startswith("SUSPEND 6 VENs: 57 resources")
        await operator.press("escape", "s", "y")
        assert await operator.statuses("Herning") == {"p": 0, "a": 0, "s": 12}
        assert await operator.statuses("Aabenraa") == {"p": 4, "a": 0, "s": 0}


async def test_numbers_go_on_under_a_question_and_rows_stay(tmp_path: Path) -> None:
    """Whoever thinks about an answer sees what is so now, and each row where it was."""
    async with at_console(tmp_path) as operator:
        await operator.type("oos")  # by what is to decide: what is decided changes the order
        asked, work = operator.reserved, operator.work
        before = operator.lines[4:12]
        pending = await operator.store.keys(Query(status=RegistrationStatus.PENDING))
        await decide(operator.store, pending, RegistrationStatus.APPROVED, actor="cli")
        await operator.wait(lambda: operator.lines[4:12] != before, "showing the new numbers")
        await operator.wait(lambda: operator.work != work, "counting anew")
        assert operator.reserved == asked
        names = [line[13:29] for line in before]
        assert [line[13:29] for line in operator.lines[4:12]] == names
        await operator.press("escape")
        await operator.wait(lambda: [line[13:29] for line in operator.lines[4:12]] != names)
