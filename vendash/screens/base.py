"""What every screen has: header, a line of work, a body, the reserved line, the footer.

A screen says what is on its lines; they repaint only when that changes. Keys come from the app,
one after another: to what is being asked if anything is, else to the action they stand for.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.events import Resize, ScreenResume
from textual.screen import Screen
from textual.widget import Widget

from vendash import actions
from vendash.errors import VendashError
from vendash.screens import lines
from vendash.screens.anywhere import Anywhere
from vendash.screens.asking import Asking
from vendash.screens.console import Console
from vendash.widgets.line import Line
from vendash.widgets.palette import Words

LEAST_WIDTH = 80
LEAST_HEIGHT = 24

T = TypeVar("T")

log = logging.getLogger(__name__)


class BaseScreen(Anywhere, Screen[None]):
    """A screen of the console. Subclasses say `NAME`, `breadcrumb`, `work_line` and `body`."""

    NAME: ClassVar[str] = ""
    """As in the action declarations."""

    DEFAULT_CSS = """
    BaseScreen { layout: vertical; overflow: hidden hidden; }
    BaseScreen #too-small { display: none; }
    BaseScreen.too-small > * { display: none; }
    BaseScreen.too-small > #too-small { display: block; }
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console
        self.asking: Asking | None = None
        self._header = Line(id="header")
        self._work = Line(id="work")
        self._reserved = Line(id="reserved")
        self._footer = Line(id="footer")
        self._too_small = Line(id="too-small")
        self._epoch = -1

    # --- what a subclass says ---------------------------------------------------------------

    def breadcrumb(self) -> str:
        """Where the operator is (`VENs › Aalborg`)."""
        return self.NAME

    def work_line(self) -> tuple[Words, Words]:
        """The second line: left and right."""
        return [], []

    def body(self) -> list[Widget]:
        """The widgets between the second line and the reserved line; made once, before mounting."""
        return []

    def situation(self) -> actions.Situation:
        """What decides which actions are possible here and now."""
        return actions.Situation(
            screen=self.NAME,
            read_only=self.console.fleet.read_only,
            acting=self.console.acting,
            importer=self.console.importer is not None,
            previewer=self.console.previewer is not None,
        )

    def news(self) -> Words:
        """What the reserved line says while nothing is asked."""
        return lines.reserved(self.console, self.waiting())

    def waiting(self) -> int | None:
        """How many resources wait for the VTN, where this screen knows."""
        return None

    async def settled(self) -> None:
        """Returns when the screen knows what was asked for; keys that act on rows wait for it."""

    async def seen_first(self) -> None:
        """Returns when the first rows asked for are seen; keys that move wait for it."""

    async def shown(self) -> None:
        """Returns when all that was asked for is on the screen."""
        await self.settled()

    def on_second(self) -> None:
        """Called once a second while this screen is shown."""

    def on_fleet_changed(self) -> None:
        """Called when the database has changed, and when the screen comes back after a change."""

    def show_body(self) -> None:
        """Called with `show`: bring what the body says up to date."""

    # --- the frame --------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Header, second line, body, reserved line, footer."""
        yield self._header
        yield self._work
        yield from self.body()
        yield self._reserved
        yield self._footer
        yield self._too_small

    def show(self) -> None:
        """Bring the lines up to date; what has not changed is not painted again."""
        if not self.is_mounted:
            return
        cells = self.size.width
        badges = lines.badges(self.console)
        self._header.say(lines.header(self.console, self.breadcrumb(), badges, cells))
        self._work.say(*self.work_line())
        asking = self.asking
        if asking is not None and not asking.in_filter_line:
            self._reserved.say(asking.words(cells))
            rest: Words = []
        else:
            news, rest = lines.folded(self.news(), self.console.notice, cells)
            self._reserved.say(news)
        self._footer.say(*((rest, []) if rest else lines.footer(self.situation(), cells)))
        self.show_body()

    def on_resize(self, event: Resize) -> None:
        """Below the smallest size only say so."""
        small = event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT
        self.set_class(small, "too-small")
        words = f"terminal too small, needs {LEAST_WIDTH}x{LEAST_HEIGHT}"
        self._too_small.say([(words, "strong")])
        self.call_after_refresh(self.show)

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Catch up with what happened while another screen was shown."""
        if self._epoch != self.console.epoch:
            self.fleet_changed()
        self.on_second()
        self.show()

    def fleet_changed(self) -> None:
        """The database has changed."""
        self._epoch = self.console.epoch
        self.on_fleet_changed()

    def acted(self) -> None:
        """An action of this console has just changed the database: show it at once."""
        self.fleet_changed()

    # --- keys -------------------------------------------------------------------------------

    async def take_key(self, key: str, character: str | None) -> None:
        """One key, wholly: when this returns, the next one may come."""
        if key.startswith("alt+"):  # tmux makes alt-s of a quick esc, s
            return
        said = self.console.notice
        await self._take(key, character)
        if self.console.notice is said and self.app.screen is not self:
            self.console.notice = None  # it was about what is no longer shown

    async def _take(self, key: str, character: str | None) -> None:
        if self.has_class("too-small"):
            if key in actions.action("quit").keys:
                await self.perform(actions.action("quit"))
        elif self.asking is not None:
            await self._answer(self.asking, key, character)
        else:
            meant = actions.for_key(key, self.NAME)
            if meant is not None:
                await self.perform(meant)

    async def _answer(self, asking: Asking, key: str, character: str | None) -> None:
        ended = await self._guarded(asking.key(key, character))
        if ended is not False and self.asking is asking:
            self.asking = None

    async def perform(self, wanted: actions.Action, argument: str = "") -> None:
        """Do an action, or say why it is off."""
        if wanted.moves:
            await self.seen_first()
        elif wanted.on_rows:
            await self.settled()
        off = actions.why_off(wanted, self.situation())
        if off:
            if wanted.danger and self.console.acting == wanted.id:
                return  # the same key again while the first acts
            self.console.say(f"{wanted.title}: {off}")
            return
        handler = getattr(self, f"action_{wanted.id}", None)
        if handler is not None:
            await self._guarded(handler(argument))

    async def _guarded(self, work: Awaitable[T]) -> T | None:
        """The outcome of the work, or None when it failed, which is then said."""
        try:
            return await work
        except VendashError as error:
            self.console.say(str(error), trouble=True)
        except Exception:
            log.exception("an action failed")
            self.console.say("That failed: the log says why.", trouble=True)
        return None
