"""Settings from a TOML file: found, checked, and no secret among them.

The file: `--config`, else `VENDASH_CONFIG`, else `./config/vendash.toml`, else `vendash.toml` in
the user's configuration folder. The last two only where they exist. What the environment says wins
over the file, and the command line over both.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import platformdirs

from vendash.errors import SettingsError
from vendash.text import plain

FILE = "vendash.toml"
LARGEST = 1_000_000
"""Bytes of a settings file."""

_SECRET_WORDS = ("secret", "password", "token", "passphrase", "api_key")


class VtnSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Section `[vtn]`: which VTN, and how to talk to it."""

    url: Annotated[str, msgspec.Meta(description="an address like https://host/path")] = ""
    """Empty: the one the database knows, else http://localhost:8000."""
    dialect: Annotated[str, msgspec.Meta(description='"3.1", "3.0.1" or "energydesk"')] = ""
    """Empty: found out by reading."""
    token_url: Annotated[str, msgspec.Meta(description="the address that tokens come from")] = ""
    """Empty: as the VTN says."""
    auth: Annotated[
        Literal["auto", "form", "basic", "bearer", "none"],
        msgspec.Meta(description='"auto", "form", "basic", "bearer" or "none"'),
    ] = "auto"
    client_id: Annotated[str, msgspec.Meta(description="the client's name at the VTN")] = ""
    secrets_file: Annotated[str, msgspec.Meta(description="the path of a file")] = ""
    """Relative to the folder of the settings; empty: `secrets.toml` there."""
    insecure: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Allow plain http to another machine."""
    ca_file: Annotated[str, msgspec.Meta(description="the path of a PEM file")] = ""
    """Relative to the folder of the settings."""
    hold_seconds: Annotated[
        float, msgspec.Meta(ge=0, le=3600, description="seconds from 0 to 3,600")
    ] = 3.0
    """That a change waits before it leaves, so that it can be undone unsent."""
    authority: Annotated[
        Literal["", "operator", "vtn"], msgspec.Meta(description='"operator" or "vtn"')
    ] = ""
    """Who decides about approval; empty: as the database says."""
    survey_minutes: Annotated[
        float, msgspec.Meta(ge=0, le=10080, description="minutes from 0 to 10,080")
    ] = 15.0
    """Between two comparisons of everything with the VTN; 0: only when asked for."""
    status_seconds: Annotated[
        float, msgspec.Meta(ge=5, le=86400, description="seconds from 5 to 86,400")
    ] = 60.0
    """Between two looks at the decisions of a VTN that decides itself."""
    timeout: Annotated[
        float, msgspec.Meta(ge=0.1, le=600, description="seconds from 0.1 to 600")
    ] = 10.0
    """Of a whole call."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of a file, or the defaults."""

    vtn: VtnSettings = VtnSettings()
    file: Path | None = None
    """Where they come from; None where there is no file."""

    @property
    def folder(self) -> Path:
        """Where files that the settings name are looked for, and the secrets are."""
        return (
            self.file.parent if self.file is not None else platformdirs.user_config_path("vendash")
        )

    def path(self, named: str) -> Path:
        """The path of a file that a setting names."""
        return self.folder / Path(named).expanduser()


_SECTIONS: Mapping[str, type[msgspec.Struct]] = {"vtn": VtnSettings}
_OTHERS = frozenset({"vtn-server"})
"""Sections of the same file that are not ours to judge: the embedded VTN reads its own."""


def settings_file(given: Path | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file of the settings; None where there is none."""
    if given is not None:
        return given
    if named := environ.get("VENDASH_CONFIG"):
        return Path(named)
    usual = (Path("config") / FILE, platformdirs.user_config_path("vendash") / FILE)
    return next((path for path in usual if os.access(path, os.F_OK)), None)


def load_settings(given: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the file that applies; defaults where there is none.

    Raises:
        SettingsError: The file cannot be read, or a setting is not what it has to be.
    """
    path = settings_file(given, environ)
    if path is None:
        return Settings()
    document = _read(path)
    found: dict[str, Any] = {}
    for name, content in document.items():
        if name in _OTHERS:
            continue
        if name not in _SECTIONS:
            raise SettingsError(
                f"{path}: '{plain(name, 40)}' is not a section: {_known(_SECTIONS)}."
            )
        if not isinstance(content, dict):
            raise SettingsError(f"{path}: {name} has to be a section: write [{name}].")
        found[name] = _section(path, name, _SECTIONS[name], content)
    return Settings(**found, file=path)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST).decode("utf-8-sig")
        return tomllib.loads(text)
    except OSError as error:
        raise SettingsError(
            f"The settings in {path} cannot be read ({error.strerror}):"
            " name another file with --config or VENDASH_CONFIG."
        ) from error
    except (ValueError, RecursionError) as error:
        why = plain(str(error).splitlines()[0] if str(error) else "no TOML", 120)
        raise SettingsError(f"{path} is not a TOML file ({why}): correct it.") from None


def _section(
    path: Path, section: str, shape: type[msgspec.Struct], content: Mapping[str, Any]
) -> msgspec.Struct:
    fields = {one.name: one for one in msgspec.structs.fields(shape)}
    values = {}
    for key, value in content.items():
        where = f"{path}: [{section}] {plain(key, 40)}"
        if key not in fields:
            raise SettingsError(f"{where} {_unknown(key, section, fields)}")
        try:
            values[key] = msgspec.convert(value, fields[key].type)
        except msgspec.ValidationError:
            raise SettingsError(f"{where} has to be {_described(fields[key].type)}.") from None
    return shape(**values)


def _unknown(key: str, section: str, fields: Mapping[str, object]) -> str:
    if any(word in key.lower() for word in _SECRET_WORDS):
        return (
            "does not belong here, for others may read this file: put it into secrets.toml beside"
            " it (chmod 600), or give it in the environment (OAUTH_CLIENT_SECRET)."
        )
    return f"is not a setting: [{section}] knows {_known(fields)}."


def _known(names: Mapping[str, object]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else f"there is [{last}]"


def _described(type_: Any) -> str:  # noqa: ANN401 (an annotation)
    for one in getattr(type_, "__metadata__", ()):
        if isinstance(one, msgspec.Meta) and one.description:
            return one.description
    return "something else"
