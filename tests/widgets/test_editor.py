"""A line being typed."""

from __future__ import annotations

import pytest

from vendash.widgets.editor import Editor


def typed(*keys: str, text: str = "", history: tuple[str, ...] = ()) -> Editor:
    editor = Editor(text, history)
    for key in keys:
        editor.key(key, key if len(key) == 1 else None)
    return editor


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("a", "b", "backspace"), "a"),
        (("a", "b", "left", "x"), "axb"),
        (("a", "b", "home", "x", "end", "y"), "xaby"),
        (("a", "b", "home", "delete"), "b"),
        (("a", " ", "b", "ctrl+w"), "a "),
        (("a", "b", "left", "ctrl+u"), "b"),
        (("æ", "ø", "å"), "æøå"),
        (("f5", "a"), "a"),
    ],
)
def test_editing(keys: tuple[str, ...], text: str) -> None:
    """The usual keys edit; unknown ones do nothing."""
    assert typed(*keys).text == text


def test_up_and_down_recall() -> None:
    """Up brings back earlier lines, down what was being typed."""
    editor = typed("n", "e", "w", "up", "up", history=("first", "second"))
    assert editor.text == "first"
    editor.key("down", None)
    assert editor.text == "second"
    editor.key("down", None)
    assert editor.text == "new"


def test_a_line_has_an_end() -> None:
    """However much is pasted, a line stays short enough to be a filter."""
    editor = Editor()
    editor.insert("x" * 1_000_000)
    assert len(editor.text) == 400


def test_the_caret_is_shown_and_control_characters_are_symbols() -> None:
    """What was typed or pasted is never sent to the terminal as it is."""
    editor = typed("a", "b", "left")
    assert editor.words() == [("a", "text"), ("b", "caret"), ("", "text")]
    editor = Editor("x\x1by")
    assert editor.words()[0] == ("x␛y", "text")
