"""A seeded world for the whole registrar: a VTN, a network, a disk, a clock, an operator, kills.

Everything but these is the real thing: driver, books, gate, window, core, dialects. Whatever
happens is decided by one random generator in a loop with a clock of its own, so that a failing seed
replays: `live(seed)`.

A request may arrive after it was given up, and a VTN may come back with yesterday's data; both can
put an object there that no client can have known of. Such ids are noted as `unforeseen`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from random import Random

from msgspec.structs import replace

from tests.reliability.kinds import Findings, Kind, ids_by, judge, kind_of
from tests.reliability.model import ModelVtn, Objects
from tests.reliability.parts import TIMEOUT, Disk, ModelLink
from tests.vtn.ledger import MemoryLedger, Row, fleet
from vendash.models import RegistrationStatus
from vendash.vtn.answers import Reply
from vendash.vtn.driver import Registrar

VENS = 4
HOLD = 3.0
RESTART = 2.0
"""Seconds between the end of a process and the next one: more than a request takes on its way."""
TRANSIENT = "never to be sent"
STATUSES = tuple(RegistrationStatus)


class World:
    """One life of a fleet, from the first registration to the last."""

    def __init__(self, seed: int, kind: Kind, items: int, kill_at: int | None = None) -> None:
        self.kind = kind
        self.random = Random(seed)
        self.vtn = ModelVtn(kind.dialect, kind.unique)
        self.disk = Disk(fleet(VENS, items // VENS))
        self.disk.world = self
        self.life = 0
        self.unforeseen: set[str] = set()
        self.removed: list[str] = []
        self.moments = 0
        self.is_down = False
        self._kill_at = kill_at
        self._hostile = True
        self._yesterday = self.vtn.snapshot()
        self._running: list[asyncio.Task[None]] = []
        self._registrars: list[Registrar] = []

    # --- fate -----------------------------------------------------------------------------------

    def strikes(self, probability: float) -> bool:
        """Whether this misfortune happens now."""
        return self._hostile and self.random.random() < probability

    def moment(self) -> None:
        """An await at which the process may be killed."""
        self.moments += 1
        if self.moments == self._kill_at or (self._kill_at is None and self.strikes(0.002)):
            self.kill()

    def kill(self) -> None:
        """The process is no more; what it knew is forgotten, what it has sent arrives."""
        self.life += 1
        self.disk.kill()
        for task in self._running:
            task.cancel()

    def send(
        self, method: str, url: str, body: bytes | None, answer: asyncio.Future[Reply | None]
    ) -> None:
        """A request leaves: decide when and whether it arrives, and what comes back."""
        loop = asyncio.get_running_loop()
        way = self.random.uniform(0.001, 0.2)
        if self.strikes(0.04):
            loop.call_later(way, _tell, answer, None)  # lost on the way there
            return
        late = self.kind.late and self.strikes(0.04)
        arrives = way + (self.random.uniform(TIMEOUT, 4 * TIMEOUT) if late else 0.0)
        loop.call_later(arrives, self._arrive, method, url, body, answer, late)

    def _arrive(
        self, method: str, url: str, body: bytes | None, answer: asyncio.Future[Reply | None],
        late: bool,
    ) -> None:  # fmt: skip
        before = self.vtn.ids() if late else set()
        if self.is_down:
            return _tell(answer, None)
        if self.strikes(0.05):
            return _tell(answer, Reply(503))
        reply = self.vtn.answer(method, url, body)
        if late:
            self.unforeseen |= self.vtn.ids() - before
        wrote = method != "GET" and reply.ok
        if wrote and self.strikes(0.05):
            reply = Reply(500)
        back = None if self.strikes(0.05) else reply
        asyncio.get_running_loop().call_later(self.random.uniform(0.001, 0.2), _tell, answer, back)
        return None

    # --- a life ---------------------------------------------------------------------------------

    async def live(self, senders: int = 1) -> Findings:
        """Faults and an operator for a while; then a kind world in which all comes to its end."""
        async with asyncio.TaskGroup() as group:
            process = group.create_task(self._processes(senders))
            for _ in range(30):
                await asyncio.sleep(self.random.expovariate(1.0))
                await self._happening()
            await asyncio.sleep(2 * TIMEOUT)
            self._hostile = self.is_down = False
            process.cancel()
        await asyncio.sleep(5 * TIMEOUT)  # what was late has arrived
        await self._calm()
        if not self.kind.foreseeable:
            for _ in range(3):
                self._compare()
                await self._calm()
        return self._findings()

    async def _processes(self, senders: int) -> None:
        while True:
            ledgers: list[MemoryLedger] = [self.disk]
            ledgers += [self.disk.beside() for _ in range(senders - 1)]
            registrars = [self._registrar(ledger, HOLD) for ledger in ledgers]
            self._registrars = registrars
            self._running = [asyncio.create_task(one.run()) for one in registrars]
            try:
                await asyncio.wait(self._running)
            finally:
                for task in self._running:
                    task.cancel()
                done, _ = await asyncio.wait(self._running)
            for task in done:
                if not task.cancelled():
                    task.result()  # a fault of ours comes out here
            await asyncio.sleep(RESTART)
            self.disk.restart()

    def _registrar(self, ledger: MemoryLedger, hold: float = 0.0) -> Registrar:
        return Registrar(ledger, ModelLink(self), hold=hold, chance=self.random.random)

    async def _calm(self) -> None:
        """The operator asks again for what has failed; nothing goes wrong any more."""
        self.life += 1
        self.disk.restart()
        for _ in range(3):
            await self._registrar(self.disk).settle()
            self.disk.ask_again()

    # --- what happens ---------------------------------------------------------------------------

    async def _happening(self) -> None:
        choice = self.random.random()
        key = self.random.choice(list(self.disk.resources))
        if choice < 0.45 and self.kind.dialect != "energydesk":  # it cannot follow
            self._operate(key)
        elif choice < 0.60:
            await self._undo(key)
        elif choice < 0.68:
            await self._outage()
        elif choice < 0.76 and self.kind.forgetful:
            self._forget()
        elif choice < 0.80:
            self._yesterday = self.vtn.snapshot()
        for registrar in self._registrars:
            registrar.nudge()

    def _operate(self, key: int) -> None:
        resource, choice = self.disk.resources[key], self.random.random()
        if choice < 0.3:
            self.disk.decide(key, self.random.choice(STATUSES))
        elif choice < 0.4:
            name = f"{resource.resource_name}+"
            self.disk.change(key, replace(resource, resource_name=name))
        elif choice < 0.6:
            self.disk.change(key, replace(resource, ven=f"Town{self.random.randrange(VENS)}"))
        elif choice < 0.9:
            self.disk.want(key, self.random.random() < 0.5)
        else:
            self._unwant_ven(str(resource.ven))

    def _unwant_ven(self, ven: str) -> None:
        for key, resource in self.disk.resources.items():
            if resource.ven == ven:
                self.disk.want(key, False)

    async def _undo(self, key: int) -> None:
        """Changed and changed back within the hold: nothing of it may leave."""
        before = self.disk.resources[key]
        self.disk.change(key, replace(before, address=TRANSIENT))
        await asyncio.sleep(self.random.uniform(0.0, 0.9 * HOLD))
        self.disk.change(key, before)

    async def _outage(self) -> None:
        self.is_down = True
        await asyncio.sleep(self.random.uniform(0.1, 20.0))
        self.is_down = False

    def _forget(self) -> None:
        choice = self.random.random()
        if choice < 0.3:
            self.vtn.restore(({}, {}))
        elif choice < 0.6:
            self.unforeseen |= self.vtn.restore(self._yesterday)
        elif self.vtn.resources:
            del self.vtn.resources[self.random.choice(list(self.vtn.resources))]

    # --- both sides -----------------------------------------------------------------------------

    def _compare(self) -> None:
        """As `vendash drift` finds it; ours is kept, and what only the VTN has is removed there."""
        self._remove_strangers(self.vtn.resources, "resourceName", self._resources_by_name())
        self._remove_strangers(self.vtn.vens, "venName", self.disk.vens)
        for name, ven in self.disk.vens.items():
            if ven.wanted and ven.remote_id not in self.vtn.vens:
                self.disk.doubt_ven(name)
        for key in self.disk.rows:
            if self.disk.rows[key].wanted and not self._is_right(key):
                self.disk.doubt(key)

    def _resources_by_name(self) -> dict[str, Row]:
        return {self.disk.resources[key].resource_id: row for key, row in self.disk.rows.items()}

    def _remove_strangers(self, objects: Objects, name: str, rows: Mapping[str, Row]) -> None:
        for one, held in list(objects.items()):
            known = rows[held[name]].remote_id
            # What came late may have been adopted: then the one made after it is the stranger.
            if one != known and {one, known} & self.unforeseen:
                self.removed.append(one)
                del objects[one]
        self.vtn.resources = {
            one: held for one, held in self.vtn.resources.items() if held["venID"] in self.vtn.vens
        }

    def _is_right(self, key: int) -> bool:
        row, resource = self.disk.rows[key], self.disk.resources[key]
        there = self.vtn.resources.get(row.remote_id or "")
        if there is None or there["resourceName"] != resource.resource_id:
            return False
        held = {one["type"]: one["values"] for one in there["attributes"]}
        same = held["DESCRIPTION"] == [resource.resource_name]
        decided = held["prequalification"] == [resource.registration_status.value]
        in_place = there["venID"] == self.disk.vens[str(resource.ven)].remote_id
        return bool(same and decided and in_place)

    def _findings(self) -> Findings:
        found = Findings(removed=self.removed)
        judge(found, self.disk.vens, ids_by(self.vtn.vens, "venName"))
        rows = self._resources_by_name()
        judge(found, rows, ids_by(self.vtn.resources, "resourceName"))
        for key, row in self.disk.rows.items():
            if row.wanted and not self._is_right(key):
                found.otherwise.append(self.disk.resources[key].resource_id)
        if any(TRANSIENT.encode() in body for body in self.vtn.seen):
            found.otherwise.append("an undone change was sent")
        return found


def _tell(answer: asyncio.Future[Reply | None], reply: Reply | None) -> None:
    if not answer.done():
        answer.set_result(reply)


async def live(
    seed: int, items: int = 40, *, kind: Kind | None = None, kill_at: int | None = None
) -> tuple[World, Findings]:
    """The world of this seed, and what is wrong at its end."""
    world = World(seed, kind or kind_of(seed), items, kill_at)
    with suppress(asyncio.CancelledError):
        return world, await world.live()
    raise AssertionError("the world was cancelled")
