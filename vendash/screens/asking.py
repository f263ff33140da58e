"""What the console can be asking: a filter, a command, a confirmation. Keys go nowhere else then.

Nothing here is a widget. Focusing one takes a turn of the event loop, in which keys that were
typed ahead act elsewhere or are lost; these take a key in the step in which it arrives.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from vendash.screens.completing import common
from vendash.widgets.editor import Editor
from vendash.widgets.line import cut, width
from vendash.widgets.palette import Words
from vendash.widgets.text import visible

TYPE_FROM_ROWS = 100
"""Above so many rows the number is typed."""
TYPE_FROM_KW = 1000.0
"""Above so much power the number is typed."""


class Asking(Protocol):
    """Takes every key until it is answered."""

    in_filter_line: bool
    """Shown on the filter line; else on the reserved line."""

    def words(self, cells: int) -> Words:
        """The question and what was typed so far, in so many cells."""

    async def key(self, key: str, character: str | None) -> bool:
        """Take one key; True when this ends the asking."""

    def paste(self, text: str) -> None:
        """Take pasted text."""


@dataclass
class Typing:
    """A line of text that is accepted with enter and dropped with esc."""

    lead: str
    accept: Callable[[str], Awaitable[None]]
    drop: Callable[[], None] = lambda: None
    change: Callable[[str], str] = lambda text: ""
    """Told of every change; answers with what is wrong, or nothing."""
    complete: Callable[[str], Awaitable[Sequence[str]]] | None = None
    """The lines that begin with what was typed, for Tab."""
    text: str = ""
    history: Sequence[str] = ()
    in_filter_line: bool = False
    wrong: str = ""
    """What is wrong with the text; empty when nothing is."""
    choices: Sequence[str] = ()
    """What Tab could go on with, where that is more than one."""

    def __post_init__(self) -> None:
        self._editor = Editor(self.text, self.history)

    def words(self, cells: int) -> Words:
        """The lead, the line with its caret, and what is wrong with it."""
        wrong: Words = [("   " + self.wrong, "trouble")] if self.wrong else []
        words: Words = [(self.lead, "key"), *self._editor.words(), *wrong]
        if self.choices:
            shown = visible("  ".join(self.choices))
            words += cut([(f"   {shown}", "dim")], max(0, cells - width(words)))
        return words

    async def key(self, key: str, character: str | None) -> bool:
        """Edit, accept or drop; what is wrong is not accepted, but stays to be corrected."""
        self.choices = ()
        if key == "tab":
            await self._complete()
            return False
        if key == "enter":
            if self.wrong:
                return False
            await self.accept(self._editor.text)
            return True
        if key in {"escape", "ctrl+c"} or (key == "backspace" and not self._editor.text):
            self.drop()
            return True
        self._edit(lambda: self._editor.key(key, character))
        return False

    async def _complete(self) -> None:
        if self.complete is None:
            return
        typed = self._editor.text
        lines = await self.complete(typed)
        self._edit(lambda: self._editor.replace(common(lines, typed)))
        if len(lines) > 1:
            begun = typed.rfind(" ") + 1  # the words before are seen already
            self.choices = [line[begun:].strip() for line in lines]

    def paste(self, text: str) -> None:
        """Insert the first line of it."""
        line = next(iter(text.splitlines()), "")
        self._edit(lambda: self._editor.insert(line))

    def _edit(self, edit: Callable[[], object]) -> None:
        before = self._editor.text
        edit()
        if self._editor.text != before:
            self.wrong = self.change(self._editor.text)


class Confirmation(msgspec.Struct):
    """Asks before anything changes; the default is No.

    Up to 100 rows and 1 MW a `y` is enough, above that the number of rows has to be typed, so
    that nobody does by habit what is large.
    """

    lead: str
    """What, how many, how much power, what stays: `SUSPEND 112 shown, 2.5 MW`."""
    count: int
    kw: float
    yes: Callable[[], Awaitable[None]]
    no: Callable[[], None]
    hidden: int = 0
    """Marked rows that the filter hides."""
    with_hidden: Callable[[], Awaitable[None]] | None = None
    """Asks again, for the hidden ones too."""
    same: str = ""
    """The command that would do the same."""
    large: bool = False
    """The number is typed in any case."""
    in_filter_line: bool = False
    _typed: str = ""
    _wrong: str = ""
    """The number that was entered and is not the one."""
    _shows_command: bool = False

    @property
    def by_number(self) -> bool:
        """Whether the number has to be typed."""
        return self.large or self.count > TYPE_FROM_ROWS or self.kw > TYPE_FROM_KW

    def words(self, cells: int) -> Words:
        """The question, how to answer it, and what was typed; the question alone is cut."""
        if self._shows_command:
            return [("the same:  ", "dim"), (self.same, "strong"), ("   any key: back", "dim")]
        how = f": type {self.count}, enter" if self.by_number else "?  y:yes"
        if self._wrong:
            how = f": {self._wrong} is not {self.count}: type {self.count}"
        answers: Words = [(how, "strong")]
        if self.hidden and self.with_hidden:
            answers.append((f"   h:{self.hidden} hidden too", "key"))
        answers.append(("   esc:no", "key"))
        if self.by_number:
            # As wide before the number is typed as after, so that the question stays as it is.
            rest = " " * (len(str(self.count)) - len(self._typed))
            answers += [("   ", "text"), (self._typed, "strong"), (" ", "caret"), (rest, "text")]
        return _asked(self.lead, answers, cells)

    async def key(self, key: str, character: str | None) -> bool:
        """Answer; every key that is no answer does nothing."""
        if self._shows_command:
            self._shows_command = False
            return False
        if key in {"escape", "ctrl+c", "n"}:
            self.no()
            return True
        if key == "h" and self.hidden and self.with_hidden:
            await self.with_hidden()
            return False
        if key == "question_mark" and self.same:
            self._shows_command = True
            return False
        if self.by_number:
            return await self._number(key, character)
        if key == "y":
            await self.yes()
        elif key == "enter":
            self.no()
        return key in {"y", "enter"}

    async def _number(self, key: str, character: str | None) -> bool:
        if character is not None and character in "0123456789":
            self._typed, self._wrong = (self._typed + character)[:12], ""
        elif key == "backspace":
            self._typed = self._typed[:-1]
        elif key == "enter":
            return await self._enter()
        return False

    async def _enter(self) -> bool:
        if self._typed == str(self.count):
            await self.yes()
        elif self._typed:
            # Stays open: digits typed after a mistake must not become keys of the list.
            self._typed, self._wrong = "", self._typed
            return False
        else:
            self.no()
        return True

    def paste(self, text: str) -> None:
        """Nothing: an answer is typed, never pasted."""


class Choice(msgspec.Struct):
    """A few answers, each with its key; esc is always one more: none of them."""

    lead: str
    answers: Mapping[str, tuple[str, Callable[[], Awaitable[None]]]]
    """Key: (what it does, the doing)."""
    none: str = "no"
    """What esc does."""
    in_filter_line: bool = False

    def words(self, cells: int) -> Words:
        """The question and its answers; the question alone is cut."""
        answers: Words = [(f"   {key}:{title}", "key") for key, (title, _) in self.answers.items()]
        return _asked(self.lead, [*answers, (f"   esc:{self.none}", "key")], cells)

    async def key(self, key: str, character: str | None) -> bool:
        """Take an answer; other keys do nothing."""
        if key in {"escape", "ctrl+c"}:
            return True
        if key not in self.answers:
            return False
        await self.answers[key][1]()
        return True

    def paste(self, text: str) -> None:
        """Nothing: an answer is typed."""


def _asked(lead: str, answers: Words, cells: int) -> Words:
    return [*cut([(lead, "prompt")], max(1, cells - width(answers))), *answers]
