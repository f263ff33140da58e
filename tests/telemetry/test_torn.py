"""No reader ever sees a torn tick: one that is partly an older or a newer one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.telemetry.rosters import roster, tick
from vendash.telemetry import ring
from vendash.telemetry.live import LiveReader, LiveWriter
from vendash.telemetry.ticks import Tick

RESOURCES = 20_000
TICKS = 2_000


def uniform(one: Tick) -> bool:
    """Whether each of its values is the sequence number, as it was published."""
    return bool((one.kw == one.sequence).all()) and one.at == one.sequence


def hammer(folder: Path) -> Counter[str]:
    """Read as fast as possible until the last tick; what was seen.

    Beside what the reader gives, the ring's only slot is read raw, and it is counted how often
    that was torn, and how often a torn one would have passed by the counters or the crc alone.
    """
    ring.MOST_SLOTS = 1
    reader = LiveReader(folder)
    seen: Counter[str] = Counter()
    newest = -1
    while newest < TICKS - 1:
        one = reader.latest()
        if one is not None and one.sequence != newest:
            newest = one.sequence
            seen["ticks"] += 1
            seen["torn ticks"] += not uniform(one)
        seen += raw_read(reader)
    return seen


def raw_read(reader: LiveReader) -> Counter[str]:
    """Read the only slot without a look at counters and crc, and say what they would have said."""
    open_ring = reader._open
    assert open_ring is not None
    shape = open_ring._shape
    done = ring.counter(open_ring.file, ring.TICKS_DONE)
    record = ring.records(open_ring.file, shape.slot, shape.slots_at, 1)
    begun = ring.counter(open_ring.file, ring.TICKS_BEGUN)
    assert record is not None
    torn = not uniform(open_ring._tick(record))
    return Counter(
        {
            "torn": torn,
            "torn, right by the counters": torn and begun == done,
            "torn, right by the crc": torn and bool(ring.whole(record)[0]),
        }
    )


def test_a_reader_in_another_process_never_sees_a_torn_tick(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two thousand ticks as fast as possible through one slot, where the two collide most.

    The control is the raw read of the same slot in the same loop, which does see torn ticks.
    Counters and crc each suffice on this machine.
    """
    monkeypatch.setattr(ring, "MOST_SLOTS", 1)
    writer = LiveWriter(folder)
    writer.publish_roster(roster(RESOURCES))
    writer.publish(tick(0, RESOURCES))
    program = (
        "import json, pathlib, sys; from tests.telemetry.test_torn import hammer\n"
        "print('ready', flush=True)\n"
        f"print(json.dumps(hammer(pathlib.Path({os.fspath(folder)!r}))))"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for sequence in range(1, TICKS):
            writer.publish(tick(sequence, RESOURCES))
        seen = Counter(json.loads(process.communicate(timeout=30)[0]))
    assert seen["ticks"] > 10
    assert seen["torn ticks"] == 0
    assert seen["torn"] > 0
    assert seen["torn, right by the counters"] == 0
    assert seen["torn, right by the crc"] == 0


# --- the same, step by step ----------------------------------------------------------------


class DiedError(Exception):
    """The writer's end in the middle of a record."""


def published(folder: Path, count: int) -> tuple[LiveWriter, LiveReader, int]:
    """A ring with so many ticks of ten values, its two sides, and the bytes of a slot."""
    writer, reader = LiveWriter(folder), LiveReader(folder)
    writer.publish_roster(roster(10))
    for sequence in range(count):
        writer.publish(tick(sequence, 10))
    return writer, reader, ring.Shape.of(roster(10), b"").slot.itemsize


def read_in_halves(monkeypatch: pytest.MonkeyPatch, size: int, between: Callable[[], None]) -> None:
    """Let something happen between the halves of the first read of so many bytes."""
    pread = os.pread
    waiting = [between]

    def halved(file: int, wanted: int, place: int) -> bytes:
        if wanted != size or not waiting:
            return pread(file, wanted, place)
        happens = waiting.pop()
        half = pread(file, size // 2, place)
        happens()
        return half + pread(file, size - size // 2, place + size // 2)

    monkeypatch.setattr(os, "pread", halved)


@pytest.mark.parametrize("counters", [True, False])
@pytest.mark.parametrize("crc", [True, False])
def test_a_tick_overwritten_while_it_is_read_is_dropped(
    folder: Path, monkeypatch: pytest.MonkeyPatch, counters: bool, crc: bool
) -> None:
    """By the counters, by the crc, and by both. Without either (the control) it is torn."""
    monkeypatch.setattr(ring, "MOST_SLOTS", 2)
    writer, reader, size = published(folder, 4)
    if not counters:
        counter = ring.counter
        monkeypatch.setattr(
            ring, "counter", lambda *of: 0 if of[1] == ring.TICKS_BEGUN else counter(*of)
        )
    if not crc:
        monkeypatch.setattr(ring, "whole", lambda records: np.ones(len(records), dtype=np.bool_))

    def overtake() -> None:
        for sequence in (4, 5):
            writer.publish(tick(sequence, 10))

    assert reader.roster() is not None
    read_in_halves(monkeypatch, size, overtake)
    one = reader.latest()
    assert (one is None or uniform(one)) == (counters or crc)
    newest = reader.latest()
    assert newest is not None
    assert newest.sequence == 5


@pytest.mark.parametrize("before", [3, ring.MOST_SLOTS + 3])
def test_a_writer_that_dies_in_the_middle_of_a_tick_leaves_the_one_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    """Also where the ring had gone round: then the tick it was overwriting is gone, too."""
    writer, reader, size = published(folder, before)
    pwrite = os.pwrite

    def dies(file: int, data: memoryview, place: int) -> int:
        if len(data) == size:
            pwrite(file, data[: size // 2], place)
            raise DiedError
        return pwrite(file, data, place)

    monkeypatch.setattr(os, "pwrite", dies)
    with pytest.raises(DiedError):
        writer.publish(tick(before, 10))
    newest = reader.latest()
    assert newest is not None
    assert newest.sequence == before - 1
    left = reader.ticks_since(-1)
    assert [one.sequence for one in left] == list(range(before))[-ring.MOST_SLOTS + 1 :]
    assert all(uniform(one) for one in left)


def test_where_writes_are_seen_out_of_order_the_crc_drops_the_tick(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on ARM: the done counter is seen before the second half of the record it counts."""
    writer, reader, size = published(folder, 3)
    pwrite = os.pwrite

    def late(file: int, data: memoryview, place: int) -> int:
        return pwrite(file, data[: size // 2] if len(data) == size else data, place)

    monkeypatch.setattr(os, "pwrite", late)
    writer.publish(tick(3, 10))
    newest = reader.latest()
    assert newest is not None
    assert newest.sequence == 2
