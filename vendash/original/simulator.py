"""The original's meter data simulator, over the `Simulation` that all of vendash uses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from vendash.commands.opening import opened
from vendash.errors import VendashError
from vendash.filters import Query
from vendash.models import RegistrationStatus
from vendash.original.database import ORIGINAL_PATH, ResourceDatabase
from vendash.original.loaded import LoadedFleet, ResourceMeterData, of_status
from vendash.original.nouns import Resource, status_named
from vendash.store.protocol import FleetReader
from vendash.text import plain

T = TypeVar("T")

DATA_STEP = 900.0
"""Seconds between two values of the sample meter data."""


class _Shared:
    """What all simulators have in common."""

    path: Path | None = None
    fleet: LoadedFleet | None = None

    def claim(self, path: Path) -> Path:
        """Be at work on this database.

        Raises:
            VendashError: On another one already.
        """
        if self.path not in {None, path}:
            raise VendashError(
                f"The simulator is at work on {self.path}: all its instances share one database;"
                " call reset() before you name another."
            )
        self.path = path
        return path

    @property
    def by_ven(self) -> dict[str, dict[str, Resource]]:
        """The loaded resources by VEN and id."""
        return self.fleet.by_ven if self.fleet else {}


_shared = _Shared()


class View(Mapping[str, T]):
    """The loaded VENs by name, each made out of its resources when it is looked at."""

    def __init__(self, shown: Callable[[dict[str, Resource]], T]) -> None:
        self._shown = shown

    def __getitem__(self, ven_id: str) -> T:
        return self._shown(_shared.by_ven[ven_id])

    def __iter__(self) -> Iterator[str]:
        return iter(_shared.by_ven)

    def __len__(self) -> int:
        return len(_shared.by_ven)


class MeterDataSimulator:
    """The resources of a database and what their meters would read; all instances are one.

    What is awaited looks into the database and so sees everybody's decisions; what is not shows
    what was seen then. Simulated time passes with `increase_time` alone.

    Args:
        db_path: The database of all instances until `reset`. Without one: that of the others, or
            for the first instance `./config/resources.db`.

    Raises:
        VendashError: The instances share another database.
    """

    def __init__(self, db_path: str | Path | None = None) -> None:
        named = None if db_path is None else Path(db_path).resolve()
        self.db_path = _shared.claim(named or _shared.path or Path(ORIGINAL_PATH).resolve())

    @property
    def vens(self) -> Mapping[str, list[Resource]]:
        """The resources of every loaded VEN."""
        return View(lambda held: list(held.values()))

    @property
    def pending_resources(self) -> Mapping[str, dict[str, Resource]]:
        """By VEN and resource id, those that wait for a decision."""
        return View(lambda held: of_status(held, RegistrationStatus.PENDING))

    @property
    def approved_resources(self) -> Mapping[str, dict[str, Resource]]:
        """By VEN and resource id, those that are approved."""
        return View(lambda held: of_status(held, RegistrationStatus.APPROVED))

    @property
    def suspended_resources(self) -> Mapping[str, dict[str, Resource]]:
        """By VEN and resource id, those that are suspended."""
        return View(lambda held: of_status(held, RegistrationStatus.SUSPENDED))

    async def initialize_resources(self, ven_list: Sequence[str] | None = None) -> None:
        """Load the resources of these VENs, or of all, in place of those loaded before.

        Raises:
            VendashError: There is no such VEN, or the database cannot be used.
        """
        async with opened(_shared.claim(self.db_path)) as fleet:
            rows = await fleet.reader.resources(await _keys(fleet.reader, ven_list))
            seed = (await fleet.reader.simulation()).seed
        now = _shared.fleet.now if _shared.fleet else time.time()
        _shared.fleet = await asyncio.to_thread(LoadedFleet, rows, now=now, seed=seed)

    def get_ven_list(self) -> list[str]:
        """The names of the loaded VENs."""
        return list(_shared.by_ven)

    def get_ven_resources(self, ven_id: str, status: str | None = None) -> dict[str, Resource]:
        """The resources of a VEN by resource id: all, or those of one status.

        Raises:
            VendashError: That VEN is not loaded, or there is no such status.
        """
        if ven_id not in _shared.by_ven:
            raise VendashError(
                f"The VEN '{plain(ven_id, 40)}' is not loaded: name it to initialize_resources()."
            )
        held = _shared.by_ven[ven_id]
        return dict(held) if status is None else of_status(held, status_named(status))

    async def update_resource_status(self, ven_id: str, resource_id: str, new_status: str) -> None:
        """Decide about a resource, in the database and here.

        Raises:
            VendashError: There is no such resource in that VEN, no such status, or the database
                cannot be written.
        """
        resource = self.get_ven_resources(ven_id).get(resource_id)
        if resource is None:
            raise VendashError(
                f"There is no resource '{plain(resource_id, 40)}' in the VEN '{plain(ven_id, 40)}'."
            )
        status = status_named(new_status)
        async with ResourceDatabase(_shared.claim(self.db_path)) as database:
            await database.update_resource_status(resource_id, status)
        resource.registration_status = status.value

    def get_statistics(self) -> dict[str, Any]:
        """`total_vens, total_resources, total_by_status, by_ven` of what is loaded."""
        by_ven = {ven: _counts(held) for ven, held in _shared.by_ven.items()}
        return {
            "total_vens": len(by_ven),
            "total_resources": sum(row["total"] for row in by_ven.values()),
            "total_by_status": {
                status.value: sum(row[status.value.lower()] for row in by_ven.values())
                for status in RegistrationStatus
            },
            "by_ven": by_ven,
        }

    def increase_time(self, seconds: float = DATA_STEP) -> float:
        """Let simulated time pass; the time then, unix seconds.

        Raises:
            VendashError: Nothing is loaded.
        """
        fleet = _loaded()
        fleet.now += seconds
        return fleet.now

    async def collect_next_metering(
        self, ven_id: str | None = None
    ) -> dict[str, ResourceMeterData]:
        """What the meters of the approved resources read at the simulated time, by resource id.

        Args:
            ven_id: Only of this VEN; else of all that are loaded.

        Raises:
            VendashError: Nothing, or not that VEN, is loaded, or the database cannot be read.
        """
        loaded = _loaded()
        wanted = None if ven_id is None else self.get_ven_resources(ven_id)
        async with opened(_shared.claim(self.db_path)) as fleet:
            await loaded.look_at_decisions(fleet.reader)
            approved = await fleet.reader.reading_keys()
        found = await asyncio.to_thread(loaded.read_meters, approved)
        return {
            one.resource_id: one for one in found if wanted is None or one.resource_id in wanted
        }

    def reset(self) -> None:
        """Forget what is loaded, the simulated time and which database it is; that one stays."""
        _shared.path = _shared.fleet = None


async def initialize_simulator(
    ven_list: Sequence[str] | None = None, db_path: str | Path | None = None
) -> MeterDataSimulator:
    """The simulator; where nothing is loaded yet, with the resources of these VENs, or of all.

    Raises:
        VendashError: As `MeterDataSimulator` and its `initialize_resources`.
    """
    simulator = MeterDataSimulator(db_path)
    if _shared.fleet is None:
        await simulator.initialize_resources(ven_list)
    return simulator


def _loaded() -> LoadedFleet:
    if _shared.fleet is None:
        raise VendashError("No resources are loaded: call initialize_resources() first.")
    return _shared.fleet


async def _keys(reader: FleetReader, ven_list: Sequence[str] | None) -> Sequence[int]:
    if ven_list is None:
        return await reader.keys(Query())
    found: list[int] = []
    for ven in dict.fromkeys(ven_list):
        of_ven = await reader.keys(Query(ven=ven))
        if not of_ven:
            raise VendashError(
                f"There is no VEN named '{plain(ven, 40)}' here; `vendash stats` lists them."
            )
        found.extend(of_ven)
    return found


def _counts(held: dict[str, Resource]) -> dict[str, int]:
    counts = {status.value.lower(): len(of_status(held, status)) for status in RegistrationStatus}
    return counts | {"total": len(held)}
