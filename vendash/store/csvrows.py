"""Rows of a CSV file from outside: every row, or in its place what is wrong with it.

A row is one line of UTF-8, values may be quoted, the first line names the columns. Reading is
streaming and bounded: a line of a gigabyte costs no memory.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from vendash.text import first_control, plain

MAX_LINE = 8192
"""Bytes of the longest line that is read."""

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Row:
    """The values of the columns that were asked for; an optional column may be missing."""

    line: int
    """From 1, the header being line 1."""
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What stands in a row's place; `line` is 0 where it is about the whole file."""

    line: int
    column: str
    sentence: str


def read_rows(
    file: BinaryIO, required: Sequence[str], optional: Sequence[str]
) -> Iterator[Row | Wrong]:
    """Yield a `Row` or a `Wrong` for every line after the header that is not blank.

    A header that cannot be used is one `Wrong` and the end of the file.
    """
    lines = _lines(file)
    header = _header(next(lines, None), required, optional)
    if isinstance(header, Wrong):
        yield header
        return
    count = 0
    for number, raw in lines:
        if raw and not raw.isspace():
            count += 1
            yield _row(number, raw, header, required)
    if not count:
        yield Wrong(1, "", "there is a header but no row below it")


@dataclass(frozen=True, slots=True)
class _Header:
    columns: list[str]
    """All of the file's columns, as they stand there."""
    places: dict[str, int]
    """Where the columns that were asked for stand."""


def _header(
    first: tuple[int, bytes] | None, required: Sequence[str], optional: Sequence[str]
) -> _Header | Wrong:
    if first is None or not first[1].removeprefix(_BOM).strip():
        return Wrong(0, "", f"is empty: it needs the columns {', '.join(required)}")
    if first[1].startswith(_UTF16):
        return Wrong(1, "", "is not UTF-8 but UTF-16: save the file as UTF-8")
    cells = _cells(1, first[1].removeprefix(_BOM), [])
    return cells if isinstance(cells, Wrong) else _places(cells, required, optional)


def _places(cells: list[str], required: Sequence[str], optional: Sequence[str]) -> _Header | Wrong:
    columns = [cell.strip() for cell in cells]
    folded = [column.casefold() for column in columns]
    found = {column: folded.count(column.casefold()) for column in (*required, *optional)}
    missing = [column for column in required if not found[column]]
    if missing and ";" in columns[0]:
        return Wrong(1, "", "separate the columns by commas instead of semicolons")
    if missing:
        return Wrong(1, missing[0], f"a column is missing: {', '.join(missing)}")
    if twice := next((column for column, times in found.items() if times > 1), None):
        return Wrong(1, twice, "the header names this column twice")
    places = {column: folded.index(column.casefold()) for column in found if found[column]}
    return _Header(columns, places)


def _row(number: int, raw: bytes, header: _Header, required: Sequence[str]) -> Row | Wrong:
    cells = _cells(number, raw, header.columns)
    if isinstance(cells, Wrong):
        return cells
    if len(cells) > len(header.columns):
        counts = f"{len(cells)} values for {len(header.columns)} columns"
        return Wrong(number, "", f"has {counts}: quote a value that has commas")
    if len(cells) < len(header.columns):
        missing = [c for c in required if header.places[c] >= len(cells)]
        if missing:
            return Wrong(number, missing[0], "is missing: the row ends before it")
    places = header.places.items()
    values = {column: cells[place] for column, place in places if place < len(cells)}
    if "".join(values.values()).isprintable():
        return Row(number, values)
    for column, value in values.items():
        if control := first_control(value):
            return Wrong(number, column, f"has the control character {plain(control)}: take it out")
    return Row(number, values)


def _cells(number: int, raw: bytes, columns: list[str]) -> list[str] | Wrong:
    """The values of one line, whatever their number."""
    if len(raw) > MAX_LINE:
        column = _column_at(raw[:MAX_LINE], columns)
        return Wrong(number, column, f"the line is longer than {MAX_LINE:,} bytes: shorten it")
    try:
        return next(csv.reader([raw.decode()], strict=True))
    except UnicodeDecodeError as error:
        column = _column_at(raw[: error.start], columns)
        byte = raw[error.start]
        return Wrong(number, column, f"is not UTF-8 (byte 0x{byte:02x}): save the file as UTF-8")
    except csv.Error:
        column = _column_at(raw, columns)
        return Wrong(number, column, 'the quotes do not fit: end them on this line, "" inside them')


def _column_at(raw: bytes, columns: list[str]) -> str:
    """The column in which these first bytes of a line end."""
    place = len(next(csv.reader([raw.decode(errors="replace").replace("\r", " ")]), [])) - 1
    return columns[place] if 0 <= place < len(columns) else ""


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every line without its end; of too long a line only the first bytes."""
    number = 0
    while raw := file.readline(MAX_LINE + 3):
        number += 1
        rest = raw
        while not rest.endswith(b"\n") and len(rest) > MAX_LINE:
            rest = file.readline(1 << 16)
            if len(rest) < 1 << 16:
                break
        yield number, raw.rstrip(b"\r\n")
