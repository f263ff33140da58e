"""The disk and the lines of a process that may be killed at every await."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.vtn.ledger import MemoryLedger
from vendash.models import RegistrationOutcome, ResourceWork, VenWork
from vendash.vtn.answers import Reply
from vendash.vtn.client import Connection, Vtn
from vendash.vtn.errors import VtnSilentError, VtnUnreachableError

if TYPE_CHECKING:
    from tests.reliability.world import World

TIMEOUT = 10.0


class Disk(MemoryLedger):
    """The ledger on a disk that a process may die beside: before a transaction or after it."""

    world: World

    async def due_vens(self, limit: int, *, hold: float = 0.0) -> list[VenWork]:
        self.world.moment()
        leased = await super().due_vens(limit, hold=hold)
        self.world.moment()
        return leased

    async def due_resources(self, limit: int, *, hold: float = 0.0) -> list[ResourceWork]:
        self.world.moment()
        leased = await super().due_resources(limit, hold=hold)
        self.world.moment()
        return leased

    async def complete(self, outcomes: Sequence[RegistrationOutcome]) -> None:
        await asyncio.sleep(0.01)
        self.world.moment()
        await super().complete(outcomes)
        self.world.moment()


class ModelWire:
    """One worker's line. What it sends goes on though the process has died."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._life = world.life

    async def exchange(
        self, method: str, url: str, *, body: bytes | None = None, **_: object
    ) -> Reply:
        world = self._world
        await self._alive()
        if world.is_down or world.strikes(0.03):
            raise VtnUnreachableError("The VTN refuses the connection.")
        answer: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        world.send(method, url, body, answer)
        await self._alive()  # killed with the request under way
        try:
            async with asyncio.timeout(TIMEOUT):
                reply = await answer
        except TimeoutError:
            raise VtnSilentError("The VTN did not answer.") from None
        await self._alive()  # killed with the answer in hand
        if reply is None:
            raise VtnSilentError("The connection broke.")
        return reply

    async def _alive(self) -> None:
        self._world.moment()
        if self._world.life != self._life:
            await asyncio.Event().wait()  # this process has been killed: nothing more leaves it


class ModelLink(Vtn):
    """The client, whose wires lead to the model."""

    def __init__(self, world: World) -> None:
        super().__init__("http://127.0.0.1", dialect=world.kind.dialect, timeout=TIMEOUT)
        self._world = world

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        yield Connection(self, ModelWire(self._world))  # type: ignore[arg-type]
