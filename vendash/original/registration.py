"""The original's functions for setting a fleet up: from CSV files to the VTN."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from vendash.commands.fleet import prepare
from vendash.commands.opening import opened
from vendash.commands.registration import Wanted, register
from vendash.engine.connecting import VtnChoice
from vendash.errors import VendashError
from vendash.filters import Query
from vendash.models import NO_VEN
from vendash.original.database import ORIGINAL_PATH, ResourceDatabase
from vendash.original.nouns import Resource, to_originals

_log = logging.getLogger(__name__)


async def generate_resources(
    assets: str | Path = "./config/exampleassets", db_path: str | Path = ORIGINAL_PATH
) -> ResourceDatabase:
    """Import a folder of CSV files as `vendash prepare` does; the database, to be closed.

    Raises:
        VendashError: A row or a file is bad; nothing was imported then.
    """
    _, summary, _ = await prepare(Path(db_path), Path(assets), sample=False, skip_bad=False)
    _log.info("%s", summary)
    return ResourceDatabase(db_path)


async def load_vens_from_sqlite(db_path: str | Path = ORIGINAL_PATH) -> list[str]:
    """The names of all VENs, sorted.

    Raises:
        VendashError: The database cannot be used.
    """
    async with opened(Path(db_path)) as fleet:
        return sorted(row.name for row in await fleet.reader.vens() if row.name != NO_VEN)


async def load_ven_resources_from_sqlite(
    ven_id: str, db_path: str | Path = ORIGINAL_PATH
) -> list[Resource]:
    """The resources of a VEN; none where there is no such VEN.

    Raises:
        VendashError: The database cannot be used.
    """
    async with opened(Path(db_path)) as fleet:
        keys = await fleet.reader.keys(Query(ven=ven_id))
        rows = await fleet.reader.resources(keys)
    return await to_originals([held for _, held in rows])


async def get_access_token(vtn_url: str | None = None) -> str:
    """A bearer token of the VTN for OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET. It is a secret.

    Args:
        vtn_url: Else VTN_SERVER_ADDRESS, else http://localhost:8000.

    Raises:
        VendashError: They are not set, or the VTN gives no token.
    """
    access = VtnChoice(url=vtn_url or None).access()
    vtn = access.client(await access.url(None))
    async with vtn.connect() as connection:
        return await connection.access_token()


async def sample_registration(
    vtn_url: str | None = None,
    bearer_token: str | None = None,
    db_path: str | Path = ORIGINAL_PATH,
    limit_vens: int | None = None,
) -> dict[str, Any]:
    """Register VENs and their resources, each once, by the work of `vendash register`.

    Args:
        vtn_url: As `vendash register --vtn-url`.
        bearer_token: Sent as it is, never renewed; without one the VTN is asked without a token.
        db_path: The database.
        limit_vens: Only the first so many VENs by name.

    Returns:
        What `vendash register --json` prints: `vens`, `resources`, `failures`, `seconds`, and
        `error` where the VTN as a whole is in trouble.

    Raises:
        VendashError: The database or the address cannot be used, or somebody else registers.
    """
    if limit_vens is not None and limit_vens < 1:
        raise VendashError("limit_vens counts VENs: give 1 or more, or None for all.")
    choice = VtnChoice(url=vtn_url, no_auth=bearer_token is None, bearer_token=bearer_token)
    wanted = Wanted(choice, limit=limit_vens)
    document, summary, _ = await register(Path(db_path), wanted)
    _log.info("%s", summary)
    return document
