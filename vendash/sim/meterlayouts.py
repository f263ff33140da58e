"""The layouts in which people have meter data in HDF5, each read into one `Series` a meter.

    /meters/meter_<id>/load_<k>/power   rows of (unix seconds, watts); the loads are added up
    values, ids, times                  one 2-D dataset, either way round, beside its two axes
    <id>                                a dataset for each meter: pairs, or watts beside `times`
    axis1, block<i>_items, _values      a pandas frame in fixed format
    /building<i>/elec/meter<j>/table    tables of NILMTK

Times are Unix times in s, ms, us or ns. Of a file only numbers and names are read: pickled
attributes are never loaded, and links or storage that lead out of the file are refused.
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

MAX_VALUES = 200_000_000
"""Values of one file beyond which it is refused, before they are read (0.8 GB as float32)."""

_TIME_NAMES = frozenset({"time", "times", "timestamp", "timestamps", "index", "t"})


class WrongLayout(Exception):  # noqa: N818 (the file is wrong, not the program)
    """What is wrong with the file, without its path and without a full stop."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One meter: its times as they stand in the file, and its watts. Lengths are not checked."""

    meter_id: str
    times: NDArray[Any]
    watts: NDArray[np.float32]


def series_of(file: h5py.File) -> list[Series]:
    """Every meter of the file, in the order of their names.

    Raises:
        WrongLayout: no layout fits, or one fits in part.
    """
    reader = _Reader()
    groups = [file, *(group for _, group in _groups(file))]
    for layout in (_loads, _nilmtk_tables, _pandas_frame, _matrix, _dataset_per_meter):
        if series := [one for group in groups for one in layout(group, reader)]:
            return series
    raise WrongLayout("has no /meters and no other layout of meter data that is known here")


class _Reader:
    """Reads datasets, and keeps a small file from unfolding until it fills the memory."""

    def __init__(self) -> None:
        self._left = MAX_VALUES

    def read(self, dataset: h5py.Dataset) -> NDArray[Any]:
        """All values, once it is known that they lie in this file and are not too many."""
        self._left -= dataset.size or 0
        if self._left < 0:
            raise WrongLayout(f"has more than {MAX_VALUES:,} values: split it")
        if dataset.is_virtual or dataset.external:
            raise WrongLayout(f"{dataset.name} has its data in another file: copy them into one")
        values: NDArray[Any] = dataset[()]
        return values

    def pairs(self, dataset: h5py.Dataset) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Times and watts of an N x 2 dataset."""
        if not _is_pairs(dataset):
            raise WrongLayout(f"{dataset.name} is not an N x 2 array of (unix seconds, watts)")
        values = self.read(dataset)
        return values[:, 0], _as_watts(values[:, 1])


# --- the layouts ---------------------------------------------------------------------------


def _loads(group: h5py.Group, reader: _Reader) -> Iterator[Series]:
    """The original's layout, `group` being `/meters`."""
    if group.name != "/meters":
        return
    for name, meter in _groups(group):
        powers = [
            _child(load, "power") for load_name, load in _groups(meter) if "load" in load_name
        ]
        loads = [power for power in powers if isinstance(power, h5py.Dataset)]
        if loads:
            yield _added_up(_meter_id(meter, name), loads, reader)
        elif powers or meter.attrs.get("num_load_components"):
            raise WrongLayout(f"{meter.name} has no load_<k>/power")


def _added_up(meter_id: str, loads: list[h5py.Dataset], reader: _Reader) -> Series:
    times, first = reader.pairs(loads[0])
    watts = first.copy()
    for load in loads[1:]:
        other_times, other = reader.pairs(load)
        if len(other) != len(watts):
            lengths = f"{len(other):,} readings where {loads[0].name} has {len(watts):,}"
            raise WrongLayout(f"{load.name} has {lengths}: the loads of a meter go together")
        if not np.array_equal(times, other_times):
            raise WrongLayout(f"{load.name} has other times than {loads[0].name}")
        watts += other
    return Series(meter_id, times, watts)


def _nilmtk_tables(group: h5py.Group, reader: _Reader) -> Iterator[Series]:
    """PyTables' tables, `group` being `/building<i>`."""
    electricity = _child(group, "elec")
    if not isinstance(electricity, h5py.Group):
        return
    for name, meter in _groups(electricity):
        table = _child(meter, "table")
        if not isinstance(table, h5py.Dataset) or not {"index", "values_block_0"} <= _fields(table):
            continue
        rows = reader.read(table)
        values = rows["values_block_0"]
        if values.ndim > 1:
            values = values[:, min(_active_power(table), values.shape[1] - 1)]
        yield Series(f"{(group.name or '').strip('/')}/{name}", rows["index"], _as_watts(values))


