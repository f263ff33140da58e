"""Whatever is sent in EnergyDesk's dialect, the answer is a 2xx or a 4xx with a reason."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtn.server.client import Json
from tests.vtn.server.process import running, start
from tests.vtn.server.test_energydesk import ANNOUNCED, EVENT, READINGS, RESOURCE
from tests.vtn.server.test_hostile import JSON_VALUES, LIMITS, paths_into, replaced

Vtn = tuple[httpx.Client, dict[str, Json]]


@pytest.fixture(scope="module")
def vtn() -> Iterator[Vtn]:
    """A VTN without authentication, and a good body for each path that takes one."""
    with running(start(dialect="energydesk", auth=False)) as process, process.client() as client:
        ven = client.post("/vens", json={"ven_name": "Aalborg", "client_name": "x"}).json()["id"]
        assert client.post("/resources", json=RESOURCE).status_code == 201
        program = client.post("/programs", json={"program_name": "Peaks"}).json()["id"]
        event = client.post("/events", json=EVENT | {"program_id": program}).json()["id"]
        bodies: dict[str, Json] = {
            "/vens": {"ven_name": "Odense", "client_name": "x"},
            "/resources": RESOURCE | {"id": "r-2"},
            "/events": EVENT | {"program_id": program},
            f"/events/{event}/responses": {"event_id": event, "response_type": "optIn"},
            "/reports": READINGS | {"ven_id": ven},
            "/reports?": ANNOUNCED | {"ven_id": ven, "program_id": program},
        }
        yield client, bodies


@given(data=st.data())
@LIMITS
def test_any_json_in_place_of_any_part_of_a_good_body(vtn: Vtn, data: st.DataObject) -> None:
    client, bodies = vtn
    path = data.draw(st.sampled_from(sorted(bodies)))
    part = data.draw(st.sampled_from(sorted(paths_into(bodies[path]), key=str)))
    answer = client.post(path, json=replaced(bodies[path], part, data.draw(JSON_VALUES)))
    assert answer.status_code in {200, 201, 404, 409, 422}, answer.text
    assert answer.status_code < 300 or answer.json()["detail"]
    for listed in ("/vens", "/resources", "/events", "/reports"):
        assert client.get(listed).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'"\xff"', b"NaN"])
def test_what_is_no_json_is_refused(vtn: Vtn, body: bytes) -> None:
    client, _ = vtn
    headers = {"Content-Type": "application/json"}
    assert client.post("/vens", content=body, headers=headers).status_code == 422
    assert client.post("/vens", content=body).status_code in {400, 415}
