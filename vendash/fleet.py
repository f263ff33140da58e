"""The operator's verbs. Screens, commands and programs all change the fleet through these.

A verb writes one decision with its audit record into the store and is then done; what has to
happen at a VTN is the engine's work, which sees the decision in the file.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from vendash.errors import ReadOnlyError
from vendash.models import (
    ActionOutcome,
    Authority,
    DriftChoice,
    DriftItem,
    ImportOutcome,
    RegistrationStatus,
    Resource,
    Selection,
)
from vendash.store.protocol import FleetReader, FleetStore
from vendash.text import plain

ANY_STATUS = frozenset(RegistrationStatus)


class Fleet:
    """The fleet of one store, as one actor changes it.

    Where the VTN decides (`Authority.VTN`), to approve, suspend or pend is to ask it: the outcome's
    verb is then `request`, and what is not wanted at the VTN is skipped.

    Every verb raises `ReadOnlyError` in read-only mode and `VendashError` where the store does.
    """

    def __init__(self, store: FleetStore, *, actor: str) -> None:
        self._store = store
        self.actor = actor

    @property
    def reader(self) -> FleetReader:
        """The reading side of the store."""
        return self._store

    @property
    def path(self) -> Path:
        """The database file."""
        return self._store.path

    @property
    def read_only(self) -> bool:
        """Whether every verb refuses."""
        return self._store.read_only

    async def approve(
        self, selection: Selection, *, reason: str = "", subject: str = "", suspended: bool = True
    ) -> ActionOutcome:
        """Approve the selection; `suspended=False` leaves the suspended ones as they are."""
        expected = ANY_STATUS if suspended else ANY_STATUS - {RegistrationStatus.SUSPENDED}
        return await self._decide(selection, expected, RegistrationStatus.APPROVED, reason, subject)

    async def suspend(
        self, selection: Selection, *, reason: str = "", subject: str = ""
    ) -> ActionOutcome:
        """Suspend the selection: its readings stop with the next tick."""
        return await self._decide(
            selection, ANY_STATUS, RegistrationStatus.SUSPENDED, reason, subject
        )

    async def pend(
        self, selection: Selection, *, reason: str = "", subject: str = ""
    ) -> ActionOutcome:
        """Take the decision back: pending again."""
        return await self._decide(
            selection, ANY_STATUS, RegistrationStatus.PENDING, reason, subject
        )

    async def register(
        self, selection: Selection, *, reason: str = "", subject: str = ""
    ) -> ActionOutcome:
        """Want the selection, and its VENs, at the current VTN; the engine sends."""
        self._writable()
        return await self._store.want_at_vtn(
            selection.keys, True, actor=self.actor, reason=reason, subject=subject
        )

    async def unregister(
        self, selection: Selection, *, reason: str = "", subject: str = ""
    ) -> ActionOutcome:
        """Want the selection at the current VTN no longer; the engine deletes it there."""
        self._writable()
        return await self._store.want_at_vtn(
            selection.keys, False, actor=self.actor, reason=reason, subject=subject
        )

    async def set_authority(self, authority: Authority) -> ActionOutcome:
        """Say who decides on what is at a VTN."""
        self._writable()
        return await self._store.set_authority(authority.value, actor=self.actor)

    async def want_survey(self) -> float:
        """Want everything compared with the VTN anew; the engine does it. When that was wished."""
        self._writable()
        return await self._store.want_survey()

    async def settle_drift(
        self,
        items: Sequence[DriftItem],
        choice: DriftChoice,
        *,
        reason: str = "",
        subject: str = "",
    ) -> ActionOutcome:
        """Choose for each of these what becomes of it; the engine does what that asks for."""
        self._writable()
        return await self._store.settle_drift(
            items, choice, actor=self.actor, reason=reason, subject=subject
        )

    async def remove_orphans(
        self, resource_ids: Sequence[str], *, reason: str = "", subject: str = ""
    ) -> ActionOutcome:
        """Want what the VTN holds of resources that are gone from here deleted there."""
        self._writable()
        return await self._store.remove_orphans(
            resource_ids, actor=self.actor, reason=reason, subject=subject
        )

    async def import_resources(
        self, resources: Sequence[Resource], *, subject: str = ""
    ) -> ImportOutcome:
        """Bring resources in; those that are here already keep their id and decision."""
        self._writable()
        return await self._store.import_resources(resources, actor=self.actor, subject=subject)

    async def undo(self, sequence: int | None = None) -> ActionOutcome:
        """Reverse one action, by default this actor's last one that is not undone."""
        self._writable()
        return await self._store.undo(actor=self.actor, sequence=sequence)

    async def simulate(self, on: bool, *, speed: float | None = None) -> ActionOutcome:
        """Want the simulation on or off, and at this speed where one is given.

        Raises:
            VendashError: The speed is not a number above 0.
        """
        self._writable()
        wanted = replace(await self._store.simulation(), on=on)
        if speed is not None:
            wanted = replace(wanted, speed=speed)
        return await self._store.set_simulation(wanted, actor=self.actor)

    async def backup(self, destination: Path | None = None) -> Path:
        """A verified copy of the database; its path."""
        return await self._store.backup(destination)

    async def reset(self) -> Path:
        """Delete all resources, after a backup whose path is returned."""
        self._writable()
        return await self._store.reset(actor=self.actor)

    async def _decide(
        self,
        selection: Selection,
        expected: frozenset[RegistrationStatus],
        new: RegistrationStatus,
        reason: str,
        subject: str,
    ) -> ActionOutcome:
        self._writable()
        if await self._store.authority() is Authority.VTN:
            keys = await self._of_status(selection.keys, expected)
            return await self._store.request_status(
                keys, new, actor=self.actor, reason=reason, subject=subject
            )
        return await self._store.set_status(
            selection.keys, expected, new, actor=self.actor, reason=reason, subject=subject
        )

    async def _of_status(
        self, keys: Sequence[int], expected: frozenset[RegistrationStatus]
    ) -> Sequence[int]:
        if expected == ANY_STATUS:
            return keys
        return [row.key for row in await self._store.rows(keys) if row.status in expected]

    def _writable(self) -> None:
        if self.read_only:
            raise ReadOnlyError("This is read-only: start vendash without --read-only to change.")


def current_actor() -> str:
    """Who sits here: OS user, host or SSH client, and terminal (`anna@10.0.0.7 pts/3`)."""
    client = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    where = client or socket.gethostname()
    try:
        terminal = os.ttyname(0).removeprefix("/dev/")
    except OSError:
        terminal = "cli"
    return plain(f"{_user()}@{where} {terminal}", 80)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run with a number that has no name
        return str(os.getuid())
