"""Rosters and ticks for the tests of telemetry."""

from __future__ import annotations

import numpy as np

from vendash.telemetry.ticks import TYPES, Quality, Roster, Tick


def roster(count: int, vens: int = 3, *, generation: int = 1, first_key: int = 1) -> Roster:
    """So many resources of all types, spread over so many VENs."""
    places = np.arange(count)
    return Roster(
        generation=generation,
        keys=(places + first_key).astype(np.int64),
        types=(places % len(TYPES)).astype(np.uint8),
        vens=(places % max(vens, 1)).astype(np.int32),
        ven_names=tuple(f"Nykøbing {ven}" for ven in range(vens)),
    )


def tick(
    sequence: int,
    count: int,
    *,
    at: float | None = None,
    quality: Quality = Quality.GOOD,
    generation: int = 1,
) -> Tick:
    """A tick filled with its sequence number, and at that time unless another is given."""
    return Tick(
        sequence=sequence,
        at=float(sequence if at is None else at),
        generation=generation,
        kw=np.full(count, sequence, dtype=np.float32),
        quality=np.full(count, quality, dtype=np.uint8),
        simulated=True,
    )
