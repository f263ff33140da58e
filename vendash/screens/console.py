"""What all screens of one console share: fleet, readers, clock, and what was said last."""

from __future__ import annotations

import asyncio
import getpass
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from vendash.fleet import Fleet
from vendash.models import ActionOutcome, VenRow
from vendash.planned import Preview
from vendash.telemetry.status import EngineStatus, read_status

if TYPE_CHECKING:
    from vendash.telemetry.ticks import TickReader


class EngineControl(Protocol):
    """The engine as the console knows it: whether it runs, and whether to end it at the end."""

    started_here: bool

    @property
    def advice(self) -> str:
        """What starts an engine by hand."""

    def running(self) -> bool:
        """Whether an engine works on this database."""

    async def stop(self) -> None:
        """End it, and wait until it has."""

    async def tend(self) -> str:
        """Start it again where it has died; what was done, in a sentence, or nothing."""


class Previewer(Protocol):
    """Says what would be sent to the VTN; sends and writes nothing."""

    async def __call__(
        self, vens: Sequence[VenRow], keys: Sequence[int], key: int | None
    ) -> Preview:
        """Of these VENs and resources; the exact requests of one resource, else of the first."""


class Held(msgspec.Struct, frozen=True):
    """An action that the engine holds back for some seconds: undone in them, nothing is sent."""

    sequence: int
    """In the audit log."""
    until: float
    """Monotonic seconds."""
    leaves: bool
    """Whether something is sent then."""


class Notice(msgspec.Struct, frozen=True):
    """A sentence on the reserved line: what came of the last action, or what went wrong."""

    text: str
    trouble: bool
    at: float
    """Monotonic seconds."""
    held: Held | None = None
    """The action that it is about, where that is held back."""


def _site() -> str:
    return f"{getpass.getuser()}@{socket.gethostname().split('.')[0]}"


class Console(msgspec.Struct, kw_only=True):
    """One operator's view of one fleet."""

    fleet: Fleet
    live: TickReader
    folder: Path
    """Where the engine leaves its status."""
    engine: EngineControl | None = None
    marks: tuple[str, ...] = ()
    """For the header, beside READ-ONLY and SIM: DEMO."""
    site: str = msgspec.field(default_factory=_site)
    clock: Callable[[], datetime] = datetime.now
    """Local time."""
    importer: Callable[[Path], Awaitable[str]] | None = None
    """Imports a folder of CSV files; its answer is the sentence to show."""
    previewer: Previewer | None = None
    first_vens: asyncio.Future[Sequence[VenRow]] | None = None
    """The VENs as the store has been asked for them before there was a screen."""
    status: EngineStatus | None = None
    """What the engine last said; None where it never did."""
    commands: list[str] = msgspec.field(default_factory=list)
    """What was typed after `:`, oldest first."""
    acting: str = ""
    """The id of the action under way."""
    held: Held | None = None
    """The last action of this console, where it is, or was, held back."""
    notice: Notice | None = None
    show: Callable[[], None] = lambda: None
    """Brings the screen that is shown up to date; the app's."""
    acted: Callable[[], None] = lambda: None
    """Told when an action has been carried out; the app's."""
    still: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    """Set while no action is under way."""
    began: float = msgspec.field(default_factory=time.monotonic)
    """Monotonic."""
    epoch: int = 0
    """Rises whenever the database has changed."""

    def __post_init__(self) -> None:
        self.still.set()

    def vens_at_hand(self) -> Sequence[VenRow]:
        """All VENs, where they have come before there is a screen; else none."""
        asked = self.first_vens
        if asked is None or not asked.done() or asked.cancelled() or asked.exception():
            return ()
        return asked.result()

    async def vens(self) -> Sequence[VenRow]:
        """All VENs: the first time those already asked for."""
        asked, self.first_vens = self.first_vens, None
        return await (asked or self.fleet.reader.vens())

    def read_status(self) -> None:
        """Ask what the engine said last: one small file on tmpfs."""
        status = read_status(self.folder)
        silent = status is not None and not status.fresh
        if silent and self.engine is not None and not self.engine.running():
            status = None  # it was killed, and left its last words behind
        self.status = status

    @property
    def start_advice(self) -> str:
        """What starts an engine for this database."""
        return "vendash run" if self.engine is None else self.engine.advice

    def say(self, text: str, *, trouble: bool = False, held: Held | None = None) -> None:
        """Put a sentence on the reserved line of whatever screen is shown."""
        self.notice = Notice(text, trouble, time.monotonic(), held)

    def unsay(self, text: str) -> None:
        """Take this sentence away, where it stands there still: it is over."""
        if self.notice is not None and self.notice.text == text:
            self.notice = None

    def hold(self, outcome: ActionOutcome, *, sends: bool) -> None:
        """An action was done this moment: the engine, where one runs, holds it back."""
        status = self.status
        if outcome.sequence is not None and status is not None and status.fresh:
            until = time.monotonic() + status.hold_seconds
            leaves = sends and status.vtn.health != "trouble"
            self.held = Held(outcome.sequence, until, leaves)

    def holds(self, sequence: int) -> bool:
        """Whether the action of this number is held back still."""
        held = self.held
        return held is not None and held.sequence == sequence and time.monotonic() < held.until
