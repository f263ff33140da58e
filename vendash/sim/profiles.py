"""Unit profiles: how much of its own maximum a kind of consumer takes at a time of the year.

The profiles are the standard load profiles of the BDEW (H0, G0 to G6, L0 to L2) and mixtures of
them, for one reference year in local time; `tools/make_profiles.py` makes the file.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import h5py
import numpy as np
from numpy.typing import NDArray

LOCAL_TIME = ZoneInfo("Europe/Copenhagen")
"""The calendar by which profiles are read: their rows are wall clock time."""

QUARTER = 900
_QUARTERS_A_DAY = 96
_REFERENCE_YEAR = 2024  # has every date, and began on a Monday

_PROFILE_OF_SUB_TYPE = {
    "bakeries": "G5",
    "bars": "bars",
    "cafes": "G2",
    "churches": "G6",
    "coldstores": "G3",
    "farms": "L0",
    "greenhouses": "G3",
    "hospitals": "G3",
    "hotels": "hotels",
    "households": "H0",
    "industry": "industry",
    "kindergartens": "G1",
    "libraries": "G1",
    "museums": "G6",
    "nursinghomes": "hotels",
    "offices": "G1",
    "restaurants": "G2",
    "schools": "G1",
    "shops": "G4",
    "sportshalls": "G6",
    "supermarkets": "G4",
    "swimmingpools": "pools",
    "waterworks": "G3",
}
_OTHERWISE = "G0"


class UnitProfiles:
    """Profiles over the reference year, read by the local calendar."""

    def __init__(self, names: tuple[str, ...], table: NDArray[np.uint16]) -> None:
        self.names = names
        self._table = table
        self._places = {name: place for place, name in enumerate(names)}

    def for_sub_type(self, sub_type: str | None) -> int:
        """The place in `names` of the profile of a resource's sub type; G0 where unknown."""
        name = _PROFILE_OF_SUB_TYPE.get((sub_type or "").casefold(), _OTHERWISE)
        return self._places[name]

    def at(self, unix_seconds: float) -> NDArray[np.float32]:
        """Every profile at an instant, as fractions of their own maxima, in the order of `names`.

        A row is the mean of a quarter hour, so it stands for the middle of it; between the middles
        values are interpolated.
        """
        quarters = unix_seconds / QUARTER - 0.5
        before = math.floor(quarters)
        share = quarters - before
        first = self._table[_row(before)]
        second = self._table[_row(before + 1)]
        mixed: NDArray[np.float32] = np.float32(1 - share) * first + np.float32(share) * second
        return mixed / np.float32(65535)


@cache
def load_unit_profiles() -> UnitProfiles:
    """The profiles that ship with the package."""
    with (
        resources.as_file(resources.files("vendash.sim") / "unit_profiles.h5") as path,
        h5py.File(path, "r") as file,
    ):
        names = tuple(name.decode() for name in file["names"][:])
        return UnitProfiles(names, file["profiles"][:])


def _row(quarter: int) -> int:
    """The row of a quarter hour, counted from the epoch, by weekday, season and wall clock."""
    local = datetime.fromtimestamp(quarter * QUARTER, LOCAL_TIME)
    return _day(local.date()) * _QUARTERS_A_DAY + (local.hour * 60 + local.minute) // 15


@lru_cache
def _day(day: date) -> int:
    """The day of the reference year, from 0, that is nearest in season and of the same weekday."""
    same_date = (date(_REFERENCE_YEAR, day.month, day.day) - date(_REFERENCE_YEAR, 1, 1)).days
    shift = (day.weekday() - same_date) % 7
    nearest = same_date + (shift if shift <= 3 else shift - 7)
    if nearest < 0:
        return nearest + 7
    return nearest - 7 if nearest > 365 else nearest
