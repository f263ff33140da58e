"""Asset files: what becomes a resource, and what is named by file, line and column."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vendash.errors import VendashError
from vendash.models import Capacities, Location, Resource, ResourceType
from vendash.store.assets import Assets, default_capacities, read_assets, type_of
from vendash.store.csvrows import MAX_LINE

HEADER = "title,address,longitude,latitude"
GOOD = '"Café Ærø","Torvet 1, 7400 Herning, Denmark",8.97,56.13'


def write(
    folder: Path, *rows: str, name: str = "bars-in-denmark.csv", header: str = HEADER
) -> Path:
    path = folder / name
    path.write_bytes("\n".join((header, *rows, "")).encode())
    return path


def read(
    folder: Path, *rows: str, name: str = "bars-in-denmark.csv", header: str = HEADER
) -> Assets:
    return read_assets(write(folder, *rows, name=name, header=header))


def only(assets: Assets) -> Resource:
    assert (assets.problems, assets.duplicates) == ([], [])
    (resource,) = assets.resources
    return resource


def complaint(assets: Assets) -> str:
    """The one problem of a file whose other row is good."""
    (problem,) = assets.problems
    return str(problem)


def test_a_row_becomes_a_resource_with_all_that_follows_from_it(tmp_path: Path) -> None:
    assert only(read(tmp_path, GOOD)) == Resource(
        resource_id="935537e8-36fc-573b-8947-3a1920ba4889",
        resource_name="Café Ærø",
        resource_type=ResourceType.DSR,
        resource_sub_type="Bars",
        meter_point_id="571313075130963293",
        capacities=Capacities(p_max_kw=25, p_min_kw=-10, e_max_kwh=100, e_min_kwh=0),
        location=Location(latitude=56.13, longitude=8.97),
        address="Torvet 1, 7400 Herning, Denmark",
        ven="Herning",
    )


@pytest.mark.parametrize(
    ("address", "town"),
    [
        ("Torvet 1, 7400 Herning, Denmark", "Herning"),
        ("Langgade 3, 4800 Nykøbing Falster, Denmark", "Nykøbing Falster"),
        ("Langgade 3, 4800 Nykøbing F, Denmark", "Nykøbing F"),
        ("Algade 1, 7900 Nykøbing M, Denmark", "Nykøbing M"),
        ("Hovedgaden 9, 2800 Kongens Lyngby, Denmark", "Kongens Lyngby"),
        ("Brogade 1, 4654 Faxe Ladeplads, Denmark", "Faxe Ladeplads"),
        ("Skanderborgvej 2, 8260 Viby J, Denmark", "Viby J"),
        ("Åboulevarden 2, 8000 Aarhus C, Denmark", "Aarhus"),
        ("Frederikssundsvej 2, 2400 København NV, Denmark", "København"),
        ("Nørrebrogade 4, 2200 København N, Denmark", "København"),
        ("Hobrovej 4, 9200 Aalborg SV, Denmark", "Aalborg"),
        ("Campusvej 55, 5230 Odense M, Denmark", "Odense"),
        ("Torvet 1, 2. th., DK-7400 Herning, Denmark", "Herning"),
        ("Torvet 1, 7400  Herning , Danmark", "Herning"),
        ("Torvet 1, 7400 Herning", "Herning"),
        ("Torvet 1, Herning, Denmark", "Herning"),
        ("Torvet 1, 7400 Herning, Midtjylland, Denmark", "Herning"),
        ("Drottninggatan 1, 111 51 Stockholm, Sweden", "Stockholm"),
    ],
)
def test_the_ven_is_the_whole_name_of_the_town(tmp_path: Path, address: str, town: str) -> None:
    assert only(read(tmp_path, f'Bar,"{address}",9,56')).ven == town


@pytest.mark.parametrize(
    ("file", "sub_type", "kind", "capacities"),
    [
        ("bars-in-denmark.csv", "Bars", ResourceType.DSR, (25, -10, 100, 0)),
        ("hotels-in-denmark.csv", "Hotels", ResourceType.DSR, (50, -20, 200, 0)),
        ("swimmingpools-in-denmark.csv", "Swimmingpools", ResourceType.DSR, (50, -20, 200, 0)),
        ("industry-in-denmark.csv", "Industry", ResourceType.DSR, (100, -40, 400, 0)),
        ("schools-in-denmark.csv", "Schools", ResourceType.DSR, (100, -40, 400, 0)),
        ("chargingstations-in-denmark.csv", "Chargingstations", ResourceType.EV, (22, 0, 100, 0)),
        ("ev-chargingstations.csv", "Ev", ResourceType.EV, (22, 0, 100, 0)),
        ("solarparks-in-denmark.csv", "Solarparks", ResourceType.PV, (0, -30, 0, 0)),
        ("batteries-in-denmark.csv", "Batteries", ResourceType.BATTERY, (50, -50, 100, 10)),
        ("shops.csv", "Shops", ResourceType.DSR, (25, -10, 100, 0)),
    ],
)
def test_sub_type_type_and_capacities_follow_from_the_file_name(
    tmp_path: Path,
    file: str,
    sub_type: str,
    kind: ResourceType,
    capacities: tuple[float, float, float, float],
) -> None:
    resource = only(read(tmp_path, GOOD, name=file))
    assert (resource.resource_sub_type, resource.resource_type) == (sub_type, kind)
    own = resource.capacities
    assert (own.p_max_kw, own.p_min_kw, own.e_max_kwh, own.e_min_kwh) == capacities


def test_capacity_columns_win_each_where_it_has_a_value(tmp_path: Path) -> None:
    resource = only(
        read(
            tmp_path,
            f"{GOOD},1.5e2,,  ,4",
            header=f"{HEADER},P_max_kw,P_min_kw,E_max_kwh,E_min_kwh",
        )
    )
    assert resource.capacities == Capacities(p_max_kw=150, p_min_kw=-10, e_max_kwh=100, e_min_kwh=4)


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    header = "rating,Latitude,phone,TITLE,longitude, address "
    resource = only(
        read(tmp_path, '5,56.1,\x07,Bar,9.2,"A 1, 7400 Herning, Denmark"', header=header)
    )
    assert (resource.resource_name, resource.location) == ("Bar", Location(56.1, 9.2))


@pytest.mark.parametrize(
    "name",
    [
        '"The ""Old"" Pub"',
        '"Kro, Øl & Musik"',
        "[bold]Bar[/]",
        "Ølhallen 🍺",
        "Familien 👩‍👧 Bar",
        "O'Hara's",
    ],
)
def test_quotes_commas_brackets_and_emoji_are_only_text(tmp_path: Path, name: str) -> None:
    expected = name[1:-1].replace('""', '"') if name.startswith('"') else name
    resource = only(read(tmp_path, f'{name},"A 1, 7400 Herning, Denmark",9,56'))
    assert resource.resource_name == expected


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    plain = only(read(tmp_path, GOOD))
    (tmp_path / "bars-in-denmark.csv").write_bytes(
        b"\xef\xbb\xbf" + f"{HEADER}\r\n\r\n{GOOD}\r\n".encode()
    )
    assert only(read_assets(tmp_path)) == plain


def test_decomposed_letters_and_blanks_give_the_same_id(tmp_path: Path) -> None:
    composed = only(read(tmp_path, 'Café Å,"A 1, 7400 Herning, Denmark",9,56'))
    decomposed = only(read(tmp_path, ' Cafe\u0301  A\u030a ,"A 1,  7400 Herning, Denmark",9,56'))
    assert decomposed == composed


def test_an_id_does_not_depend_on_coordinates_capacities_or_other_rows(tmp_path: Path) -> None:
    before = only(read(tmp_path, GOOD))
    other = 'Bar,"A 1, 7400 Herning, Denmark",9,56,1,0'
    after = read(tmp_path, other, f"{GOOD[:-10]}9.1,56.2,7,0", header=f"{HEADER},P_max_kw,P_min_kw")
    assert after.resources[1].resource_id == before.resource_id
    assert after.resources[1].location != before.location


def test_the_sub_type_is_part_of_an_id(tmp_path: Path) -> None:
    assert (
        only(read(tmp_path, GOOD)).resource_id
        != only(read(tmp_path, GOOD, name="cafes-in-denmark.csv")).resource_id
    )


def test_a_row_that_stands_there_twice_is_imported_once_and_said(tmp_path: Path) -> None:
    assets = read(tmp_path, GOOD, 'Bar,"A 1, 7400 Herning, Denmark",9,56', GOOD)
    assert len(assets.resources) == 2
    assert not assets.problems
    assert [str(duplicate) for duplicate in assets.duplicates] == [
        "bars-in-denmark.csv line 4: is the same as bars-in-denmark.csv line 2; imported once"
    ]


def test_rows_of_one_name_at_other_places_are_resources_of_their_own(tmp_path: Path) -> None:
    rows = [f'Lader,"Torvet 1, 7400 Herning, Denmark",8.97{n},56.13' for n in range(3)]
    once, again = (read(tmp_path, *rows) for _ in range(2))
    assert len({resource.resource_id for resource in once.resources}) == 3
    assert once == again
    assert read(tmp_path, rows[0]).resources == once.resources[:1]


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("shops-in-denmark.csv", "bars-in-denmark.csv", "notes.txt"):
        write(tmp_path, GOOD, name=name)
    (tmp_path / "folder.csv").mkdir()
    found = [resource.resource_sub_type for resource in read_assets(tmp_path).resources]
    assert found == ["Bars", "Shops"]


def row(title: str = "Bar", address: str = "A 1, 7400 Herning, Denmark", rest: str = "9,56") -> str:
    return f'{title},"{address}",{rest}'


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (row(rest="x,56"), "longitude: 'x' is not a number"),
        (row(rest="9,nan"), "latitude: 'nan' is not a number"),
        (row(rest="inf,56"), "longitude: 'inf' is not a number"),
        (row(rest="9,1_0"), "latitude: '1_0' is not a number"),
        (row(rest='"8,97",56'), "longitude: '8,97' is not a number"),
        (row(rest="٩,56"), "longitude: '٩' is not a number"),
        (row(rest="9,"), "latitude: is empty"),
        (row(rest="9,1e999"), "latitude: inf lies outside the world (-90 to 90)"),
        (row(rest="9,90.01"), "latitude: 90.01 lies outside the world (-90 to 90)"),
        (row(rest="-180.5,56"), "longitude: -180.5 lies outside the world (-180 to 180)"),
        (row(rest="9"), "latitude: is missing: the row ends before it"),
        (row(rest="9,56,7"), "has 5 values for 4 columns: quote a value that has commas"),
        (row(title=""), "title: is empty"),
        (row(title="  "), "title: is empty"),
        (row(title="a" * 301), "title: has 301 characters: at most 300"),
        (row(title="=cmd()"), "title: '=cmd()' is a formula that a spreadsheet would run"),
        (row(title="@SUM(A1)"), "title: '@SUM(A1)' is a formula that a spreadsheet would run"),
        (row(address="=1, 7400 Herning, DK"), "address: '=1, 7400 Herning, DK' is a formula"),
        (row(title="a\0b"), r"title: has the control character \x00: take it out"),
        (row(title="a\x1b[31mb"), r"title: has the control character \x1b: take it out"),
        (row(title="a\x9b31mb"), r"title: has the control character \x9b: take it out"),
        (row(title="a\u202eb"), r"title: has the control character \u202e: take it out"),
        (row(title="a\tb"), r"title: has the control character \t: take it out"),
        (row(address=""), "address: is empty"),
        (row(address="Torvet 1"), "address: has no town"),
        (row(address="Torvet 1, 7400, Denmark"), "address: has no town"),
        ('"Bar,"A 1, 7400 Herning, Denmark",9,56', "the quotes do not fit"),
        ('Bar,"A 1, 7400 Herning, Denmark,9,56', "address: the quotes do not fit"),
        (f"Bar,{'a' * 1_000_000},9,56", f"address: the line is longer than {MAX_LINE:,} bytes"),
        (f"{'ø' * 500_000},a,9,56", f"title: the line is longer than {MAX_LINE:,} bytes"),
    ],
    ids=range(30),
)  # fmt: skip
def test_a_bad_row_is_named_and_the_others_are_read(tmp_path: Path, bad: str, said: str) -> None:
    assets = read(tmp_path, GOOD, bad, row(title="Last"))
    assert "bars-in-denmark.csv line 3" in complaint(assets)
    assert said in complaint(assets)
    assert str(assets.problems[0]).isprintable()
    assert [resource.resource_name for resource in assets.resources] == ["Café Ærø", "Last"]


def test_a_problem_reads_as_one_sentence(tmp_path: Path) -> None:
    assets = read(tmp_path, *([GOOD] * 5), row(rest="9,x"))
    assert complaint(assets) == "bars-in-denmark.csv line 7, latitude: 'x' is not a number"


def test_everything_wrong_with_a_row_is_named(tmp_path: Path) -> None:
    assets = read(tmp_path, row(title="=1", address="here", rest="x,99"))
    columns = ["title", "latitude", "longitude", "address"]
    assert [problem.column for problem in assets.problems] == columns
    assert not assets.resources


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("x,0", "P_max_kw: 'x' is not a number"),
        ("1,2", "P_min_kw: 2 is more than P_max_kw, 1"),
        ("1e9,0", "P_max_kw: 1e+09 is more than 10,000,000"),
        ("-30,", "P_min_kw: -10 is more than P_max_kw, -30"),
    ],
)
def test_impossible_capacities_are_named(tmp_path: Path, values: str, said: str) -> None:
    assets = read(tmp_path, f"{GOOD},{values}", header=f"{HEADER},P_max_kw,P_min_kw")
    assert said in complaint(assets)


def test_latin_1_is_refused_at_the_line_and_column_where_it_shows(tmp_path: Path) -> None:
    lines = [HEADER, row(), row(title="Café"), row(address="Ågade 1, 7400 Herning, Denmark"), row()]
    path = tmp_path / "bars-in-denmark.csv"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    assert [str(problem) for problem in read_assets(path).problems] == [
        "bars-in-denmark.csv line 3, title: is not UTF-8 (byte 0xe9): save the file as UTF-8",
        "bars-in-denmark.csv line 4, address: is not UTF-8 (byte 0xc5): save the file as UTF-8",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "bars-in-denmark.csv: is empty: it needs the columns title, address"),
        (b"\xef\xbb\xbf\n", "bars-in-denmark.csv: is empty"),
        (HEADER.encode(), "bars-in-denmark.csv line 1: there is a header but no row below it"),
        (f"{HEADER}\n \n".encode(), "there is a header but no row below it"),
        (b"title,longitude,latitude\nBar,9,56\n", "line 1, address: a column is missing: address"),
        (b"name\nBar\n", "a column is missing: title, address, longitude, latitude"),
        (b"title;address;longitude;latitude\n", "separate the columns by commas instead of semi"),
        (f"{HEADER},title\n".encode(), "line 1, title: the header names this column twice"),
        (f"{HEADER}\n".encode("utf-16"), "line 1: is not UTF-8 but UTF-16: save the file as UTF-8"),
        (b"\xe6,title\n", "line 1: is not UTF-8 (byte 0xe6)"),
        (b"x" * 2_000_000, "line 1: the line is longer than"),
        (HEADER.encode().replace(b",", b"\r"), "line 1: the quotes do not fit"),
    ],
    ids=range(12),
)
def test_a_file_that_cannot_be_used_is_one_problem(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "bars-in-denmark.csv").write_bytes(content)
    assets = read_assets(tmp_path)
    assert said in complaint(assets)
    assert not assets.resources


def test_a_file_without_a_sub_type_is_named_without_its_control_characters(tmp_path: Path) -> None:
    write(tmp_path, GOOD, name="-in\x1b[31m.csv")
    assert complaint(read_assets(tmp_path)) == (
        r"-in\x1b[31m.csv: begin the name with the sub type, as in bars-in-denmark.csv"
    )


def test_no_folder_and_no_file_in_it_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(VendashError, match=r"There is no folder .*missing: give --assets"):
        read_assets(tmp_path / "missing")
    with pytest.raises(VendashError, match=r"There is no CSV file in .* or --sample"):
        read_assets(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bars.csv")
    with pytest.raises(VendashError, match="There is no CSV file"):
        read_assets(tmp_path)
    with pytest.raises(VendashError, match="There is no folder"):
        read_assets(tmp_path / "bars.csv")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux's /proc")
def test_a_file_that_cannot_be_read_is_said_with_the_reason() -> None:
    with pytest.raises(VendashError, match=r"/proc/self/mem cannot be read: Input/output error\."):
        read_assets(Path("/proc/self/mem"))


def test_types_and_defaults_are_to_be_had_for_other_programs() -> None:
    assert type_of("EV-ChargingStations.csv") is ResourceType.EV
    assert default_capacities(ResourceType.DSR, "Hotels").p_max_kw == 50
