"""The rows that one action of the audit log changed, from what to what."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import ClassVar

from textual.widget import Widget

from vendash.errors import VendashError
from vendash.models import AuditAction, AuditItem
from vendash.screens.activity_text import local_time, remark, what, why_not_undone
from vendash.screens.console import Console
from vendash.screens.detail import wrap
from vendash.screens.lists import ListScreen
from vendash.screens.sides import Change, changes
from vendash.widgets.columns import Column
from vendash.widgets.palette import Words
from vendash.widgets.panel import Panel
from vendash.widgets.text import plural, visible

WHOLE_LINES = 10
"""For what is too long for a column."""
_COLUMN = 10


class ItemsScreen(ListScreen[AuditItem]):
    """The rows that one action changed."""

    NAME: ClassVar[str] = "detail"
    SORTS: ClassVar[tuple[str, ...]] = ("as recorded",)

    DEFAULT_CSS = f"""
    ItemsScreen #whole {{ display: none; height: {WHOLE_LINES}; }}
    ItemsScreen.long #whole {{ display: block; }}
    """

    def __init__(self, console: Console, action: AuditAction) -> None:
        super().__init__(console)
        self._action = action
        self._items: list[AuditItem] = []
        self._whole = Panel(id="whole")

    def body(self) -> list[Widget]:
        """The rows, and under them what is too long for a column."""
        return [*super().body(), self._whole]

    def show_body(self) -> None:
        """Before and after of the row under the cursor, whole, where the columns cut them."""
        super().show_body()
        row = self.table.cursor_row
        long = row is not None and max(map(len, (row.before, row.after))) > _COLUMN
        self.set_class(long, "long")
        if row is not None and long:
            self._whole.say(whole_lines(row, self.size.width))

    def columns(self) -> Sequence[Column[AuditItem]]:
        """What it was, and from what to what."""
        return [
            Column(title="Resource", width=24, flex=2, cell=lambda item: item.name),
            Column(title="VEN", width=14, flex=1, cell=lambda item: item.ven),
            Column(title="Before", width=_COLUMN, cell=lambda item: (_first(item)[1], "dim")),
            Column(title="After", width=_COLUMN, cell=lambda item: _first(item)[2]),
        ]

    def key_of(self, row: AuditItem) -> int:
        """The key of the resource."""
        return row.key

    async def find(self) -> Sequence[int]:
        """All of them."""
        if not self._items:
            self._items = await self.console.fleet.reader.action_items(self._action.sequence)
        self.table.remember(self._items[: self.table.page])  # seen at once
        return array("q", (item.key for item in self._items))

    async def first(self, limit: int) -> Sequence[AuditItem]:
        """None before the others."""
        return ()

    async def fetch(self, keys: Sequence[int]) -> Sequence[AuditItem]:
        """The items of these resources."""
        wanted = set(keys)
        return [item for item in self._items if item.key in wanted]

    def nothing(self) -> list[Words]:
        """An action about no resource."""
        return [[("It changed no resource.", "text")]]

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return f"Activity › {what(self._action)}"

    def work_line(self) -> tuple[Words, Words]:
        """When, by whom and why."""
        action = self._action
        when = local_time(action.at, self.console.clock().astimezone())
        parts = [f"action {action.sequence}", when, visible(action.actor), visible(remark(action))]
        return [("  ".join(part for part in parts if part), "text")], []

    async def action_undo(self, argument: str = "") -> None:
        """Undo this action, after asking; or say why it cannot be undone."""
        if reason := why_not_undone(self._action):
            raise VendashError(reason)
        await self.ask_undo(self._action)


def _first(item: AuditItem) -> Change:
    return changes(item.before, item.after)[0]


def whole_lines(item: AuditItem, width: int) -> list[Words]:
    """Every field from what to what, in lines of at most so many cells; at most `WHOLE_LINES`."""
    found = changes(item.before, item.after)
    if found[0][0] == "":
        _, before, after = found[0]
        found = [("before", before, ""), ("after", after, "")]
    label = max(len(title) for title, _, _ in found) + 2
    lines: list[Words] = [[]]
    for title, before, after in found:
        text = f"{before} → {after}" if after else before
        for number, part in enumerate(wrap(visible(text), width - label)):
            lines.append([(("" if number else title).ljust(label), "dim"), (part, "text")])
    if len(lines) > WHOLE_LINES:
        more = len(lines) - WHOLE_LINES + 1
        lines[WHOLE_LINES - 1 :] = [[(f"... {plural(more, 'line')} more", "dim")]]
    return lines
