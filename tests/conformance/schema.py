"""The official OpenAPI files with what `explained.toml` says, nulls, and links between operations.

A null in an optional field counts as absent for us, which the files do not say. And they name no
links, so a tool cannot know that the id in `/vens/{venID}` is the one that
POST /vens gave: without them nearly every request for one object would be for none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from tests.vtn.server.contract import document

_FOLDER = Path(__file__).parent

Json = dict[str, Any]
_NEVER_NULL = ("clientCredentialRequest", "clientCredentialResponse", "problem")

_TAKES = {
    "programID": ("/events", "/reports", "/subscriptions"),
    "eventID": ("/reports",),
    "venID": ("/resources",),
}
"""Bodies that refer to another object, by the name of the field."""


def write_schema(version: str, path: Path) -> None:
    """Write the file for a version (`3.1.0` or `3.0.1`) to `path`.

    Raises:
        ValueError: a correction fits nowhere.
    """
    official = deepcopy(document("3.1" if version == "3.1.0" else "3.0.1"))
    explained = tomllib.loads((_FOLDER / "explained.toml").read_text(encoding="utf-8"))
    for correction in explained["correction"]:
        if version not in correction.get("files", [version]):
            continue
        places = list(_places(official, correction["at"].split("/")[1:]))
        if not places:
            raise ValueError(f"explained.toml: nothing is at {correction['at']} in {version}.")
        for place in places:
            _merge(place, correction["merge"])
    for name, schema in official["components"]["schemas"].items():
        if name not in _NEVER_NULL:
            _allow_nulls(schema)
    _link(official["paths"])
    path.write_text(yaml.safe_dump(official, sort_keys=False), encoding="utf-8")


def _places(node: Any, keys: list[str]) -> Iterator[Json]:  # noqa: ANN401
    if not keys:
        if isinstance(node, dict):
            yield node
        return
    if not isinstance(node, dict):
        return
    key = keys[0].replace("~1", "/")
    for found in node.values() if key == "*" else [node.get(key)]:
        yield from _places(found, keys[1:])


def _merge(place: Json, more: Json) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(place.get(key), dict):
            _merge(place[key], value)
        else:
            place[key] = value


def _allow_nulls(schema: Any) -> None:  # noqa: ANN401
    """A null in an optional field counts as absent: clients of others send it."""
    if isinstance(schema, list):
        for one in schema:
            _allow_nulls(one)
    if not isinstance(schema, dict):
        return
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        if name in required:
            continue
        if "$ref" in field:
            field["allOf"] = [{"$ref": field.pop("$ref")}]
        field["nullable"] = True
    for one in (*schema.get("properties", {}).values(), *schema.values()):
        _allow_nulls(one)


def _link(paths: Json) -> None:
    """The id of what a POST makes goes into every path and body that takes such an id."""
    for path, operations in paths.items():
        if "post" not in operations or path.startswith("/auth"):
            continue
        item = next((one for one in paths if one.startswith(path + "/{")), None)
        if item is None:
            continue
        id_name = item[len(path) + 2 :].partition("}")[0]
        links = operations["post"]["responses"]["201"].setdefault("links", {})
        for other, others in paths.items():
            for method in ("get", "put", "delete", "post"):
                if method in others and "{" + id_name + "}" in other:
                    links[others[method]["operationId"]] = {
                        "operationId": others[method]["operationId"],
                        "parameters": {f"path.{id_name}": "$response.body#/id"},
                    }
                elif method == "post" and method in others and other in _TAKES.get(id_name, ()):
                    links[others[method]["operationId"]] = {
                        "operationId": others[method]["operationId"],
                        "requestBody": {id_name: "$response.body#/id"},
                    }
