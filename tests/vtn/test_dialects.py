"""What is written to a VTN is what the official files say; what is read may be nearly anything."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.vtn.ledger import fleet
from tests.vtn.server.contract import check_schema
from vendash.errors import VendashError
from vendash.models import Capacities, RegistrationStatus, ResourceType, ResourceWork, VenWork
from vendash.vtn.dialects import DIALECTS, Dialect, dialect_named
from vendash.vtn.dialects.attributes import attributes_of
from vendash.vtn.moves import Held, Others

VEN = VenWork(name="Køge", client_id="vendash-koege", revision=1, remote_id=None, doubtful=False)
RESOURCE = ResourceWork(
    key=1,
    resource=fleet(1, 2)[1],
    revision=1,
    ven_remote_id="v/1",
    client_id="vendash-town0",
    remote_id=None,
    doubtful=False,
)
OTHERS = Others(attributes=(b'{"type":"AREA","values":[1]}',))
V31, V30, ENERGYDESK = (dialect_named(name) for name in DIALECTS)
PROBE = msgspec.json.encode


def sent(dialect: Dialect, item: VenWork | ResourceWork, others: Others = OTHERS) -> Any:  # noqa: ANN401
    request = dialect.replace(item, "r", others)
    assert request.body is not None
    return msgspec.json.decode(request.body)


@pytest.mark.parametrize(
    ("dialect", "item", "schema"),
    [
        (V31, VEN, "BlVenRequest"),
        (V31, RESOURCE, "BlResourceRequest"),
        (V30, VEN, "ven"),
        (V30, RESOURCE, "resource"),
    ],
)
def test_bodies_are_as_the_official_file_says_and_hold_no_null(
    dialect: Dialect, item: VenWork | ResourceWork, schema: str
) -> None:
    if isinstance(item, ResourceWork):
        item = replace(item, ven_remote_id="v1")
    body = sent(dialect, item)
    check_schema("3.1" if dialect is V31 else "3.0.1", schema, body)
    assert None not in body.values()


def test_a_resource_carries_its_capacities_place_meter_point_and_decision() -> None:
    """LOCATION is longitude first; powers are in kW; the name is at most 128 characters."""
    long = replace(
        RESOURCE.resource,
        resource_name="x" * 200,
        registration_status=RegistrationStatus.APPROVED,
    )
    attributes = {
        a["type"]: a["values"] for a in sent(V31, replace(RESOURCE, resource=long))["attributes"]
    }
    assert attributes["DESCRIPTION"] == ["x" * 128]
    assert attributes["LOCATION"] == [9.0, 55.001]
    assert attributes["MAX_POWER_CONSUMPTION"] == [11.0]
    assert attributes["meter_point_id"] == [long.meter_point_id]
    assert attributes["prequalification"] == ["APPROVED"]


@pytest.mark.parametrize(
    ("kind", "export"),
    [(ResourceType.PV, 30.0), (ResourceType.BATTERY, 30.0), (ResourceType.DSR, 0.0)],
)
def test_a_load_that_can_be_lowered_does_not_export(kind: ResourceType, export: float) -> None:
    resource = replace(
        RESOURCE.resource, resource_type=kind, capacities=Capacities(p_max_kw=5, p_min_kw=-30)
    )
    assert attributes_of(resource)["MAX_POWER_EXPORT"] == (export,)


def test_a_put_gives_back_what_others_have_written() -> None:
    """Targets and foreign attributes survive on a VTN where PUT replaces the object."""
    theirs = {
        "id": "r",
        "resourceName": RESOURCE.resource.resource_id,
        "targets": ["group-a"],
        "attributes": [{"type": "AREA", "values": [7]}, {"type": "DESCRIPTION", "values": ["old"]}],
    }
    held = V31.compared(RESOURCE, PROBE(theirs))
    body = sent(V31, RESOURCE, held.others)
    assert body["targets"] == ["group-a"]
    assert {"type": "AREA", "values": [7]} in body["attributes"]
    assert sum(a["type"] == "DESCRIPTION" for a in body["attributes"]) == 1


def test_paths_cannot_be_steered_by_an_id_of_the_vtn() -> None:
    assert V30.find(RESOURCE, 0).path == "/vens/v%2F1/resources"
    assert V31.delete(RESOURCE, "../vens/1").path == "/resources/..%2Fvens%2F1"
    assert ("venID", "v/1") in V31.find(RESOURCE, 0).query


def as_held(**changes: object) -> bytes:
    attributes = [
        {"type": t, "values": list(v)} for t, v in attributes_of(RESOURCE.resource).items()
    ]
    body: dict[str, object] = {"id": "r", "resourceName": RESOURCE.resource.resource_id}
    return PROBE(body | {"attributes": attributes} | changes)


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({}, ()),
        ({"createdDateTime": "2026-11-21 23:30:27", "objectType": "Oddity", "venID": None}, ()),
        ({"resourceName": "other"}, ("name",)),
        ({"targets": None}, ()),
    ],
)
def test_an_object_is_compared_with_what_we_want(
    changes: dict[str, object], differs: tuple[str, ...]
) -> None:
    assert V31.compared(RESOURCE, as_held(**changes)).differs == differs


@pytest.mark.parametrize(
    ("type_", "values", "same"),
    [
        ("MAX_POWER_CONSUMPTION", [11], True),
        ("MAX_POWER_CONSUMPTION", ["11.0"], True),
        ("MAX_POWER_CONSUMPTION", [11.0000001], True),
        ("MAX_POWER_CONSUMPTION", [11.1], False),
        ("MAX_POWER_CONSUMPTION", [None], False),
        ("MAX_POWER_CONSUMPTION", [10**400], False),
        ("MAX_POWER_CONSUMPTION", 11, False),
        ("LOCATION", [55.001, 9.0], False),
        ("prequalification", ["APPROVED"], False),
        ("prequalification", [], False),
    ],
)
def test_numbers_are_compared_as_numbers_and_words_exactly(
    type_: str, values: object, same: bool
) -> None:
    attributes = [
        {"type": t, "values": values if t == type_ else list(v)}
        for t, v in attributes_of(RESOURCE.resource).items()
    ]
    held = V31.compared(RESOURCE, as_held(attributes=attributes))
    assert held.differs == (() if same else (type_,))


def test_an_answer_to_a_write_that_leaves_the_attributes_out_is_believed() -> None:
    """Found in a list, the same object would be put right."""
    short = PROBE({"id": "r", "resourceName": RESOURCE.resource.resource_id})
    assert V31.compared(RESOURCE, short, trust_silence=True) == Held("r")
    assert V31.compared(RESOURCE, short).differs


def test_an_attribute_whose_type_is_no_text_is_one_of_others() -> None:
    odd = as_held(attributes=[{"type": ["x"], "values": [1]}, {}])
    assert len(V31.compared(RESOURCE, odd).others.attributes) == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"id": ""}', b'{"id": "."}', b'{"id": null}', b'{"id": "a\\u0000"}',
     b'{"id": "r", "attributes": 7}', b'{"id":' + b"[" * 100_000, b"\xff"],
)  # fmt: skip
def test_what_is_no_object_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (of any text)
        V31.compared(RESOURCE, body)


def test_an_unknown_dialect_is_an_error_that_names_the_known_ones() -> None:
    assert dialect_named("3.0").name == "3.0.1"
    with pytest.raises(VendashError, match=r"3\.1, 3\.0\.1 or energydesk"):
        dialect_named("2.0b\x1b")


@pytest.mark.parametrize("dialect", [V31, V30])
def test_differences_are_told_field_by_field(dialect: Dialect) -> None:
    attributes = [
        {"type": t, "values": [12.5] if t == "MAX_POWER_CONSUMPTION" else list(v)}
        for t, v in attributes_of(RESOURCE.resource).items()
        if t != "address"
    ]
    body = as_held(attributes=attributes, resourceName="other")
    assert dialect.fields(RESOURCE, body) == [
        ("name", RESOURCE.resource.resource_id, "other"),
        ("MAX_POWER_CONSUMPTION", "11", "12.5"),
        ("address", "Storegade 1", ""),
    ]
    assert dialect.compared(RESOURCE, body).differs == ("name", "MAX_POWER_CONSUMPTION", "address")


def test_an_object_carries_its_stamp() -> None:
    held = V31.compared(RESOURCE, as_held(modificationDateTime="2026-11-22T09:00:00+01:00"))
    assert held.stamp == "2026-11-22T08:00:00.000000Z"
    assert V31.compared(RESOURCE, as_held(modificationDateTime={"odd": 1})).stamp == ""
