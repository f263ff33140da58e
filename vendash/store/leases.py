"""What one process has handed out to be sent; in memory, for with the process it is in doubt."""

from __future__ import annotations

import msgspec


class Lease(msgspec.Struct, frozen=True):
    """One item handed out: for which VTN, and whether it was wanted there."""

    vtn: int
    wanted: bool


class Leases(msgspec.Struct):
    """What this process has handed out and not heard of since."""

    vens: dict[str, int] = {}
    resources: dict[int, Lease] = {}
    removals: dict[int, int] = {}

    def end(self) -> None:
        """End all of them: what was handed out is in doubt, and due again."""
        for leased in (self.vens, self.resources, self.removals):
            leased.clear()
