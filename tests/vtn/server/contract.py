"""Holds answers of the VTN against the official OpenAPI files, which lie in `tests/vtn/openapi`.

The 3.1.0 file contradicts itself in one place: the answers `ven` and `resource` are composed of
`objectMetadata`, where `objectType` is VEN or RESOURCE, and of the request, where it is
BL_VEN_REQUEST or BL_RESOURCE_REQUEST. The metadata wins here, as it does for all other objects.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from vendash.vtn.server import Dialect

_FILES = {"3.1": "openadr3-3.1.0.yaml", "3.0.1": "openadr3-3.0.1.yaml"}
_FOLDER = Path(__file__).parent.parent / "openapi"
_BASE = re.compile(r"^/openadr3(/3\.[0-9.]+)?(?=/)")


class ContractError(AssertionError):
    """An answer is not as the official file has it."""


@cache
def document(dialect: Dialect) -> dict[str, Any]:
    """The official file, without its contradiction and its discriminators."""
    text = (_FOLDER / _FILES[dialect]).read_text(encoding="utf-8")
    loaded: dict[str, Any] = _without_discriminators(yaml.load(text, Loader=yaml.CSafeLoader))
    if dialect == "3.1":
        schemas = loaded["components"]["schemas"]
        for answer, request in (("ven", "BlVenRequest"), ("resource", "BlResourceRequest")):
            body = schemas[request]
            relaxed = body | {
                "required": [name for name in body["required"] if name != "objectType"],
                "properties": {k: v for k, v in body["properties"].items() if k != "objectType"},
            }
            schemas[answer]["allOf"] = [{"$ref": "#/components/schemas/objectMetadata"}, relaxed]
    return loaded


def _without_discriminators(node: Any) -> Any:  # noqa: ANN401
    """They have no mapping, so their values would have to be names of schemas; they are not."""
    if isinstance(node, dict):
        items = node.items()
        return {k: _without_discriminators(v) for k, v in items if k != "discriminator"}
    return [_without_discriminators(item) for item in node] if isinstance(node, list) else node


@cache
def _validator(dialect: Dialect, pointer: str) -> OAS30Validator:
    whole = Resource.from_contents(document(dialect), default_specification=DRAFT4)
    return OAS30Validator(
        {"$ref": f"urn:{dialect}#{pointer}"},
        registry=Registry().with_resource(f"urn:{dialect}", whole),
        format_checker=oas30_format_checker,
    )


def check_schema(dialect: Dialect, name: str, value: object) -> None:
    """Raise ContractError unless `value` is a `name` of components/schemas."""
    _check(dialect, f"/components/schemas/{name}", value)


def check_response(dialect: Dialect, response: httpx.Response) -> None:
    """Raise ContractError unless an answer is as the file has it for its path, method and status.

    Statuses that the file does not know (405, 413, 415) must be problems.
    """
    path = _BASE.sub("", response.request.url.path)
    pointer = _pointer(dialect, path, response.request.method, response.status_code)
    if response.status_code >= 500:
        raise ContractError(f"{response.status_code} {response.text}")
    if response.headers.get("content-type") != "application/json":
        raise ContractError(f"content type {response.headers.get('content-type')}")
    _check(dialect, pointer or "/components/schemas/problem", response.json())
    if response.is_error and response.json().get("status") != response.status_code:
        raise ContractError("the problem's status is not that of the answer")


def _check(dialect: Dialect, pointer: str, value: object) -> None:
    errors = [error.message for error in _validator(dialect, pointer).iter_errors(value)]
    if errors:
        raise ContractError(f"{pointer}: {errors}")


def _pointer(dialect: Dialect, path: str, method: str, status: int) -> str | None:
    for template, operations in document(dialect)["paths"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if re.fullmatch(pattern, path) and method.lower() in operations:
            responses = operations[method.lower()]["responses"]
            if str(status) not in responses:
                return None
            response = responses[str(status)]
            escaped = template.replace("~", "~0").replace("/", "~1")
            base = f"/paths/{escaped}/{method.lower()}/responses/{status}"
            base = response.get("$ref", f"#{base}").removeprefix("#")
            return f"{base}/content/application~1json/schema"
    return None
