"""Make a database of very many resources, to see how vendash bears it.

    python -m tools.make_big_fleet big.db [1000000]

The resources are like those of the sample fleet, in the same towns, but without regard to land
and sea. The same count and seed give the same fleet.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from uuid import UUID

from tools.danish_names import STREETS, sign
from tools.kinds import KINDS
from tools.towns import Town, read_towns
from vendash import gsrn
from vendash.models import Capacities, Location, Resource
from vendash.store import open_store
from vendash.store.assets import default_capacities, type_of

COUNT = 1_000_000
BATCH = 100_000


def big_fleet(count: int = COUNT, seed: int = 1) -> Iterator[Resource]:
    """So many resources, made one at a time; ids and meter points are unique."""
    random = Random(seed)  # noqa: S311 (a sample, not a secret)
    towns = read_towns()
    town_weights = [town.population**0.6 for town in towns]
    weights = [kind.weight for kind in KINDS.values()]
    types = {name: type_of(name) for name in KINDS}
    defaults = {name: default_capacities(types[name], name) for name in KINDS}
    for number in range(count):
        name = random.choices(list(KINDS), weights)[0]
        town = random.choices(towns, town_weights)[0]
        kind = KINDS[name]
        street = random.choice(STREETS[kind.streets])
        own = kind.capacities(random) if kind.capacities else None
        yield Resource(
            resource_id=str(UUID(int=random.getrandbits(128), version=4)),
            resource_name=sign(random, name, town.name, street),
            resource_type=types[name],
            resource_sub_type=name.capitalize(),
            meter_point_id=gsrn.made_up(UUID(int=number)),
            capacities=Capacities(
                p_max_kw=own[0], p_min_kw=own[1], e_max_kwh=own[2], e_min_kwh=own[3]
            )
            if own
            else defaults[name],
            location=_near(random, town),
            address=f"{street} {number}, {town.postcode} {town.name}, Denmark",
            ven=town.name,
        )


def _near(random: Random, town: Town) -> Location:
    return Location(town.latitude + random.gauss(0, 0.02), town.longitude + random.gauss(0, 0.035))


async def write(path: Path, count: int = COUNT) -> None:
    """Import a big fleet into a database, a batch at a time."""
    async with await open_store(path, create=True) as store:
        fleet = big_fleet(count)
        done = 0
        while batch := list(islice(fleet, BATCH)):
            await store.import_resources(batch, actor="tool", subject="big fleet")
            done += len(batch)
            print(f"{done:,} resources", flush=True)


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), *map(int, sys.argv[2:3])))
