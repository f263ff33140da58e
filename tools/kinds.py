"""The sub types of the sample fleet: how common they are, where they stand, what they can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Capacities = tuple[float, float, float, float]
"""P_max, P_min in kW, E_max, E_min in kWh."""


@dataclass(frozen=True)
class Kind:
    """How common a sub type is, in which streets it is found, and how far out."""

    weight: int
    streets: str
    spread: float = 1.0
    capacities: Callable[[Random], Capacities] | None = None


# --- capacities, where a sub type has its own ----------------------------------------------


def _charger(random: Random) -> Capacities:
    p_max = random.choices((11, 22, 50, 150, 300), (20, 40, 18, 17, 5))[0]
    return (p_max, 0, {11: 50, 22: 100}.get(p_max, 75), 0)


def _solar_roof(random: Random) -> Capacities:
    return (0, -random.choices((6, 10, 30, 60, 120, 250), (30, 20, 20, 15, 10, 5))[0], 0, 0)


def _solar_park(random: Random) -> Capacities:
    return (0, -random.choice((500, 800, 1000, 1500, 2000, 3000)), 0, 0)


def _battery(random: Random) -> Capacities:
    power, energy = random.choices(
        ((5, 10), (10, 20), (50, 100), (100, 200), (500, 1000), (1000, 2000)),
        (25, 20, 25, 15, 10, 5),
    )[0]
    return (power, -power, energy, energy / 10)


def _cold_store(random: Random) -> Capacities:
    p_max = random.choice((40, 60, 80, 120, 200, 400))
    return (p_max, -p_max * 0.6, p_max * 6, 0)


def _greenhouse(random: Random) -> Capacities:
    p_max = random.choice((80, 150, 250, 500))
    return (p_max, -p_max * 0.8, p_max * 4, 0)


KINDS = {
    "bakeries": Kind(380, "centre"),
    "bars": Kind(360, "centre", 0.6),
    "batteries": Kind(190, "works", 1.4, _battery),
    "cafes": Kind(460, "centre", 0.7),
    "chargingstations": Kind(820, "town", 1.2, _charger),
    "churches": Kind(430, "town"),
    "coldstores": Kind(150, "works", 1.2, _cold_store),
    "farms": Kind(520, "country", 2.5),
    "greenhouses": Kind(110, "country", 2.0, _greenhouse),
    "hospitals": Kind(60, "town"),
    "hotels": Kind(330, "centre"),
    "industry": Kind(600, "works", 1.4),
    "kindergartens": Kind(430, "town"),
    "libraries": Kind(130, "centre", 0.7),
    "museums": Kind(140, "centre"),
    "nursinghomes": Kind(340, "town"),
    "offices": Kind(600, "centre"),
    "restaurants": Kind(700, "centre", 0.8),
    "schools": Kind(560, "town"),
    "shops": Kind(900, "centre", 0.7),
    "solarparks": Kind(80, "country", 3.0, _solar_park),
    "solarroofs": Kind(420, "town", 1.2, _solar_roof),
    "sportshalls": Kind(400, "town"),
    "supermarkets": Kind(580, "town"),
    "swimmingpools": Kind(150, "town"),
    "waterworks": Kind(230, "country", 1.6),
}
