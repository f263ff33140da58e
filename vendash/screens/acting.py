"""Deciding about resources: who is meant, asking, doing. For the screens that show the fleet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from vendash.errors import VendashError
from vendash.models import ActionOutcome, Authority, Selection, VenRow, VtnState
from vendash.screens.deciding import (
    VERBS,
    Verb,
    asking,
    nothing_words,
    outcome_words,
    so_already,
)
from vendash.screens.doing import how_many

if TYPE_CHECKING:
    from textual.app import App

    from vendash.screens.console import Console


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What an action would be done to, frozen before it is asked."""

    selection: Selection
    words: str
    """What is asked."""
    where: str
    """For the result and the audit log: a VEN, or how many."""
    options: str
    """Of the command that would do the same."""
    hidden: int = 0
    """Marked rows that a filter hides and that are not in the selection."""


class ActsOnResources:
    """Register, approve, suspend, pending and unregister, asked first."""

    if TYPE_CHECKING:
        console: Console
        app: App[Any]
        held: bool
        confirm: Callable[..., None]

        def breadcrumb(self) -> str:
            """As in `BaseScreen`."""

    async def target(self, verb: Verb) -> Target:
        """What the verb would be done to now."""
        raise NotImplementedError

    async def hidden_too(self, verb: Verb) -> Target:
        """The same with the marked rows that a filter hides."""
        return await self.target(verb)

    async def action_register(self, argument: str = "") -> None:
        """Want the chosen ones at the VTN."""
        await self._ask(VERBS["register"])

    async def action_unregister(self, argument: str = "") -> None:
        """Want the chosen ones there no longer."""
        await self._ask(VERBS["unregister"])

    async def action_approve(self, argument: str = "") -> None:
        """Approve the chosen ones."""
        await self._ask(VERBS["approve"])

    async def action_suspend(self, argument: str = "") -> None:
        """Suspend the chosen ones."""
        await self._ask(VERBS["suspend"])

    async def action_pend(self, argument: str = "") -> None:
        """Set the chosen ones to pending."""
        await self._ask(VERBS["pend"])

    async def action_preview(self, argument: str = "") -> None:
        """What would be sent of the chosen ones, on a screen of its own."""
        from vendash.screens.preview import PreviewScreen  # noqa: PLC0415 (seldom used)

        previewer = self.console.previewer
        if previewer is None:
            raise VendashError("This console cannot show it: use vendash register --dry-run.")
        vens, keys, key = await self.chosen_rows()
        preview = await previewer(vens, keys, key)
        await self.app.push_screen(PreviewScreen(self.console, preview, above=self.breadcrumb()))

    async def chosen_rows(self) -> tuple[Sequence[VenRow], Sequence[int], int | None]:
        """The VENs of what is chosen, the keys of resources, and the one to show exactly."""
        raise NotImplementedError

    async def _ask(self, verb: Verb) -> None:
        if await self.console.fleet.reader.authority() is Authority.VTN:
            verb = asking(verb)
        self._ask_about(verb, await self.target(verb))

    def _ask_about(self, verb: Verb, target: Target) -> None:
        count = len(target.selection)
        if not count:
            self.console.say(f"nothing here to {verb.command or verb.id}: no row would change")
            return
        if not verb.asks and so_already(target.selection.by_status, verb.becomes) == count:
            self.console.say(nothing_words(count))
            return

        async def with_hidden() -> None:
            self._ask_about(verb, await self.hidden_too(verb))

        self.confirm(
            target.words,
            lambda: self._do(verb, target),
            id=verb.id,
            count=count,
            kw=target.selection.p_max_kw,
            same=f"vendash {verb.command} {target.options}" if verb.command else "",
            hidden=target.hidden,
            with_hidden=with_hidden if target.hidden else None,
        )

    async def _do(self, verb: Verb, target: Target) -> str:
        self.held = True
        outcome = await _call(self.console, verb, target)
        status = self.console.status
        engine = status is not None and status.fresh
        advice = "" if engine else self.console.start_advice
        reader, keys = self.console.fleet.reader, target.selection.keys
        waiting = await how_many(reader, keys, VtnState.WAITING) if outcome.changed else 0
        self.console.hold(outcome, sends=waiting > 0)
        unsent = await how_many(reader, keys, VtnState.UNWANTED) if outcome.changed else 0
        return outcome_words(verb, outcome, target.where, advice, unsent)


async def _call(console: Console, verb: Verb, target: Target) -> ActionOutcome:
    fleet = console.fleet
    calls: dict[str, Callable[..., Awaitable[ActionOutcome]]] = {
        "register": fleet.register,
        "unregister": fleet.unregister,
        "approve": fleet.approve,
        "suspend": fleet.suspend,
        "pend": fleet.pend,
    }
    return await calls[verb.id](target.selection, subject=target.where)
