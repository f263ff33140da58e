"""Opening the fleet for a command."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from vendash.config import database_path
from vendash.errors import VendashError
from vendash.fleet import Fleet, current_actor
from vendash.models import VenRow
from vendash.store import open_store
from vendash.store.protocol import FleetStore


@asynccontextmanager
async def opened_store(
    path: Path, *, read_only: bool = False, create: bool = False
) -> AsyncIterator[FleetStore]:
    """The store of a database, closed at the end of the block.

    Raises `VendashError` where there is no database, unless it may be created.
    """
    if create:
        _make_folder(path.parent)
    async with await open_store(path, read_only=read_only, create=create) as store:
        yield store


@asynccontextmanager
async def opened(
    given: Path | None, *, read_only: bool = False, create: bool = False
) -> AsyncIterator[Fleet]:
    """The fleet of a database, changed by whoever sits here; else as `opened_store`."""
    async with opened_store(database_path(given), read_only=read_only, create=create) as store:
        yield Fleet(store, actor=current_actor())


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VendashError(
            f"Cannot make the folder {folder} ({error.strerror}): choose another with --db-path."
        ) from error


def check_vens(names: Iterable[str], known: Iterable[VenRow]) -> None:
    """Raise `VendashError` for a name that no VEN has."""
    there = {row.name for row in known}
    for name in names:
        if name not in there:
            raise VendashError(f"There is no VEN named {name!r} here; `vendash stats` lists them.")


def counted(number: int, noun: str) -> str:
    """`1 resource`, `10,562 resources`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
