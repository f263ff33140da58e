"""The console over the small fleet, as a program: `python -m tests.screens.console DATABASE`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.screens.fleet import ACTOR, open_fleet
from tests.screens.readers import NoReader, SteadyReader
from vendash.app import VendashApp
from vendash.fleet import Fleet


async def show(database: Path, *options: str) -> None:
    """Show it until its operator leaves."""
    async with await open_fleet(database, read_only="--read-only" in options) as store:
        live = await SteadyReader.of(store) if "--live" in options else NoReader()
        folder = database.parent
        app = VendashApp(Fleet(store, actor=ACTOR), live, folder, site="nord@pi3")
        await app.run_async(mouse=False)


if __name__ == "__main__":
    asyncio.run(show(Path(sys.argv[1]), *sys.argv[2:]))
