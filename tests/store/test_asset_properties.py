"""Asset files: what holds for any bytes, and for any fleet."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from vendash import gsrn
from vendash.store.assets import Assets, read_assets
from vendash.text import first_control

HEADER = "title,address,longitude,latitude"
titles = st.text(min_size=1, max_size=20)
towns = st.sampled_from(["7400 Herning", "8000 Aarhus C", "4800 Nykøbing Falster", "9000 Aalborg"])
degrees = st.integers(-90, 90)
rows = st.lists(st.tuples(titles, towns, degrees, degrees), max_size=12)


def read(content: bytes) -> Assets:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars-in-denmark.csv"
        path.write_bytes(content)
        return read_assets(path)


def as_csv(fleet: list[tuple[str, str, int, int]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER.split(","))
    writer.writerows((name, f"Torvet 1, {town}, Denmark", *where) for name, town, *where in fleet)
    return text.getvalue().encode("utf-8", "surrogatepass")


@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda t: f"{HEADER}\n{t}".encode("utf-8", "replace"))
)
@example(b"\xef\xbb\xbf")
@example(b'"')
@example(b'title,address,longitude,latitude\n"\n\r\r\n')
def test_any_bytes_are_read_or_named(content: bytes) -> None:
    """Never a crash: resources are whole, and every problem is one printable line."""
    assets = read(content)
    assert assets.resources or assets.problems
    assert all(first_control(str(problem)) is None for problem in assets.problems)


@given(rows)
def test_only_harmless_rows_become_resources(fleet: list[tuple[str, str, int, int]]) -> None:
    """No name is empty, a formula, or has a character that could steer a terminal."""
    for resource in read(as_csv(fleet)).resources:
        assert first_control(resource.resource_name) is None
        assert re.match(r"[^=\s]", resource.resource_name)
        assert resource.ven in {"Herning", "Aarhus", "Nykøbing Falster", "Aalborg"}


@given(rows)
def test_reading_twice_gives_the_same_ids_and_meter_points(
    fleet: list[tuple[str, str, int, int]],
) -> None:
    first, second = read(as_csv(fleet)), read(as_csv(fleet))
    assert first == second
    ids = {resource.resource_id for resource in first.resources}
    points = {resource.meter_point_id for resource in first.resources}
    assert len(ids) == len(points) == len(first.resources)
    assert all(gsrn.is_valid(point) for point in points)


@given(rows)
def test_rows_given_twice_add_nothing(fleet: list[tuple[str, str, int, int]]) -> None:
    """A file written below itself has the same resources, and as many duplicates."""
    once, twice = read(as_csv(fleet)), read(as_csv(fleet + fleet))
    assert twice.resources == once.resources
    assert len(twice.duplicates) == 2 * len(once.duplicates) + len(once.resources)
