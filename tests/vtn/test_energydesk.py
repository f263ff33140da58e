"""The EnergyDesk dialect: snake_case, whole lists, and no call to change anything."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.vtn.ledger import fleet
from vendash.models import RegistrationStatus, ResourceWork, VenWork
from vendash.vtn.dialects import dialect_named
from vendash.vtn.dialects.base import Request, name_of
from vendash.vtn.moves import Others

VEN = VenWork(name="Køge", client_id="vendash-koege", revision=1, remote_id=None, doubtful=False)
RESOURCE = ResourceWork(
    key=1,
    resource=fleet(1, 2)[1],
    revision=1,
    ven_remote_id="v1",
    client_id="vendash-town0",
    remote_id=None,
    doubtful=False,
)
DIALECT = dialect_named("energydesk")


def created(item: VenWork | ResourceWork) -> Any:  # noqa: ANN401
    request = DIALECT.create(item)
    assert request.body is not None
    return json.loads(request.body)


def as_held(**changes: object) -> bytes:
    return msgspec.json.encode(created(RESOURCE) | changes)


@pytest.mark.parametrize("name", ["energydesk", "EnergyDesk", " energydesk "])
def test_it_has_a_name_in_any_case(name: str) -> None:
    assert dialect_named(name).name == "energydesk"


def test_a_ven_is_created_by_name_alone() -> None:
    assert DIALECT.create(VEN).path == "/vens"
    assert created(VEN) == {"ven_name": "Køge", "client_name": "vendash"}


def test_a_resource_is_created_under_our_id_with_attributes_of_text_and_its_place() -> None:
    body = created(RESOURCE)
    resource = RESOURCE.resource
    assert DIALECT.create(RESOURCE).path == "/resources"
    assert (body["id"], body["resource_name"]) == (resource.resource_id, resource.resource_name)
    assert (body["resource_type"], body["ven_name"]) == (resource.resource_type, "Town0")
    assert body["service_location"] == {
        "meterpoint_id": resource.meter_point_id,
        "latitude": 55.001,
        "longitude": 9.0,
        "address": "Storegade 1",
    }
    attributes = {one["attribute_name"]: one for one in body["attributes"]}
    assert attributes["p_max_kw"] == {
        "resource_id": resource.resource_id,
        "attribute_name": "p_max_kw",
        "attribute_type": "p_max_kw",
        "attribute_values": ["11.0"],
    }
    assert attributes["status"]["attribute_type"] == "prequalification"
    assert attributes["status"]["attribute_values"] == ["PENDING"]
    assert set(attributes) == {
        "meter_point_id", "connection", "p_max_kw", "p_min_kw", "e_max_kwh", "e_min_kwh",
        "address", "latitude", "longitude", "enabled", "status",
    }  # fmt: skip


def test_lists_are_asked_for_whole_and_searched_here() -> None:
    for item, path in ((VEN, "/vens"), (RESOURCE, "/resources")):
        assert DIALECT.page(path, 50, (("name", "x"),)) == Request("GET", path)
        assert DIALECT.find(item, 50).query == (("name", name_of(item)),)
        read = DIALECT.read(item, "x")
        assert (read.method, read.path, read.one_of) == ("GET", path, "x")


def test_what_the_vtn_has_no_call_for_says_so() -> None:
    assert "cannot change a resource" in DIALECT.replace(RESOURCE, "r", Others()).cannot
    assert "cannot delete a VEN" in DIALECT.delete(VEN, "v").cannot


def test_what_the_vtn_leaves_out_does_not_differ_and_what_it_says_otherwise_does() -> None:
    held = DIALECT.compared(RESOURCE, b'{"id": "r"}')
    assert (held.remote_id, held.differs) == ("r", ())
    assert DIALECT.compared(RESOURCE, as_held()).differs == ()
    other = as_held(ven_name="Elsewhere", resource_name="Other\x1b[2J")
    assert DIALECT.fields(RESOURCE, other) == [
        ("name", "Café [Æble] 1", "Other\\x1b[2J"),
        ("VEN", "Town0", "Elsewhere"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "same"),
    [
        ("p_max_kw", "11", True),
        ("p_max_kw", 11, True),
        ("p_max_kw", "12.0", False),
        ("p_max_kw", [11], False),
        ("enabled", "true", True),
        ("enabled", True, True),
        ("enabled", "False", False),
        ("status", "APPROVED", False),
    ],
)
def test_attributes_are_compared_by_what_they_mean(name: str, value: object, same: bool) -> None:
    attributes = [{"attribute_name": name, "attribute_values": [value]}]
    held = DIALECT.compared(RESOURCE, as_held(attributes=attributes))
    assert held.differs == (() if same else ("prequalification" if name == "status" else name,))


def test_a_list_names_resources_by_id_and_vens_by_name() -> None:
    status = {"attribute_name": "status", "attribute_values": ["approved"]}
    body = msgspec.json.encode(
        [
            {"id": "r1", "resource_name": "Bar", "ven_name": "Køge", "attributes": [status]},
            {"id": 7, "ven_name": "Køge", "modification_date_time": "2026-11-21 23:30:27"},
        ]
    )
    resource, ven = DIALECT.listed(body)
    assert (resource.id, resource.name) == ("r1", "r1")
    assert resource.status is RegistrationStatus.APPROVED
    assert (ven.id, ven.name, ven.stamp) == ("7", "Køge", "2026-11-21T23:30:27.000000Z")


@pytest.mark.parametrize(
    ("body", "secret"),
    [
        ({"id": "v", "ven_name": "Køge", "auth_token": "t"}, "t"),
        ({"id": "v", "ven_name": "Køge", "auth_token": None}, None),
        ({"id": "v", "ven_name": "Køge", "auth_token": ["t"]}, None),
        ({"id": "v"}, None),
        ([], None),
    ],
)
def test_the_token_of_a_ven_is_in_the_answer_to_its_creation(
    body: object, secret: str | None
) -> None:
    assert DIALECT.ven_secret(msgspec.json.encode(body)) == secret


@pytest.mark.parametrize("body", [b"", b"{}", b'{"id": ".."}', b'{"id": []}', b"[" * 100_000])
def test_what_is_no_object_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (of any text)
        DIALECT.compared(RESOURCE, body)
