"""A line being typed: text and caret, without a screen and so without losing a key."""

from __future__ import annotations

from collections.abc import Sequence

from vendash.widgets.palette import Words
from vendash.widgets.text import visible

_LONGEST = 400


class Editor:
    """Takes one key after another; what it does not know it leaves alone."""

    def __init__(self, text: str = "", history: Sequence[str] = ()) -> None:
        self.text = text
        self.caret = len(text)
        self._history = [*history, text]
        self._place = len(history)

    def key(self, key: str, character: str | None) -> bool:
        """Edit by one key; whether it meant anything."""
        if character is not None and character.isprintable():
            self.insert(character)
            return True
        edit = _EDITS.get(key)
        if edit is not None:
            edit(self)
        return edit is not None

    def insert(self, text: str) -> None:
        """Put text at the caret, up to 400 characters in all."""
        text = text[: max(0, _LONGEST - len(self.text))]
        self.text = self.text[: self.caret] + text + self.text[self.caret :]
        self.caret += len(text)

    def replace(self, text: str) -> None:
        """Put other text in its place, the caret at its end."""
        self.text = text[:_LONGEST]
        self.caret = len(self.text)

    def words(self, style: str = "text") -> Words:
        """The line with its caret."""
        under = self.text[self.caret : self.caret + 1] or " "
        return [
            (visible(self.text[: self.caret]), style),
            (visible(under), "caret"),
            (visible(self.text[self.caret + 1 :]), style),
        ]

    def _backspace(self) -> None:
        if self.caret:
            self.caret -= 1
            self._delete()

    def _delete(self) -> None:
        self.text = self.text[: self.caret] + self.text[self.caret + 1 :]

    def _left(self) -> None:
        self.caret = max(0, self.caret - 1)

    def _right(self) -> None:
        self.caret = min(len(self.text), self.caret + 1)

    def _home(self) -> None:
        self.caret = 0

    def _end(self) -> None:
        self.caret = len(self.text)

    def _cut_all(self) -> None:
        self.text = self.text[self.caret :]
        self.caret = 0

    def _cut_word(self) -> None:
        kept = self.text[: self.caret].rstrip()
        kept = kept[: kept.rfind(" ") + 1]
        self.text = kept + self.text[self.caret :]
        self.caret = len(kept)

    def _older(self) -> None:
        self._recall(-1)

    def _newer(self) -> None:
        self._recall(1)

    def _recall(self, step: int) -> None:
        self._history[self._place] = self.text
        self._place = min(max(0, self._place + step), len(self._history) - 1)
        self.text = self._history[self._place]
        self.caret = len(self.text)


_EDITS = {
    "backspace": Editor._backspace,
    "delete": Editor._delete,
    "left": Editor._left,
    "right": Editor._right,
    "home": Editor._home,
    "end": Editor._end,
    "ctrl+u": Editor._cut_all,
    "ctrl+w": Editor._cut_word,
    "up": Editor._older,
    "down": Editor._newer,
}
