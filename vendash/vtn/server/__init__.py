"""The embedded VTN: OpenADR 3.1.0, 3.0.1 or EnergyDesk's own, in memory or durable in SQLite."""

from vendash.vtn.server.app import VtnApp
from vendash.vtn.server.command import run_vtn
from vendash.vtn.server.journal import durable_state
from vendash.vtn.server.serving import VtnServer, serve, vtn_server
from vendash.vtn.server.settings import (
    ALL_SCOPES,
    BL_SCOPES,
    NO_FAULTS,
    VEN_SCOPES,
    Clients,
    Dialect,
    Faults,
    VtnSettings,
)
from vendash.vtn.server.state import VtnState

__all__ = [
    "ALL_SCOPES",
    "BL_SCOPES",
    "NO_FAULTS",
    "VEN_SCOPES",
    "Clients",
    "Dialect",
    "Faults",
    "VtnApp",
    "VtnServer",
    "VtnSettings",
    "VtnState",
    "durable_state",
    "run_vtn",
    "serve",
    "vtn_server",
]
