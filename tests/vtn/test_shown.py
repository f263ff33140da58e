"""What a preview shows is what would be sent, and never a secret."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from tests.vtn.ledger import fleet
from vendash.models import ResourceWork
from vendash.vtn.dialects import DIALECTS, dialect_named
from vendash.vtn.dialects.base import Request
from vendash.vtn.moves import Others
from vendash.vtn.shown import shown

WORK = ResourceWork(
    key=1,
    resource=fleet(1, 1)[0],
    revision=1,
    ven_remote_id="v1",
    client_id="vendash-town0",
    remote_id=None,
    doubtful=False,
)


@pytest.mark.parametrize("name", DIALECTS)
def test_method_url_headers_and_the_whole_body_are_shown(name: str) -> None:
    dialect = dialect_named(name)
    request = dialect.create(WORK)
    head, _, body = shown(request, dialect, base="https://vtn.example.com/api").partition("\n\n")
    assert head.splitlines()[:2] == [
        f"# OpenADR {name}",
        f"POST https://vtn.example.com/api{request.path}",
    ]
    assert "Authorization: Bearer ***" in head
    assert "Content-Type: application/json" in head
    assert request.body is not None
    assert json.loads(body) == json.loads(request.body)


def test_nothing_shown_can_steer_a_terminal() -> None:
    hostile = replace(WORK.resource, resource_name="a\x1b[2J\x9b1m\u202eb")
    dialect = dialect_named("3.1")
    text = shown(dialect.create(replace(WORK, resource=hostile)), dialect)
    assert all(line.isprintable() for line in text.splitlines())


def test_a_query_is_part_of_the_url_and_no_token_is_no_header() -> None:
    dialect = dialect_named("3.1")
    text = shown(Request("GET", "/vens", (("venName", "Køge"),)), dialect, token=False)
    assert "GET /vens?venName=K%C3%B8ge" in text
    assert "Authorization" not in text


def test_what_a_vtn_has_no_call_for_is_said_not_to_be_sent() -> None:
    dialect = dialect_named("energydesk")
    text = shown(dialect.replace(WORK, "r", Others()), dialect)
    assert "# Not sent: This VTN cannot change a resource" in text
