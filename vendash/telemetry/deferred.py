"""A reader of the live ring that can be made before numpy is there to read with."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vendash.telemetry.ticks import Roster, Sums, Tick, TickReader


class DeferredReader:
    """A `TickReader` for which nothing has been written until it is opened.

    Importing numpy takes a third of the time that the console has for its first paint.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reader: TickReader | None = None

    async def open(self) -> None:
        """From now on it is a `LiveReader`; importing it does not hold up the event loop."""
        live = await asyncio.to_thread(import_module, "vendash.telemetry.live")
        self._reader = live.LiveReader(self._folder)

    def roster(self) -> Roster | None:
        """The newest roster; None while nothing has been written."""
        return None if self._reader is None else self._reader.roster()

    def latest(self) -> Tick | None:
        """The newest whole tick; None while there is none."""
        return None if self._reader is None else self._reader.latest()

    def sums(self, seconds: float = 900.0) -> Sums | None:
        """Sums of the last so many seconds."""
        return None if self._reader is None else self._reader.sums(seconds)
