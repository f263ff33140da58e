"""Which VTN, as whom: from what a user says, the settings and the environment to its client."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vendash.config import state_folder
from vendash.identity import Identity, find_identity
from vendash.settings import Settings, load_settings
from vendash.store.protocol import FleetStore
from vendash.vtn.address import checked_address, vtn_address
from vendash.vtn.auth import Credentials
from vendash.vtn.client import Vtn
from vendash.vtn.vensecrets import VenSecretFile

TOKEN_URL = "OAUTHCHECK_ACCESS_TOKEN_OBTAIN_URL"  # noqa: S105 (the name of a variable)
"""Of the environment."""
VEN_SECRETS = "ven-secrets.json"
"""In the user's state folder: the secrets of single VENs, by VTN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VtnChoice:
    """What a user says of the VTN; the rest is for the settings and the environment to say."""

    url: str | None = None
    dialect: str | None = None
    no_auth: bool = False
    bearer_token: str | None = field(default=None, repr=False)
    """Sent instead of what we would else show."""
    config: Path | None = None
    """The file of the settings; None to look where it usually is."""

    def access(self) -> VtnAccess:
        """With the settings that apply. Raises `SettingsError` where one cannot be used."""
        return VtnAccess(self, load_settings(self.config))


@dataclass(frozen=True, slots=True)
class VtnAccess:
    """The way to the VTN of a choice; secrets are only looked for where they are needed."""

    choice: VtnChoice = field(default_factory=VtnChoice)
    settings: Settings = field(default_factory=Settings)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def dialect(self) -> str:
        """As it is set; empty where it is to be found out."""
        return self.choice.dialect or self.settings.vtn.dialect

    async def url(self, store: FleetStore | None) -> str:
        """The VTN: the given one, the environment's, settings', database's, or the default.

        Raises:
            VendashError: It is not an address of a VTN.
        """
        given = self.choice.url
        if given is None and not self.environ.get("VTN_SERVER_ADDRESS"):
            if self.settings.vtn.url:
                return checked_address(self.settings.vtn.url, f"{self.settings.file}: [vtn] url")
            known = await store.vtn() if store is not None else None
            if known is not None and known[0]:
                return known[0]
        return vtn_address(given, self.environ)

    def identity(self) -> Identity:
        """Who we are to it.

        Raises:
            VendashError: Half of it is missing, or a file with secrets cannot be used.
        """
        token = self.choice.bearer_token
        if token is not None or self.choice.no_auth:
            return Identity(bearer_token=token or "")
        return find_identity(self.settings, self.environ)

    def client(self, url: str, *, dialect: str | None = None) -> Vtn:
        """The client of this VTN.

        Args:
            url: As `url` gives it.
            dialect: Instead of the one that is set; empty to have it found out.

        Raises:
            VendashError: A setting, or a secret, cannot be used.
        """
        settings, who = self.settings.vtn, self.identity()
        auth = settings.auth
        return Vtn(
            url,
            credentials=Credentials(who.client_id, who.client_secret) if who.client_id else None,
            bearer_token=who.bearer_token or None,
            dialect=self.dialect if dialect is None else dialect,
            token_url=self._token_url(),
            auth=auth if auth == "form" or auth == "basic" else "auto",  # noqa: PLR1714 (narrows)
            insecure=settings.insecure,
            ca_file=str(self.settings.path(settings.ca_file)) if settings.ca_file else None,
            timeout=settings.timeout,
            ven_secrets=VenSecretFile(state_folder() / VEN_SECRETS, url),
        )

    def _token_url(self) -> str:
        if named := self.environ.get(TOKEN_URL, ""):
            return checked_address(named, TOKEN_URL)
        if self.settings.vtn.token_url:
            source = f"{self.settings.file}: [vtn] token_url"
            return checked_address(self.settings.vtn.token_url, source)
        return ""


async def stored_dialect(store: FleetStore, url: str) -> str:
    """The dialect that this VTN was found to speak the last time; empty where it never was."""
    known = await store.vtn()
    return known[1] if known is not None and known[0] == url else ""


async def take_up(store: FleetStore, vtn: Vtn, settings: Settings, *, actor: str) -> None:
    """Make this the VTN of the database, and who decides as the settings say.

    Another VTN than before has to answer first: a slip in an address must not turn to it all that
    follows.

    Raises:
        VtnError: It is another one, and does not answer as a VTN does; nothing was changed.
    """
    known = await store.vtn()
    if known is not None and known[0] != vtn.url:
        async with vtn.connect() as connection:
            await connection.greet()
    await store.use_vtn(vtn.url, vtn.dialect)
    if settings.vtn.authority:
        await store.set_authority(settings.vtn.authority, actor=actor)
