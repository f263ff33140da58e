"""From settings to a VTN: which one it is, and the client that talks to it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from vendash.config import state_folder
from vendash.identity import Identity, find_identity
from vendash.settings import Settings
from vendash.store.protocol import FleetStore
from vendash.vtn.address import token_address, vtn_address
from vendash.vtn.auth import Credentials
from vendash.vtn.client import Vtn
from vendash.vtn.vensecrets import VenSecretFile

TOKEN_URL = "OAUTHCHECK_ACCESS_TOKEN_OBTAIN_URL"  # noqa: S105 (the name of a variable)
"""Of the environment."""
VEN_SECRETS = "ven-secrets.json"
"""In the user's state folder: the secrets of single VENs, by VTN."""


async def chosen_url(
    store: FleetStore,
    given: str | None,
    settings: Settings | None = None,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """The VTN: the given one, the environment's, the settings', the database's, or the default.

    Raises:
        VendashError: It is not an address of a VTN.
    """
    if given is None and not environ.get("VTN_SERVER_ADDRESS"):
        if settings is not None and settings.vtn.url:
            return token_address(settings.vtn.url, f"{settings.file}: [vtn] url")
        known = await store.vtn()
        if known is not None and known[0]:
            return known[0]
    return vtn_address(given, environ)


def vtn_from_settings(
    url: str,
    settings: Settings,
    *,
    identity: Identity | None = None,
    dialect: str = "",
    environ: Mapping[str, str] = os.environ,
) -> Vtn:
    """The client of this VTN.

    Args:
        url: As `chosen_url` gives it.
        settings: Of the file.
        identity: Who we are; by default as found where secrets may be.
        dialect: Of the command line; wins over the settings.
        environ: Names a token URL, which wins over the settings.

    Raises:
        VendashError: A setting, or a secret, cannot be used.
    """
    vtn, who = settings.vtn, identity or find_identity(settings, environ)
    credentials = Credentials(who.client_id, who.client_secret) if who.client_id else None
    return Vtn(
        url,
        credentials=credentials,
        bearer_token=who.bearer_token or None,
        dialect=dialect or vtn.dialect,
        token_url=_token_url(settings, environ),
        auth=vtn.auth if vtn.auth == "form" or vtn.auth == "basic" else "auto",  # noqa: PLR1714 (narrows)
        insecure=vtn.insecure,
        ca_file=str(settings.path(vtn.ca_file)) if vtn.ca_file else None,
        timeout=vtn.timeout,
        ven_secrets=VenSecretFile(state_folder() / VEN_SECRETS, url),
    )


async def take_up(store: FleetStore, vtn: Vtn, settings: Settings, *, actor: str) -> None:
    """Make this the VTN of the database, and who decides as the settings say."""
    await store.use_vtn(vtn.url, vtn.dialect)
    if settings.vtn.authority:
        await store.set_authority(settings.vtn.authority, actor=actor)


def _token_url(settings: Settings, environ: Mapping[str, str]) -> str:
    if named := environ.get(TOKEN_URL, ""):
        return token_address(named, TOKEN_URL)
    if settings.vtn.token_url:
        return token_address(settings.vtn.token_url, f"{settings.file}: [vtn] token_url")
    return ""
