"""What whoever talks to a VTN needs of a store; the operator's side is in `protocol`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from vendash.models import (
    DriftItem,
    RegistrationOutcome,
    ResourceWork,
    Seen,
    SurveyOutcome,
    VenWork,
)


class RegistrationLedger(Protocol):
    """What the registrar needs: the items whose revision the VTN has not accepted."""

    async def due_vens(self, limit: int, *, hold: float = 0.0) -> list[VenWork]:
        """Lease VENs to send: marked SENDING, durable, before they are returned.

        What changed less than `hold` seconds ago waits, so that it can still be undone unsent.
        """

    async def due_resources(self, limit: int, *, hold: float = 0.0) -> list[ResourceWork]:
        """Lease resources whose VEN is known at the VTN, marked SENDING in the same way.

        `doubtful` is true where the row was SENDING or in doubt before. Leased rows are not
        handed out again by this process until completed; a new process finds them doubtful.
        """

    async def due_in(self, hold: float) -> float | None:
        """Seconds until the next change may leave; 0.0 when one may, None when there is none."""

    async def complete(self, outcomes: Sequence[RegistrationOutcome]) -> None:
        """Record a batch of outcomes in one transaction."""

    async def registration_progress(self) -> tuple[int, int, int]:
        """Done, total and failed, VENs and resources together.

        Total is what is wanted at the current VTN or has to be deleted there; failed are those
        that wait for a person.
        """


class SurveyBooks(Protocol):
    """What a comparison of everything with the VTN needs.

    `begin_survey`; for every page of the VTN's lists what is known here of its names, compared,
    and `record_survey`; `end_survey` when every page was read. One survey at a time in a process;
    begun again, or never ended, it leaves no trace.
    """

    async def vens_named(self, names: Sequence[str]) -> list[VenWork]:
        """What is known at the current VTN of these VENs, without leasing it."""

    async def resources_named(self, resource_ids: Sequence[str]) -> list[ResourceWork]:
        """What is known at the current VTN of these resources, without leasing it.

        What is not wanted there (any more) is among them: `ResourceWork.wanted`.
        """

    async def stamps_named(self, resource_ids: Sequence[str]) -> Mapping[str, tuple[str, str, str]]:
        """Id, id of the VEN and stamp at the current VTN, of those resources that are ok there.

        Only of those that it has accepted as they are now, and gave a stamp of.
        """

    async def last_accepted(self) -> ResourceWork | None:
        """What the current VTN has accepted last, of that which it is known to hold as it is."""

    async def begin_survey(self) -> None:
        """Begin."""

    async def record_survey(self, items: Sequence[DriftItem], seen: Sequence[Seen]) -> None:
        """Keep a batch of what was seen there, and of where it disagrees.

        `seen` is every object; `items` those that are only there, different, or double (one item
        for each object of the name). What is only here is found at the end.
        Raises `VendashError` where no survey was begun, or the VTN was changed since.
        """

    async def end_survey(self) -> SurveyOutcome:
        """Evaluate it, for what did not change meanwhile.

        What is only here is due again, and doubtful. An id that changed there is adopted. What is
        different and older there than what we wrote is due again. The rest waits for the operator,
        its row `DIFFERENT`.
        """
