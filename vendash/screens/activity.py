"""The Activity screen: what was done, by whom, and what came of it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from textual import work
from textual.events import ScreenResume
from textual.widget import Widget

from vendash.errors import VendashError
from vendash.filters import Field, Filter, FilterError, Query, fold, parse_filter
from vendash.models import AuditAction, Selection, WorkCounts
from vendash.screens.activity_text import (
    handover,
    local_time,
    parse_since,
    remark,
    what,
    why_not_undone,
)
from vendash.screens.console import Console
from vendash.screens.items import ItemsScreen
from vendash.screens.lines import progress_now
from vendash.screens.lists import ListScreen
from vendash.widgets.columns import Cell, Column
from vendash.widgets.line import Line
from vendash.widgets.palette import Words
from vendash.widgets.text import plural, visible

PAGE = 200
"""Actions read at once."""
_FAILED = ("vtn:failed", "vtn:conflict")


class ActivityScreen(ListScreen[AuditAction]):
    """The audit log, newest first; older pages come when the cursor gets near the end."""

    NAME: ClassVar[str] = "activity"
    SORTS: ClassVar[tuple[str, ...]] = ("newest",)

    DEFAULT_CSS = """
    ActivityScreen #running { display: none; }
    ActivityScreen.running #running { display: block; }
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._log: list[AuditAction] = []
        self._whole = False
        """Whether the log was read to its beginning."""
        self._since: datetime | None = None
        self._work_left = WorkCounts()
        self._chain: Words = []
        """Whether the chain of the log holds, once that is known."""
        self._progress = Line(id="running")

    def body(self) -> list[Widget]:
        """What runs now, the filter, the log."""
        return [self._progress, *super().body()]

    # --- the log ----------------------------------------------------------------------------

    def columns(self) -> Sequence[Column[AuditAction]]:
        """When, who, what, how many, why. What was undone is dimmed, and says so."""

        def style(action: AuditAction) -> str:
            return "dim" if action.undone_by is not None else "text"

        def rows(action: AuditAction) -> Cell:
            return f"{action.count:,}", style(action)

        return [
            Column(title="When", width=12, cell=lambda one: (self._when(one), style(one))),
            Column(title="Who", width=20, gap=1, cell=lambda one: (one.actor, style(one))),
            Column(title="What", width=15, gap=1, flex=2, cell=lambda one: (what(one), style(one))),
            Column(title="rows", width=6, gap=1, right=True, cell=rows),
            Column(title="Remark", width=15, flex=3, cell=lambda one: (remark(one), "dim")),
        ]

    def _when(self, action: AuditAction) -> str:
        return local_time(action.at, self._now())

    def _now(self) -> datetime:
        return self.console.clock().astimezone()

    def key_of(self, row: AuditAction) -> int:
        """The number of the action."""
        return row.sequence

    async def find(self) -> Sequence[int]:
        """The actions read so far that are asked for, and more of them where that is too few."""
        self._log = await self.console.fleet.reader.actions(limit=max(PAGE, len(self._log)))
        self._whole = len(self._log) < PAGE
        while not self._whole and not self._enough():
            await self._read_older()
        return array("q", (one.sequence for one in self._asked()))

    async def _read_older(self) -> None:
        reader = self.console.fleet.reader
        oldest = self._log[-1].sequence
        older = await reader.actions(limit=PAGE, before=oldest)
        if self._log[-1].sequence == oldest:
            self._log += older
            self._whole = len(older) < PAGE

    def _enough(self) -> bool:
        if self._since is not None and self._log[-1].at >= self._since:
            return False
        return len(self._asked()) >= self.table.page or not self.filter

    def _asked(self) -> list[AuditAction]:
        found = [
            one
            for one in self._log
            if (self._since is None or one.at >= self._since) and _matches(one, self.filter)
        ]
        return found[::-1] if self.descending else found

    async def first(self, limit: int) -> Sequence[AuditAction]:
        """The newest actions."""
        return await self.console.fleet.reader.actions(limit=limit)

    async def fetch(self, keys: Sequence[int]) -> Sequence[AuditAction]:
        """The actions with these numbers, of those read so far."""
        wanted = set(keys)
        return [one for one in self._log if one.sequence in wanted]

    async def count(self) -> None:
        """How many actions there are, and what is still to do."""
        self.total = self._log[0].sequence if self._log else 0
        if self._since is not None:
            self._work_left = await self.console.fleet.reader.work()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Look at the chain of the log whenever the screen is opened, after it was painted."""
        super().on_screen_resume(event)
        self._verify()

    @work(group="verify", exclusive=True)
    async def _verify(self) -> None:
        await self._guarded(self._look_at_chain())
        self.show()

    async def _look_at_chain(self) -> None:
        broken = await self.console.fleet.reader.verify_audit()
        self._chain = [(f"! {visible(broken)}", "trouble")] if broken else [("log whole", "dim")]

    def moved(self) -> None:
        """Read on when the end of what was read comes near."""
        super().moved()
        near_the_end = self.table.cursor + 2 * self.table.page >= len(self.table.keys)
        if near_the_end and not self._whole and self._since is None:
            self._go_on()

    @work(group="older", exclusive=True)
    async def _go_on(self) -> None:
        await self._guarded(self._read_older())
        self.ask_rows(anew=False)

    def check_filter(self, parsed: Filter) -> None:
        """The log is searched by text."""
        if any(term.field is not Field.TEXT for term in parsed.terms):
            raise FilterError("The log is filtered by text: who, what or why.")

    def row_text(self, row: AuditAction) -> str:
        """All of an action, its time in UTC."""
        at = row.at.astimezone(UTC).isoformat(timespec="seconds")
        fields = (str(row.sequence), at, row.actor, what(row), str(row.count), remark(row))
        return "\t".join(map(visible, fields))

    def nothing(self) -> list[Words]:
        """What will be here."""
        if self._since is not None:
            return [[("Nothing was done since then. esc shows the whole log.", "text")]]
        return [[("Nothing was done yet: what you decide will stand here.", "text")]]

    # --- what is said -----------------------------------------------------------------------

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return "Activity"

    def work_line(self) -> tuple[Words, Words]:
        """The handover where one is asked for; and whether the log can be trusted."""
        if self._since is None:
            return [(plural(self.total or 0, "action"), "text")], self._chain
        shown = len(self.table.keys)
        return [(handover(shown, self._since, self._now(), self._work_left), "strong")], self._chain

    def news(self) -> Words:
        """Not the progress, which stands on top here."""
        news = super().news()
        return [] if news == progress_now(self.console) else news

    def show_body(self) -> None:
        """The work that runs stands on top."""
        super().show_body()
        progress = progress_now(self.console)
        self.set_class(bool(progress), "running")
        self._progress.say(progress)

    # --- actions ----------------------------------------------------------------------------

    async def action_open(self, argument: str = "") -> None:
        """The rows that the action changed."""
        row = self.table.cursor_row
        if row is not None:
            await self.app.push_screen(ItemsScreen(self.console, row))

    async def action_undo(self, argument: str = "") -> None:
        """Undo the action under the cursor, after asking; or say why it cannot be undone."""
        await self.shown()  # `4u` typed in one go is about a row, too
        row = self.table.cursor_row
        if row is None:
            raise VendashError("There is nothing to undo yet.")
        if reason := why_not_undone(row):
            raise VendashError(reason)
        await self.ask_undo(row)

    async def action_since(self, argument: str = "") -> None:
        """Only what was done since then; without a time the whole log again."""
        self._since = parse_since(argument, self._now()) if argument else None
        self.ask_rows()

    async def action_back(self, argument: str = "") -> None:
        """One level back: the filter, the time, the screen."""
        if self._since is not None and not self.filter_text:
            await self.action_since()
        else:
            await super().action_back(argument)

    async def action_retry(self, argument: str = "") -> None:
        """Try again what the VTN refused, after asking."""
        reader = self.console.fleet.reader
        keys = array("q")
        for text in _FAILED:
            keys.extend(await reader.keys(Query(filter=parse_filter(text))))
        if not keys:
            raise VendashError("Nothing has failed.")
        selection = await reader.select(keys)
        lead = f"TRY AGAIN to send {plural(len(selection), 'resource')} that failed"
        self.confirm(lead, lambda: self._retry(selection), id="retry", count=len(selection))

    async def _retry(self, selection: Selection) -> str:
        outcome = await self.console.fleet.register(selection, subject="what had failed")
        self.console.hold(outcome, sends=True)
        return f"{plural(outcome.changed, 'resource')} will be sent again"


def _matches(action: AuditAction, wanted: Filter) -> bool:
    text = fold(f"{action.actor} {what(action)} {remark(action)}")
    return all((str(term.value) in text) is not term.negated for term in wanted.terms)
