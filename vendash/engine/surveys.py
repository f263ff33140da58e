"""The comparisons with the VTN that an engine makes, and following a VTN that decides itself."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress

from vendash.engine.memory import give_back
from vendash.models import Authority, RegistrationStatus, ResourceWork
from vendash.settings import VtnSettings
from vendash.store.protocol import FleetStore
from vendash.telemetry.status import COMPARE, DECISIONS, ServiceStatus
from vendash.vtn.client import Vtn
from vendash.vtn.driver import Registrar
from vendash.vtn.errors import VtnError
from vendash.vtn.gate import PULSE
from vendash.vtn.lastaccepted import is_lost
from vendash.vtn.survey import decisions, survey

LOOK_SECONDS = 0.5
"""How often it is looked whether the VTN has come back."""
LEAST_SECONDS = 20.0
"""Between two comparisons that nobody asked for, however often the VTN goes and comes."""
COMPARING = ServiceStatus(health="busy", text="comparing")

Last = tuple[ResourceWork, str]
"""What the VTN accepted last, and the stamp that it gave with it."""

_log = logging.getLogger(__name__)


class SurveyService:
    """Compares everything with the VTN: when it has come (back), at times, and when asked.

    Also when it has lost what it accepted last, for it may have gone and come back unseen.

    It has one connection of its own, and nothing begins by itself while there is something to send.
    """

    def __init__(
        self, store: FleetStore, vtn: Vtn, registrar: Registrar, settings: VtnSettings
    ) -> None:
        self._store = store
        self._vtn = vtn
        self._registrar = registrar
        self._every = 60.0 * settings.survey_minutes
        self._poll_every = settings.status_seconds
        self._stir = asyncio.Event()
        self._surveyed = self._polled = self._looked = float("-inf")
        self._opened: float | None = None
        self._answered: float | None = None
        self._untellable: Last | None = None
        """Not to be had from the VTN by itself, and yet in its lists."""
        self._thorough = False
        """Every field was compared since this engine began, whatever the VTN's stamps say."""
        self.status = ServiceStatus(health="off")

    def nudge(self) -> None:
        """The database has changed: a comparison may be wanted."""
        self._stir.set()

    async def run(self) -> None:
        """Compare for ever; trouble with the VTN is waited out.

        Raises:
            VendashError: The store fails.
        """
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._stir.wait()
            self._stir.clear()
            health = self._registrar.health
            if health.trouble or not health.word:
                continue
            if await self._wanted() or self._due(health.since):
                self._opened = health.since
                await self._compare()
            elif (lost := await self._lost()) is not None:
                await self._compare()
                # Still so after all was compared: this VTN does not tell of one object.
                self._untellable = lost if lost == await self._last() else None
            elif await self._poll_due():
                await self._poll()

    async def _wanted(self) -> bool:
        """Whether someone wants a newer comparison than there is; each wish is tried once."""
        wanted = await self._store.survey_wanted()
        if wanted is None or wanted == self._answered:
            return False
        self._answered = wanted
        return wanted > (await self._store.surveyed() or 0.0)

    def _due(self, opened: float) -> bool:
        if self._registrar.progress is not None or not self._every:
            return False
        since = time.monotonic() - self._surveyed
        return since >= (min(LEAST_SECONDS, self._every) if opened != self._opened else self._every)

    async def _lost(self) -> Last | None:
        """What the VTN accepted last, if it has lost that; asked once in a pulse."""
        quiet = time.monotonic() - max(self._looked, self._surveyed)
        if quiet < PULSE or not self._every or self._registrar.progress is not None:
            return None
        self._looked = time.monotonic()
        last = await self._last()
        if last is None or last == self._untellable:
            return None
        try:
            async with self._vtn.connect() as connection:
                return last if await is_lost(connection, *last) else None
        except VtnError as error:  # the registrar finds out, and says so
            _log.debug("not asked for what it accepted last: %s", error)
            return None

    async def _last(self) -> Last | None:
        work = await self._store.last_accepted()
        if work is None:
            return None
        name = work.resource.resource_id
        _, _, stamp = (await self._store.stamps_named([name])).get(name, ("", "", ""))
        return work, stamp

    async def _poll_due(self) -> bool:
        if time.monotonic() - max(self._polled, self._surveyed) < self._poll_every:
            return False
        self._polled = time.monotonic()
        return await self._store.authority() is Authority.VTN

    async def _compare(self) -> None:
        try:
            await self._survey()
        except VtnError as error:
            _log.warning("not compared with the VTN: %s", error)
            self._opened = None  # soon again, as if it had just come
            self.status = _trouble(COMPARE, str(error))

    async def _survey(self) -> None:
        self.status = COMPARING
        self._surveyed = time.monotonic()
        decided_there = await self._store.authority() is Authority.VTN
        async with self._vtn.connect() as connection:
            found = await survey(
                self._store, connection, statuses=decided_there, trust_stamps=self._thorough
            )
        self._thorough = True
        if decided_there:
            await follow(self._store, found.statuses)
        self._registrar.nudge()
        self.status = ServiceStatus(health="ok", since=time.time())
        outcome = found.outcome
        _log.info(
            "compared %d VENs and %d resources: %d differ, %d sent again, %d ids adopted",
            found.vens, found.resources, outcome.open, outcome.again, outcome.adopted,
        )  # fmt: skip
        await asyncio.to_thread(give_back)

    async def _poll(self) -> None:
        """Take over what the VTN has decided; that it cannot be read is no failed comparison."""
        try:
            async with self._vtn.connect() as connection:
                await follow(self._store, await decisions(connection))
        except VtnError as error:
            _log.warning("the VTN's decisions were not read: %s", error)
            self.status = _trouble(DECISIONS, f"The VTN's decisions were not read: {error}")
        else:
            if self.status.text == DECISIONS:
                self.status = ServiceStatus(health="ok", since=time.time())


def _trouble(text: str, detail: str) -> ServiceStatus:
    return ServiceStatus(health="trouble", text=text, detail=detail, since=time.time())


async def follow(store: FleetStore, decided: Mapping[str, RegistrationStatus]) -> None:
    """Take over what a VTN, by resource id, has decided otherwise than is known here."""
    known = await store.statuses_there()
    changes = [
        (known[name][0], status)
        for name, status in decided.items()
        if name in known and known[name][1] is not status
    ]
    if changes:
        await store.take_statuses(changes)