def _pandas_frame(group: h5py.Group, reader: _Reader) -> Iterator[Series]:
    """A frame with times as index; its columns lie in one block for each dtype."""
    index = _child(group, "axis1")
    block = 0
    while isinstance(index, h5py.Dataset):
        values = _child(group, f"block{block}_values")
        if not isinstance(values, h5py.Dataset) or not _is_numeric(values):
            return
        items = _child(group, f"block{block}_items")
        yield from _columns(items, index, values, reader)
        block += 1


def _matrix(group: h5py.Group, reader: _Reader) -> Iterator[Series]:
    """One 2-D dataset beside its ids and times."""
    datasets = dict(_datasets(group))
    times = next((d for name, d in datasets.items() if name.casefold() in _TIME_NAMES), None)
    values = next((d for d in datasets.values() if d.ndim == 2 and _is_numeric(d)), None)
    ids = [d for d in datasets.values() if d.ndim == 1 and d != times]
    if times is not None and times.ndim == 1 and values is not None and len(ids) == 1:
        yield from _columns(ids[0], times, values, reader)


def _dataset_per_meter(group: h5py.Group, reader: _Reader) -> Iterator[Series]:
    """Pairs of (time, watts), or watts beside one dataset of times."""
    datasets = dict(_datasets(group))
    shared = next((name for name in datasets if name.casefold() in _TIME_NAMES), None)
    times = reader.read(datasets.pop(shared)) if shared else None
    for name, dataset in datasets.items():
        if _is_pairs(dataset):
            yield Series(name, *reader.pairs(dataset))
        elif times is not None and dataset.ndim == 1 and _is_numeric(dataset):
            yield Series(name, times, _as_watts(reader.read(dataset)))


# --- parts of them -------------------------------------------------------------------------


def _columns(
    ids: h5py.Group | h5py.Dataset | None,
    times: h5py.Dataset,
    values: h5py.Dataset,
    reader: _Reader,
) -> Iterator[Series]:
    """The meters of a 2-D dataset; (time, meter) where its shape leaves both open."""
    instants, watts = reader.read(times), _as_watts(reader.read(values))
    if watts.shape[0] != len(instants) and watts.shape[1] == len(instants):
        watts = watts.T
    names = _names(ids, reader) or [f"column {place + 1}" for place in range(watts.shape[1])]
    if watts.shape != (len(instants), len(names)):
        sizes = f"{len(instants):,} times and {len(names):,} ids"
        raise WrongLayout(f"{values.name} has the shape {values.shape}, beside {sizes}")
    for place, name in enumerate(names):
        yield Series(name, instants, watts[:, place])


def _names(ids: h5py.Group | h5py.Dataset | None, reader: _Reader) -> list[str]:
    """Meter ids as text; none where they are Python objects, which only a pickle could tell."""
    if not isinstance(ids, h5py.Dataset):
        return []
    is_text = h5py.check_string_dtype(ids.dtype) is not None
    if not is_text and not _is_numeric(ids):
        return []
    return [_text(value) for value in reader.read(ids).tolist()]


def _meter_id(meter: h5py.Group, name: str) -> str:
    value = meter.attrs.get("meter_id")
    if isinstance(value, str | bytes | int | np.integer):
        return _text(value)
    return name.removeprefix("meter_")


def _active_power(table: h5py.Dataset) -> int:
    """Which column of a table is active power, by the names that pandas pickled beside it.

    A pickle can run anything when it is loaded; here it is only cut into its opcodes.
    """
    pickled = table.attrs.get("values_block_0_kind")
    try:
        opcodes = list(pickletools.genops(pickled)) if isinstance(pickled, bytes) else []
    except ValueError:
        return 0
    kinds = [text for _, text, _ in opcodes if text in {"active", "apparent", "reactive"}]
    return kinds.index("active") if "active" in kinds else 0


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _child(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset | None:
    """A member of the group that lies in this very file, else None."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        return None
    return group[name]


def _groups(group: h5py.Group) -> Iterator[tuple[str, h5py.Group]]:
    for name in group:
        if isinstance(child := _child(group, name), h5py.Group):
            yield name, child


def _datasets(group: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
    for name in group:
        if isinstance(child := _child(group, name), h5py.Dataset):
            yield name, child


def _fields(table: h5py.Dataset) -> set[str]:
    return set(table.dtype.names or ())


def _is_numeric(dataset: h5py.Dataset) -> bool:
    return dataset.dtype.kind in "fiu"


def _is_pairs(dataset: h5py.Dataset) -> bool:
    return dataset.ndim == 2 and dataset.shape[1] == 2 and _is_numeric(dataset)


def _as_watts(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)
