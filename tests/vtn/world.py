"""A seeded world for the registrar's core: a VTN, a network, a disk, crashes, and no clock.

Whatever happens in it is decided by one random generator, so a failing seed can be replayed:
`World(seed, kind).live()`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.vtn.ledger import DUE, Row, fleet
from vendash.models import ResourceWork, VtnState
from vendash.vtn.registrar import (
    Command,
    Create,
    Delete,
    Event,
    Finish,
    Held,
    LookUp,
    Lost,
    Missing,
    Read,
    Replace,
    State,
    Taken,
    Unsent,
    begin,
    step,
)

TEMPLATE = fleet(1, 1)[0]
FAULTS_FOR = 150
"""Events with faults; after them the world is kind, so that everything can come to its end."""


@dataclass(frozen=True)
class Kind:
    """What sort of VTN and network it is."""

    names_enforced: bool
    """Without it only the registrar prevents doubles."""
    late_arrivals: bool = False
    """A POST may arrive long after we gave it up. Only a VTN that enforces names survives that."""
    removals: bool = True
    """Resources become unwanted, and the VTN loses objects."""


@dataclass(frozen=True)
class Policy:
    """The registrar's core, or a worse one as a control."""

    begin: Callable[[ResourceWork], State] = begin
    step: Callable[[State, Event], State] = step


@dataclass
class Thing:
    """An object at the VTN."""

    name: int
    revision: int


@dataclass
class World:
    seed: int
    kind: Kind
    policy: Policy = Policy()
    items: int = 6
    vtn: dict[str, Thing] = field(default_factory=dict)
    late: list[int] = field(default_factory=list)
    doing: list[State] = field(default_factory=list)
    finished: list[Finish] = field(default_factory=list)
    moments: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.rows = [Row() for _ in range(self.items)]
        self._ids = 0

    def live(self) -> World:
        """Until nothing is due any more."""
        while self.moments < FAULTS_FOR or self._busy():
            self.moments += 1
            assert self.moments < 20 * FAULTS_FOR, "it never ends"
            self._moment()
        return self

    def never_registered(self) -> int:
        return sum(row.wanted and not self._there(name) for name, row in enumerate(self.rows))

    def ids_unknown(self) -> int:
        known = {row.remote_id for row in self.rows}
        return sum(remote_id not in known for remote_id in self.vtn)

    def doubles(self) -> int:
        return sum(max(0, len(self._there(name)) - 1) for name in range(self.items))

    def wrong(self) -> int:
        """Rows that believe something else than what the VTN holds."""
        return sum(not self._right(name, row) for name, row in enumerate(self.rows))

    def _right(self, name: int, row: Row) -> bool:
        if not row.wanted:
            return row.state is VtnState.UNWANTED and not self._there(name)
        thing = self.vtn.get(row.remote_id or "")
        return row.state is VtnState.OK and thing == Thing(name, row.revision)

    def _there(self, name: int) -> list[str]:
        return [remote_id for remote_id, thing in self.vtn.items() if thing.name == name]

    def _busy(self) -> bool:
        pending = any(row.state not in {VtnState.OK, VtnState.UNWANTED} for row in self.rows)
        return bool(pending or self.doing or self.finished or self.late)

    # --- one moment ------------------------------------------------------------------------

    def _moment(self) -> None:
        kind_now = self.moments >= FAULTS_FOR
        if not kind_now:
            self._misfortune()
        elif self.late:
            self._post(self.late.pop())
        choice = self.random.random()
        if choice < 0.3 and len(self.doing) < 4:
            self._lease()
        elif choice < 0.9 and self.doing:
            self._advance(self.random.randrange(len(self.doing)), faults=not kind_now)
        else:
            self._record()

    def _misfortune(self) -> None:
        chance = self.random.random()
        if chance < 0.03:  # killed: what is under way and what is not recorded is forgotten
            self.doing.clear()
            self.finished.clear()
            for row in self.rows:
                row.leased = False
        elif chance < 0.06 and self.late:
            self._post(self.late.pop(self.random.randrange(len(self.late))))
        elif chance < 0.08:
            self.random.choice(self.rows).change()
        elif chance < 0.09 and self.kind.removals:
            row = self.random.choice(self.rows)
            row.wanted = self.random.random() < 0.5
            row.change()
        elif chance < 0.10 and self.kind.removals and self.vtn:
            del self.vtn[self.random.choice(list(self.vtn))]
            for row in self.rows:  # as the operator, or a comparison with the VTN, would
                row.change()

    def _lease(self) -> None:
        for row in self.rows:  # the operator asks again
            if row.state in {VtnState.FAILED, VtnState.CONFLICT}:
                row.change()
        due = [n for n, row in enumerate(self.rows) if row.state in DUE and not row.leased]
        if not due:
            return
        name = self.random.choice(due)
        row = self.rows[name]
        row.lease()
        work = ResourceWork(
            key=name,
            resource=TEMPLATE,
            revision=row.revision,
            ven_remote_id="ven",
            client_id="client",
            remote_id=row.remote_id,
            doubtful=row.doubtful,
            wanted=row.wanted,
        )
        self.doing.append(self.policy.begin(work))

    def _advance(self, place: int, *, faults: bool) -> None:
        state = self.doing[place]
        if isinstance(state.asked, Finish):
            self.finished.append(state.asked)
            del self.doing[place]
        else:
            self.doing[place] = self.policy.step(state, self._carry_out(state, faults=faults))

    def _record(self) -> None:
        for finish in self.finished:
            item = finish.outcome.item
            assert isinstance(item, ResourceWork)
            self.rows[item.key].complete(finish.outcome)
        self.finished.clear()

    # --- the network and the VTN ------------------------------------------------------------

    def _carry_out(self, state: State, *, faults: bool) -> Event:
        item, command = state.item, state.asked
        assert isinstance(item, ResourceWork)
        chance = self.random.random() if faults else 1.0
        if chance < 0.05:
            return Unsent("refused")
        if chance < 0.10:
            if self.kind.late_arrivals and isinstance(command, Create):
                self.late.append(item.key)
            return Lost("lost on the way there")
        event = self._answer(item, command)
        return Lost("lost on the way back", 500) if chance < 0.25 else event

    def _answer(self, item: ResourceWork, command: Command) -> Event:
        match command:
            case LookUp():
                there = self._there(item.key)
                return self._held(item, there[0]) if there else Missing()
            case Read(remote_id):
                return self._held(item, remote_id) if remote_id in self.vtn else Missing()
            case Create():
                made = self._post(item.key, item.revision)
                return Held(made) if made else Taken()
            case Replace(remote_id):
                if remote_id not in self.vtn:
                    return Missing()
                self.vtn[remote_id] = Thing(item.key, item.revision)
                return Held(remote_id)
            case Delete(remote_id):
                return Held("") if self.vtn.pop(remote_id, None) else Missing()
            case _:
                raise AssertionError(command)

    def _held(self, item: ResourceWork, remote_id: str) -> Held:
        same = self.vtn[remote_id].revision == item.revision
        return Held(remote_id, () if same else ("prequalification",))

    def _post(self, name: int, revision: int = 0) -> str | None:
        if self.kind.names_enforced and self._there(name):
            return None
        self._ids += 1
        self.vtn[f"id{self._ids}"] = Thing(name, revision)
        return f"id{self._ids}"
