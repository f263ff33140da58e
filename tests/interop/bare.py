"""What a VTN holds, and changes to it by others, by plain httpx alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

Object = dict[str, Any]
PAGE = 50
STEP = 40
"""Less than a page: objects made within one microsecond have no order, and may change places."""


class Bare:
    """The objects of a VTN as another client sees them."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def vens(self) -> list[Object]:
        """All VENs."""
        return self._all("/vens", {})

    def resources(self, **query: str) -> list[Object]:
        """All resources, or those of a query."""
        return self._all("/resources", query)

    def ven(self, name: str) -> Object | None:
        """The VEN of this name."""
        return _only(self._all("/vens", {"venName": name}))

    def resource(self, name: str) -> Object | None:
        """The resource of this name; there must not be two."""
        return _only(self._all("/resources", {"resourceName": name}))

    def edit(self, resource: Object, **changes: object) -> Object:
        """PUT a resource with other values."""
        body = {**_writable(resource), **changes}
        return self._sent("PUT", f"/resources/{resource['id']}", body)

    def create(self, path: str, body: Object) -> Object:
        """POST an object."""
        return self._sent("POST", path, body)

    def delete(self, resource: Object) -> None:
        """DELETE a resource."""
        self._sent("DELETE", f"/resources/{resource['id']}", None)

    def _all(self, path: str, query: dict[str, str]) -> list[Object]:
        found: dict[str, Object] = {}
        skip = 0
        while True:
            page = self._client.get(path, params={**query, "skip": skip, "limit": PAGE})
            page.raise_for_status()
            listed: list[Object] = page.json()
            found.update((one["id"], one) for one in listed)
            if len(listed) < PAGE:
                return list(found.values())
            skip += STEP

    def _sent(self, method: str, path: str, body: Object | None) -> Object:
        answer = self._client.request(method, path, json=body)
        answer.raise_for_status()
        held: Object = answer.json()
        return held


def attribute(resource: Object, kind: str) -> list[Any]:
    """The values of an attribute; none where it is missing."""
    for one in resource["attributes"] or ():
        if one["type"] == kind:
            values: list[Any] = one["values"]
            return values
    return []


@contextmanager
def bare(url: str, client_id: str, client_secret: str) -> Iterator[Bare]:
    """A client with a token of its own."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
    }
    answer = httpx.post(f"{url}/auth/token", data=form)
    answer.raise_for_status()
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        yield Bare(client)


def _only(found: list[Object]) -> Object | None:
    assert len(found) <= 1, f"{len(found)} of one name"
    return found[0] if found else None


def _writable(resource: Object) -> Object:
    given = ("clientID", "venID", "resourceName", "targets", "attributes")
    return {"objectType": "BL_RESOURCE_REQUEST", **{name: resource[name] for name in given}}
