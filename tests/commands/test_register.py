"""`vendash register` against a real VTN process."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.commands.conftest import Vendash
from tests.peer import Peer, peer


@pytest.fixture
def vtn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """A VTN with its address and credentials in the environment."""
    with peer() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def test_everything_is_registered_once_and_again_nothing_is_sent_twice(
    vendash: Vendash, prepared: Path, vtn: Peer
) -> None:
    first = vendash("register", "--json")
    again = vendash("register", "--json")
    assert first.code == again.code == 0
    assert first.json["vens"] == {"registered": 3, "already": 0, "failed": 0}
    assert first.json["resources"] == {"registered": 4, "already": 0, "failed": 0}
    assert again.json["vens"] == {"registered": 0, "already": 3, "failed": 0}
    assert again.json["resources"] == {"registered": 0, "already": 4, "failed": 0}
    assert first.json["failures"] == []
    assert vtn.count() == (3, 4)


def test_what_the_vtn_holds_already_is_adopted_by_a_new_database(
    vendash: Vendash, prepared: Path, vtn: Peer, assets: Path
) -> None:
    vendash("register")
    vendash("prepare", "--assets", assets, "--db-path", "new.db")
    said = vendash("register", "--db-path", "new.db", "--json")
    assert said.json["vens"] == {"registered": 0, "already": 3, "failed": 0}
    assert said.json["resources"] == {"registered": 0, "already": 4, "failed": 0}
    assert vtn.count() == (3, 4)


def test_limit_takes_the_first_vens_by_name(vendash: Vendash, prepared: Path, vtn: Peer) -> None:
    said = vendash("register", "--limit", "1", "--json")
    assert (said.json["vens"]["registered"], said.json["resources"]["registered"]) == (1, 1)
    assert vtn.count() == (1, 1)


def test_a_run_that_goes_on_says_what_is_there_already(
    vendash: Vendash, prepared: Path, vtn: Peer
) -> None:
    assert "already" not in vendash("register", "--limit", "1").err
    said = vendash("register")
    assert said.err == (
        f"Registering 3 VENs at {vtn.url} ... 2 of 7 VENs and resources are there already.\n"
    )
    assert "At the VTN now: 3 of 3 VENs, 4 of 4 resources." in said.out


def test_only_the_named_ven_is_registered(vendash: Vendash, prepared: Path, vtn: Peer) -> None:
    said = vendash("register", "--ven", "Herning", "--json")
    assert said.json["resources"]["registered"] == 2
    assert vtn.count() == (1, 2)


def test_the_summary_is_the_one_users_know(vendash: Vendash, prepared: Path, vtn: Peer) -> None:
    said = vendash("register")
    assert "REGISTRATION SUMMARY" in said.out
    assert "Total VENs processed:               3" in said.out


@pytest.mark.parametrize("path", ["", "/openadr3/3.1.0"])
def test_the_address_may_have_a_path(
    vendash: Vendash, prepared: Path, vtn: Peer, path: str
) -> None:
    said = vendash("register", "--vtn-url", vtn.url + path, "--json")
    assert said.json["resources"]["registered"] == 4


def test_a_3_0_1_vtn_is_found_out_by_reading(
    vendash: Vendash, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with peer(dialect="3.0.1") as old:
        for name, value in old.environment.items():
            monkeypatch.setenv(name, value)
        assert vendash("register", "--json").json["resources"]["registered"] == 4
        assert old.count() == (3, 4)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_vtn_that_refuses_connections_is_named_and_nothing_is_lost(
    vendash: Vendash, prepared: Path
) -> None:
    port = free_port()
    said = vendash("register", "--vtn-url", f"http://127.0.0.1:{port}", "--no-auth", "--json")
    assert said.code == 1
    nothing = {"registered": 0, "already": 0, "failed": 0}
    assert said.json["resources"] == {**nothing, "waiting": 4}
    assert said.json["vens"] == {**nothing, "waiting": 3}
    assert said.json["failures"] == []
    assert "refuses the connection" in said.json["error"]
    assert vendash("audit", "--json").json["actions"][0]["verb"] == "register"


def test_a_wrong_secret_is_said_and_never_shown(
    vendash: Vendash, prepared: Path, vtn: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "wr0ng-s3cret")
    said = vendash("register")
    assert said.code == 1
    assert "The VTN refuses the client id or secret" in said.out
    assert "wr0ng-s3cret" not in said.out + said.err
    assert said.err == f"Registering 3 VENs at {vtn.url} ...\n"  # it is said once
    assert vtn.count() == (0, 0)


class _LoginPage(BaseHTTPRequestHandler):
    """Answers everything with HTML, or with a redirect."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", "text/html")
        if self.status == 302:
            self.send_header("Location", "http://127.0.0.1:1/login")
        body = b"<html><body>Please log in</body></html>"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 (the names of http.server)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture(params=[200, 302])
def login_page(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that is not a VTN; its address."""
    handler = type("Handler", (_LoginPage,), {"status": request.param})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_login_page_or_a_redirect_is_no_vtn_and_that_is_said(
    vendash: Vendash, prepared: Path, login_page: str
) -> None:
    said = vendash("register", "--vtn-url", login_page, "--no-auth", "--json")
    assert said.code == 1
    assert said.json["error"].endswith(".")
    assert said.json["resources"]["registered"] == 0
    assert "Traceback" not in said.err


def test_without_an_engine_a_decision_says_how_many_wait_for_one(
    vendash: Vendash, prepared: Path, vtn: Peer
) -> None:
    vendash("register", "--ven", "Herning")
    assert "2 wait to be told to the VTN" in vendash("approve", "--ven", "Herning").out
    assert "wait" not in vendash("approve", "--ven", "Aalborg").out  # never sent, and not wanted
