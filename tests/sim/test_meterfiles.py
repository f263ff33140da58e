"""Meter files: every layout gives the same readings, and what is wrong is said in one sentence."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from vendash.errors import VendashError
from vendash.sim import meterlayouts
from vendash.sim.meterfiles import MeterFile, read_meter_file

START, STEP, ROWS = 1_738_537_200, 900, 96
TIMES = START + STEP * np.arange(ROWS, dtype=np.float64)
WATTS = np.random.default_rng(1).integers(0, 50_000, (ROWS, 3)).astype(np.float32)
IDS = ("a1", "b2", "c3")
Maker = Callable[[h5py.File], None]


def made(folder: Path, make: Maker) -> Path:
    path = folder / "load_data.h5"
    with h5py.File(path, "w") as file:
        make(file)
    return path


def pairs(watts: NDArray[Any], times: NDArray[Any] = TIMES) -> NDArray[np.float64]:
    return np.stack([times, watts.astype(np.float64)], axis=1)


def nanoseconds() -> NDArray[np.int64]:
    return (TIMES * 1e9).astype(np.int64)


# --- the layouts, each with the same readings ----------------------------------------------


def original(file: h5py.File) -> None:
    for place, meter_id in enumerate(IDS):
        meter = file.create_group(f"meters/meter_{meter_id}")
        meter.attrs.update({"meter_id": meter_id, "company": "Café Ø", "num_load_components": 2})
        share = np.floor(WATTS[:, place] / 3)
        meter["load_1/power"] = pairs(share)
        meter["load_2/power"] = pairs(WATTS[:, place] - share)


def without_attributes(file: h5py.File) -> None:
    for place, meter_id in enumerate(IDS):
        file[f"meters/meter_{meter_id}/load_1/power"] = pairs(WATTS[:, place])


def time_by_meter(file: h5py.File) -> None:
    file["power"], file["times"], file["meter_ids"] = WATTS, TIMES, np.array(IDS, dtype="S")


def meter_by_time(file: h5py.File) -> None:
    group = file.create_group("data")
    group["values"], group["timestamp"] = WATTS.T.astype(np.float64), TIMES.astype(np.int64)
    group.create_dataset("ids", data=list(IDS), dtype=h5py.string_dtype())


def pairs_for_each_meter(file: h5py.File) -> None:
    for place, meter_id in enumerate(IDS):
        file[meter_id] = pairs(WATTS[:, place])


def watts_beside_one_time(file: h5py.File) -> None:
    file["meters/time"] = TIMES * 1000
    for place, meter_id in enumerate(IDS):
        file[f"meters/{meter_id}"] = WATTS[:, place]


def pandas_2(file: h5py.File) -> None:
    frame = file.create_group("df")
    frame.attrs["pandas_type"] = b"frame"
    names = np.array(IDS, dtype="S")
    frame["axis0"], frame["block0_items"], frame["block0_values"] = names, names, WATTS
    frame["axis1"] = nanoseconds()
    frame["axis1"].attrs["kind"] = b"datetime64[ns]"


def pandas_3(file: h5py.File) -> None:
    pandas_2(file)
    del file["df/axis1"]
    file["df/axis1"] = nanoseconds() // 1000


def pandas_two_blocks(file: h5py.File) -> None:
    pandas_2(file)
    frame = file["df"]
    for name in ("block0_items", "block0_values"):
        del frame[name]
    frame["block0_items"], frame["block0_values"] = np.array(IDS[:1], dtype="S"), WATTS[:, :1]
    frame["block1_items"] = np.array(IDS[1:], dtype="S")
    frame["block1_values"] = WATTS[:, 1:].astype(np.int64)


LAYOUTS: list[Maker] = [
    original, without_attributes, time_by_meter, meter_by_time, pairs_for_each_meter,
    watts_beside_one_time, pandas_2, pandas_3, pandas_two_blocks,
]  # fmt: skip


def assert_same(found: MeterFile, ids: tuple[str, ...] = IDS) -> None:
    assert (found.meter_ids, found.start, found.step) == (ids, START, STEP)
    assert found.watts.dtype == np.float32
    np.testing.assert_array_equal(found.watts, WATTS)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_readings(tmp_path: Path, layout: Maker) -> None:
    assert_same(read_meter_file(made(tmp_path, layout)))


def nilmtk(columns: list[tuple[str, str]], active: int) -> Maker:
    """Tables as pandas and PyTables write them, the names of columns being a pickle."""

    def make(file: h5py.File) -> None:
        for place in range(3):
            fields = [("index", "<i8"), ("values_block_0", "<f4", (len(columns),))]
            rows = np.zeros(ROWS, dtype=fields)
            rows["index"] = nanoseconds()
            rows["values_block_0"] = -1
            rows["values_block_0"][:, active] = WATTS[:, place]
            table = file.create_dataset(f"building1/elec/meter{place + 1}/table", data=rows)
            table.attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(columns, protocol=0))
        file["building1/elec/meter1/_i_table/index/sorted"] = np.zeros((0, 7))

    return make


@pytest.mark.parametrize(
    ("columns", "active"),
    [
        ([("power", "active")], 0),
        ([("power", "apparent"), ("power", "active")], 1),
        ([("power", "active"), ("power", "reactive")], 0),
        ([("power", "apparent")], 0),
    ],
)
def test_of_a_nilmtk_table_the_active_power_is_read(
    tmp_path: Path, columns: list[tuple[str, str]], active: int
) -> None:
    found = read_meter_file(made(tmp_path, nilmtk(columns, active)))
    assert_same(found, tuple(f"building1/meter{number}" for number in (1, 2, 3)))


def test_a_square_matrix_is_taken_as_time_by_meter(tmp_path: Path) -> None:
    def square(file: h5py.File) -> None:
        file["power"], file["time"] = WATTS[:3], TIMES[:3]
        file["ids"] = np.array([7, 8, 9])

    found = read_meter_file(made(tmp_path, square))
    np.testing.assert_array_equal(found.watts, WATTS[:3])
    assert found.meter_ids == ("7", "8", "9")


def test_one_row_is_a_file_without_a_step(tmp_path: Path) -> None:
    def one(file: h5py.File) -> None:
        file["meters/meter_1/load_1/power"] = [[START, 5.0]]

    found = read_meter_file(made(tmp_path, one))
    assert (found.start, found.step, found.watts.tolist()) == (START, 0.0, [[5.0]])


# --- what is wrong -------------------------------------------------------------------------


def complaint(path: Path) -> str:
    with pytest.raises(VendashError) as error:
        read_meter_file(path)
    assert str(error.value).isprintable()
    return str(error.value)


def test_a_missing_file_a_folder_and_a_file_that_is_not_hdf5_are_said(tmp_path: Path) -> None:
    assert (
        complaint(tmp_path / "x.h5")
        == f"There is no meter file {tmp_path / 'x.h5'}: check the path."
    )
    text = tmp_path / "text.h5"
    text.write_text("title,address\n" * 1000)
    assert complaint(text) == f"{text} is not an HDF5 file: give a file of meter data (.h5)."
    (tmp_path / "empty.h5").touch()
    assert "is not an HDF5 file" in complaint(tmp_path / "empty.h5")
    assert "cannot be read: Is a directory" in complaint(tmp_path)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_said_wherever_it_was_cut(tmp_path: Path, share: float) -> None:
    path = made(tmp_path, original)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert complaint(path) == f"{path} is damaged or truncated: copy it again from where it came."


@pytest.mark.parametrize(
    "content",
    [{}, {"meters": None}, {"meters": 5}, {"power": WATTS}, {"notes": np.array(["a"], dtype="S")}],
    ids=["nothing", "no meter", "a number", "no times", "text"],
)
def test_a_file_without_any_known_layout_is_said(tmp_path: Path, content: dict[str, Any]) -> None:
    def make(file: h5py.File) -> None:
        for name, value in content.items():
            if value is None:
                file.create_group(name)
            else:
                file[name] = value

    assert "has no /meters and no other layout of meter data" in complaint(made(tmp_path, make))


def replaced(name: str, value: NDArray[Any]) -> Maker:
    def make(file: h5py.File) -> None:
        original(file)
        del file[name]
        file[name] = value

    return make


def spoiled(value: float, row: int = 7) -> NDArray[np.float64]:
    watts = WATTS[:, 1].astype(np.float64)
    watts[row] = value
    return watts


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            replaced("meters/meter_b2/load_2/power", pairs(spoiled(np.nan))),
            "meter b2, row 7: the value is not a number",
        ),
        (
            replaced("meters/meter_b2/load_2/power", pairs(spoiled(1e300))),
            "meter b2, row 7: the value is not a number",
        ),
        (
            replaced("meters/meter_c3/load_2/power", pairs(WATTS[:50, 2], TIMES[:50])),
            "meter_c3/load_2/power has 50 readings where /meters/meter_c3/load_1/power has 96",
        ),
        (
            replaced("meters/meter_c3/load_2/power", pairs(WATTS[:, 2], TIMES + 1)),
            "/meters/meter_c3/load_2/power has other times than /meters/meter_c3/load_1/power",
        ),
        (
            replaced("meters/meter_a1/load_1/power", TIMES),
            "/meters/meter_a1/load_1/power is not an N x 2 array of (unix seconds, watts)",
        ),
    ],
    ids=range(5),
)  # fmt: skip
def test_bad_loads_are_named(tmp_path: Path, make: Maker, said: str) -> None:
    assert said in complaint(made(tmp_path, make))


def simple(
    *meters: NDArray[Any],
) -> Maker:
    def make(file: h5py.File) -> None:
        for number, values in enumerate(meters, start=1):
            file[f"meters/meter_{number}/load_1/power"] = values

    return make


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            simple(pairs(WATTS[:, 0]), pairs(WATTS[:9, 1], TIMES[:9])),
            "meter 2 has 9 readings where meter 1 has 96: all must have the same times",
        ),
        (
            simple(pairs(WATTS[:, 0]), pairs(WATTS[:, 1], TIMES + 60)),
            "meter 2 has other times than meter 1",
        ),
        (simple(np.zeros((0, 2))), "meter 1 has no readings"),
        (simple(pairs(WATTS[:, 0], TIMES[::-1])), "meter 1, row 1: the times do not rise evenly"),
        (
            simple(pairs(WATTS[:5, 0], np.array([0.0, 900, 1800, 2760, 3600]))),
            "meter 1, row 3: the times do not rise evenly",
        ),
        (
            simple(pairs(WATTS[:2, 0], np.array([START, np.nan]))),
            "the times of meter 1 are not numbers",
        ),
        (simple(pairs(WATTS[:2, 0], np.array([5.0, 5.0]))), "the times do not rise evenly"),
    ],
    ids=range(7),
)  # fmt: skip
def test_bad_times_and_unequal_lengths_are_named(tmp_path: Path, make: Maker, said: str) -> None:
    assert said in complaint(made(tmp_path, make))


def test_a_meter_that_is_there_twice_is_named_without_control_characters(tmp_path: Path) -> None:
    def make(file: h5py.File) -> None:
        original(file)
        for name in ("a1", "c3"):
            file[f"meters/meter_{name}"].attrs["meter_id"] = "same\x1b[31m"

    assert r"meter same\x1b[31m is in it twice" in complaint(made(tmp_path, make))


def test_ids_and_times_that_do_not_fit_the_matrix_are_said(tmp_path: Path) -> None:
    def make(file: h5py.File) -> None:
        time_by_meter(file)
        del file["meter_ids"]
        file["meter_ids"] = np.array(IDS[:2], dtype="S")

    assert "/power has the shape (96, 3), beside 96 times and 2 ids" in complaint(
        made(tmp_path, make)
    )


# --- what is hostile -----------------------------------------------------------------------


class _Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_a_pickle_in_the_file_is_never_loaded(tmp_path: Path) -> None:
    """The control loads it, and finds what it does."""
    bomb = pickle.dumps(_Bomb(tmp_path / "exploded"), protocol=0)

    def make(file: h5py.File) -> None:
        nilmtk([("power", "active")], 0)(file)
        for place in (1, 2, 3):
            table = file[f"building1/elec/meter{place}/table"]
            table.attrs["values_block_0_kind"] = np.bytes_(bomb)
            table.attrs["info"] = np.bytes_(bomb)

    assert read_meter_file(made(tmp_path, make)).watts.shape == (ROWS, 3)
    assert not (tmp_path / "exploded").exists()
    pickle.loads(bomb)  # noqa: S301
    assert (tmp_path / "exploded").exists()


def test_names_that_are_python_objects_are_replaced_by_numbers(tmp_path: Path) -> None:
    def make(file: h5py.File) -> None:
        pandas_2(file)
        del file["df/block0_items"]
        objects = file.create_dataset("df/block0_items", (1,), dtype=h5py.vlen_dtype(np.uint8))
        objects[0] = np.frombuffer(pickle.dumps(list(IDS)), dtype=np.uint8)

    assert_same(read_meter_file(made(tmp_path, make)), ("column 1", "column 2", "column 3"))


def test_links_and_storage_that_lead_out_of_the_file_are_not_followed(tmp_path: Path) -> None:
    other = made(tmp_path, original).rename(tmp_path / "other.h5")
    secret = tmp_path / "secret"
    secret.write_bytes(pairs(WATTS[:, 0]).tobytes())

    def linked(file: h5py.File) -> None:
        file["meters"] = h5py.ExternalLink(str(other), "/meters")

    def stored(file: h5py.File) -> None:
        file.create_dataset(
            "meters/meter_1/load_1/power", (ROWS, 2), "f8", external=[(str(secret), 0, ROWS * 16)]
        )

    def virtual(file: h5py.File) -> None:
        layout = h5py.VirtualLayout((ROWS, 2), "f8")
        layout[:] = h5py.VirtualSource(str(other), "meters/meter_a1/load_1/power", shape=(ROWS, 2))
        file.create_virtual_dataset("meters/meter_1/load_1/power", layout)

    assert "has no /meters" in complaint(made(tmp_path, linked))
    for make in (stored, virtual):
        assert "has its data in another file" in complaint(made(tmp_path, make))


def test_a_small_file_that_unfolds_to_very_many_values_is_refused_unread(tmp_path: Path) -> None:
    def make(file: h5py.File) -> None:
        shape = (meterlayouts.MAX_VALUES, 2)
        file.create_dataset("meters/meter_1/load_1/power", shape, "f8", chunks=(1000, 2))

    path = made(tmp_path, make)
    assert path.stat().st_size < 100_000
    assert "has more than 200,000,000 values: split it" in complaint(path)
