"""The versions of OpenADR 3 that VTNs speak, each a module behind one interface."""

from __future__ import annotations

from vendash.errors import VendashError
from vendash.text import plain
from vendash.vtn.dialects.base import Dialect
from vendash.vtn.dialects.v3_0 import V30
from vendash.vtn.dialects.v3_1 import V31

DIALECTS = ("3.1", "3.0.1")
"""The names that a user gives."""

_BY_NAME: dict[str, Dialect] = {
    "3.1": V31(),
    "3.1.0": V31(),
    "3.1.1": V31(),
    "3.0": V30(),
    "3.0.0": V30(),
    "3.0.1": V30(),
}


def dialect_named(name: str) -> Dialect:
    """The dialect of this name (`3.1` or `3.0.1`; `3.0` means the latter).

    Raises:
        VendashError: There is no such dialect.
    """
    try:
        return _BY_NAME[name.strip()]
    except KeyError:
        raise VendashError(
            f"--dialect: '{plain(name, 20)}' is not known: give {' or '.join(DIALECTS)}."
        ) from None


__all__ = ["DIALECTS", "Dialect", "dialect_named"]
