"""What would be sent to the VTN: counts on top, then the exact requests of one item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from vendash.planned import PlannedCounts, PlannedRequest, Preview
from vendash.screens.console import Console
from vendash.screens.detail import indented, wrap
from vendash.screens.scrolled import ScrolledScreen
from vendash.widgets.palette import Words
from vendash.widgets.text import visible

_TITLE_CELLS = 11
_COUNT_CELLS = 9


class PreviewScreen(ScrolledScreen):
    """As it was when it was asked for; nothing was sent."""

    NAME: ClassVar[str] = "detail"

    def __init__(self, console: Console, preview: Preview, *, above: str) -> None:
        super().__init__(console)
        self._preview = preview
        self._above = above

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return f"{self._above} › Dry run"

    def work_line(self) -> tuple[Words, Words]:
        """Where it would go."""
        preview = self._preview
        guess = "" if preview.dialect_known else " (not known yet)"
        to = f"would go to {visible(preview.vtn)}, OpenADR {preview.dialect}{guess}"
        return [(f"nothing was sent; {to}", "dim")], [(self.seen(), "dim")]

    def text_lines(self, width: int) -> Sequence[Words]:
        """All of it."""
        return preview_lines(self._preview, max(40, width))  # 0 before the screen is laid out


def preview_lines(preview: Preview, width: int) -> list[Words]:
    """Counts, what is not simply sent, and the requests, in lines of at most so many cells."""
    head = ("create", "update", "remove", "there")
    lines: list[Words] = [
        [(" " * _TITLE_CELLS + "".join(f"{one:>{_COUNT_CELLS}}" for one in head), "heading")],
        _counts("VENs", preview.vens),
        _counts("Resources", preview.resources),
    ]
    for sentence in preview.caveats:
        lines += [[(part, "text")] for part in wrap(sentence, width)]
    lines.append([])
    if preview.item:
        lines += [[(part, "strong")] for part in wrap(visible(preview.item), width)]
    for note in preview.notes:
        lines += [[(part, "dim")] for part in wrap(visible(note), width)]
    for request in preview.requests:
        lines += _request(request, width)
    return lines


def _counts(title: str, counts: PlannedCounts) -> Words:
    words: Words = [(title.ljust(_TITLE_CELLS), "text")]
    for number, style in (
        (counts.create, "strong"),
        (counts.update, "strong"),
        (counts.remove, "trouble"),
        (counts.nothing, "text"),
    ):
        words.append((f"{number:>{_COUNT_CELLS},}", style if number else "dim"))
    return words


def _request(request: PlannedRequest, width: int) -> Iterator[Words]:
    yield []
    yield [(f"{request.when}:", "heading")]
    for number, line in enumerate(indented(request.text, width)):
        yield [(line, "dim" if line.startswith("#") else "strong" if number == 1 else "text")]
