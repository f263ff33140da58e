"""The live ring: the last ticks and 15 minutes of sums, in one small file on tmpfs.

One engine writes, any number of consoles read. Both use positional reads and writes, not a memory
map: a map would kill a console (SIGBUS) whose file is cut off, and the engine when tmpfs is full.

An engine that ends takes its ring away, so that nothing old looks live. One that was killed leaves
it; readers go on showing the last values, and their age tells.
"""

from __future__ import annotations

import math
import os
import stat
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from vendash.errors import VendashError
from vendash.telemetry import ring
from vendash.telemetry.sums import readings_of, sums_of
from vendash.telemetry.ticks import Roster, Sums, Tick

_ROW_EVERY = 0.75
"""A row of sums follows the one before after this part of its seconds: ticks come unevenly."""


class LiveWriter:
    """The writing side; one for a folder.

    Args:
        folder: where the ring lies; see `vendash.telemetry.place`.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / ring.NAME
        self._open: _Written | None = None

    def publish_roster(self, roster: Roster) -> None:
        """Begin a new ring for a roster. Sums go on where the VENs are the same ones.

        Raises:
            VendashError: there is no room, or the fleet is too large for `ring.LIMIT`.
        """
        names = msgspec.json.encode(roster.ven_names)
        shape = ring.Shape.of(roster, names)
        shape.check()
        image = ring.image(shape, roster, names)
        if self._open and self._open.roster.ven_names == roster.ven_names:
            self._open.copy_sums(shape, image)
        draft = self._path.with_name(f".{ring.NAME}.{os.getpid()}")
        try:
            file = _write_file(draft, image)
            draft.replace(self._path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise VendashError(
                f"The live view needs {len(image) / 1e6:.1f} MB in {self._path.parent}:"
                f" {error.strerror}. Make room there."
            ) from error
        self._leave()
        self._open = _Written(file, shape, roster, image)

    def publish(self, tick: Tick) -> None:
        """Add a tick of the present roster and its sums.

        Raises:
            VendashError: it could not be written.
        """
        if self._open is None or tick.generation != self._open.roster.generation:
            raise ValueError("a tick of another roster than the one published")
        try:
            self._open.add(tick)
        except OSError as error:
            raise VendashError(f"{self._path} cannot be written: {error.strerror}.") from error

    def close(self) -> None:
        """Take the ring away; safe to call twice."""
        if self._open:
            self._leave()
            self._path.unlink(missing_ok=True)

    def _leave(self) -> None:
        if self._open:
            os.close(self._open.file)
            self._open = None


class LiveReader:
    """The reading side, a `TickReader`. Never raises, whatever the file holds.

    Args:
        folder: where the ring lies, or will.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / ring.NAME
        self._open: _Read | None = None

    def roster(self) -> Roster | None:
        """The newest roster; None while nothing has been written."""
        current = self._current()
        return current.roster if current else None

    def latest(self) -> Tick | None:
        """The newest whole tick; None while there is none."""
        current = self._current()
        return current.latest() if current else None

    def ticks_since(self, sequence: int) -> list[Tick]:
        """The ticks after a sequence number that the ring still has, oldest first."""
        current = self._current()
        return current.since(sequence) if current else []

    def sums(self, seconds: float = 900.0) -> Sums | None:
        """Sums of the last so many seconds before the newest; None while there are none."""
        current = self._current()
        return current.sums(seconds) if current else None

    def age(self) -> float | None:
        """Seconds since the newest tick was written, by a clock that nobody sets."""
        current = self._current()
        return current.age() if current else None

    def close(self) -> None:
        """Let go of the file; any other call opens it again."""
        if self._open:
            os.close(self._open.file)
            self._open = None

    def _current(self) -> _Read | None:
        """The ring that lies there now; one that was replaced or removed is let go."""
        try:
            found = self._path.stat()
        except OSError:
            self.close()
            return None
        if self._open is None or self._open.identity != (found.st_dev, found.st_ino):
            self.close()
            self._open = _open_ring(self._path)
        return self._open


