"""The Live screen of a moving fleet of 158 VENs: `python -m tests.screens.live_console FOLDER`."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from tests.screens.fleet import ACTOR, decide, open_fleet
from tests.screens.frozen import FrozenReader
from vendash.app import VendashApp
from vendash.filters import Query
from vendash.fleet import Fleet
from vendash.models import RegistrationStatus
from vendash.telemetry.ticks import Tick


class MovingReader(FrozenReader):
    """Every value moves every second, as those of a simulation do."""

    def latest(self) -> Tick | None:
        """The tick of this second."""
        self.at = float(int(time.time()))
        tick = super().latest()
        noise = np.random.default_rng(int(self.at)).normal(1.0, 0.02, len(self.kw))
        return None if tick is None else replace(tick, kw=(tick.kw * noise).astype(np.float32))


async def show(folder: Path) -> None:
    """Show it until its operator leaves."""
    async with await open_fleet(folder / "fleet.db") as store:
        keys = await store.keys(Query())
        await decide(store, keys, RegistrationStatus.APPROVED, actor="cli")
        rows = await store.rows(keys)
        many = [
            msgspec.structs.replace(rows[place % len(rows)], key=place, ven=f"Town {place % 158}")
            for place in range(988)
        ]
        live = MovingReader(time.time())
        live.take(many)
        app = VendashApp(Fleet(store, actor=ACTOR), live, folder, site="nord@pi3")
        app.call_later(app.switch_mode, "live")
        await app.run_async(mouse=False)


if __name__ == "__main__":
    asyncio.run(show(Path(sys.argv[1])))
