"""The form of the live ring: one file of a fixed size for one roster.

    head      what the roster's size is, from which follows where everything lies
    counters  how many ticks, and rows of sums, were begun and done
    roster    keys, types, VENs and their names; never changes: another roster is another file
    slots     the last ticks, number c in slot c % slots
    rows      the last 15 minutes of sums, number c in row c % rows

All numbers are little-endian. Types and qualities take two bits each.

A writer raises the begun counter before it writes a record and the done counter after it. A
reader reads the done counter, copies the record, then reads the begun counter: record c is whole
if it was done before and the one that takes its place, c + slots, was not begun. That is a seqlock
over the whole ring. It needs the two sides to see each other's writes in order, as on x86; on ARM
system calls order them in practice but nothing promises it, so each record carries its crc32 too,
and a record that does not match it is not there.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vendash.errors import VendashError
from vendash.telemetry.ticks import TYPES, Roster

NAME = "live.ring"
LIMIT = 16_000_000
"""Bytes that a ring has at most."""
MOST_SLOTS = 64
SUMMED_SECONDS = 900
LEAST_SLOTS, LEAST_ROWS = 2, 2

MAGIC = b"vdring\x00\x01"
HEAD = np.dtype(
    [
        ("crc", "<u4"),
        ("roster_crc", "<u4"),
        ("magic", "V8"),
        ("generation", "<i8"),
        ("resources", "<u4"),
        ("key_size", "<u4"),
        ("vens", "<u4"),
        ("ven_size", "<u4"),
        ("names_size", "<u4"),
    ]
)
SHAPE = ("resources", "key_size", "vens", "ven_size", "names_size")
COUNTER = np.dtype("<u8")
COUNTERS_AT = 64
TICKS_BEGUN, TICKS_DONE, ROWS_BEGUN, ROWS_DONE = (COUNTERS_AT + 8 * place for place in range(4))
ROSTER_AT = COUNTERS_AT + 32

Bytes = NDArray[np.uint8]
Record = np.dtype[Any]
"""The form of one record."""
Records = NDArray[np.void]
"""Records of one form, each with its crc first where it has one."""


@dataclass(frozen=True)
class Shape:
    """Sizes and places in the file, all of which follow from these five numbers."""

    resources: int
    key_size: int
    """Bytes of a key, 4 or 8."""
    vens: int
    ven_size: int
    """Bytes of a place in the names of VENs, 2 or 4."""
    names_size: int
    """Bytes of those names as JSON."""

    @classmethod
    def of(cls, roster: Roster, names: bytes) -> Shape:
        """The shape for a roster whose VEN names are these as JSON."""
        small_keys = len(roster) == 0 or int(roster.keys.max()) < 2**31
        vens = len(roster.ven_names)
        return cls(len(roster), 4 if small_keys else 8, vens, 2 if vens <= 2**16 else 4, len(names))

    @property
    def possible(self) -> bool:
        """Whether it is a shape at all and not larger than `LIMIT`."""
        known = self.key_size in (4, 8) and self.ven_size in (2, 4)
        # numpy refuses types of absurd sizes, so what is absurd is found before one is made
        small = max(self.resources, self.vens, self.names_size) <= LIMIT
        return known and small and self._room >= LEAST_ROWS * self.row.itemsize

    def check(self) -> None:
        """Raise `VendashError` where the ring would be larger than `LIMIT`."""
        if not self.possible:
            raise VendashError(
                f"{self.resources:,} resources in {self.vens:,} VENs are too many for the live"
                f" view, which takes {LIMIT // 10**6} MB: split the fleet over several databases."
            )

    @cached_property
    def roster(self) -> Record:
        """The roster's record."""
        return np.dtype(
            [
                ("keys", f"<i{self.key_size}", (self.resources,)),
                ("vens", f"<u{self.ven_size}", (self.resources,)),
                ("types", "u1", (_packed_size(self.resources),)),
                ("names", "u1", (self.names_size,)),
            ]
        )

    @cached_property
    def slot(self) -> Record:
        """A tick's record."""
        return np.dtype(
            [
                ("crc", "<u4"),
                ("simulated", "<u4"),
                ("sequence", "<i8"),
                ("at", "<f8"),
                ("beat", "<f8"),  # monotonic time of the machine when it was written
                ("kw", "<f4", (self.resources,)),
                ("quality", "u1", (_packed_size(self.resources),)),
            ]
        )

    @cached_property
    def row(self) -> Record:
        """The record of the sums at one time."""
        return np.dtype(
            [
                ("crc", "<u4"),
                ("readings", "<i4"),
                ("at", "<f8"),
                ("by_type", "<f4", (len(TYPES),)),
                ("by_ven", "<f4", (self.vens,)),
            ]
        )

    @cached_property
    def _room(self) -> int:
        """What the roster and the least number of ticks leave."""
        return LIMIT - ROSTER_AT - self.roster.itemsize - LEAST_SLOTS * self.slot.itemsize

    @cached_property
    def rows(self) -> int:
        """How many rows of sums there are: one a second, or as many as fit."""
        return min(SUMMED_SECONDS, self._room // self.row.itemsize)

    @cached_property
    def row_seconds(self) -> float:
        """Seconds from row to row."""
        return SUMMED_SECONDS / self.rows

    @cached_property
    def slots(self) -> int:
        """How many ticks there are."""
        room = self._room - self.rows * self.row.itemsize
        return min(MOST_SLOTS, LEAST_SLOTS + room // self.slot.itemsize)

    @cached_property
    def slots_at(self) -> int:
        """Where the slots begin."""
        return ROSTER_AT + self.roster.itemsize

    @cached_property
    def rows_at(self) -> int:
        """Where the rows begin."""
        return self.slots_at + self.slots * self.slot.itemsize

    @cached_property
    def size(self) -> int:
        """Of the file, in bytes."""
        return self.rows_at + self.rows * self.row.itemsize


_BYTES = np.arange(256, dtype=np.uint32)
_QUADS = _BYTES & 3 | (_BYTES & 12) << 6 | (_BYTES & 48) << 12 | (_BYTES & 192) << 18
"""The four numbers of each possible byte, in the four bytes of a word."""


def pack(values: Bytes) -> Bytes:
    """Numbers from 0 to 3, four to a byte."""
    quads = np.zeros(4 * _packed_size(len(values)), dtype=np.uint8)
    quads[: len(values)] = values
    first, second, third, fourth = quads.reshape(-1, 4).T
    packed: Bytes = first | second << np.uint8(2) | third << np.uint8(4) | fourth << np.uint8(6)
    return packed


def unpack(packed: Bytes, count: int) -> Bytes:
    """The first so many numbers of what `pack` made."""
    return _QUADS[packed].astype("<u4", copy=False).view(np.uint8)[:count]


def _packed_size(count: int) -> int:
    return -(-count // 4)


def image(shape: Shape, roster: Roster, names: bytes) -> bytearray:
    """A whole ring without ticks."""
    members = np.zeros(1, dtype=shape.roster)
    members["keys"] = roster.keys
    members["vens"] = roster.vens
    members["types"] = pack(roster.types)
    members["names"] = np.frombuffer(names, dtype=np.uint8)
    head = np.zeros(1, dtype=HEAD)
    head["magic"] = np.void(MAGIC)
    head["generation"] = roster.generation
    head["roster_crc"] = zlib.crc32(members.tobytes())
    for field in SHAPE:
        head[field] = getattr(shape, field)
    seal(head)
    image = bytearray(shape.size)
    image[: head.nbytes] = head.tobytes()
    image[ROSTER_AT : shape.slots_at] = members.tobytes()
    return image


def seal(record: Records) -> None:
    """Set the checksum of all but itself, which comes first."""
    record["crc"] = zlib.crc32(record.view(np.uint8)[4:].data)


def records(file: int, form: Record, place: int, count: int) -> Records | None:
    """So many records from a place on; None where the file ends before."""
    size = form.itemsize * count
    try:
        data = os.pread(file, size, place)
    except OSError:
        return None
    return np.frombuffer(data, dtype=form, count=count) if len(data) == size else None


def counter(file: int, place: int) -> int:
    """One of the counters; 0 where the file ends before."""
    record = records(file, COUNTER, place, 1)
    return 0 if record is None else int(record[0])


def whole(records: Records) -> NDArray[np.bool_]:
    """Which records match their checksum."""
    content = records.view(np.uint8).reshape(len(records), -1)[:, 4:]
    checksums = np.array([zlib.crc32(one.data) for one in content], dtype=np.uint32)
    match: NDArray[np.bool_] = checksums == records["crc"]
    return match
