"""Loading a list: what was asked for last is shown, what comes for an older question is not.

One task loads, one question at a time; of those asked meanwhile only the newest counts. The
operator's questions show their first rows as soon as they are there. A change of the database
renews what is seen, and never takes a row from under the cursor.
"""

from __future__ import annotations

import asyncio
import logging
import time
from array import array
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from vendash.errors import VendashError
from vendash.screens.asking import Confirmation
from vendash.screens.base import BaseScreen
from vendash.screens.console import Console
from vendash.widgets.columns import Column
from vendash.widgets.keys import place_of
from vendash.widgets.table import Table

R = TypeVar("R")

SETTLE_SECONDS = 10.0
"""A key that acts on rows waits so long for them, then says that they are not there."""
RENEW_SECONDS = 1.0
"""A list follows a changing database at most so often."""
PATIENCE_SECONDS = 0.05
"""When the keys take longer than this, the first rows are painted before they have come."""

log = logging.getLogger(__name__)


class Place(msgspec.Struct, frozen=True):
    """Where the cursor was when other rows were asked for."""

    key: int | None
    index: int
    at_start: bool = False
    """At the first row, where it stays whatever comes first then."""


class LoadingScreen(BaseScreen, Generic[R]):
    """A table of rows with int keys. Subclasses say where the rows come from."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.held = False
        """Rows were acted on: they stay where they are until the cursor moves."""
        self.is_loading = True
        """Nothing has come yet."""
        self.error = ""
        """Why the rows could not be read; empty when they could."""
        self.table: Table[R] = Table(
            self.columns(),
            key_of=self.key_of,
            fetch=self.fetch,
            failed=self.failed,
            moved=self.moved,
            id="table",
        )
        self._generation = 0
        self._wanted = asyncio.Event()
        self._seen = asyncio.Event()
        self._settled = asyncio.Event()
        self._all_counted = asyncio.Event()
        self._asked_anew = True
        """The operator asked for other rows; else the database has changed."""
        self.follows_row = False
        """The rows asked for next are the same and more: the cursor stays on its row."""
        self._stale = False
        self._renewed = 0.0

    # --- what a subclass says ---------------------------------------------------------------

    def columns(self) -> Sequence[Column[R]]:
        """The columns of the table."""
        raise NotImplementedError

    def key_of(self, row: R) -> int:
        """The key of a row."""
        raise NotImplementedError

    async def first(self, limit: int) -> Sequence[R]:
        """The first rows of what is asked for, quickly."""
        raise NotImplementedError

    async def find(self) -> Sequence[int]:
        """The keys of all rows asked for, in their order."""
        raise NotImplementedError

    async def fetch(self, keys: Sequence[int]) -> Sequence[R]:
        """The rows of these keys."""
        raise NotImplementedError

    async def count(self) -> None:
        """Bring `total` and what the second line says up to date."""

    # --- asking for rows --------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether the list knows all rows asked for."""
        return self._settled.is_set()

    @property
    def stays(self) -> bool:
        """Whether every row stays where it is: only what is said of it may change."""
        return self.held or isinstance(self.asking, Confirmation)

    def on_mount(self) -> None:
        """Begin to load."""
        self.run_worker(self._load_forever(), group="load")
        self.ask_rows()

    def ask_rows(self, *, anew: bool = True) -> None:
        """Load the rows: what comes for an older question is thrown away."""
        self._generation += 1
        self._asked_anew = self._asked_anew or anew
        self.held = self.held and not anew
        if anew:
            self._seen.clear()
            self._settled.clear()
            self._all_counted.clear()
        self._wanted.set()

    async def seen_first(self) -> None:
        """Returns when the first rows asked for are seen. Raises `VendashError` after 10 s."""
        await self._within_patience(self._seen)

    async def settled(self) -> None:
        """Returns when the list knows all rows asked for. Raises `VendashError` after 10 s."""
        await self._within_patience(self._settled)

    async def _within_patience(self, event: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                await event.wait()
        except TimeoutError:
            raise VendashError("The list is still loading: try again in a moment.") from None

    async def shown(self) -> None:
        """Also when the rows that are seen have been read, and all counts."""
        await self.settled()
        await self._all_counted.wait()
        await self.table.loaded()

    async def _load_forever(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            generation, anew = self._generation, self._asked_anew
            try:
                await self._load(generation, anew=anew)
                if generation == self._generation:
                    self._found()
                await self.count()
            except Exception as error:  # whatever it is, the list goes on and says so
                self.failed(error)
            if generation == self._generation:
                self._found()
                self._all_counted.set()
                self.show()
                self.rows_shown()

    async def _load(self, generation: int, *, anew: bool) -> None:
        self._renewed = time.monotonic()
        self.error = ""
        if anew or not self.stays:
            await self._load_keys(generation, anew=anew)
        if not anew:
            self.table.renew()  # only now: to find them may be what reads them

    def _found(self) -> None:
        """The rows that were asked for are there: keys may act on them."""
        self.is_loading = False
        self._asked_anew = False
        self._seen.set()
        self._settled.set()
        self.show()

    async def _load_keys(self, generation: int, *, anew: bool) -> None:
        table = self.table
        at_start = anew and table.cursor == 0 and not self.follows_row
        self.follows_row = False
        place = Place(table.cursor_key, table.cursor, at_start=at_start)
        finding = asyncio.ensure_future(self.find())
        try:
            if anew:
                await self._paint_first(finding, generation)
            keys = await finding
        finally:
            finding.cancel()
        if not anew or (self._seen.is_set() and table.cursor):  # it was moved meanwhile
            place = Place(table.cursor_key, table.cursor)
        cursor = await place_of(place.key, keys, near=place.index)
        begun = await place_of(table.range_key, keys, near=table.range_from or 0)
        if generation != self._generation:
            return
        if not anew and cursor is None and await self._left_behind():
            self.held = True  # the next key must not hit the row that would take its place
            return
        table.show_keys(keys, 0 if place.at_start else cursor or 0, range_from=begun)

    async def _paint_first(self, finding: asyncio.Future[Sequence[int]], generation: int) -> None:
        await asyncio.wait({finding}, timeout=PATIENCE_SECONDS)
        if finding.done():
            return
        rows = await self.first(self.table.page)
        if generation == self._generation and not finding.done():
            self.table.remember(rows)
            self.table.show_keys(array("q", map(self.key_of, rows)), 0)
            if rows:  # none: this list has no quick first rows, or there may be some yet
                self._seen.set()

    async def _left_behind(self) -> bool:
        """Whether the row under the cursor still exists, though not in this list any more."""
        key = self.table.cursor_key
        return key is not None and len(await self.fetch((key,))) > 0

    def on_fleet_changed(self) -> None:
        """Follow, but not more often than once a second; no row moves under a confirmation."""
        self._stale = True
        self._renew_when_due()

    def acted(self) -> None:
        """Follow at once."""
        self._renewed = 0.0
        super().acted()

    def on_second(self) -> None:
        """Follow the database, and paint the live numbers that have changed."""
        self._renew_when_due()
        self.table.refresh_live()

    def _renew_when_due(self) -> None:
        due = time.monotonic() - self._renewed >= RENEW_SECONDS
        if self._stale and due:
            # Under a question rows stay where they are; they find their places when it is answered.
            self._stale = isinstance(self.asking, Confirmation)
            self.ask_rows(anew=False)

    def failed(self, error: Exception) -> None:
        """Say what went wrong with the reading of rows."""
        if isinstance(error, VendashError):
            self.error = str(error)
        else:
            log.error("reading rows failed", exc_info=error)
            self.error = "The rows could not be read: the log says why."
        self.console.say(self.error, trouble=True)
        self.show()

    def rows_shown(self) -> None:
        """Called when the rows that were asked for are there."""

    def moved(self) -> None:
        """The cursor has moved: rows that were held may now go where they belong."""
        if self.held:
            self.held = False
            self.ask_rows(anew=False)
