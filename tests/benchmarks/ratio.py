"""What a benchmark says: our cost against a floor measured in the same run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """One measurement. Absolute figures are of one machine; the ratio carries over."""

    name: str
    ours: float
    floor: float
    """What the least program that does the same costs, in the same unit."""
    goal: float
    """The ratio that is good enough."""
    unit: str

    @property
    def ratio(self) -> float:
        """Ours as a multiple of the floor."""
        return self.ours / self.floor
