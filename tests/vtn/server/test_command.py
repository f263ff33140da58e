"""The VTN as a process: what it says, what it needs, how it ends."""

from __future__ import annotations

import asyncio
import io
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from tests.vtn.server.client import fetch_token, ssl_context, ven
from tests.vtn.server.process import running, start
from vendash.errors import VendashError
from vendash.vtn.server import run_vtn

OWN = {"OAUTH_CLIENT_ID": "mine", "OAUTH_CLIENT_SECRET": "of my own"}


class Announcement(io.StringIO):
    """A stream that says when something was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.made = asyncio.Event()

    def flush(self) -> None:
        super().flush()
        self.made.set()


async def test_for_a_person_it_shows_the_secret_it_made() -> None:
    out = Announcement()
    running_vtn = asyncio.create_task(run_vtn(port=0, out=out, environ={}))
    await out.made.wait()
    lines = out.getvalue().splitlines()
    words = dict(line.split("=") for line in lines if "=" in line)
    url = lines[0].split()[-1]
    assert await fetch_token(url, words["OAUTH_CLIENT_ID"], words["OAUTH_CLIENT_SECRET"])
    running_vtn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running_vtn


async def test_credentials_of_the_environment_are_let_in_and_not_shown() -> None:
    out = Announcement()
    running_vtn = asyncio.create_task(run_vtn(port=0, out=out, environ=OWN))
    await out.made.wait()
    url = out.getvalue().splitlines()[0].split()[-1]
    assert await fetch_token(url, "mine", "of my own")
    assert "of my own" not in out.getvalue()
    running_vtn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running_vtn


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_within_two_seconds_also_with_clients_connected(
    number: signal.Signals, tmp_path: Path
) -> None:
    with running(start(state_file=tmp_path / "vtn.db")) as vtn, vtn.client() as client:
        client.post("/vens", json=ven("3.1", "A"))
        started = time.monotonic()
        vtn.process.send_signal(number)
        assert vtn.process.wait(timeout=10) == 0
        assert time.monotonic() - started < 2.0
        errors = vtn.process.communicate()[1]
    assert errors == ""


def test_it_ends_when_its_parent_lets_go_of_its_standard_input() -> None:
    with running(start(exit_with_stdin=True)) as vtn, vtn.client() as client:
        assert client.get("/vens").status_code == 200
        assert vtn.process.stdin is not None
        vtn.process.stdin.close()
        assert vtn.process.wait(timeout=5) == 0


def test_without_being_told_so_it_outlives_its_standard_input() -> None:
    """The control of the test above; and without authentication anyone is let in."""
    with running(start(exit_with_stdin=False, auth=False)) as vtn:
        assert vtn.announced["client_id"] is None
        assert vtn.process.stdin is not None
        vtn.process.stdin.close()
        with httpx.Client(base_url=vtn.url, verify=ssl_context()) as client:
            for _ in range(20):
                assert client.get("/vens").status_code == 200
        assert vtn.process.poll() is None


async def refusal(
    host: str = "127.0.0.1", port: int = 0, environ: Mapping[str, str] | None = None
) -> str:
    with pytest.raises(VendashError) as caught:
        async with asyncio.timeout(10):
            await run_vtn(host, port, environ=environ or {})
    said = str(caught.value)
    assert len(said.splitlines()) == 1
    return said


async def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = await refusal(port=taken.getsockname()[1])
    assert "choose another --host or --port" in said
    assert "cannot listen" in await refusal(host="192.0.2.1", environ=OWN)
    assert "cannot listen" in await refusal(host="x" * 64, environ=OWN)
    assert "from 0 to 65535" in await refusal(port=70_000)


async def test_half_of_the_credentials_or_none_for_the_world_is_refused() -> None:
    assert "Set both" in await refusal(environ={"OAUTH_CLIENT_ID": "x"})
    assert "needs credentials of yours" in await refusal(host="0.0.0.0")  # noqa: S104
