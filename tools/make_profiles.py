"""Make vendash/sim/unit_profiles.h5 from the standard load profiles of the BDEW.

    python -m tools.make_profiles

Needs demandlib (see tools/README.md). The reference year is 2024: a leap year, so that every date
has a row, and one that begins on a Monday. Rows are quarter hours of the wall clock, 96 a day,
without a change to summer time; each profile is scaled to its own maximum.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from demandlib import bdew
from numpy.typing import NDArray

YEAR = 2024
TARGET = Path(__file__).parent.parent / "vendash" / "sim" / "unit_profiles.h5"
MIXED = {
    "bars": ("g2", "g6"),
    "hotels": ("g3", "g2"),
    "industry": ("g3", "g1"),
    "pools": ("g3", "g6"),
}
"""Profiles that are the mean of two, each scaled to the same energy in a year."""


def unit_profiles() -> dict[str, NDArray[np.float64]]:
    """Every profile by name, each of length 366 x 96 with maximum 1."""
    frame = bdew.ElecSlp(YEAR).get_profiles()
    energy = {name: frame[name].to_numpy() for name in frame.columns if name != "h0"}
    standard = {name.removesuffix("_dyn").upper(): values for name, values in energy.items()}
    mixed = {name: energy[one] + energy[other] for name, (one, other) in MIXED.items()}
    return {name: values / values.max() for name, values in sorted((standard | mixed).items())}


def write(path: Path, profiles: dict[str, NDArray[np.float64]]) -> None:
    """Write the profiles as 16 bit fractions; the same profiles give the same bytes."""
    table = np.stack(list(profiles.values()), axis=1)
    with h5py.File(path, "w", libver=("earliest", "v110")) as file:
        file.create_dataset(
            "profiles",
            data=np.round(table * 65535).astype(np.uint16),
            chunks=(len(table), 1),
            compression="gzip",
            compression_opts=9,
            shuffle=True,
            track_times=False,
        )
        file.create_dataset("names", data=np.array(list(profiles), dtype="S"), track_times=False)


if __name__ == "__main__":
    write(TARGET, unit_profiles())
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
