"""Killed at any moment and started again, everything is registered exactly once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fleets import make_database
from tests.peer import Peer, peer
from vendash.models import VtnState
from vendash.store import open_store
from vendash.vtn.auth import Credentials
from vendash.vtn.client import Vtn

KILLS = int(os.environ.get("VENDASH_KILLS", "3"))
"""`make soak` asks for 100."""
VENS = {f"By {number:02}": 15 * max(1, KILLS // 3) for number in range(8)}
RESOURCES = sum(VENS.values())


def register(database: Path, vtn: Peer) -> subprocess.Popen[str]:
    """`vendash register`, started."""
    return subprocess.Popen(
        [sys.executable, "-m", "vendash", "register", "--db-path", str(database), "--json"],
        env={**os.environ, **vtn.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_more(vtn: Peer, than: int) -> int:
    """Until the VTN holds more resources, or all of them; how many."""
    deadline = time.monotonic() + 20
    while (held := vtn.count()[1]) <= than and held < RESOURCES:
        assert time.monotonic() < deadline, "nothing more arrives at the VTN"
        time.sleep(0.01)
    return held


async def names_at(vtn: Peer) -> Counter[str]:
    """How often each resource name is at the VTN."""
    names: Counter[str] = Counter()
    client = Vtn(vtn.url, credentials=Credentials(vtn.client_id, vtn.client_secret))
    async with client.connect() as connection:
        async for page in connection.pages("/resources"):
            names.update(one.name for one in page)
    return names


async def test_killed_in_the_middle_of_a_registration_again_and_again(tmp_path: Path) -> None:
    """Exactly as many VENs and resources there as here, each once, and every id known here."""
    chance = random.Random(1)
    database = await make_database(tmp_path / "fleet.db", VENS)
    with peer() as vtn:
        held = 0
        for _ in range(KILLS):
            process = register(database, vtn)
            held = await asyncio.to_thread(wait_for_more, vtn, held + chance.randrange(30))
            await asyncio.sleep(chance.random() / 20)
            process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(process.communicate)
        out, errors = await asyncio.to_thread(register(database, vtn).communicate)
        said = json.loads(out)
        assert "vendash:" not in errors
        assert said["failures"] == []
        assert said["resources"]["registered"] + said["resources"]["already"] == RESOURCES
        assert await asyncio.to_thread(vtn.count) == (len(VENS), RESOURCES)
        there = await names_at(vtn)
    assert set(there.values()) == {1}
    async with await open_store(database) as store:
        rows = await store.vens()
        assert all(row.vtn is VtnState.OK and row.remote_id for row in rows)
        assert sum(row.accepted for row in rows) == RESOURCES
