"""What a benchmark says: our cost against a floor measured in the same run, or against a limit."""

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

    @property
    def good(self) -> bool:
        """Whether the goal is met."""
        return self.ours <= self.goal * self.floor


@dataclass(frozen=True, slots=True)
class Budget:
    """One measurement of something that is the same, or nearly so, on every machine."""

    name: str
    ours: float
    limit: float
    """What is good enough, in the same unit."""
    unit: str

    @property
    def good(self) -> bool:
        """Whether it is within the limit."""
        return self.ours <= self.limit
