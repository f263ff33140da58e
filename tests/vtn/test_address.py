"""Where the VTN is, and what is no address."""

from __future__ import annotations

import pytest

from vendash.errors import VendashError
from vendash.vtn.address import is_loopback, same_host, vtn_address


@pytest.mark.parametrize(
    ("url", "environ", "address"),
    [
        (None, {}, "http://localhost:8000"),
        ("http://host:9/", {"VTN_SERVER_ADDRESS": "http://other"}, "http://host:9"),
        ("https://Host/openadr3/3.1.0/", {}, "https://host/openadr3/3.1.0"),
        (None, {"VTN_SERVER_ADDRESS": "http://h:1"}, "http://h:1"),
        (None, {"VTN_SERVER_ADDRESS": "http://h:1/", "VTN_API_PREFIX": "/a/b/"}, "http://h:1/a/b"),
        (None, {"VTN_API_PREFIX": "/a"}, "http://localhost:8000"),
        ("http://[::1]:8000", {}, "http://[::1]:8000"),
    ],
)
def test_the_option_wins_then_the_environment_then_the_default(
    url: str | None, environ: dict[str, str], address: str
) -> None:
    assert vtn_address(url, environ) == address


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:8000", "begin with http://"),
        ("ftp://host", "begin with http://"),
        ("http://", "not the address"),
        ("http://host:port", "not the address"),
        ("http://host:0", "not the address"),
        ("http://ho st", "not the address"),
        ("http://host\x1b[2J", "not the address"),
        ("http://host?x=1", "without '?'"),
        ("http://[::1", "not the address"),
    ],
)
def test_nonsense_is_an_error_that_says_what_an_address_looks_like(url: str, words: str) -> None:
    with pytest.raises(VendashError, match="--vtn-url") as error:
        vtn_address(url, {})
    assert words in str(error.value)
    assert "\x1b" not in str(error.value)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(VendashError) as error:
        vtn_address(None, {"VTN_SERVER_ADDRESS": "ftp://anna:hunter2@host"})
    assert "hunter2" not in str(error.value)
    assert "OAUTH_CLIENT_ID" in str(error.value)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://localhost:8000", True),
        ("http://127.0.0.5", True),
        ("http://[::1]:80", True),
        ("http://vtn.localhost", True),
        ("http://localhost.example.com", False),
        ("http://10.0.0.1", False),
    ],
)
def test_loopback_is_this_machine_only(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


def test_the_same_host_may_have_another_port_but_not_another_name() -> None:
    assert same_host("https://vtn.example.com/x", "https://vtn.example.com:8443/token")
    assert same_host("http://localhost:8000", "http://127.0.0.1:8000/auth/token")
    assert not same_host("https://vtn.example.com", "https://example.com")
