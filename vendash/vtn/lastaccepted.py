"""Whether a VTN still holds what it accepted last: it may restart empty, or with older data.

Such a restart can be over before anybody notices that the VTN was away, and an empty VTN greets as
well as a full one. What was accepted last is the first to be missing.
"""

from __future__ import annotations

from vendash.models import ResourceWork
from vendash.vtn.answers import UnexpectedReplyError
from vendash.vtn.client import Connection
from vendash.vtn.exchange import carry_out
from vendash.vtn.moves import Held, Missing, Read


async def is_lost(connection: Connection, last: ResourceWork, stamp: str) -> bool:
    """Whether the VTN has lost this resource, or what we wrote into it; one request.

    A VTN that has no call for one object is asked for the list of its VENs, which is short.

    Args:
        connection: To the VTN.
        last: What it accepted last, with the id that it has there.
        stamp: That it gave with it, as `Held.stamp`; empty where it gave none.

    Raises:
        VtnError: The VTN cannot be asked now.
    """
    if not (await connection.dialect()).paged:
        return await _has_no_ven(connection, last.resource.ven or "")
    match await carry_out(connection, last, Read(last.remote_id or "")):
        case Missing():
            return True
        case Held(stamp=there):
            return bool(there) and there < stamp
        case _:
            return False


async def _has_no_ven(connection: Connection, name: str) -> bool:
    try:
        async for page in connection.pages("/vens"):
            if any(ven.name == name for ven in page):
                return False
    except UnexpectedReplyError:
        return False
    return True
