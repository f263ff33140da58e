"""A VTN as a model: its dialects over plain dictionaries, and how it goes wrong.

With the dialect `energydesk` it shows no list and changes nothing, and refuses what it has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from vendash.vtn.answers import Reply

Unique = Literal["none", "within the VEN", "everywhere"]
Fields = dict[str, Any]
Objects = dict[str, Fields]


@dataclass
class ModelVtn:
    """VENs and resources by id. With `unique` none, names may be had twice."""

    dialect: str
    unique: Unique
    vens: Objects = field(default_factory=dict)
    resources: Objects = field(default_factory=dict)
    calls: int = 0
    seen: list[bytes] = field(default_factory=list)
    """The bodies of all requests that arrived."""
    _made: int = 0

    def snapshot(self) -> tuple[Objects, Objects]:
        """Yesterday's data, to come back with."""
        return dict(self.vens), dict(self.resources)  # objects are replaced, never changed

    def restore(self, data: tuple[Objects, Objects]) -> set[str]:
        """Come back with these data; the ids that are there again."""
        before = self.ids()
        self.vens, self.resources = dict(data[0]), dict(data[1])
        return self.ids() - before

    def ids(self) -> set[str]:
        """Of everything."""
        return {*self.vens, *self.resources}

    def answer(self, method: str, url: str, body: bytes | None) -> Reply:
        """What such a VTN answers."""
        self.calls += 1
        if body:
            self.seen.append(body)
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        path = [unquote(part) for part in parts.path.strip("/").split("/")]
        content = msgspec.json.decode(body) if body else {}
        if self.dialect == "energydesk":
            return self._listless(method, path[0], content)
        if path[0] == "resources" and self.dialect == "3.1":
            if method == "POST" and content["venID"] not in self.vens:
                return Reply(404)
            return self._at(method, self.resources, path[1:], query, content)
        if path[0] == "vens" and len(path) < 3:
            return self._at(method, self.vens, path[1:], query, content)
        if path[0] == "vens" and self.dialect == "3.0.1" and path[1] in self.vens:
            return self._in_ven(method, path[1], path[3:], query, content)
        return Reply(404)

    def _listless(self, method: str, path: str, content: Fields) -> Reply:
        if method != "POST":
            return _json(200, []) if path == "programs" else Reply(404)
        ven = next((i for i, one in self.vens.items() if one["venName"] == content["ven_name"]), "")
        if path == "vens":
            one, objects = ven or f"v{len(self.vens)}", self.vens
            made: Fields = {"venName": content["ven_name"]}
        else:
            told = {"DESCRIPTION": content["resource_name"]}
            told |= {a["attribute_type"]: a["attribute_values"][0] for a in content["attributes"]}
            attributes = [{"type": type_, "values": [value]} for type_, value in told.items()]
            one, objects = content["id"], self.resources
            made = {"resourceName": one, "venID": ven, "attributes": attributes}
        status = 409 if one in objects else 201
        objects.setdefault(one, made)
        return _json(status, {"id": one})

    def _in_ven(
        self, method: str, ven_id: str, rest: list[str], query: dict[str, str], content: Fields
    ) -> Reply:
        query, content = {**query, "venID": ven_id}, content | {"venID": ven_id}
        if rest and self.resources.get(rest[0], {}).get("venID") != ven_id:
            return Reply(404)
        return self._at(method, self.resources, rest, query, content)

    def _at(
        self,
        method: str,
        objects: Objects,
        rest: list[str],
        query: dict[str, str],
        content: Fields,
    ) -> Reply:
        if rest:
            return self._one(method, objects, rest[0], content)
        return self._collection(method, objects, query, content)

    def _collection(
        self, method: str, objects: Objects, query: dict[str, str], content: Fields
    ) -> Reply:
        if method == "POST":
            if self._is_taken(objects, content):
                return Reply(409, b"[]")
            self._made += 1
            made = {**content, "id": f"id{self._made}"}
            objects[made["id"]] = made
            return _json(201, made)
        skip, limit = int(query.pop("skip", 0)), int(query.pop("limit", 50))
        found = [one for one in objects.values() if all(one.get(k) == v for k, v in query.items())]
        return _json(200, found[skip : skip + limit])

    def _is_taken(self, objects: Objects, content: Fields) -> bool:
        if self.unique == "none":
            return False
        names = ["venName"] if objects is self.vens else ["resourceName"]
        if objects is self.resources and self.unique == "within the VEN":
            names.append("venID")
        return any(all(one[n] == content[n] for n in names) for one in objects.values())

    def _one(self, method: str, objects: Objects, one: str, content: Fields) -> Reply:
        if one not in objects:
            return Reply(404)
        if method == "PUT":
            objects[one] = {**content, "id": one}
        elif method == "DELETE":
            if any(resource["venID"] == one for resource in self.resources.values()):
                return Reply(403)
            return _json(200, objects.pop(one))
        return _json(200, objects[one])


def _json(status: int, value: object) -> Reply:
    return Reply(status, msgspec.json.encode(value), "application/json")
