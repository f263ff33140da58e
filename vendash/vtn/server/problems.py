"""Errors as the OpenADR `problem` object (RFC 9457 in `application/json`, as the YAML has it)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response


class ProblemError(Exception):
    """A request is refused with an HTTP status and one sentence why."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        existing_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.existing_id = existing_id
        """Of the object that is in the way, for a 409."""
        self.headers = headers
        self.extra = extra

    def response(self) -> Response:
        """The answer to send."""
        return json_response(
            problem(self.status, self.detail) | self.extra, self.status, self.headers
        )


def problem(status: int, detail: str) -> dict[str, Any]:
    """The members of a problem object."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }


def json_response(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """`content` as JSON; bytes are taken to be JSON already."""
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    return Response(body, status, headers, media_type="application/json")
