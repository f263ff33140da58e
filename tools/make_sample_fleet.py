"""Make config/exampleassets/*.csv: 10,562 resources in 158 Danish towns.

    python -m tools.make_sample_fleet

Needs global-land-mask (see tools/README.md). The same seed gives the same bytes.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from random import Random

from global_land_mask import globe

from tools.danish_names import STREETS, sign
from tools.kinds import KINDS
from tools.towns import Town, read_towns

SEED = 7400
TOTAL = 10_562
KNOWN = {"Aalborg": 1254, "Aarhus": 1114, "Herning": 1014, "Lemvig": 266}
SMALLEST = 6
TARGET = Path(__file__).parent.parent / "config" / "exampleassets"

_KM_PER_DEGREE = 111.2
_COMPASS = {"Ø": 0, "NØ": 45, "N": 90, "NV": 135, "V": 180, "SV": 225, "S": 270, "SØ": 315}


def sizes(towns: list[Town]) -> dict[str, int]:
    """How many resources each town has: the known ones, and the rest by size of town."""
    others = [town for town in towns if town.name not in KNOWN]
    left = TOTAL - sum(KNOWN.values()) - SMALLEST * len(others)
    weights = {town.name: town.population**0.6 for town in others}
    shares = {name: left * weight / sum(weights.values()) for name, weight in weights.items()}
    counts = {name: SMALLEST + math.floor(share) for name, share in shares.items()}
    missing = TOTAL - sum(KNOWN.values()) - sum(counts.values())
    for name in sorted(shares, key=lambda name: -(shares[name] % 1))[:missing]:
        counts[name] += 1
    return KNOWN | counts


def rows(towns: list[Town]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Sub type and row of every resource."""
    random = Random(SEED)  # noqa: S311 (a sample, not a secret)
    taken: set[tuple[str, str]] = set()
    counts = sizes(towns)
    weights = [kind.weight for kind in KINDS.values()]
    for town in towns:
        for sub_type in random.choices(list(KINDS), weights, k=counts[town.name]):
            kind = KINDS[sub_type]
            latitude, longitude = _place(random, town, kind.spread)
            title, street = _sign(random, sub_type, town, taken)
            address = _address(random, town, street, latitude, longitude)
            row = (title, address, f"{longitude:.6f}", f"{latitude:.6f}")
            extra = kind.capacities(random) if kind.capacities else ()
            yield sub_type, (*row, *(f"{value:g}" for value in extra))


def _sign(
    random: Random, sub_type: str, town: Town, taken: set[tuple[str, str]]
) -> tuple[str, str]:
    """A name that is not in the town yet, as far as there are any, and a street for it."""
    for _ in range(20):
        street = random.choice(STREETS[KINDS[sub_type].streets])
        title = sign(random, sub_type, town.name, street)
        if (title, town.name) not in taken:
            break
    taken.add((title, town.name))
    return title, street


def _radius_km(town: Town) -> float:
    """Standard deviation of the distance from the centre, by the size of the town."""
    return min(4.5, 0.35 * math.sqrt(town.population / 1000))


def _place(random: Random, town: Town, spread: float) -> tuple[float, float]:
    """Somewhere in or near the town, on land as far as one can see at a kilometre."""
    while True:
        radius = _radius_km(town) * spread
        north, east = random.gauss(0, radius), random.gauss(0, radius)
        if math.hypot(north, east) > 3 * radius:
            continue
        latitude = town.latitude + north / _KM_PER_DEGREE
        longitude = town.longitude + east / _KM_PER_DEGREE / math.cos(math.radians(town.latitude))
        if globe.is_land(latitude, longitude) or math.hypot(north, east) < 0.5:
            return latitude, longitude


def _address(random: Random, town: Town, street: str, latitude: float, longitude: float) -> str:
    number = f"{min(int(random.expovariate(1 / 25)) + 1, 199)}"
    number += random.choices(("", "A", "B", "C"), (85, 7, 5, 3))[0]
    floors = ("", ", st. tv.", ", 1. sal", ", 2. th.")
    floor = random.choices(floors, (91, 3, 3, 3))[0] if street in STREETS["centre"] else ""
    return f"{street} {number}{floor}, {_postal_town(town, latitude, longitude)}, Denmark"


def _postal_town(town: Town, latitude: float, longitude: float) -> str:
    """Postcode and town, with the letters of the part of the town where the place is."""
    north = latitude - town.latitude
    east = (longitude - town.longitude) * math.cos(math.radians(latitude))
    is_central = math.hypot(north, east) * _KM_PER_DEGREE < _radius_km(town) * 0.6
    angle = math.degrees(math.atan2(north, east))
    around = [
        (abs((_COMPASS[letters] - angle + 180) % 360 - 180), letters)
        for letters in town.districts
        if letters in _COMPASS
    ]
    centre = next((letters for letters in town.districts if letters in {"C", "K"}), "")
    nearest = min(around, default=(360.0, ""))
    letters = nearest[1] if not is_central and nearest[0] <= 45 else centre
    return f"{town.districts.get(letters, town.postcode)} {town.name} {letters}".rstrip()


def write(folder: Path) -> int:
    """Write the files into the folder; how many rows they have."""
    by_file: dict[str, list[tuple[str, ...]]] = {sub_type: [] for sub_type in KINDS}
    for sub_type, row in rows(read_towns()):
        by_file[sub_type].append(row)
    folder.mkdir(parents=True, exist_ok=True)
    for sub_type, lines in by_file.items():
        path = folder / f"{sub_type}-in-denmark.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            header = ["title", "address", "longitude", "latitude"]
            if KINDS[sub_type].capacities:
                header += ["P_max_kw", "P_min_kw", "E_max_kwh", "E_min_kwh"]
            writer.writerow(header)
            writer.writerows(lines)
    return sum(map(len, by_file.values()))


if __name__ == "__main__":
    print(f"{write(TARGET):,} resources")
