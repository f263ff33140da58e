"""What an embedded VTN is told when it is made: dialect, clients and their scopes, faults."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta, Struct

Dialect = Literal["3.1", "3.0.1", "energydesk"]

READ_SCOPES = frozenset({"read_all", "read_targets", "read_ven_objects"})
WRITE_SCOPES = frozenset(
    {"write_programs", "write_events", "write_reports", "write_subscriptions", "write_vens"}
)
ALL_SCOPES = READ_SCOPES | WRITE_SCOPES
"""What the development client gets: it also sends reports, which BL does not by specification."""
BL_SCOPES = frozenset(
    {"read_all", "write_programs", "write_events", "write_subscriptions", "write_vens"}
)
VEN_SCOPES = frozenset(
    {"read_targets", "read_ven_objects", "write_reports", "write_subscriptions", "write_vens"}
)

Clients = Mapping[str, tuple[str, frozenset[str]]]
"""client_id -> (secret, scopes)."""


Fraction = Annotated[float, Meta(ge=0, le=1)]
"""A probability."""
Natural = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Faults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server does on purpose that a good VTN on a good line does not.

    They hit the OpenADR objects only; `/health` and `/auth/...` know just those of tokens. The
    names are those of `vendash vtn --fault NAME=VALUE`, of the configuration and of the control
    path (docs/testbed.md).
    """

    # --- the line ---
    delay_s: Annotated[float, Meta(ge=0, le=3600)] = 0.0
    """Every request waits this long before it is looked at."""
    reset_before_write: Fraction = 0.0
    """Reset the connection instead of doing a POST, PUT or DELETE."""
    reset_after_write: Fraction = 0.0
    """Do the write, then reset the connection instead of answering."""

    # --- load ---
    error_503: Fraction = 0.0
    """Answer 503 and do nothing."""
    error_429: Fraction = 0.0
    """Answer 429 and do nothing."""
    retry_after_s: Natural | None = None
    """Sent as `Retry-After` with the 503 and the 429."""
    fail_after_write: Fraction = 0.0
    """Do the write, then answer 500."""

    # --- habits of VTNs ---
    body_409: Literal["problem", "list", "id"] = "problem"
    """What a 409 carries: a problem, `[]`, or `{"id": ...}` of what is there."""
    problem_status: Literal["number", "text", "name"] = "number"
    """How a problem writes its status: 404, "404" or "HTTPStatus.NOT_FOUND"."""
    dates: Literal["rfc3339", "spaced", "time", "absent"] = "rfc3339"
    """createdDateTime and modificationDateTime: `2026-11-21T23:30:27.123Z`,
    `2026-11-21 23:30:27`, `23:30:27`, or left out."""
    object_type: Literal["present", "absent"] = "present"
    """Whether answers carry objectType."""
    default_limit: Annotated[int, Meta(ge=1, le=1_000_000)] = 50
    """Objects on a page when the client names no limit."""
    largest_page: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    """Objects on a page at most, however many the client asks for."""
    limits: Literal["honoured", "ignored"] = "honoured"
    """Ignored: a list is always whole."""
    filters: Literal["honoured", "ignored"] = "honoured"
    """Ignored: a list holds what was not asked for, too."""
    order: Literal["oldest", "newest", "random"] = "oldest"
    """Of lists; random: another one at each request."""
    resource_names: Literal["ven", "vtn", "any"] = "ven"
    """Where a resourceName must be unique; any: nowhere, so that a double write makes a double."""

    # --- tokens ---
    reject_token_403: bool = False
    """Answer 403 to a bad token also where the dialect says 401."""
    token_life_s: Natural | None = None
    """Of the tokens given from now on; None: as the VTN was told at its start."""
    expires_in: Literal["present", "absent"] = "present"
    """Whether the token's answer says how long it lives."""
    scope: Literal["text", "list"] = "text"
    """The scope in the token's answer: as RFC 6749 has it, or as a list."""

    seed: int = 0
    """Of everything that is random here."""


NO_FAULTS = Faults()


@dataclass(frozen=True, slots=True, kw_only=True)
class VtnSettings:
    """How an embedded VTN behaves. Secrets never appear in a repr."""

    dialect: Dialect = "3.1"
    auth: bool = True
    """False lets anyone in, as business logic with every scope."""
    clients: Clients = field(default_factory=dict, repr=False)
    token_life_s: int = 3600
    faults: Faults = NO_FAULTS
    clock: Callable[[], float] = time.monotonic
    """Seconds; measures the life of tokens."""
    control: bool = False
    """Whether the control path is there."""


def is_loopback(host: str) -> bool:
    """Whether a name or address is that of this machine to itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
