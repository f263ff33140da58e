"""Every name that was promised to stay is here, and in the table of docs/original.md."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.original import oldfile
from vendash import original

DOCUMENT = Path(__file__).parents[2] / "docs" / "original.md"
METHODS = {
    "ResourceDatabase": [
        "insert_connection",
        "insert_resource",
        "get_resource",
        "get_resources_by_type",
        "get_resources_by_ven",
        "get_resources_by_ven_and_status",
        "get_all_resources",
        "update_resource",
        "update_resource_status",
        "get_ven_list",
        "get_statistics",
        "clear_all_resources",
    ],
    "MeterDataSimulator": [
        "initialize_resources",
        "vens",
        "pending_resources",
        "approved_resources",
        "suspended_resources",
        "get_ven_resources",
        "update_resource_status",
        "get_statistics",
        "increase_time",
        "collect_next_metering",
        "reset",
    ],
}
FUNCTIONS = [
    "initialize_simulator",
    "load_vens_from_sqlite",
    "load_ven_resources_from_sqlite",
    "sample_registration",
    "get_access_token",
    "generate_resources",
]
LATER = ("startup", "poll_events", "respond_to_event", "create_report")
IN_MEMORY = {
    "vens", "pending_resources", "approved_resources", "suspended_resources",
    "get_ven_resources", "increase_time", "reset",
}  # fmt: skip


@pytest.mark.parametrize("name", [*METHODS, *FUNCTIONS])
def test_a_promised_name_can_be_imported_and_is_documented(name: str) -> None:
    assert name in original.__all__
    assert hasattr(original, name)
    assert f"`{name}(" in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, names in METHODS.items() for name in names]
)
def test_a_promised_method_is_there_and_documented(owner: str, name: str) -> None:
    assert hasattr(getattr(original, owner), name)
    assert re.search(rf"[.`]{name}\b", DOCUMENT.read_text(encoding="utf-8"))


def test_what_touches_disk_or_network_is_awaited_and_nothing_else() -> None:
    for name in FUNCTIONS:
        assert inspect.iscoroutinefunction(getattr(original, name)), name
    for owner, names in METHODS.items():
        in_memory = IN_MEMORY | ({"get_statistics"} if owner == "MeterDataSimulator" else set())
        for name in names:
            method = getattr(getattr(original, owner), name)
            assert inspect.iscoroutinefunction(method) == (name not in in_memory), name


@pytest.mark.parametrize("name", LATER)
def test_what_comes_later_is_not_pretended_and_said(name: str) -> None:
    assert not hasattr(original, name)
    assert f"`{name}`" in DOCUMENT.read_text(encoding="utf-8")


def test_the_example_of_the_document_is_python_over_names_that_exist() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    compile(example, str(DOCUMENT), "exec")
    (imported,) = re.findall(r"from vendash\.original import \((.*?)\)", example, re.S)
    assert {name.strip() for name in imported.split(",") if name.strip()} <= set(original.__all__)


def test_a_script_that_closes_nothing_still_ends(tmp_path: Path) -> None:
    path = oldfile.write(tmp_path / "resources.db", statuses=["APPROVED"] * 3)
    script = (
        "import asyncio, sys\n"
        "from vendash.original import ResourceDatabase, initialize_simulator\n"
        "async def main():\n"
        "    db = ResourceDatabase(sys.argv[1])\n"
        "    simulator = await initialize_simulator(db_path=sys.argv[1])\n"
        "    found = await simulator.collect_next_metering()\n"
        "    print(len(await db.get_all_resources()), len(found))\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "3 3\n", "")
