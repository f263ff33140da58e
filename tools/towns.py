"""The towns of the sample fleet, from danish_towns.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

TOWNS = Path(__file__).parent / "danish_towns.csv"


@dataclass(frozen=True)
class Town:
    """A row of danish_towns.csv."""

    name: str
    postcode: str
    latitude: float
    longitude: float
    population: int
    districts: dict[str, str]
    """Postcode by letters."""


def read_towns() -> list[Town]:
    """The towns of danish_towns.csv."""
    with TOWNS.open(encoding="utf-8", newline="") as file:
        return [
            Town(
                name=row["town"],
                postcode=row["postcode"],
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                population=int(row["population"]),
                districts=_districts(row["districts"]),
            )
            for row in csv.DictReader(file)
        ]


def _districts(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in text.split())
    return {letters: postcode for letters, _, postcode in pairs}
