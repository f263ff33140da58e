"""`make bench`: every figure against a floor measured in the same run, or a limit, as one table.

`make bench ARGS="store sim"` runs only those modules.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

import tests.benchmarks
from tests.benchmarks.ratio import Budget, Ratio


def names() -> list[str]:
    """The modules with a `run()` that returns a list of ratios and budgets."""
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
        found: Sequence[Ratio | Budget] = importlib.import_module(
            f"tests.benchmarks.bench_{name}"
        ).run()
        for one in found:
            table.add_row(*_cells(one))
    console.print(table)


def _cells(one: Ratio | Budget) -> tuple[str, ...]:
    verdict = "" if one.good else "over"
    ours = f"{_figure(one.ours)} {one.unit}"
    if isinstance(one, Budget):
        return one.name, ours, "", "", f"{_figure(one.limit)} {one.unit}", verdict
    floor = f"{_figure(one.floor)} {one.unit}"
    return one.name, ours, floor, f"{one.ratio:.2f}", f"{one.goal:g}", verdict


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


if __name__ == "__main__":
    main()
