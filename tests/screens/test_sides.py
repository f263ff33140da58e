"""What the items of the audit log say of before and after."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.screens.drifted import drifted_fleet
from tests.screens.operator import at_console
from vendash.models import AuditItem, DriftChoice
from vendash.screens.items import WHOLE_LINES, whole_lines
from vendash.screens.sides import changes
from vendash.store.choices import choices_for


def test_plain_words_stay_as_they_are() -> None:
    """Most actions change one word."""
    assert changes("PENDING", "APPROVED") == [("", "PENDING", "APPROVED")]


@pytest.mark.parametrize("text", ["{", '{"a": ', "[1]", "{" * 2000, '{"a": NaN}'])
def test_what_is_no_object_is_a_word(text: str) -> None:
    """The log is data from a file: whatever it holds, a screen comes of it."""
    assert changes(text, "x") == [("", text, "x")]


def test_only_what_differs_is_told() -> None:
    """And of one side alone: nothing there is a dash."""
    assert changes('{"on":true,"speed":1.0}', '{"on":true,"speed":60.0,"new":null}') == [
        ("speed", "1", "60"),
        ("new", "-", "-"),
    ]
    assert changes('{"a":1}', '{"a":1}') == [("", "-", "-")]


@pytest.mark.parametrize("choice", list(DriftChoice))
async def test_a_choice_about_drift_is_told_in_words(tmp_path: Path, choice: DriftChoice) -> None:
    """What was chosen, how it stands with the VTN, and each value; no JSON, no key of the store."""
    await drifted_fleet(tmp_path / "fleet.db")
    async with at_console(tmp_path) as operator:
        store = operator.store
        items = [item for item in await store.drift() if choice in choices_for(item)]
        outcome = await store.settle_drift(items, choice, actor="anna@pi3 pts/3")
        assert outcome.sequence is not None
        logged = await store.action_items(outcome.sequence)
        assert logged
        for item in logged:
            fields = changes(item.before, item.after)
            assert fields[0][0] in {"choice", "delete there"}
            assert not any("{" in text or "_" in text for field in fields for text in field)
        if choice is DriftChoice.THEIRS:
            told = {field for item in logged for field in changes(item.before, item.after)}
            assert ("P max kW", "99.5") in {(field, after) for field, _, after in told}
            assert ("decision", "APPROVED", "SUSPENDED") in told
        await operator.press("4", "enter")
        assert "{" not in operator.text


def test_what_does_not_fit_is_said_to_be_more() -> None:
    """The lines under the list are few."""
    many = {f"f{number}": number for number in range(30)}
    item = AuditItem(
        key=1, resource_id="r", name="n", ven="v", before="{}",
        after=msgspec.json.encode(many).decode(),
    )  # fmt: skip
    lines = whole_lines(item, 80)
    assert len(lines) == WHOLE_LINES
    assert lines[-1][0][0] == "... 22 lines more"