# --- writing -------------------------------------------------------------------------------


def _write_file(path: Path, content: bytearray) -> int:
    """A new file with all of its pages taken; open for writing."""
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    file = os.open(path, flags, 0o600)
    try:
        written = 0
        while written < len(content):
            written += os.pwrite(file, memoryview(content)[written:], written)
    except OSError:
        os.close(file)
        raise
    return file


class _Written:
    """A ring that is being written."""

    def __init__(self, file: int, shape: ring.Shape, roster: Roster, image: bytearray) -> None:
        self.file = file
        self.roster = roster
        self._shape = shape
        self._slot = np.zeros(1, dtype=shape.slot)
        self._row = np.zeros(1, dtype=shape.row)
        self._ticks = 0
        self._rows = int.from_bytes(image[ring.ROWS_DONE : ring.ROWS_DONE + 8], "little")
        self._summed = -math.inf

    def copy_sums(self, shape: ring.Shape, image: bytearray) -> None:
        """Put the sums so far into the image of the next ring, where they fit."""
        if shape.rows == self._shape.rows:
            image[shape.rows_at :] = os.pread(
                self.file, shape.size - shape.rows_at, self._shape.rows_at
            )
            image[ring.ROWS_BEGUN : ring.ROWS_DONE + 8] = 2 * self._rows.to_bytes(8, "little")

    def add(self, tick: Tick) -> None:
        slot = self._slot
        slot["simulated"] = tick.simulated
        slot["sequence"] = tick.sequence
        slot["at"] = tick.at
        slot["beat"] = time.monotonic()
        slot["kw"] = tick.kw
        slot["quality"] = ring.pack(tick.quality)
        place = self._shape.slots_at + self._ticks % self._shape.slots * slot.nbytes
        self._put(slot, place, ring.TICKS_BEGUN, self._ticks)
        self._ticks += 1
        if abs(tick.at - self._summed) >= _ROW_EVERY * self._shape.row_seconds:
            self._add_sums(tick)

    def _add_sums(self, tick: Tick) -> None:
        row = self._row
        row["at"] = self._summed = tick.at
        row["readings"] = readings_of(tick)
        row["by_type"], row["by_ven"] = sums_of(tick, self.roster)
        place = self._shape.rows_at + self._rows % self._shape.rows * row.nbytes
        self._put(row, place, ring.ROWS_BEGUN, self._rows)
        self._rows += 1

    def _put(self, record: ring.Records, place: int, begun: int, count: int) -> None:
        """Write record number `count` between its two counters (`ring` says why)."""
        ring.seal(record)
        number = (count + 1).to_bytes(8, "little")
        os.pwrite(self.file, number, begun)
        os.pwrite(self.file, record.view(np.uint8).data, place)
        os.pwrite(self.file, number, begun + 8)


# --- reading -------------------------------------------------------------------------------


