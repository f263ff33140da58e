"""Reads meter data from an HDF5 file into one array of (time, meter)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from vendash.errors import VendashError
from vendash.sim.meterlayouts import Series, WrongLayout, series_of
from vendash.text import plain

_SECONDS_PER_UNIT = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
"""Times from so large on are in nanoseconds, microseconds, milliseconds (right after 1973)."""


@dataclass(frozen=True, slots=True, eq=False)
class MeterFile:
    """Evenly spaced readings of a number of meters."""

    meter_ids: tuple[str, ...]
    start: float
    """Unix time, UTC seconds, of the first row."""
    step: float
    """Seconds between rows; 0 where there is only one."""
    watts: NDArray[np.float32]
    """Power, consumption positive, shape (time, meter)."""


def read_meter_file(path: Path) -> MeterFile:
    """Read a file whole, in any layout of `vendash.sim.meterlayouts`.

    Takes some tenths of a second for 153 meters and four weeks, so call it in a thread.

    Raises:
        VendashError: the file is missing, is not HDF5, is truncated, has no known layout, or has
            readings that are not numbers, not of one length or not evenly spaced.
    """
    try:
        # What overflows becomes infinite, and that is refused by name below.
        with h5py.File(path, "r") as file, np.errstate(all="ignore"):
            return _side_by_side(series_of(file))
    except WrongLayout as error:
        raise VendashError(f"{path}: {plain(str(error), 300)}.") from error
    except FileNotFoundError as error:
        raise VendashError(f"There is no meter file {path}: check the path.") from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise VendashError(_why_unreadable(path, error)) from error


def _why_unreadable(path: Path, error: Exception) -> str:
    if isinstance(error, IsADirectoryError | PermissionError):
        return f"{path} cannot be read: {os.strerror(error.errno or 0)}."
    if not h5py.is_hdf5(path):
        return f"{path} is not an HDF5 file: give a file of meter data (.h5)."
    return f"{path} is damaged or truncated: copy it again from where it came."


def _side_by_side(series: list[Series]) -> MeterFile:
    """The meters as columns of one array, once it is known that they fit.

    Raises:
        WrongLayout: they do not.
    """
    first = series[0]
    seen: set[str] = set()
    for one in series:
        _check(one, first)
        if one.meter_id in seen:
            raise WrongLayout(f"meter {one.meter_id} is in it twice")
        seen.add(one.meter_id)
    start, step = _spacing(first)
    watts = np.stack([one.watts for one in series], axis=1)
    return MeterFile(tuple(one.meter_id for one in series), start, step, watts)


def _check(one: Series, first: Series) -> None:
    expected = len(first.times)
    if len(one.times) != expected or len(one.watts) != expected:
        lengths = f"{len(one.watts):,} readings where meter {first.meter_id} has {expected:,}"
        raise WrongLayout(f"meter {one.meter_id} has {lengths}: all must have the same times")
    wrong = np.flatnonzero(~np.isfinite(one.watts))
    if len(wrong):
        raise WrongLayout(f"meter {one.meter_id}, row {wrong[0]:,}: the value is not a number")
    if one.times is not first.times and not np.array_equal(one.times, first.times):
        raise WrongLayout(f"meter {one.meter_id} has other times than meter {first.meter_id}")


def _spacing(series: Series) -> tuple[float, float]:
    """Start and step in seconds, when the times rise evenly (to a thousandth of a step)."""
    times = series.times
    if len(times) == 0:
        raise WrongLayout(f"meter {series.meter_id} has no readings")
    if times.dtype.kind not in "fiu" or not np.isfinite(times).all():
        raise WrongLayout(f"the times of meter {series.meter_id} are not numbers")
    exact = times if times.dtype.kind == "f" else times.astype(np.int64)
    unit = next((u for bound, u in _SECONDS_PER_UNIT if abs(float(exact[-1])) >= bound), 1.0)
    start = float(exact[0]) * unit
    steps = np.diff(exact).astype(np.float64) * unit
    if len(steps) == 0:
        return start, 0.0
    step = float(steps[0])
    uneven = np.flatnonzero(~(np.abs(steps - step) <= abs(step) / 1000))
    if step <= 0 or len(uneven):
        row = int(uneven[0]) + 1 if len(uneven) else 1
        raise WrongLayout(f"meter {series.meter_id}, row {row:,}: the times do not rise evenly")
    return start, step
