"""Fleets for tests: as many VENs and resources as asked for, the same every time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from vendash.filters import Query
from vendash.models import Capacities, Location, Resource, ResourceType, Selection
from vendash.store import open_store
from vendash.store.protocol import FleetReader

TYPES = (
    (ResourceType.DSR, "Hotels", Capacities(p_max_kw=50, p_min_kw=-20, e_max_kwh=200)),
    (ResourceType.EV, "Chargingstations", Capacities(p_max_kw=22, e_max_kwh=100)),
    (ResourceType.PV, "Solarroofs", Capacities(p_max_kw=0, p_min_kw=-30)),
    (
        ResourceType.BATTERY,
        "Batteries",
        Capacities(p_max_kw=50, p_min_kw=-50, e_max_kwh=100, e_min_kwh=10),
    ),
)


def fleet(vens: Mapping[str, int]) -> list[Resource]:
    """So many resources in each VEN, of all types in turn."""
    return [_resource(ven, number) for ven, count in vens.items() for number in range(count)]


def _resource(ven: str, number: int) -> Resource:
    kind, sub_type, capacities = TYPES[number % len(TYPES)]
    return Resource(
        resource_id=str(uuid5(NAMESPACE_URL, f"{ven}/{number}")),
        resource_name=f"{sub_type} {number} i {ven}",
        resource_type=kind,
        resource_sub_type=sub_type,
        meter_point_id=f"5713130000{number:08d}",
        capacities=capacities,
        location=Location(56.14, 8.97),
        address=f"Torvet {number}, 7400 {ven}, Denmark",
        ven=ven,
    )


async def make_database(path: Path, vens: Mapping[str, int]) -> Path:
    """A database with such a fleet; its path."""
    async with await open_store(path, create=True) as store:
        await store.import_resources(fleet(vens), actor="test")
    return path


async def all_of(reader: FleetReader, ven: str | None = None) -> Selection:
    """Everything, or one VEN, as a selection."""
    return await reader.select(await reader.keys(Query(ven=ven)))
