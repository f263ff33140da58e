"""Which dialect a VTN speaks and where its tokens come from, found out by reading only.

1. `GET /auth/server`, without a token: 200 means 3.1, and names the token URL.
2. Else `GET /resources?limit=1`: 404 means 3.0.1, snake_case EnergyDesk, camelCase 3.1.
3. An empty list says nothing: then `GET /openapi.json` with 200 means EnergyDesk, else 3.1.
"""

from __future__ import annotations

import msgspec

from vendash.vtn.answers import Reply, trouble
from vendash.vtn.dialects.base import Request
from vendash.vtn.dialects.reading import reader
from vendash.vtn.errors import VtnAnswerError

AUTH_SERVER = Request("GET", "/auth/server")
ONE_RESOURCE = Request("GET", "/resources", (("limit", "1"),))
OPENAPI = Request("GET", "/openapi.json")

_NOT_THERE = frozenset({404, 405, 410})
_read_list = reader(list[msgspec.Raw])
_read_object = reader(dict[str, msgspec.Raw])


def not_now(status: int) -> bool:
    """Whether an answer says nothing of the VTN, for it cannot work now or sends us elsewhere."""
    return 300 <= status < 400 or status == 429 or status >= 500


def token_url_named(reply: Reply, url: str) -> str | None:
    """The token URL that an answer to `GET /auth/server` names; None where it names none.

    Raises:
        VtnError: It is no answer of a VTN.
    """
    if not_now(reply.status):
        raise trouble(reply, url)
    if not reply.ok:
        return None
    try:
        named = msgspec.json.decode(reply.body, type=dict[str, object]).get("tokenURL")
    except (ValueError, RecursionError):
        raise trouble(reply, url) from None
    return named if isinstance(named, str) else None


def dialect_of_resources(reply: Reply, url: str) -> str:
    """The name of the dialect that a list of resources is in; empty for an empty list.

    Raises:
        VtnError: It is no list of resources, or we may not read it.
    """
    if reply.status in _NOT_THERE:
        return "3.0.1"
    if not reply.ok:
        raise trouble(reply, url)
    try:
        objects = _read_list(reply.body)
        keys = _read_object(objects[0]).keys() if objects else None
    except ValueError:
        raise trouble(reply, url) from None
    if keys is None:
        return ""
    return "energydesk" if any("_" in key for key in keys) else "3.1"


def dialect_of_openapi(reply: Reply, url: str) -> str:
    """The name of the dialect of a VTN without resources, by whether it describes itself.

    Raises:
        VtnError: It cannot say now.
    """
    if reply.status == 429 or reply.status >= 500:
        raise trouble(reply, url)
    if reply.ok:
        try:
            _read_object(reply.body)
        except ValueError:
            raise VtnAnswerError(
                f"What answers at {url} may be any dialect: name it (--dialect)."
            ) from None
        return "energydesk"
    return "3.1"
