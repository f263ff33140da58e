"""How `vendash vtn` is told what to be: a table of a TOML file, and over it the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from vendash.errors import VendashError
from vendash.text import plain
from vendash.vtn.server.settings import NO_FAULTS, Dialect, Faults

TABLE = "vtn-server"
"""The table of the TOML file; its table `faults` has the fields of Faults."""
_MOST_BYTES = 1_000_000


class VtnOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that `vendash vtn` can be told."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8000
    """0: any that is free."""
    dialect: Dialect = "3.1"
    state: str | None = None
    """File where the objects are kept; relative to the working directory."""
    auth: bool = True
    control: bool = False
    faults: Faults = NO_FAULTS


def read_options(
    config: Path | None, given: Mapping[str, object], faults: Sequence[str]
) -> VtnOptions:
    """The options of a file, with those of the command line in their place.

    Args:
        config: TOML file with a table `vtn-server`; None for none.
        given: what the command line says; None where it says nothing.
        faults: `NAME=VALUE` each, over the faults of the file.

    Raises:
        VendashError: the file cannot be read, or an option or a fault is not known or not valid.
    """
    table = _table(config) if config else {}
    source = f"{config}: [{TABLE}]" if config else "vendash vtn"
    try:
        options = msgspec.convert(table, VtnOptions)
    except msgspec.ValidationError as error:
        raise VendashError(f"{source}: {error}.") from None
    named = {name: value for name, value in given.items() if value is not None}
    over = dict(_fault(text) for text in faults)
    named["faults"] = msgspec.structs.replace(options.faults, **over)
    return msgspec.structs.replace(options, **named)


def _table(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
        if len(raw) > _MOST_BYTES:
            raise VendashError(f"--config: {path} is larger than 1 MB: is it the right file?")
        whole = tomllib.loads(raw.decode())
    except OSError as error:
        raise VendashError(f"--config: {path} cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise VendashError(f"--config: {path} is not valid TOML ({error}).") from error
    table = whole.get(TABLE)
    if not isinstance(table, dict):
        raise VendashError(f"--config: {path} has no table [{TABLE}].")
    return table


def _fault(text: str) -> tuple[str, object]:
    name, _, value = text.partition("=")
    name = name.strip().replace("-", "_")
    known = Faults.__struct_fields__
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"do you mean {near[0]}?" if near else f"they are {', '.join(known)}."
        raise VendashError(f"--fault: '{plain(name, 40)}' is not known: {hint}")
    try:
        said = {name: None if value == "none" else value}
        return name, getattr(msgspec.convert(said, Faults, strict=False), name)
    except msgspec.ValidationError:
        raise VendashError(f"--fault: {name}= takes {_allowed(name)}.") from None


def _allowed(name: str) -> str:
    """What a fault may be, in words."""
    schema = msgspec.json.schema(Faults)["$defs"]["Faults"]["properties"][name]
    schema = next((one for one in schema.get("anyOf", ()) if one["type"] != "null"), schema)
    if "enum" in schema:
        return " or ".join(schema["enum"])
    if schema["type"] == "boolean":
        return "true or false"
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    most = schema.get("maximum")
    return f"{kind} from {schema['minimum']} to {most}" if most is not None else kind
