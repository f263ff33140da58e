"""The virtual table: cursor and marks by key, rows fetched as they are seen."""

from __future__ import annotations

import time
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from vendash.widgets.brush import Brush
from vendash.widgets.columns import Column, lay_out
from vendash.widgets.keys import place_of
from vendash.widgets.palette import THEMES, palette, textual_themes
from vendash.widgets.rows import RowCache
from vendash.widgets.table import Table


@dataclass(frozen=True)
class Row:
    key: int
    name: str


COLUMNS: Sequence[Column[Row]] = (
    Column(title="no", width=9, right=True, live=True, cell=lambda row: f"{row.key:,}"),
    Column(title="name", width=10, flex=1, marker=True, cell=lambda row: row.name),
    Column(title="far", width=10, from_width=60, cell=lambda row: "far"),
)


class OneTable(App[None]):
    """A table alone, over rows that are made when they are asked for."""

    def __init__(self) -> None:
        super().__init__()
        for theme in textual_themes():
            self.register_theme(theme)
        self.asked: list[int] = []
        self.errors: list[Exception] = []
        self.names: dict[int, str] = {}
        self.gone: set[int] = set()
        self.table: Table[Row] = Table(
            COLUMNS,
            key_of=lambda row: row.key,
            fetch=self.fetch,
            failed=self.errors.append,
            moved=lambda: None,
        )

    def compose(self) -> ComposeResult:
        yield self.table

    async def fetch(self, keys: Sequence[int]) -> Sequence[Row]:
        self.asked.extend(keys)
        kept = [key for key in keys if key not in self.gone]
        return [Row(key, self.names.get(key, f"row {key}")) for key in kept]

    def lines(self) -> list[str]:
        size = self.table.size
        return [self.table.render_line(y).text.rstrip() for y in range(size.height)]


@asynccontextmanager
async def shown(
    keys: Sequence[int], *, size: tuple[int, int] = (40, 11)
) -> AsyncIterator[tuple[OneTable, Pilot[None]]]:
    app = OneTable()
    async with app.run_test(size=size) as pilot:
        app.table.show_keys(keys, 0)
        await app.table.loaded()
        await pilot.pause()
        yield app, pilot


async def test_only_what_is_near_is_fetched() -> None:
    """A million rows cost as much to show as fifty: the rows seen and a page on either side."""
    keys = array("q", range(1, 1_000_001))
    async with shown(keys) as (app, pilot):
        await pilot.pause()
        assert set(app.asked) == set(range(1, 21))
        app.asked.clear()
        started = time.perf_counter()
        app.table.move_to(len(keys) - 1)
        assert time.perf_counter() - started < 0.01
        await app.table.loaded()
        await pilot.pause()
        assert set(app.asked) == set(range(999_981, 1_000_001))
        assert app.lines()[-1] == "▸ 1,000,000  row 1000000"


async def test_the_cursor_stays_on_its_line_when_the_order_changes() -> None:
    """After another order the cursor is on the same key, on the same line of the screen."""
    async with shown(array("q", range(1, 101))) as (app, _):
        app.table.move_to(4)
        other = array("q", [*range(51, 101), *range(1, 51)])
        app.table.show_keys(other, other.index(5))
        await app.table.loaded()
        assert app.table.cursor_key == 5
        assert app.lines()[5].startswith("▸")


async def test_rows_that_are_not_there_yet_are_dots() -> None:
    """Before a row has come its place is held."""
    async with shown(array("q", range(1, 101))) as (app, _):
        app.table.cache = RowCache()
        assert app.lines()[1] == "▸ …"


async def test_old_rows_are_shown_until_the_new_have_come() -> None:
    """A renewal never blanks what is seen."""
    async with shown(array("q", range(1, 11))) as (app, pilot):
        app.names[3] = "renamed"
        app.table.renew()
        assert "row 3" in app.lines()[3]
        await app.table.loaded()
        await pilot.pause()
        assert "renamed" in app.lines()[3]


async def test_a_row_that_is_gone_does_not_keep_the_table_waiting() -> None:
    """What was deleted meanwhile keeps its place; the others are shown."""
    async with shown(array("q", range(1, 11))) as (app, _):
        app.gone = {2}
        app.table.cache = RowCache()
        app.table.renew()
        await app.table.loaded()
        assert app.lines()[2].strip() == "…"
        assert "row 3" in app.lines()[3]


async def test_a_failing_fetch_is_told_and_the_next_one_works() -> None:
    """An error while reading rows is handed on, and does not end the table."""
    async with shown(array("q", range(1, 101))) as (app, _):

        async def broken(keys: Sequence[int]) -> Sequence[Row]:
            raise RuntimeError("boom")

        app.table._fetch = broken
        app.table.move_to(50)
        await app.table.loaded()
        assert [str(error) for error in app.errors] == ["boom"]
        app.table._fetch = app.fetch
        app.table.move_to(60)
        await app.table.loaded()
        assert "row 61" in app.lines()[-1]


async def test_marks_belong_to_keys() -> None:
    """A mark goes with its row into any order."""
    async with shown(array("q", [1, 2, 3])) as (app, _):
        app.table.marks.toggle(2)
        app.table.show_keys(array("q", [3, 1, 2]), 0)
        assert [line[11:] for line in app.lines()[1:4]] == ["  row 3", "  row 1", " *row 2"]


def test_columns_share_what_is_left() -> None:
    """Flexible columns grow; optional ones come when there is room, and go when there is not."""
    assert [(column.title, width) for column, width in lay_out(COLUMNS, 40)] == [
        ("no", 9),
        ("name", 27),
    ]
    assert [column.title for column, _ in lay_out(COLUMNS, 60)] == ["no", "name", "far"]
    assert sum(width + 2 for _, width in lay_out(COLUMNS, 60)) == 60


def test_the_cache_is_bounded() -> None:
    """The rows used least recently are forgotten first."""
    cache: RowCache[str] = RowCache(limit=3)
    for key in (1, 2, 3):
        cache.put(key, str(key))
    cache.get(1)
    cache.put(4, "4")
    assert [cache.get(key) for key in (1, 2, 3, 4)] == ["1", None, "3", "4"]
    cache.age()
    assert not cache.is_fresh(4)
    assert cache.get(4) == "4"


async def test_a_key_is_found_near_its_last_place_and_far_from_it() -> None:
    """Looking for a key among a million lets other work run."""
    keys = array("q", range(1, 1_000_001))
    assert await place_of(500, keys, near=499) == 499
    assert await place_of(999_999, keys, near=3) == 999_998
    assert await place_of(-1, keys, near=3) is None
    assert await place_of(None, keys, near=3) is None


async def test_a_terminal_made_small_and_large_again_shows_the_same_rows() -> None:
    """The list does not stay scrolled to where the cursor had to be in the meantime."""
    async with shown(array("q", range(100))) as (app, pilot):
        app.table.move_to(14)
        await pilot.pause()
        before = app.lines()
        await pilot.resize_terminal(40, 3)
        await pilot.pause()
        assert app.table.top == 13
        await pilot.resize_terminal(40, 11)
        await pilot.pause()
        assert app.lines() == before


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_dim_is_dim_under_the_cursor_too(theme: str) -> None:
    """A stale value is not to look fresh because the cursor is on it."""
    styles = palette(theme)
    painted = []
    for style in ("text", "dim"):
        brush = Brush(styles, styles.cursor)
        brush.put("4m", style)
        painted.append(brush.filled(2)[0].style)
    assert painted[0] != painted[1]
    assert painted[1] is not None
    assert painted[1].bgcolor == styles.cursor.bgcolor
