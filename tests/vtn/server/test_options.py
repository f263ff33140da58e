"""What `vendash vtn` is told: by a file, and over it by the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.vtn.server.client import ssl_context
from vendash.errors import VendashError
from vendash.vtn.server import Faults
from vendash.vtn.server.options import VtnOptions, read_options

DOCUMENT = Path(__file__).parents[3] / "docs" / "testbed.md"


def config(folder: Path, text: str) -> Path:
    """A file with this text."""
    path = folder / "vendash.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_and_an_option_it_is_a_good_vtn_on_loopback() -> None:
    assert read_options(None, {"port": None}, []) == VtnOptions()


def test_the_command_line_goes_over_the_file(tmp_path: Path) -> None:
    path = config(
        tmp_path,
        """
        [engine]
        of = "another program"
        [vtn-server]
        port = 9000
        dialect = "energydesk"
        control = true
        faults = { order = "newest", error_503 = 0.5, retry_after_s = 2 }
        """,
    )
    given = {"port": 9001, "host": None}
    options = read_options(path, given, ["error_503=0", "retry-after-s=none", "scope=list"])
    assert options == VtnOptions(
        port=9001, dialect="energydesk", control=True, faults=Faults(order="newest", scope="list")
    )


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("delay_s=0.05", Faults(delay_s=0.05)),
        ("reject_token_403=true", Faults(reject_token_403=True)),
        ("token_life_s=5", Faults(token_life_s=5)),
        ("body_409=list", Faults(body_409="list")),
    ],
)
def test_a_fault_is_written_as_text(fault: str, expected: Faults) -> None:
    assert read_options(None, {}, [fault]).faults == expected


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("eror_503=1", "do you mean error_503?"),
        ("x=1", "they are delay_s, "),
        ("error_503=2", "error_503= takes a number from 0 to 1."),
        ("error_503", "error_503= takes a number from 0 to 1."),
        ("retry_after_s=-1", "takes a whole number from 0"),
        ("dates=x", "takes absent or rfc3339 or spaced or time."),
        ("reject_token_403=x", "takes true or false."),
        ("seed=x", "takes a whole number."),
    ],
)
def test_a_fault_that_is_none_is_one_sentence(fault: str, said: str) -> None:
    with pytest.raises(VendashError, match="--fault: ") as caught:
        read_options(None, {}, [fault])
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[vtn-server", "is not valid TOML"),
        ("[engine]", "has no table [vtn-server]"),
        ("vtn-server = 1", "has no table [vtn-server]"),
        ("[vtn-server]\nprot = 1", "unknown field `prot`"),
        ("[vtn-server]\nport = '1'", "Expected `int`, got `str`"),
        ("[vtn-server.faults]\nerror_503 = 2", "Expected `float` <= 1.0"),
        ("#" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_file_that_is_wrong_is_one_sentence(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(VendashError) as caught:
        read_options(config(tmp_path, text), {}, [])
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(VendashError, match="cannot be read"):
        read_options(tmp_path / "none.toml", {}, [])


def test_the_page_on_the_test_bed_names_every_fault() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [name for name in Faults.__struct_fields__ if f"`{name}`" not in text] == []


def test_the_command_takes_them_all(tmp_path: Path) -> None:
    path = config(tmp_path, '[vtn-server]\ncontrol = true\nfaults = { order = "newest" }')
    command = [sys.executable, "-m", "vendash", "vtn", "--port", "0", "--no-auth", "--announce"]
    options = ["--config", str(path), "--fault", "seed=7", "--dialect", "energydesk"]
    with subprocess.Popen(
        [*command, *options, "--with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        url = json.loads(process.stdout.readline())["url"]
        with httpx.Client(base_url=url, verify=ssl_context()) as client:
            faults = client.get("/_control/faults").json()
            assert client.get("/openadr3/openapi.json").status_code == 200
        process.stdin.close()
        assert process.wait(timeout=10) == 0
    assert (faults["order"], faults["seed"]) == ("newest", 7)
