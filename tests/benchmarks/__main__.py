"""`make bench`: every figure against a floor measured in the same run, as one table.

`make bench ARGS="store sim"` runs only those modules.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

from rich.console import Console
from rich.table import Table

import tests.benchmarks
from tests.benchmarks.ratio import Ratio


def names() -> list[str]:
    """The modules with a `run() -> list[Ratio]`."""
    found = (one.name for one in pkgutil.iter_modules(tests.benchmarks.__path__))
    return sorted(name.removeprefix("bench_") for name in found if name.startswith("bench_"))


def main() -> None:
    """Run them one after another, so that none disturbs another, and print the table."""
    console = Console()
    table = Table("what", "ours", "floor", "ratio", "goal", "")
    for column in table.columns[1:5]:
        column.justify = "right"
    for name in sys.argv[1:] or names():
        console.print(f"{name} ...", style="dim")
        ratios: list[Ratio] = importlib.import_module(f"tests.benchmarks.bench_{name}").run()
        for one in ratios:
            table.add_row(
                one.name,
                f"{one.ours:,.4g} {one.unit}",
                f"{one.floor:,.4g} {one.unit}",
                f"{one.ours / one.floor:.2f}",
                f"{one.goal:g}",
                "" if one.ours <= one.goal * one.floor else "over",
            )
    console.print(table)


main()
