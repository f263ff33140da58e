"""python-oa3-client against a VTN: it registers a VEN over 3.1, twice, and polls its events.

Run in its own environment, with VTN_URL, CLIENT_ID and CLIENT_SECRET.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from openadr3_client import BlClient, VenClient


def main() -> None:
    """Everything, once; an exception is a failure."""
    access = {
        "url": os.environ["VTN_URL"],
        "client_id": os.environ["CLIENT_ID"],
        "client_secret": os.environ["CLIENT_SECRET"],
    }
    with BlClient(**access) as bl, VenClient(**access) as ven:
        program = bl.create_program({"programName": "Peaks"}).json()
        interval = {"id": 0, "payloads": [{"type": "SIMPLE", "values": [1]}]}
        start = datetime.now(UTC).isoformat()
        body = {"programID": program["id"], "eventName": "Less", "intervals": [interval]}
        event = bl.create_event(body | {"intervalPeriod": {"start": start, "duration": "PT1H"}})
        assert event.status_code == 201, event.text

        ven.register("Aalborg")
        first = ven.ven_id
        assert ven.register("Aalborg").ven_id == first
        assert ven.vtn_supports_mqtt() is False
        (polled,) = ven.poll_events("Peaks")
        assert polled.id == event.json()["id"]

        resource = {"objectType": "VEN_RESOURCE_REQUEST", "venID": first, "resourceName": "r1"}
        made = ven.create_resource(resource)
        assert made.status_code == 201, made.text
        assert [one.id for one in ven.resources(venID=first)] == [made.json()["id"]]
        readings = [{"id": 0, "payloads": [{"type": "USAGE", "values": [1.5]}]}]
        report = ven.create_report(
            {
                "eventID": polled.id,
                "clientName": "Aalborg",
                "resources": [{"resourceName": "r1", "intervals": readings}],
            }
        )
        assert report.status_code == 201, report.text
        assert [one.id for one in bl.reports(eventID=polled.id)] == [report.json()["id"]]
    print("python-oa3-client: VEN, program, event, resource, report: ok")  # noqa: T201


if __name__ == "__main__":
    main()
