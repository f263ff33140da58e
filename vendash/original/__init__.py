"""The programmatic names of the original sample client, over the parts of vendash.

What touches disk or network is awaited. docs/original.md has a table: the original's call, ours.
"""

from vendash.models import ActorType, Connection, ConnectionType, ResourceType
from vendash.original.database import ResourceDatabase
from vendash.original.loaded import MeterReading, ResourceMeterData
from vendash.original.nouns import Capacities, Location, Resource
from vendash.original.registration import (
    generate_resources,
    get_access_token,
    load_ven_resources_from_sqlite,
    load_vens_from_sqlite,
    sample_registration,
)
from vendash.original.simulator import MeterDataSimulator, initialize_simulator

__all__ = [
    "ActorType",
    "Capacities",
    "Connection",
    "ConnectionType",
    "Location",
    "MeterDataSimulator",
    "MeterReading",
    "Resource",
    "ResourceDatabase",
    "ResourceMeterData",
    "ResourceType",
    "generate_resources",
    "get_access_token",
    "initialize_simulator",
    "load_ven_resources_from_sqlite",
    "load_vens_from_sqlite",
    "sample_registration",
]
