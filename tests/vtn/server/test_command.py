"""The VTN as a process: what it says, what it needs, how it ends."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from tests.vtn.server.client import ssl_context, ven
from tests.vtn.server.process import running, start

OWN = {"OAUTH_CLIENT_ID": "mine", "OAUTH_CLIENT_SECRET": "of my own"}


def test_it_announces_a_port_that_is_open_and_credentials_that_are_let_in() -> None:
    with running(start()) as vtn, vtn.client() as client:
        assert client.get("/vens").status_code == 200
        assert client.get("/health").text == "OK"
        assert len(str(vtn.announced["client_secret"])) >= 24


def test_credentials_of_the_environment_are_let_in() -> None:
    with running(start(environ=OWN)) as vtn, vtn.client() as client:
        assert vtn.announced["client_id"] == "mine"
        assert client.get("/vens").status_code == 200


def test_for_a_person_it_shows_the_secret_it_made_but_not_one_it_was_given() -> None:
    for environ, shown in ((None, True), (OWN, False)):
        with start(announce="text", environ=environ, exit_with_stdin=True) as process:
            assert process.stdout is not None
            head = [process.stdout.readline() for _ in range(4)]
            out, err = process.communicate(input="", timeout=10)
        text = "".join(head) + out + err
        assert "http://127.0.0.1:" in text
        assert ("OAUTH_CLIENT_SECRET=" in text) is shown
        assert "of my own" not in text


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


def test_without_exit_with_stdin_it_goes_on() -> None:
    """The control of the test above."""
    with running(start(exit_with_stdin=False)) as vtn, vtn.client() as client:
        assert vtn.process.stdin is not None
        vtn.process.stdin.close()
        for _ in range(20):
            assert client.get("/vens").status_code == 200
        assert vtn.process.poll() is None


def test_no_auth_lets_anyone_in() -> None:
    with running(start(auth=False)) as vtn:
        assert vtn.announced["client_id"] is None
        assert httpx.get(f"{vtn.url}/vens", verify=ssl_context()).status_code == 200


def refusal(**options: object) -> str:
    with start(**options) as process:  # type: ignore[arg-type]
        _out, err = process.communicate(timeout=20)
        assert process.returncode == 1
    return err.strip()


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = refusal(port=taken.getsockname()[1])
    assert "choose another --host or --port" in said
    assert len(said.splitlines()) == 1


def test_half_of_the_credentials_or_none_for_the_world_is_refused() -> None:
    assert "Set both" in refusal(environ={"OAUTH_CLIENT_ID": "x"})
    assert "needs credentials of yours" in refusal(host="0.0.0.0")  # noqa: S104