class _Read:
    """A ring that is being read."""

    def __init__(self, file: int, shape: ring.Shape, roster: Roster) -> None:
        status = os.fstat(file)
        self.file = file
        self.identity = (status.st_dev, status.st_ino)
        self.roster = roster
        self._shape = shape
        self._newest: Tick | None = None
        self._beat = 0.0
        self._seen = 0

    def latest(self) -> Tick | None:
        """The newest whole tick; where the writer laps us, the last one that was."""
        done = ring.counter(self.file, ring.TICKS_DONE)
        if done != self._seen:
            self._seen = done
            for record in self._newest_first():
                self._newest = self._tick(record)
                self._beat = float(record["beat"][0])
                break
        return self._newest

    def since(self, sequence: int) -> list[Tick]:
        """The whole ticks after a sequence number, oldest first."""
        ticks: list[Tick] = []
        for record in self._newest_first():
            if record["sequence"][0] <= sequence:
                break
            ticks.append(self._tick(record))
        return ticks[::-1]

    def age(self) -> float | None:
        """Seconds since the newest tick was written."""
        return None if self.latest() is None else max(0.0, time.monotonic() - self._beat)

    def sums(self, seconds: float) -> Sums | None:
        """Every whole row from the newest on back."""
        rows = self._shape.rows
        done = ring.counter(self.file, ring.ROWS_DONE)
        table = ring.records(self.file, self._shape.row, self._shape.rows_at, rows)
        begun = ring.counter(self.file, ring.ROWS_BEGUN)
        numbers = range(max(0, done - rows, begun - rows), done)
        if table is None or not numbers:
            return None
        table = table[[number % rows for number in numbers]]
        table = table[ring.whole(table)]
        age = table["at"][-1:] - table["at"]
        table = table[(age >= 0) & (age < seconds)]
        if not len(table):
            return None
        at, by_type, by_ven, readings = (
            np.ascontiguousarray(table[name]) for name in ("at", "by_type", "by_ven", "readings")
        )
        return Sums(at, by_type, by_ven, readings, self.roster.ven_names)

    def _newest_first(self) -> Iterator[ring.Records]:
        """The records of the ticks that are whole."""
        done = ring.counter(self.file, ring.TICKS_DONE)
        for number in range(done - 1, max(done - self._shape.slots, 0) - 1, -1):
            record = self._slot(number)
            if record is not None:
                yield record

    def _slot(self, number: int) -> ring.Records | None:
        """The record of tick `number`, known to be done; None where it is no longer whole."""
        slots, slot = self._shape.slots, self._shape.slot
        place = self._shape.slots_at + number % slots * slot.itemsize
        record = ring.records(self.file, slot, place, 1)
        overtaken = ring.counter(self.file, ring.TICKS_BEGUN) > number + slots
        if record is None or overtaken or not ring.whole(record)[0]:
            return None
        return record if math.isfinite(record["at"][0]) else None

    def _tick(self, record: ring.Records) -> Tick:
        tick = Tick(
            sequence=int(record["sequence"][0]),
            at=float(record["at"][0]),
            generation=self.roster.generation,
            kw=record["kw"][0],
            quality=ring.unpack(record["quality"][0], len(self.roster)),
            simulated=bool(record["simulated"][0]),
        )
        tick.quality.flags.writeable = False
        return tick


def _open_ring(path: Path) -> _Read | None:
    """Open a file that may be anything; None where it is not a whole ring."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    status = os.fstat(file)
    head = ring.records(file, ring.HEAD, 0, 1) if stat.S_ISREG(status.st_mode) else None
    shape = _shape(head, status.st_size) if head is not None else None
    roster = _roster(file, head, shape) if head is not None and shape is not None else None
    if shape is None or roster is None:
        os.close(file)
        return None
    return _Read(file, shape, roster)


def _shape(head: ring.Records, size: int) -> ring.Shape | None:
    """The shape that a head tells, where it is one of ours and fits the file."""
    if head["magic"][0].tobytes() != ring.MAGIC or not ring.whole(head)[0]:
        return None
    shape = ring.Shape(*(int(head[name][0]) for name in ring.SHAPE))
    return shape if shape.possible and shape.size == size else None


def _roster(file: int, head: ring.Records, shape: ring.Shape) -> Roster | None:
    """The roster, where it is whole and each of its values means something."""
    members = ring.records(file, shape.roster, ring.ROSTER_AT, 1)
    if members is None or zlib.crc32(members.view(np.uint8).data) != head["roster_crc"][0]:
        return None
    try:
        names = msgspec.json.decode(members["names"].tobytes(), type=tuple[str, ...])
    except msgspec.DecodeError:
        return None
    roster = Roster(
        generation=int(head["generation"][0]),
        keys=members["keys"][0].astype(np.int64),
        types=ring.unpack(members["types"][0], shape.resources),
        vens=members["vens"][0].astype(np.int32),
        ven_names=names,
    )
    ascending = bool((np.diff(roster.keys) > 0).all())
    named = shape.vens == len(names) > roster.vens.max(initial=-1)
    return roster if ascending and named and roster.vens.min(initial=0) >= 0 else None
