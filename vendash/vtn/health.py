"""How it stands between the registrar and its VTN, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass

from vendash.vtn.gate import BreakerWord


@dataclass(frozen=True, slots=True, kw_only=True)
class VtnHealth:
    """How it stands with the VTN."""

    trouble: bool
    word: str
    """For a header: what is wrong in a word, else the dialect; empty before the first greeting."""
    sentence: str
    """What is wrong and what to do; empty where all is well."""
    since: float
    """Unix time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarVitals:
    """What the registrar is doing at this moment."""

    in_flight: int
    """Requests under way."""
    window: int
    """How many may be under way; it adapts to what the VTN bears."""
    breaker: BreakerWord
    calls: int
    """Commands sent since the registrar was made; a look-up counts as one."""
    last_error: str
    """The last thing that went wrong, in a sentence; empty when nothing has."""
    last_error_at: float
    """Unix time; 0 when nothing has."""
