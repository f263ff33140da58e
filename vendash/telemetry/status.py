"""What the engine says of itself, once a second, in a small file that consoles read."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Literal

import msgspec

FRESH_SECONDS = 5.0
"""A status older than this is an engine that hangs or has died."""

Health = Literal["ok", "busy", "trouble", "off"]


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One service of the engine in a word and, where there is trouble, a sentence."""

    health: Health
    text: str = ""
    """For the header, a few words (`token`, `refused`); the dialect where all is well (`3.1`)."""
    detail: str = ""
    """A sentence with what to do; empty when all is well."""
    since: float = 0.0
    """Unix time since when it has been so."""


COMPARE, DECISIONS = "compare", "decisions"
"""The text of `EngineStatus.survey` in trouble: what of the two has failed."""


class RegistrationProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the present run of the registrar is. Counts are of VENs and resources together."""

    done: int
    total: int
    failed: int
    per_second: float
    """Over the last few seconds; 0.0 before it can be told."""
    seconds_left: float | None
    """None before that."""
    ven: str = ""
    """The VEN being worked on, empty when they are many."""
    verb: str = "REGISTER"
    """What is done of late: REGISTER, UPDATE, REMOVE; SEND while nothing was yet."""


class ConnectionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the connection to the VTN is. None: not known, or there is none. Holds no secret."""

    answers: int = 0
    """Since the engine started."""
    in_flight: int = 0
    window: int = 0
    """How many requests may be under way; it adapts to what the VTN bears."""
    breaker: str = "closed"
    """`closed`: all flows; `paused`: as the VTN asked; `open`: it fails; `half-open`: a probe."""
    latency_p50: float | None = None
    """Seconds, over the latest answers."""
    latency_p99: float | None = None
    answered_at: float | None = None
    """Unix time."""
    token: str = ""
    """`client`: fetched for our client id; `bearer`: one of the user's; `none`: none is sent."""
    token_age: float | None = None
    """Seconds."""
    token_left: float | None = None
    """Seconds that the token still lives; None also where the VTN names no end."""
    scopes: tuple[str, ...] | None = None
    clock_offset: float | None = None
    """The VTN's clock minus ours, seconds."""
    certificate_ends: float | None = None
    """Unix time."""
    error: str = ""
    """The latest trouble in a sentence; empty where there was none."""
    error_at: float | None = None
    """Unix time."""
    word: str = ""
    """For the header, what is worth a look though the VTN answers: `clock`, `certificate`..."""
    warnings: tuple[str, ...] = ()
    """The same in sentences, with what to do."""


class EngineStatus(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    pid: int
    started: float
    """Unix time."""
    beat: float
    """Monotonic time of the machine when it was written: a wrong clock changes nothing."""
    vtn: ServiceStatus
    simulation: ServiceStatus
    vtn_url: str = ""
    registration: RegistrationProgress | None = None
    survey: ServiceStatus = ServiceStatus(health="off")
    """How the newest comparison of everything with the VTN went."""
    speed: float = 1.0
    connection: ConnectionStatus | None = None
    hold_seconds: float = 0.0
    """That a change stays here before it leaves for the VTN."""

    @property
    def age(self) -> float:
        """Seconds since it was written."""
        return max(0.0, time.monotonic() - self.beat)

    @property
    def fresh(self) -> bool:
        """Whether the engine can be taken to be alive."""
        return self.age < FRESH_SECONDS


def write_status(folder: Path, status: EngineStatus) -> None:
    """Replace the status in the live folder; a reader sees the old one or the new one."""
    draft = folder / f".status.{os.getpid()}"
    draft.write_bytes(msgspec.json.encode(status))
    draft.replace(folder / "status.json")


def clear_status(folder: Path) -> None:
    """Take the status away, as an engine does at its end."""
    (folder / "status.json").unlink(missing_ok=True)


def read_status(folder: Path) -> EngineStatus | None:
    """The last status of the live folder, however old; None where there is none."""
    try:
        return msgspec.json.decode((folder / "status.json").read_bytes(), type=EngineStatus)
    except (OSError, msgspec.DecodeError):
        return None
