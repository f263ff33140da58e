"""An operator at the console: presses keys and reads the screen, without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from textual.events import Key
from textual.pilot import Pilot

from tests.screens.fleet import ACTOR, NOON, open_fleet
from tests.screens.readers import NoReader
from vendash.app import VendashApp
from vendash.filters import Query
from vendash.fleet import Fleet
from vendash.models import ResourceRow
from vendash.screens.console import EngineControl, Previewer
from vendash.screens.lists import ListScreen
from vendash.store import SqliteStore
from vendash.telemetry.ticks import TickReader
from vendash.widgets.palette import THEMES

_NAMES = {"/": "slash", ":": "colon", "?": "question_mark", " ": "space", "\r": "enter"}
WAIT_SECONDS = 10.0


@dataclass
class Operator:
    """The console of one fleet, and the hands on it."""

    app: VendashApp
    pilot: Pilot[None]
    store: SqliteStore

    async def press(self, *keys: str) -> None:
        """Press keys by their Textual names, and wait until what they ask for is done."""
        for key in keys:
            character = key if len(key) == 1 else {"space": " "}.get(key)
            self.app.post_message(Key(_NAMES.get(key, key), character))
        await self.idle()

    async def type(self, text: str) -> None:
        """Type characters in one write: none waits for what the one before it does."""
        await self.press(*text)

    async def idle(self) -> None:
        """Until every key was handled and everything is painted."""
        await self.pilot.pause()
        await self.app.idle()
        await self.pilot.pause()

    async def wait(self, holds: Callable[[], bool], what: str = "that") -> None:
        """Until a condition holds."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not holds():
                    await self.pilot.pause(0.01)
        except TimeoutError:
            raise AssertionError(f"{what} did not happen; the screen:\n{self.text}") from None

    async def see(self, text: str) -> None:
        """Until the screen shows this."""
        await self.wait(lambda: text in self.text, f"seeing {text!r}")

    @property
    def lines(self) -> list[str]:
        """The screen, a text a line."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        """The screen in one text."""
        return "\n".join(self.lines)

    @property
    def header(self) -> str:
        """The first line."""
        return self.lines[0]

    @property
    def work(self) -> str:
        """The second line: work to do, or tabs and marks."""
        return self.lines[1]

    @property
    def reserved(self) -> str:
        """The reserved line: prompts, results, progress."""
        return self.lines[-2]

    @property
    def footer(self) -> str:
        """The last line."""
        return self.lines[-1]

    @property
    def list(self) -> ListScreen[Any]:
        """The list that is shown."""
        screen = self.app.screen
        assert isinstance(screen, ListScreen)
        return screen

    @property
    def cursor(self) -> str:
        """The line the cursor is on."""
        return next(line for line in self.lines if line.startswith("▸"))

    async def rows(self, ven: str | None = None) -> Sequence[ResourceRow]:
        """The resources as the database has them, by name."""
        return await self.store.rows(await self.store.keys(Query(ven=ven)))

    async def statuses(self, ven: str) -> dict[str, int]:
        """How many resources of a VEN carry each decision."""
        counts = await self.store.counts(Query(ven=ven))
        return {"p": counts.pending, "a": counts.approved, "s": counts.suspended}


@asynccontextmanager
async def at_console(
    folder: Path,
    *,
    size: tuple[int, int] = (80, 24),
    filled: bool = True,
    read_only: bool = False,
    live: TickReader | None = None,
    engine: EngineControl | None = None,
    importer: Callable[[Path], Awaitable[str]] | None = None,
    previewer: Previewer | None = None,
    clock: Callable[[], datetime] = lambda: NOON,
    marks: tuple[str, ...] = (),
    theme: str = THEMES[0],
) -> AsyncIterator[Operator]:
    """A console over the small fleet in this folder, at 14:03 of a summer day."""
    store = await open_fleet(folder / "fleet.db", filled=filled, read_only=read_only)
    async with store:
        app = VendashApp(
            Fleet(store, actor=ACTOR),
            live or NoReader(),
            folder,
            engine=engine,
            importer=importer,
            previewer=previewer,
            clock=clock,
            marks=marks,
            theme=theme,
            site="nord@pi3",
        )
        async with app.run_test(size=size) as pilot:
            operator = Operator(app, pilot, store)
            await operator.idle()
            yield operator
