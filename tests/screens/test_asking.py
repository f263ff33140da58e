"""Questions: graded, default No, taking every key until they are answered."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from vendash.screens.asking import Choice, Confirmation, Typing
from vendash.widgets.line import width

LONG = "APPROVE 158 VENs: 9,418 pending, 397.5 MW; 1,114 suspended stay"


@dataclass
class Answers:
    """What a question was answered with."""

    yes: int = 0
    hidden: int = 0
    no: int = 0

    def ask(self, *, count: int = 1, kw: float = 1.0, hidden: int = 0) -> Confirmation:
        async def yes() -> None:
            self.yes += 1

        def no() -> None:
            self.no += 1

        async def with_hidden() -> None:
            self.hidden += 1

        return Confirmation(
            lead="SUSPEND",
            count=count,
            kw=kw,
            yes=yes,
            no=no,
            hidden=hidden,
            with_hidden=with_hidden,
            same="vendash suspend",
        )


async def answered(asking: Confirmation | Typing | Choice, keys: str) -> bool:
    """Whether the last of the keys ended it."""
    names = {"\r": "enter", "\x1b": "escape", "?": "question_mark", "\x7f": "backspace"}
    ended = False
    for key in keys:
        assert not ended, "a key after the end"
        character = None if key in "\r\x1b\x7f" else key
        ended = await asking.key(names.get(key, key), character)
    return ended


@pytest.mark.parametrize(
    ("count", "kw", "by_number"),
    [(1, 7.4, False), (100, 1000.0, False), (101, 7.4, True), (1, 1000.1, True)],
)
def test_what_is_large_takes_the_number(count: int, kw: float, by_number: bool) -> None:
    """More than 100 rows or 1 MW: type the number; else `y`."""
    assert Answers().ask(count=count, kw=kw).by_number is by_number


async def test_y_and_nothing_else_says_yes() -> None:
    """Every key but `y` leaves things as they are; enter, esc and n end it."""
    for keys in ("\r", "\x1b", "n", "asrpAv1:/ \r"):
        answers = Answers()
        assert await answered(answers.ask(), keys)
        assert answers.yes == 0
        assert answers.no == 1
    answers = Answers()
    assert await answered(answers.ask(), "y")
    assert (answers.yes, answers.no) == (1, 0)


async def test_the_number_must_be_the_number() -> None:
    """A wrong number is said and asked for anew; `y` is no answer here."""
    answers = Answers()
    asking = answers.ask(count=412)
    assert not await answered(asking, "y411\r")
    assert (answers.yes, answers.no) == (0, 0)
    said = "".join(text for text, _ in asking.words(80))
    assert said.rstrip() == "SUSPEND: 411 is not 412: type 412   esc:no"
    assert await answered(asking, "as412\r")
    assert (answers.yes, answers.no) == (1, 0)
    answers = Answers()
    assert await answered(answers.ask(count=412), "413\x7f2\r")
    assert (answers.yes, answers.no) == (1, 0)
    answers = Answers()
    assert await answered(answers.ask(count=412), "\r")
    assert (answers.yes, answers.no) == (0, 1)


@pytest.mark.parametrize(("count", "hidden"), [(9418, 0), (10562, 300), (12, 300)])
async def test_a_long_question_is_cut_and_never_its_answers(count: int, hidden: int) -> None:
    """In 80 cells stand how to answer, what was typed and `esc:no`, whatever is asked."""
    asking = Answers().ask(count=count, hidden=hidden)
    asking.lead = LONG
    before = asking.words(80)
    typed = str(count) if asking.by_number else ""
    await answered(asking, typed)
    said = "".join(text for text, _ in asking.words(80))
    assert width(asking.words(80)) <= 80
    assert said.startswith("APPROVE 158 VENs")
    assert "   esc:no" in said
    assert said.rstrip().endswith(typed)
    assert asking.words(80)[0] == before[0]
    assert asking.words(200)[0] == (LONG, "prompt")


async def test_h_adds_hidden_rows_only_where_there_are_any() -> None:
    """`h` asks again for the hidden ones too; where none are hidden it does nothing."""
    answers = Answers()
    assert not await answered(answers.ask(hidden=300), "h")
    assert not await answered(answers.ask(), "h")
    assert answers.hidden == 1


async def test_any_key_leaves_the_shown_command_and_answers_nothing() -> None:
    """Under `?` stands the command; the key that leaves it is not an answer."""
    answers = Answers()
    asking = answers.ask()
    assert not await answered(asking, "?")
    assert ("vendash suspend", "strong") in asking.words(80)
    assert not await answered(asking, "y")
    assert answers.yes == 0
    assert await answered(asking, "y")


async def test_a_paste_is_no_answer() -> None:
    """Neither a confirmation nor a choice takes pasted text."""
    answers = Answers()
    asking = answers.ask(count=412)
    asking.paste("412")
    assert await answered(asking, "\r")
    assert answers.yes == 0


async def test_typing_is_told_of_every_change_and_drops_on_esc() -> None:
    """What is typed is applied at once; esc, or backspace in an empty line, drops it."""
    seen: list[str] = []
    accepted: list[str] = []
    dropped: list[bool] = []

    async def accept(text: str) -> None:
        accepted.append(text)

    def change(text: str) -> str:
        seen.append(text)
        return "no" if text == "ab" else ""

    def typing() -> Typing:
        return Typing(lead="/", accept=accept, drop=lambda: dropped.append(True), change=change)

    first = typing()
    await answered(first, "ab")
    assert seen == ["a", "ab"]
    assert first.wrong == "no"
    assert not await answered(first, "\r")
    assert accepted == []
    assert await answered(first, "c\r")
    assert accepted == ["abc"]
    assert await answered(typing(), "x\x1b")
    assert await answered(typing(), "x\x7f\x7f")
    assert len(dropped) == 2


async def test_a_choice_takes_its_keys_only() -> None:
    """Other keys do nothing; esc is none of the answers."""
    chosen: list[str] = []

    async def go() -> None:
        chosen.append("g")

    choice = Choice("LEAVE", {"g": ("go on", go)})
    assert not await answered(choice, "xy\r")
    assert await answered(choice, "g")
    assert chosen == ["g"]
    assert await answered(Choice("LEAVE", {"g": ("go on", go)}), "\x1b")
    assert chosen == ["g"]
