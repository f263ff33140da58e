"""Read by schemathesis in its own environment."""

from __future__ import annotations

from typing import Any

import schemathesis


def map_body(context: Any, body: Any) -> Any:  # noqa: ANN401
    """Write whole numbers whole: in OpenAPI 3.0 (JSON Schema draft 5) 1.0 is no integer."""
    return _whole(body)


def _whole(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


schemathesis.hook(map_body)
