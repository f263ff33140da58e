"""Brings one item from its first command to its outcome, past the gate and within the window."""

from __future__ import annotations

import logging
import time
from collections import Counter

from vendash.models import Refused, RegistrationOutcome, VenWork, VtnState
from vendash.vtn.client import Connection
from vendash.vtn.errors import VtnBusyError, VtnError, VtnSilentError
from vendash.vtn.exchange import carry_out
from vendash.vtn.gate import Gate
from vendash.vtn.moves import Command, Event, Finish, Lost, Unsent, Work
from vendash.vtn.registrar import State, begin, step
from vendash.vtn.throttle import Throttle

ATTEMPTS = 12
"""Of one item that gets no answer while others do, before it counts as failed."""

_log = logging.getLogger(__name__)


class Sender:
    """What all workers share while they carry out commands.

    Args:
        gate: Shut while the VTN fails.
        throttle: Counts what is under way and learns from it.
    """

    def __init__(self, gate: Gate, throttle: Throttle) -> None:
        self._gate = gate
        self._throttle = throttle
        self._attempts: Counter[str | int] = Counter()
        self.last_error = ""
        self.last_error_at = 0.0

    async def bring(self, connection: Connection, item: Work) -> RegistrationOutcome:
        """Do what the core asks for until it has finished."""
        try:
            outcome, event = await self._steps(connection, begin(item))
        except Exception:
            # A fault of ours on one item must not end the registration of all the others.
            _log.exception("vendash failed on %s", key_of(item))
            reason = "vendash itself failed on this item: its log says more."
            outcome, event = Refused(item=item, state=VtnState.FAILED, reason=reason), None
        if isinstance(outcome, Refused):
            self._note(outcome.reason)
        return self._counted(outcome, lost=isinstance(event, Lost))

    async def _steps(
        self, connection: Connection, state: State
    ) -> tuple[RegistrationOutcome, Event | None]:
        event: Event | None = None
        while True:
            match state.asked:
                case Finish(outcome):
                    return outcome, event
                case command:
                    await self._gate.passage()
                    event = await self._carried_out(connection, state.work, command)
                    state = step(state, event)

    async def _carried_out(self, connection: Connection, work: Work, command: Command) -> Event:
        with self._throttle.call(type(command).__name__) as call:
            try:
                event = await carry_out(connection, work, command)
            except VtnError as error:
                call.overload = True
                self._gate.failed(error, at_once=True)
                self._note(str(error))
                return Unsent(str(error))
            call.overload = isinstance(event, Lost | Unsent)
        if isinstance(event, Lost | Unsent) and event.retry_after is not None:
            self._gate.pause(event.retry_after)
        match event:
            case Lost(reason, status):
                trouble = VtnSilentError if status is None else VtnBusyError
                self._gate.failed(trouble(reason))
            case Unsent():
                pass
            case _:
                self._gate.succeeded()
        return event

    def _counted(self, outcome: RegistrationOutcome, *, lost: bool) -> RegistrationOutcome:
        """An item that gets nowhere, while others do, must not be tried for ever."""
        key = key_of(outcome.item)
        if not isinstance(outcome, Refused) or not lost:
            self._attempts.pop(key, None)
            return outcome
        self._attempts[key] += 1
        if self._attempts[key] < ATTEMPTS:
            return outcome
        del self._attempts[key]
        return Refused(
            item=outcome.item,
            state=VtnState.FAILED,
            reason=f"{outcome.reason} It was tried {ATTEMPTS} times: register it again to go on.",
            http_status=outcome.http_status,
        )

    def _note(self, error: str) -> None:
        self.last_error = error
        self.last_error_at = time.time()


def key_of(item: Work) -> str | int:
    """What tells one item from another."""
    return item.name if isinstance(item, VenWork) else item.key
