"""A VTN that decides itself: approving here asks for it, and says so."""

from __future__ import annotations

from pathlib import Path

from tests.screens.operator import at_console


async def test_approving_asks_the_vtn(tmp_path: Path) -> None:
    async with at_console(tmp_path) as operator:
        await operator.store.set_authority("vtn", actor="cli")
        await operator.type("/aalborg\r\r/20\ra")
        assert operator.reserved.startswith("ASK THE VTN TO APPROVE Café")
        await operator.press("y")
        assert operator.reserved == "asked the VTN to approve 1 in Aalborg; u undoes"
        assert (await operator.statuses("Aalborg"))["a"] == 12
        await operator.see("? approved")
        await operator.press("enter")
        assert "asked of the VTN, which decides: approved" in operator.text
        await operator.press("escape", "4")
        await operator.see("ask the VTN: Aal")
        await operator.type("uy")
        rows = await operator.rows("Aalborg")
        assert all(row.vtn_requested is None for row in rows)


async def test_a_long_notice_is_told_to_its_end(tmp_path: Path) -> None:
    """Its second line lies over the footer, as long as it is said."""
    async with at_console(tmp_path) as operator:
        sentence = " ".join(f"word{number}" for number in range(18)) + " end."
        operator.app.console_state.say(sentence)
        operator.app.show_current()
        await operator.pilot.pause()
        assert f"{operator.reserved} {operator.footer}" == sentence
        operator.app.console_state.notice = None
        operator.app.show_current()
        await operator.pilot.pause()
        assert operator.footer.startswith("enter:open")
