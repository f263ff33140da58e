"""The console: a Textual app over one fleet.

Keys are taken by one task, one after another, and never by a focused widget: what a key means
depends on what the keys before it did, and those typed ahead must not act on an older screen.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, ScreenStackError
from textual.binding import BindingType
from textual.events import Event, Key, Paste

from vendash.errors import VendashError
from vendash.fleet import Fleet
from vendash.models import VenRow
from vendash.screens.base import BaseScreen
from vendash.screens.console import Console, EngineControl, Previewer
from vendash.screens.vens import VensScreen
from vendash.widgets.palette import THEMES, textual_themes

if TYPE_CHECKING:
    from vendash.telemetry.ticks import TickReader

SECOND = 1.0
"""How often live numbers and the status of the engine are read."""
RETRY_SECONDS = 5.0
"""How long after an error the watch over the database is taken up again."""

log = logging.getLogger(__name__)


class VendashApp(App[None]):
    """The console of one fleet. Run it with `mouse=False` over SSH.

    It changes the fleet only through `fleet`, reads live numbers only from `live`, and knows of the
    engine only its status in `live_folder` and what `engine` can do. `importer` imports a folder
    of CSV files and answers with a sentence; without it `:import` is off, as is the preview without
    `previewer`. `vens` are what the
    store answers to the first question, where it was asked before there was an app; `begin` is
    awaited once, after the first paint.
    """

    TITLE = "vendash"
    ENABLE_COMMAND_PALETTE = False
    DEFAULT_MODE = "vens"
    BINDINGS: ClassVar[list[BindingType]] = []
    CSS = """
    Screen { background: $background; color: $foreground; }
    """

    def __init__(
        self,
        fleet: Fleet,
        live: TickReader,
        live_folder: Path,
        *,
        engine: EngineControl | None = None,
        marks: tuple[str, ...] = (),
        importer: Callable[[Path], Awaitable[str]] | None = None,
        previewer: Previewer | None = None,
        vens: asyncio.Future[Sequence[VenRow]] | None = None,
        begin: Callable[[], Awaitable[None]] | None = None,
        site: str | None = None,
        clock: Callable[[], datetime] = datetime.now,
        theme: str = THEMES[0],
    ) -> None:
        plain = "NO_COLOR" in os.environ  # read before Textual takes it out of the environment
        super().__init__(ansi_color=True if plain else None)
        self.console_state = Console(
            fleet=fleet,
            live=live,
            folder=live_folder,
            engine=engine,
            marks=marks,
            clock=clock,
            importer=importer,
            previewer=previewer,
            first_vens=vens,
            show=self.show_current,
            acted=self._acted,
        )
        if site is not None:
            self.console_state.site = site
        for one in textual_themes():
            self.register_theme(one)
        # Not through its watcher, which would read all the styles again before the first paint.
        self.set_reactive(App.theme, "ansi" if plain else theme)
        self.stylesheet.set_variables(self.get_css_variables())
        self.animation_level = "none"
        self._begin = begin
        self._keys: asyncio.Queue[Key | Paste] = asyncio.Queue()

    def get_default_screen(self) -> BaseScreen:
        """The VENs; a screen that a mode makes has all the styles read again."""
        return VensScreen(self.console_state)

    def _screens_by_mode(self) -> dict[str, Callable[[], BaseScreen]]:
        """Every screen that has a number key and a command; help and details lie over them."""
        return {
            "vens": partial(VensScreen, self.console_state),
            "resources": self._resources_screen,
            "live": self._live_screen,
            "activity": self._activity_screen,
            "drift": self._drift_screen,
        }

    # Imported when they are shown, for the VENs do not wait for them.

    def _resources_screen(self) -> BaseScreen:
        from vendash.screens.resources import ResourcesScreen  # noqa: PLC0415

        return ResourcesScreen(self.console_state)

    def _live_screen(self) -> BaseScreen:
        from vendash.screens.live import LiveScreen  # noqa: PLC0415

        return LiveScreen(self.console_state)

    def _activity_screen(self) -> BaseScreen:
        from vendash.screens.activity import ActivityScreen  # noqa: PLC0415

        return ActivityScreen(self.console_state)

    def _drift_screen(self) -> BaseScreen:
        from vendash.screens.drift import DriftScreen  # noqa: PLC0415

        return DriftScreen(self.console_state)

    async def on_mount(self) -> None:
        """Show the VENs and begin to listen: to keys, to the database, to the clock."""
        for name, screen in self._screens_by_mode().items():
            self.add_mode(name, screen)
        self.console_state.read_status()
        self.run_worker(self._take_keys(), group="keys")
        self.run_worker(self._watch_fleet(), group="fleet")
        self.run_worker(self._begin_after_paint(), group="begin")
        self.run_worker(self._tend_engine(), group="engine")
        self.set_interval(SECOND, self.second)

    @property
    def current(self) -> BaseScreen | None:
        """The screen that is shown; none before the first, and none after the last has gone."""
        try:
            shown = self.screen
        except ScreenStackError:
            return None
        return shown if isinstance(shown, BaseScreen) else None

    def show_current(self) -> None:
        """Bring what is shown up to date."""
        if self.current is not None:
            self.current.show()

    def second(self) -> None:
        """What happens once a second."""
        self.console_state.read_status()
        if self.current is not None:
            self.current.on_second()
            self.current.show()

    async def _begin_after_paint(self) -> None:
        """Do what was put off until the first rows are on the screen."""
        if self._begin is None:
            return
        painted = asyncio.Event()
        try:
            if self.current is not None:
                await self.current.shown()
            self.call_after_refresh(painted.set)
            await painted.wait()
            await self._begin()
        except VendashError as error:
            self.console_state.say(str(error), trouble=True)
        self.second()

    async def _tend_engine(self) -> None:
        """Once a second: what this console started and has died is started again."""
        console = self.console_state
        while console.engine is not None and not console.fleet.read_only:
            await asyncio.sleep(SECOND)
            try:
                if done := await console.engine.tend():
                    console.say(done, trouble=True)
            except (VendashError, OSError) as error:
                console.say(f"What had ended is not started again: {error}", trouble=True)

    # --- keys -------------------------------------------------------------------------------

    async def on_event(self, event: Event) -> None:
        """Put keys in line instead of handing them to a widget."""
        if isinstance(event, Key | Paste):
            self._keys.put_nowait(event)
        else:
            await super().on_event(event)

    async def _take_keys(self) -> None:
        while True:
            event = await self._keys.get()
            try:
                await self._take(event)
            finally:
                self._keys.task_done()

    async def _take(self, event: Key | Paste) -> None:
        screen = self.current
        if screen is None:
            return
        if isinstance(event, Paste):
            if screen.asking is not None:
                screen.asking.paste(event.text)
        else:
            await screen.take_key(event.key, event.character)
        self.show_current()

    async def idle(self) -> None:
        """Returns when every key so far was handled and what it asked for is done and shown."""
        await self._keys.join()
        for worker in list(self.workers):
            if worker.group == "act":
                await worker.wait()
        if self.current is not None:
            await self.current.shown()

    # --- the database -----------------------------------------------------------------------

    async def _watch_fleet(self) -> None:
        """Tell the screen of every change, whoever made it."""
        while True:
            try:
                async for _ in self.console_state.fleet.reader.changes():
                    self._fleet_changed()
            except VendashError as error:
                self.console_state.say(str(error), trouble=True)
            except Exception:
                log.exception("watching the database failed")
                self.console_state.say("The database cannot be watched: the log says why.")
            await asyncio.sleep(RETRY_SECONDS)

    def _acted(self) -> None:
        """Show at once what an action of this console has changed."""
        self.console_state.epoch += 1
        if self.current is not None:
            self.current.acted()
            self.current.show()

    def _fleet_changed(self) -> None:
        self.console_state.epoch += 1
        if self.current is not None:
            self.current.fleet_changed()
            self.current.show()
