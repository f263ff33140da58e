"""What an embedded VTN is told when it is made: dialect, clients and their scopes, faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Dialect = Literal["3.1", "3.0.1"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Faults that the server commits on purpose. Fractions are probabilities from 0 to 1.

    They hit the OpenADR objects only: `/health` and `/auth/...` always work.
    """

    delay_s: float = 0.0
    """Every request waits this long before it is looked at."""
    error_503: float = 0.0
    """Answer 503 and do nothing."""
    retry_after_s: int | None = None
    """Sent as `Retry-After` with the 503."""
    reset_before_write: float = 0.0
    """Reset the connection instead of doing a POST, PUT or DELETE."""
    reset_after_write: float = 0.0
    """Do the write, then reset the connection instead of answering."""
    fail_after_write: float = 0.0
    """Do the write, then answer 500."""
    body_409: Literal["problem", "list", "id"] = "problem"
    """What a 409 carries: a problem, `[]`, or `{"id": ...}` of what is there."""
    reject_token_403: bool = False
    """Answer 403 to a bad token also where the dialect says 401."""
    seed: int = 0


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
