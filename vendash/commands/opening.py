"""Opening the fleet for a command."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from difflib import get_close_matches
from pathlib import Path

from vendash.config import database_path
from vendash.errors import VendashError
from vendash.filters import fold
from vendash.fleet import Fleet, current_actor
from vendash.models import VenRow
from vendash.store import open_store
from vendash.store.protocol import FleetStore
from vendash.telemetry.status import ServiceStatus


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


def named_vens(names: Iterable[str], known: Iterable[VenRow]) -> tuple[str, ...]:
    """The VENs as they are spelled here; upper and lower case are not told apart where one fits.

    Raises:
        VendashError: No VEN has such a name, or several have it but for the case.
    """
    there = [row.name for row in known]
    return tuple(_named_ven(name, there) for name in names)


def _named_ven(name: str, there: list[str]) -> str:
    if name in there:
        return name
    found = [one for one in there if fold(one) == fold(name)]
    if len(found) == 1:
        return found[0]
    folded = {fold(one): one for one in there}
    near = found or [folded[one] for one in get_close_matches(fold(name), folded, n=3)]
    if near:
        meant = f"did you mean {' or '.join(near)}?"
        raise VendashError(f"There is no VEN named {name!r} here: {meant}")
    raise VendashError(f"There is no VEN named {name!r} here; `vendash stats` lists them.")


async def waiting(store: FleetStore) -> tuple[int, int]:
    """How much has yet to be sent to the VTN, and how much of it waits for a person instead.

    VENs, resources, and what has to be deleted there.
    """
    done, total, refused = await store.registration_progress()
    return total - done - refused, refused


def trouble_of(vtn: ServiceStatus) -> str:
    """What an engine says of its trouble with the VTN; never an empty sentence."""
    what = f" ({vtn.text})" if vtn.text else ""
    return vtn.detail or f"The engine is in trouble with the VTN{what}: see vendash doctor."


def counted(number: int, noun: str) -> str:
    """`1 resource`, `10,562 resources`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
