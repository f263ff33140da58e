"""Make config/examplemeterdata/load_data.h5: 153 meters, four weeks at 15 minutes.

    python -m tools.make_meter_data

The layout is the original sample client's (vendash/sim/meterlayouts.py). Each meter has one to
three loads, made of a unit profile, a peak, slow noise, and idle days; the same seed gives the
same bytes.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random

import h5py
import numpy as np
from numpy.typing import NDArray

from tools.danish_names import STREETS, sign
from tools.towns import read_towns
from vendash.sim.profiles import LOCAL_TIME, QUARTER, load_unit_profiles

SEED = 153
METERS = 153
QUARTERS = 4 * 7 * 96
START = int(datetime(2025, 2, 3, tzinfo=LOCAL_TIME).timestamp())
"""A Monday, local midnight; no change to summer time within the four weeks."""
TARGET = Path(__file__).parent.parent / "config" / "examplemeterdata" / "load_data.h5"
ECHO = 0.85 ** np.arange(60)
"""How a deviation fades, quarter by quarter: noise of first order, cut where it is nothing."""
PEAKS_KW = {
    "bakeries": 25, "bars": 12, "cafes": 10, "churches": 15, "coldstores": 80, "farms": 20,
    "hotels": 45, "industry": 90, "libraries": 15, "nursinghomes": 35, "offices": 25,
    "restaurants": 20, "schools": 60, "shops": 12, "sportshalls": 30, "supermarkets": 60,
    "swimmingpools": 50, "waterworks": 30,
}  # fmt: skip
"""A usual peak by sub type."""


def profiles() -> NDArray[np.float32]:
    """Every unit profile over the four weeks, shape (time, profile)."""
    units = load_unit_profiles()
    return np.stack([units.at(START + quarter * QUARTER) for quarter in range(QUARTERS)])


def load(
    unit: NDArray[np.float32], peak_kw: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """Watts of one load: the profile shifted by up to an hour, with noise of an hour or two."""
    noise = np.convolve(random.normal(0, 0.05, QUARTERS), ECHO)[:QUARTERS]
    shifted = np.roll(unit, random.integers(-4, 5)).astype(np.float64)
    watts: NDArray[np.float64] = 1000 * peak_kw * shifted * np.exp(noise)
    closed = random.integers(0, QUARTERS // 96) * 96
    if random.random() < 0.2:
        watts[closed : closed + 96] *= 0.25
    return np.asarray(np.round(watts, -1), dtype=np.float64)


def write(path: Path) -> None:
    """Write the file."""
    names, random = Random(SEED), np.random.default_rng(SEED)  # noqa: S311 (a sample, no secret)
    units, table, towns = load_unit_profiles(), profiles(), read_towns()
    times = START + QUARTER * np.arange(QUARTERS, dtype=np.float64)
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", libver=("earliest", "v110")) as file:
        for number in range(1, METERS + 1):
            sub_type = names.choice(list(PEAKS_KW))
            street = names.choice(STREETS["town"])
            meter = file.create_group(f"meters/meter_{number:03d}")
            loads = names.choices((1, 2, 3), (65, 25, 10))[0]
            meter.attrs["meter_id"] = f"{number:03d}"
            meter.attrs["company"] = sign(names, sub_type, names.choice(towns).name, street)
            meter.attrs["num_load_components"] = loads
            peak_kw = PEAKS_KW[sub_type] * float(random.lognormal(0, 0.4))
            for component in range(loads):
                unit = table[:, units.for_sub_type(sub_type if component == 0 else "coldstores")]
                watts = load(unit, peak_kw * (1, 0.3, 0.15)[component], random)
                meter.create_dataset(
                    f"load_{component + 1}/power",
                    data=np.stack([times, watts], axis=1),
                    chunks=(QUARTERS, 1),
                    compression="gzip",
                    compression_opts=9,
                    shuffle=True,
                    track_times=False,
                )


if __name__ == "__main__":
    write(TARGET)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")
