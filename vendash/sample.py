"""Where the sample data are: inside the package of a wheel, in `config` of a checkout."""

from __future__ import annotations

import os
from pathlib import Path

from vendash.errors import VendashError

_HERE = Path(__file__).parent
_METER_FILE = "examplemeterdata/load_data.h5"


def sample_assets() -> Path:
    """The folder with the sample fleet's CSV files: 10,562 resources in 158 towns.

    Raises:
        VendashError: the installation is not whole.
    """
    return _shipped("exampleassets")


def sample_meter_file() -> Path:
    """The sample meter data: 153 meters, four weeks at 15 minutes.

    Raises:
        VendashError: the installation is not whole.
    """
    return _shipped(_METER_FILE)


def meter_file(database: Path) -> Path:
    """The meter data for a database: the user's own beside it, else the shipped ones.

    The user's lie where the original sample client has them, seen from its `resources.db`.

    Raises:
        VendashError: the installation is not whole.
    """
    own = database.parent / _METER_FILE
    return own if os.access(own, os.F_OK) else sample_meter_file()


def _shipped(name: str) -> Path:
    for config in (_HERE / "config", _HERE.parent / "config"):
        if (config / name).exists():
            return config / name
    raise VendashError(f"The sample data ({name}) are missing: install vendash again.")
