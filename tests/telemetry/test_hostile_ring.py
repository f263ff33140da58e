"""Whatever lies where the ring should be: a reader says None, or what can be shown."""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.telemetry.rosters import roster, tick
from vendash.telemetry import ring
from vendash.telemetry.live import LiveReader, LiveWriter


def whole_ring(folder: Path) -> bytearray:
    """The bytes of a ring with some ticks."""
    writer = LiveWriter(folder)
    writer.publish_roster(roster(10))
    for sequence in range(5):
        writer.publish(tick(sequence, 10))
    content = bytearray((folder / ring.NAME).read_bytes())
    writer.close()
    return content


def ask_all(reader: LiveReader) -> bool:
    """Ask everything, check that the answers can be used; whether there was a roster."""
    members, newest, sums = reader.roster(), reader.latest(), reader.sums()
    age = reader.age()
    assert age is None or age >= 0
    ticks = reader.ticks_since(-(2**63))
    for one in [newest, *ticks]:
        if one is not None:
            assert members is not None
            assert len(one.kw) == len(one.quality) == len(members)
            assert one.quality.max(initial=0) <= 3
            assert math.isfinite(one.at)
    if sums is not None:
        assert members is not None
        assert len(sums.at) == len(sums.by_type) == len(sums.by_ven) == len(sums.readings)
        assert sums.by_ven.shape[1] == len(members.ven_names)
        assert np.isfinite(sums.at).all()
    if members is not None:
        assert all(0 <= ven < len(members.ven_names) for ven in members.vens)
        assert members.places(members.keys).tolist() == list(range(len(members)))
    return members is not None


def put(folder: Path, content: bytes | bytearray) -> LiveReader:
    (folder / ring.NAME).write_bytes(content)
    return LiveReader(folder)


def test_the_ring_itself_can_be_read(folder: Path) -> None:
    """The control of the tests below: unchanged it gives a roster."""
    assert ask_all(put(folder, whole_ring(folder)))


@pytest.mark.parametrize("length", [0, 1, 40, ring.ROSTER_AT, ring.ROSTER_AT + 20, -1])
def test_a_file_that_was_cut_off_is_no_ring(folder: Path, length: int) -> None:
    assert not ask_all(put(folder, whole_ring(folder)[:length]))


def test_a_file_with_something_behind_it_is_no_ring(folder: Path) -> None:
    assert not ask_all(put(folder, whole_ring(folder) + b"\0"))


def test_a_file_that_is_cut_off_while_it_is_read_stops_giving_ticks(folder: Path) -> None:
    """A memory map would end the console here."""
    reader = put(folder, whole_ring(folder))
    assert reader.roster() is not None
    os.truncate(folder / ring.NAME, 10)
    assert reader.latest() is None
    assert reader.sums() is None


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.mkdir(),
        os.mkfifo,
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to("nowhere"),
        lambda path: path.write_bytes(b"SQLite format 3\0" * 5000),
    ],
    ids=["a folder", "a pipe", "a device", "a broken link", "another file"],
)
def test_something_else_is_no_ring(folder: Path, make: Callable[[Path], object]) -> None:
    make(folder / ring.NAME)
    assert not ask_all(LiveReader(folder))


def test_no_folder_is_no_ring() -> None:
    assert not ask_all(LiveReader(Path("/nowhere/at/all")))


def test_a_ring_replaces_the_foreign_file_that_lay_there(folder: Path) -> None:
    reader = put(folder, b"foreign")
    assert not ask_all(reader)
    LiveWriter(folder).publish_roster(roster(10))
    assert ask_all(reader)


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=20),
    head=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=8),
    length=st.one_of(st.none(), st.floats(0, 1.1)),
)
def test_bytes_changed_at_random_never_crash_a_reader(
    changes: list[tuple[float, int]], head: list[tuple[int, int]], length: float | None
) -> None:
    with TemporaryDirectory() as made:
        folder = Path(made)
        content = whole_ring(folder)
        for where, value in changes:
            content[int(where * (len(content) - 1))] = value
        for place, value in head:
            content[place] = value
        if length is not None:
            content = (content + bytes(100))[: int(length * len(content))]
        ask_all(put(folder, content))


NUMBER = st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 70), st.sampled_from([2, 4, 8]))


@settings(max_examples=150, deadline=None)
@given(numbers=st.tuples(*[NUMBER] * 5), content=st.binary(max_size=60))
def test_sizes_that_lie_under_a_right_checksum_never_crash_a_reader(
    numbers: tuple[int, ...], content: bytes
) -> None:
    with TemporaryDirectory() as made:
        image = whole_ring(Path(made))
        head = np.frombuffer(image[: ring.HEAD.itemsize], dtype=ring.HEAD).copy()
        for name, number in zip(ring.SHAPE, numbers, strict=True):
            head[name] = number
        ring.seal(head)
        image[: head.nbytes] = head.tobytes()
        image[ring.ROSTER_AT : ring.ROSTER_AT + len(content)] = content
        ask_all(put(Path(made), image))


def with_roster(image: bytearray, change: Callable[[np.ndarray], None]) -> bytearray:
    """The ring with another roster of the same shape under right checksums."""
    shape = ring.Shape.of(roster(10), msgspec.json.encode(roster(10).ven_names))
    members = np.frombuffer(image[ring.ROSTER_AT : shape.slots_at], dtype=shape.roster).copy()
    change(members)
    image[ring.ROSTER_AT : shape.slots_at] = members.tobytes()
    head = np.frombuffer(image[: ring.HEAD.itemsize], dtype=ring.HEAD).copy()
    head["roster_crc"] = zlib.crc32(members.tobytes())
    ring.seal(head)
    image[: head.nbytes] = head.tobytes()
    return image


def test_a_roster_may_be_changed_under_right_checksums(folder: Path) -> None:
    """The control of the next one: a change that means something is taken."""

    def harmless(members: np.ndarray) -> None:
        members["vens"] = 2

    assert ask_all(put(folder, with_roster(whole_ring(folder), harmless)))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vens", 3),
        ("vens", 65_535),
        ("keys", 7),
        ("names", 0xFF),
        ("names", ord("x")),
        ("names", ord(" ")),
    ],
)
def test_a_roster_that_means_nothing_is_no_roster(folder: Path, field: str, value: int) -> None:
    """A VEN without a name, keys that do not rise, names that are no list of texts."""

    def change(members: np.ndarray) -> None:
        members[field] = value

    assert not ask_all(put(folder, with_roster(whole_ring(folder), change)))


@pytest.mark.parametrize("counter", [ring.TICKS_BEGUN, ring.TICKS_DONE, ring.ROWS_BEGUN])
@pytest.mark.parametrize("value", [0, 3, 2**63, 2**64 - 1])
def test_counters_that_lie_never_crash_a_reader(folder: Path, counter: int, value: int) -> None:
    content = whole_ring(folder)
    for place in {counter, ring.ROWS_DONE}:
        content[place : place + 8] = value.to_bytes(8, "little")
    assert ask_all(put(folder, content))
