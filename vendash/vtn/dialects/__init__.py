"""The versions of OpenADR 3 that VTNs speak, each a module behind one interface."""

from __future__ import annotations

from vendash.errors import VendashError
from vendash.text import plain
from vendash.vtn.dialects.base import Dialect
from vendash.vtn.dialects.energydesk import EnergyDesk
from vendash.vtn.dialects.v3_0 import V30
from vendash.vtn.dialects.v3_1 import V31

DIALECTS = ("3.1", "3.0.1", "energydesk")
"""The names that a user gives."""

_V31, _V30, _ENERGYDESK = V31(), V30(), EnergyDesk()
_BY_NAME: dict[str, Dialect] = {
    **dict.fromkeys(("3.1", "3.1.0", "3.1.1"), _V31),
    **dict.fromkeys(("3.0", "3.0.0", "3.0.1"), _V30),
    **dict.fromkeys(("energydesk", "energy-desk", "ed"), _ENERGYDESK),
}


def dialect_named(name: str) -> Dialect:
    """The dialect of this name (`3.1`, `3.0.1` or `energydesk`; `3.0` means the second).

    Raises:
        VendashError: There is no such dialect.
    """
    try:
        return _BY_NAME[name.strip().lower()]
    except KeyError:
        known = f"{', '.join(DIALECTS[:-1])} or {DIALECTS[-1]}"
        raise VendashError(f"--dialect: '{plain(name, 20)}' is not known: give {known}.") from None


__all__ = ["DIALECTS", "Dialect", "dialect_named"]
