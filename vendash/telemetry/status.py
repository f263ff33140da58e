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


class RegistrationProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the present run of the registrar is. Counts are of VENs and resources together."""

    done: int
    total: int
    failed: int
    per_second: float
    """Over the last few seconds."""
    seconds_left: float | None
    ven: str = ""
    """The VEN being worked on, empty when they are many."""
    verb: str = "REGISTER"
    """What is done of late: REGISTER, UPDATE, REMOVE; SEND while nothing was yet."""


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
    speed: float = 1.0

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
