"""Undoing an action, asked with its own words. For every screen."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vendash.errors import VendashError
from vendash.models import AuditAction, VtnState
from vendash.screens.asking import TYPE_FROM_ROWS
from vendash.screens.doing import how_many
from vendash.screens.undo_text import undo_words, undoable, undone_words

if TYPE_CHECKING:
    from vendash.screens.console import Console

UNDO_WAITS_SECONDS = 2.0
"""An undo typed ahead waits so long for what it is to undo."""


class Undoing:
    """Mixed into every screen."""

    if TYPE_CHECKING:
        console: Console
        confirm: Callable[..., None]

    async def action_undo(self, argument: str = "") -> None:
        """Reverse the operator's last action that has changed something."""
        fleet = self.console.fleet
        await self._nothing_under_way()
        for action in undoable(await fleet.reader.actions(limit=200), fleet.actor):
            if keys := await self._changed_by(action):
                return await self._ask_undo(action, keys)
        raise VendashError("There is nothing of yours to undo.")

    async def _nothing_under_way(self) -> None:
        """Returns when what was done last is in the log: that is what an undo reverses."""
        try:
            async with asyncio.timeout(UNDO_WAITS_SECONDS):
                await self.console.still.wait()
        except TimeoutError:
            raise VendashError(
                f"{self.console.acting} is still under way: undo it when it is done."
            ) from None

    async def ask_undo(self, action: AuditAction) -> None:
        """Ask whether to reverse this action of the audit log, as gravely as it was asked."""
        keys = await self._changed_by(action)
        if not keys:
            raise VendashError("It only tried again what was wanted already: nothing to undo.")
        await self._ask_undo(action, keys)

    async def _ask_undo(self, action: AuditAction, keys: Sequence[int]) -> None:
        action = replace(action, count=len(keys))
        reader = self.console.fleet.reader
        sent = await self._sent(action, keys)

        async def do() -> str:
            outcome = await self.console.fleet.undo(action.sequence)
            waiting = await how_many(reader, keys, VtnState.WAITING)
            self.console.hold(outcome, sends=waiting > 0)
            unsent = not (sent or waiting or await how_many(reader, keys, VtnState.SENDING))
            return undone_words(action, outcome, unsent=unsent)

        count, kw = action.count, 0.0
        if not sent:
            count = 0  # there are only seconds to take back what has not left: no number is typed
        elif count <= TYPE_FROM_ROWS:  # above, the number is asked for in any case
            kw = (await reader.select(keys)).p_max_kw
        words = undo_words(action, self.console.fleet.actor, sent)
        self.confirm(words, do, id="undo", count=count, kw=kw, same="vendash undo")

    async def _sent(self, action: AuditAction, keys: Sequence[int]) -> int:
        """How many of its rows have left for the VTN, or may have: of what is held back, none."""
        reader = self.console.fleet.reader
        if action.verb == "register":
            return await reader.sent(keys)
        if self.console.holds(action.sequence):  # but what was in doubt is looked up at once
            return await how_many(reader, keys, VtnState.SENDING)
        return action.count

    async def _changed_by(self, action: AuditAction) -> Sequence[int]:
        """The rows that it has changed; what was only tried again is none of them."""
        items = await self.console.fleet.reader.action_items(action.sequence)
        return array("q", (item.key for item in items if item.before != item.after))
