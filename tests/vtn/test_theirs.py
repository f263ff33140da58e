"""What an object of a VTN says as a resource of ours."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.vtn.ledger import fleet
from tests.vtn.test_any_answer import anything
from vendash.models import Capacities, Location, RegistrationStatus, Resource, ResourceType
from vendash.models import ResourceWork as Work
from vendash.text import first_control
from vendash.vtn.dialects import DIALECTS, dialect_named
from vendash.vtn.dialects.base import Listed
from vendash.vtn.dialects.theirs import place_of

OURS = replace(
    fleet(1, 1)[0],
    resource_type=ResourceType.BATTERY,
    capacities=Capacities(p_max_kw=50, p_min_kw=-50, e_max_kwh=100, e_min_kwh=10),
    location=Location(56.5, 9.25),
    registration_status=RegistrationStatus.APPROVED,
)


def held(dialect: str, resource: Resource) -> Listed:
    """The object of a VTN that was sent this resource."""
    work = Work(key=1, resource=resource, revision=1, ven_remote_id="v", client_id="c",
                remote_id=None, doubtful=False)  # fmt: skip
    body = {"id": "r", **json.loads(dialect_named(dialect).create(work).body or b"")}
    (one,) = dialect_named(dialect).listed(json.dumps([body]).encode())
    return one


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_was_sent_says_the_same_also_to_who_knows_nothing_of_it(dialect: str) -> None:
    one = held(dialect, OURS)
    known = dialect_named(dialect).resource(one, replace(OURS, address="x", enabled=False), "Town0")
    assert known == replace(OURS, enabled=False)  # what is not sent stays ours
    made = dialect_named(dialect).resource(one, None, "Town0")
    assert made is not None
    sub_type = None if dialect == "energydesk" else OURS.resource_sub_type
    assert made == replace(OURS, resource_sub_type=sub_type)


@pytest.mark.parametrize("dialect", ["3.1", "3.0.1"])
def test_a_negative_limit_that_cannot_be_told_is_kept(dialect: str) -> None:
    solar = replace(OURS, capacities=Capacities(p_max_kw=-5, p_min_kw=-30))
    assert dialect_named(dialect).resource(held(dialect, solar), solar, "") == solar


@pytest.mark.parametrize(
    ("first", "second"), [(9.25, 56.5), (56.5, 9.25), ("9.25", "56.5")]
)  # fmt: skip
def test_a_place_is_read_either_way_round(first: object, second: object) -> None:
    assert [float(str(one)) for one in place_of(first, second)] == [56.5, 9.25]


def test_a_place_elsewhere_is_longitude_first_unless_that_cannot_be() -> None:
    assert place_of(-70.0, 43.0) == (43.0, -70.0)
    assert place_of(43.0, -120.0) == (43.0, -120.0)


@given(body=anything, dialect=st.sampled_from(DIALECTS), known=st.booleans())
def test_whatever_a_vtn_holds_is_a_harmless_resource_or_none(
    body: object, dialect: str, known: bool
) -> None:
    one = Listed("r", "r", None, None, json.dumps(body).encode())
    found = dialect_named(dialect).resource(one, OURS if known else None, "Town0")
    if found is not None:
        texts = (found.resource_name, found.address or "", found.meter_point_id)
        assert [first_control(text) for text in texts] == [None] * 3
