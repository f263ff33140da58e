"""Who we are to a VTN: client id and secret, or a bearer token, from where secrets may be.

Each is taken from the first place that has it: the environment (`OAUTH_CLIENT_ID`,
`OAUTH_CLIENT_SECRET`, `VENDASH_BEARER_TOKEN`), systemd credentials of the same names in lower case
(`$CREDENTIALS_DIRECTORY/oauth_client_secret`, ...), and `secrets.toml`, which only its owner can
read, with `client_id`, `client_secret` and `bearer_token` under `[vtn]`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vendash.errors import SettingsError, VendashError
from vendash.private import read_private
from vendash.settings import Settings
from vendash.text import plain

SECRETS = "secrets.toml"

_ENVIRONMENT = {
    "client_id": "OAUTH_CLIENT_ID",
    "client_secret": "OAUTH_CLIENT_SECRET",
    "bearer_token": "VENDASH_BEARER_TOKEN",
}
_LONGEST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What we show a VTN. Empty strings for what there is none of; secrets are in no repr."""

    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    bearer_token: str = field(default="", repr=False)
    source: str = field(default="", compare=False)
    """Where the secret comes from, for a person: a file, or `the environment`."""

    @property
    def words(self) -> str:
        """A sentence about who asks, without a secret."""
        if self.client_id:
            name = plain(self.client_id, 60)
            return f"Asks as the client {name}, with the secret from {self.source}."
        if self.bearer_token:
            return f"Asks with the bearer token from {self.source}."
        return "Asks without a token: none is given, or none is wanted."


def find_identity(settings: Settings, environ: Mapping[str, str] = os.environ) -> Identity:
    """Who we are, as the settings' `auth` wants it; nobody where nothing is given.

    Raises:
        VendashError: Half of it is missing, or a file with secrets cannot be used.
    """
    auth = settings.vtn.auth
    if auth == "none":
        return Identity()
    found = _found(settings, environ)
    token, source = found["bearer_token"]
    bearer = Identity(bearer_token=token, source=source)
    if auth == "bearer":
        if not token:
            raise SettingsError(
                'auth = "bearer" needs a token: set VENDASH_BEARER_TOKEN, or bearer_token in'
                f" {_secrets_path(settings)}."
            )
        return bearer
    client_id, (secret, source) = found["client_id"][0], found["client_secret"]
    if not client_id and not secret:
        if auth != "auto":
            raise SettingsError(
                f'auth = "{auth}" needs a client: set OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET.'
            )
        return bearer
    if not client_id or not secret:
        missing = "OAUTH_CLIENT_SECRET" if client_id else "OAUTH_CLIENT_ID"
        raise VendashError(
            f"{missing} is not set: set both, or neither for a VTN without;"
            f" {_secrets_path(settings)} may hold them, too."
        )
    return Identity(client_id=client_id, client_secret=secret, source=source)


def _found(settings: Settings, environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Each by its name with where it was found; two empty texts where it is nowhere."""
    places = (
        ("the environment", {name: environ.get(of, "") for name, of in _ENVIRONMENT.items()}),
        ("systemd's credentials", _systemd(environ)),
        (str(_secrets_path(settings)), _file(settings)),
        ("the settings", {"client_id": settings.vtn.client_id}),
    )
    return {
        name: next(((held[name], place) for place, held in places if held.get(name)), ("", ""))
        for name in _ENVIRONMENT
    }


def _systemd(environ: Mapping[str, str]) -> dict[str, str]:
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        return {}
    names = {
        "client_id": "oauth_client_id",
        "client_secret": "oauth_client_secret",
        "bearer_token": "vendash_bearer_token",
    }
    return {name: _credential(Path(folder) / file) for name, file in names.items()}


def _credential(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST).decode().rstrip("\r\n")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise VendashError(
            f"The credential {path} cannot be read ({why}): check LoadCredential= of the service."
        ) from None


def _secrets_path(settings: Settings) -> Path:
    return settings.path(settings.vtn.secrets_file or SECRETS)


def _file(settings: Settings) -> dict[str, str]:
    path = _secrets_path(settings)
    content = read_private(path)
    if content is None:
        if settings.vtn.secrets_file:
            raise SettingsError(f"There is no file {path}: correct secrets_file, or make it.")
        return {}
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # its words may quote a secret
        raise SettingsError(f"{path} is not a TOML file: correct it.") from None
    return _checked(path, document)


def _checked(path: Path, document: Mapping[str, object]) -> dict[str, str]:
    section = document.get("vtn", {})
    if set(document) - {"vtn"} or not isinstance(section, dict):
        raise SettingsError(f"{path} has one section, [vtn]: remove the others.")
    for key, value in section.items():
        if key not in _ENVIRONMENT or not isinstance(value, str):
            known = ", ".join(_ENVIRONMENT)
            raise SettingsError(f"{path}: [vtn] {plain(key, 40)}: only {known} are here, as text.")
    return dict(section)
