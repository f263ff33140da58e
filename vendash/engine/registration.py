"""The service that keeps at the VTN what is wanted there."""

from __future__ import annotations

import asyncio

from vendash.engine.connecting import VtnAccess, take_up
from vendash.engine.surveys import SurveyService
from vendash.engine.vitals import connection_status
from vendash.store.protocol import FleetStore
from vendash.telemetry.status import ConnectionStatus, RegistrationProgress, ServiceStatus
from vendash.vtn.client import Vtn
from vendash.vtn.driver import Registrar, VtnHealth

CONNECTING = ServiceStatus(health="busy", text="connecting")


class RegistrationService:
    """Runs the registrar for the current VTN of a database."""

    def __init__(self, store: FleetStore, access: VtnAccess) -> None:
        self._store = store
        self._access = access
        self._registrar: Registrar | None = None
        self._vtn: Vtn | None = None
        self._failed: ServiceStatus | None = None
        self._surveys: SurveyService | None = None
        self.url = ""

    @property
    def survey(self) -> ServiceStatus:
        """How the newest comparison with the VTN went; off before the first."""
        return self._surveys.status if self._surveys else ServiceStatus(health="off")

    @property
    def status(self) -> ServiceStatus:
        """How it stands with the VTN."""
        if self._failed is not None:
            return self._failed
        return _status(self._registrar.health) if self._registrar else CONNECTING

    @property
    def progress(self) -> RegistrationProgress | None:
        """How far the present work is; None while there is none."""
        now = self._registrar.progress if self._registrar else None
        if now is None:
            return None
        return RegistrationProgress(
            done=now.done,
            total=now.total,
            failed=now.failed,
            per_second=now.per_second,
            seconds_left=now.seconds_left,
            ven=now.ven,
            verb=now.verb,
        )

    @property
    def hold_seconds(self) -> float:
        """That a change stays here before it leaves."""
        return self._access.settings.vtn.hold_seconds

    @property
    def connection(self) -> ConnectionStatus | None:
        """How the connection to the VTN is; None before there is one."""
        if self._registrar is None or self._vtn is None:
            return None
        return connection_status(self._vtn, self._registrar.vitals)

    def tell(self, status: ServiceStatus) -> None:
        """The service itself has failed."""
        self._failed = status

    async def run(self) -> None:
        """Register for ever what is wanted.

        Raises:
            VendashError: The address or the credentials cannot be used, or the store fails.
        """
        access = self._access
        self.url = await access.url(self._store)
        vtn = access.client(self.url)
        await take_up(self._store, vtn, access.settings, actor="engine")
        registrar = Registrar(self._store, vtn, hold=self.hold_seconds, remaining=self._remaining)
        self._registrar, self._vtn, self._failed = registrar, vtn, None
        surveys = self._surveys = SurveyService(self._store, vtn, registrar, access.settings.vtn)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(registrar, vtn, surveys))
            tasks.create_task(surveys.run())
            await registrar.run()

    async def _follow(self, registrar: Registrar, vtn: Vtn, surveys: SurveyService) -> None:
        """Tell of changes, and the database the dialect that was found out."""
        stored = ""
        async for _ in self._store.changes():
            registrar.nudge()
            surveys.nudge()
            if vtn.dialect != stored:
                stored = vtn.dialect
                await self._store.use_vtn(self.url, stored)

    async def _remaining(self) -> int:
        done, total, failed = await self._store.registration_progress()
        return total - done - failed


def _status(health: VtnHealth) -> ServiceStatus:
    if health.trouble:
        return ServiceStatus(
            health="trouble", text=health.word, detail=health.sentence, since=health.since
        )
    if not health.word:
        return CONNECTING
    return ServiceStatus(health="ok", text=health.word, since=health.since)
