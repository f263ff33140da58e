"""Reads a fleet from CSV files, `<sub type>-in-<country>.csv`, as the original client has them.

Columns: `title, address, longitude, latitude` (WGS84 degrees), and optionally `P_max_kw, P_min_kw,
E_max_kwh, E_min_kwh`; others are ignored. What is wrong is named by file, line and column, and
nothing wrong becomes a resource.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid5

from vendash import gsrn
from vendash.errors import VendashError
from vendash.models import Capacities, Location, Resource, ResourceType
from vendash.store.assetcells import CAPACITY_COLUMNS, COLUMNS, Cells
from vendash.store.csvrows import Row, Wrong, read_rows
from vendash.text import first_control, plain

_NAMESPACE = UUID("0d8e3f5c-6f0b-5a0e-9c55-3b1f6d2f7a41")
"""Of resource ids; never to be changed."""

_Identity = tuple[str, str, str]
_Seen = tuple[Location, Capacities, str, int]


@dataclass(frozen=True, slots=True)
class AssetProblem:
    """What there is to say about a row, or about a whole file where `line` is 0."""

    file: str
    line: int
    column: str
    sentence: str

    def __str__(self) -> str:
        line = f" line {self.line}" if self.line else ""
        column = f", {self.column}" if self.column else ""
        return f"{self.file}{line}{column}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Assets:
    """What was read. Resources keep the order of the files' names and of the rows."""

    resources: list[Resource] = field(default_factory=list)
    problems: list[AssetProblem] = field(default_factory=list)
    duplicates: list[AssetProblem] = field(default_factory=list)
    """Rows that stand there again with all their values; each is imported once."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What all rows of a file have in common."""

    sub_type: str
    type: ResourceType
    capacities: Capacities


def read_assets(source: Path) -> Assets:
    """Read the CSV files of a folder, or one such file.

    The same rows give the same ids and meter points, in whatever folder they lie. Ten thousand
    rows take about a fifth of a second: call it in a thread.

    Raises:
        VendashError: there is no such folder or file, it holds no CSV file, or it cannot be read.
    """
    reader = _Reader()
    for path in _csv_files(source):
        try:
            with path.open("rb") as file:
                reader.read(path.name, file)
        except OSError as error:
            raise VendashError(f"{path} cannot be read: {error.strerror}.") from error
    return reader.assets


def sub_type_of(file_name: str) -> str:
    """The part of the name before the first `-`, capitalised."""
    return Path(file_name).stem.split("-", 1)[0].strip().capitalize()


def type_of(file_name: str) -> ResourceType:
    """By a word in the file's name: chargingstations, solar, batteries; else DSR."""
    name = file_name.casefold()
    if "chargingstations" in name:
        return ResourceType.EV
    if "solar" in name:
        return ResourceType.PV
    return ResourceType.BATTERY if "batteries" in name else ResourceType.DSR


def default_capacities(resource_type: ResourceType, sub_type: str) -> Capacities:
    """What a resource can do where its row does not say."""
    name = sub_type.casefold()
    match resource_type:
        case ResourceType.EV:
            p_max, p_min, e_max, e_min = 22.0, 0.0, 100.0, 0.0
        case ResourceType.PV:
            p_max, p_min, e_max, e_min = 0.0, -30.0, 0.0, 0.0
        case ResourceType.BATTERY:
            p_max, p_min, e_max, e_min = 50.0, -50.0, 100.0, 10.0
        case _ if "hotel" in name or "swimmingpool" in name:
            p_max, p_min, e_max, e_min = 50.0, -20.0, 200.0, 0.0
        case _ if "industry" in name or "school" in name:
            p_max, p_min, e_max, e_min = 100.0, -40.0, 400.0, 0.0
        case _:
            p_max, p_min, e_max, e_min = 25.0, -10.0, 100.0, 0.0
    return Capacities(p_max_kw=p_max, p_min_kw=p_min, e_max_kwh=e_max, e_min_kwh=e_min)


def _csv_files(source: Path) -> list[Path]:
    if source.is_dir():
        files = sorted(path for path in source.glob("*.csv") if path.is_file())
        if files:
            return files
        raise VendashError(
            f"There is no CSV file in {source}: give --assets a folder that has some, or --sample."
        )
    if source.is_file():
        return [source]
    raise VendashError(
        f"There is no folder {source}: give --assets the folder with your CSV files, or --sample."
    )


class _Reader:
    """Reads files one after the other and remembers what must be told apart across them."""

    def __init__(self) -> None:
        self.assets = Assets()
        self._seen: dict[_Identity, list[_Seen]] = {}
        self._meter_points: set[str] = set()

    def read(self, name: str, file: BinaryIO) -> None:
        """Add the file's resources, its problems and its rows that stand there twice."""
        sub_type, shown = sub_type_of(name), plain(name)
        if not sub_type or first_control(sub_type):
            sentence = "begin the name with the sub type, as in bars-in-denmark.csv"
            self.assets.problems.append(AssetProblem(shown, 0, "", sentence))
            return
        kind = _Kind(sub_type, type_of(name), default_capacities(type_of(name), sub_type))
        for row in read_rows(file, COLUMNS, CAPACITY_COLUMNS):
            if isinstance(row, Wrong):
                problem = AssetProblem(shown, row.line, row.column, row.sentence)
                self.assets.problems.append(problem)
            else:
                self._add(shown, kind, row)

    def _add(self, file: str, kind: _Kind, row: Row) -> None:
        cells = Cells(row)
        title, address = cells.text("title"), cells.text("address")
        location = Location(cells.degrees("latitude", 90), cells.degrees("longitude", 180))
        capacities = cells.capacities(kind.capacities)
        town = cells.town(address)
        if cells.wrong:
            self.assets.problems.extend(AssetProblem(file, row.line, *what) for what in cells.wrong)
            return
        same = self._seen.setdefault((kind.sub_type, title, address), [])
        for place, power, where, line in same:
            if (place, power) == (location, capacities):
                sentence = f"is the same as {where} line {line}; imported once"
                self.assets.duplicates.append(AssetProblem(file, row.line, "", sentence))
                return
        same.append((location, capacities, file, row.line))
        identity = uuid5(_NAMESPACE, f"{kind.sub_type}\x1f{title}\x1f{address}\x1f{len(same)}")
        self.assets.resources.append(
            Resource(
                resource_id=str(identity),
                resource_name=title,
                resource_type=kind.type,
                resource_sub_type=kind.sub_type,
                meter_point_id=self._meter_point(identity),
                capacities=capacities,
                location=location,
                address=address,
                ven=town,
            )
        )

    def _meter_point(self, identity: UUID) -> str:
        attempt = 0
        while (number := gsrn.made_up(identity, attempt)) in self._meter_points:
            attempt += 1
        self._meter_points.add(number)
        return number
