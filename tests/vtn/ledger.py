"""A ledger in memory that keeps the promises of `RegistrationLedger`, for the registrar's tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from vendash.models import (
    Capacities,
    Location,
    Refused,
    RegistrationOutcome,
    RegistrationStatus,
    Resource,
    ResourceType,
    ResourceWork,
    VenWork,
    VtnState,
)

MOST_LOSSES = 3
"""Of one VEN in a row, as in the store."""
DUE = frozenset({VtnState.WAITING, VtnState.SENDING})


@dataclass(slots=True)
class Row:
    """What a store keeps of one VEN or resource at one VTN."""

    state: VtnState = VtnState.WAITING
    revision: int = 1
    accepted: int = 0
    remote_id: str | None = None
    under: str | None = None
    """Of a resource: the VTN's id of the only VEN under which anything of it may be."""
    told: Resource | None = None
    """What the VTN has accepted of a resource."""
    doubtful: bool = False
    wanted: bool = True
    trusted: bool = True
    """Of a VEN: the VTN still knows its id."""
    losses: int = 0
    """How often the VTN has lost a VEN since it last took a resource of it."""
    stamp: str = ""
    reason: str = ""
    changed_at: float = float("-inf")

    @property
    def left(self) -> bool:
        """Whether something of it may be at the VTN."""
        return self.remote_id is not None or self.doubtful or self.state is VtnState.SENDING

    def lease(self) -> None:
        self.doubtful = self.doubtful or self.state is not VtnState.WAITING
        self.state = VtnState.SENDING

    def settle(self, *, as_wanted: bool) -> None:
        """After a change, or an outcome that leaves no request under way."""
        if not self.wanted and not self.left:
            self.state = VtnState.UNWANTED
        elif self.wanted and as_wanted and self.remote_id is not None and not self.doubtful:
            self.state = VtnState.OK
        else:
            self.state = VtnState.WAITING

    def refused(self, outcome: Refused, *, same: bool) -> None:
        self.doubtful, self.reason = outcome.state is not VtnState.WAITING, outcome.reason
        self.state = outcome.state
        if not same and outcome.state is not VtnState.SENDING:
            self.state = VtnState.WAITING  # it is another one by now


class MemoryLedger:
    """Rows that outlive a process: after `kill` nothing reaches them until `restart`."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources = dict(enumerate(resources, start=1))
        self.rows = {key: Row() for key in self.resources}
        self.vens = {resource.ven: Row() for resource in resources if resource.ven}
        self.batches: list[Sequence[RegistrationOutcome]] = []
        self._leases: set[str | int] = set()
        self._dead = False

    def beside(self) -> MemoryLedger:
        """The same rows as another process sees them, without a lock between the two."""
        other = MemoryLedger(())
        other.resources, other.rows, other.vens = self.resources, self.rows, self.vens
        return other

    def kill(self) -> None:
        self._dead = True

    def restart(self) -> None:
        self._dead = False
        self._leases.clear()

    # --- what an operator does ------------------------------------------------------------------

    def decide(self, key: int, status: RegistrationStatus) -> None:
        self.change(key, replace(self.resources[key], registration_status=status))

    def change(self, key: int, resource: Resource) -> None:
        """Any change, a move to another VEN and the undoing of a change among them."""
        self.resources[key] = resource
        self._changed(key)

    def unwant(self, key: int) -> None:
        self.want(key, False)

    def want(self, key: int, wanted: bool) -> None:
        self.rows[key].wanted = wanted
        self._changed(key)

    def ask_again(self) -> None:
        """Everything that has failed becomes due."""
        for row in self._all():
            if row.state in {VtnState.FAILED, VtnState.CONFLICT}:
                row.state, row.doubtful = VtnState.WAITING, True

    def doubt(self, key: int) -> None:
        """A comparison with the VTN has found something else there."""
        row = self.rows[key]
        row.told, row.doubtful = None, True
        if row.state is not VtnState.SENDING:
            row.state = VtnState.WAITING

    def doubt_ven(self, name: str) -> None:
        """A comparison with the VTN has not found this VEN there."""
        ven = self.vens[name]
        if ven.state is VtnState.OK:
            ven.state, ven.doubtful, ven.trusted = VtnState.WAITING, True, False

    def states(self) -> set[VtnState]:
        return {row.state for row in self._all()}

    # --- what the registrar asks ----------------------------------------------------------------

    async def due_vens(self, limit: int, *, hold: float = 0.0) -> list[VenWork]:
        leased: list[VenWork] = []
        for name, row in self._due_vens(hold):
            if len(leased) == limit:
                break
            row.lease()
            self._leases.add(name)
            leased.append(
                VenWork(
                    name=name,
                    client_id=_client_id(name),
                    revision=row.revision,
                    remote_id=row.remote_id if row.trusted else None,
                    doubtful=row.doubtful,
                    wanted=row.wanted,
                )
            )
        return leased

    async def due_resources(self, limit: int, *, hold: float = 0.0) -> list[ResourceWork]:
        leased: list[ResourceWork] = []
        for key, row, ven_id in self._due_resources(hold):
            if len(leased) == limit:
                break
            clear = row.remote_id is None and not row.doubtful and row.state is VtnState.WAITING
            row.lease()
            if clear:
                row.under = ven_id  # from now on something of it may be there
            self._leases.add(key)
            leased.append(
                ResourceWork(
                    key=key,
                    resource=self.resources[key],
                    revision=row.revision,
                    ven_remote_id=ven_id,
                    client_id=_client_id(str(self.resources[key].ven)),
                    remote_id=row.remote_id,
                    doubtful=row.doubtful,
                    wanted=row.wanted,
                    held_under=None if row.under == ven_id else row.under,
                )
            )
        return leased

    async def due_in(self, hold: float) -> float | None:
        due = [row for _, row in self._due_vens(0.0)]
        due += [row for _, row, _ in self._due_resources(0.0)]
        now = _now()
        return min((max(0.0, row.changed_at + hold - now) for row in due), default=None)

    async def complete(self, outcomes: Sequence[RegistrationOutcome]) -> None:
        self.batches.append(outcomes)
        for outcome in () if self._dead else outcomes:
            if isinstance(outcome.item, VenWork):
                self._complete_ven(outcome.item, outcome)
            else:
                self._complete_resource(outcome.item, outcome)
        self._want_vens()

    # --- rows -----------------------------------------------------------------------------------

    def _all(self) -> list[Row]:
        return [*self.rows.values(), *self.vens.values()]

    def _due_vens(self, hold: float) -> Iterator[tuple[str, Row]]:
        for name, row in () if self._dead else self.vens.items():
            if not self._is_due(name, row, hold):
                continue
            if row.wanted or not any(
                one.left and one.under == row.remote_id for one in self.rows.values()
            ):
                yield name, row

    def _due_resources(self, hold: float) -> Iterator[tuple[int, Row, str]]:
        for key, row in () if self._dead else self.rows.items():
            if not self._is_due(key, row, hold):
                continue
            ven = self.vens[str(self.resources[key].ven)]
            if ven.state is VtnState.OK and ven.remote_id is not None:
                yield key, row, ven.remote_id
            elif not row.wanted and row.under is not None:
                yield key, row, row.under

    def _is_due(self, name: str | int, row: Row, hold: float) -> bool:
        waits = hold > 0 and row.changed_at + hold > _now()
        return row.state in DUE and name not in self._leases and not waits

    def _changed(self, key: int) -> None:
        row = self.rows[key]
        self.vens.setdefault(str(self.resources[key].ven), Row())
        row.revision += 1
        row.changed_at = _now()
        row.doubtful = row.doubtful or row.state in {VtnState.FAILED, VtnState.CONFLICT}
        if row.state is not VtnState.SENDING:
            row.settle(as_wanted=self._as_wanted(key))
        self._want_vens()

    def _as_wanted(self, key: int) -> bool:
        row, resource = self.rows[key], self.resources[key]
        return row.told == resource and row.under == self.vens[str(resource.ven)].remote_id

    def _want_vens(self) -> None:
        """A VEN is wanted as long as one of its resources is."""
        wanted = {self.resources[key].ven for key, row in self.rows.items() if row.wanted}
        for name, ven in self.vens.items():
            if ven.wanted != (name in wanted):
                ven.wanted = name in wanted
                if ven.state is not VtnState.SENDING:
                    ven.settle(as_wanted=ven.trusted)

    def _complete_ven(self, item: VenWork, outcome: RegistrationOutcome) -> None:
        self._leases.discard(item.name)
        row = self.vens[item.name]
        if isinstance(outcome, Refused):
            row.refused(outcome, same=row.wanted == item.wanted)
            return
        known, row.remote_id = row.remote_id, outcome.remote_id or None
        row.accepted, row.trusted, row.doubtful, row.reason = item.revision, True, False, ""
        row.stamp, row.state = outcome.stamp, VtnState.WAITING
        row.settle(as_wanted=True)
        # A VTN that begins anew may give the same ids again: created tells as much as another id.
        if known is not None and (row.remote_id != known or not outcome.already):
            self._lost_with_its_ven(known, row.remote_id)

    def _lost_with_its_ven(self, known: str, now: str | None) -> None:
        for key, row in self.rows.items():
            if row.under == known:
                row.under, row.remote_id, row.told, row.doubtful = now, None, None, now is not None
                if key not in self._leases:
                    row.state = VtnState.WAITING
                    row.settle(as_wanted=False)

    def _complete_resource(self, item: ResourceWork, outcome: RegistrationOutcome) -> None:
        self._leases.discard(item.key)
        row, resource = self.rows[item.key], self.resources[item.key]
        if isinstance(outcome, Refused):
            row.refused(outcome, same=row.wanted == item.wanted and resource == item.resource)
            if outcome.ven_lost:
                self._doubt_ven(item)
            return
        row.remote_id = outcome.remote_id or None
        row.under = item.ven_remote_id if row.remote_id else None
        row.told = item.resource if row.remote_id else None
        row.accepted = item.revision if item.wanted else 0
        row.doubtful, row.reason, row.stamp = False, "", outcome.stamp
        row.state = VtnState.WAITING
        row.settle(as_wanted=self._as_wanted(item.key))
        if item.wanted:
            self.vens[str(item.resource.ven)].losses = 0

    def _doubt_ven(self, item: ResourceWork) -> None:
        name = str(item.resource.ven)
        ven = self.vens[name]
        if ven.remote_id != item.ven_remote_id or ven.state is not VtnState.OK:
            return
        self.doubt_ven(name)
        ven.losses += 1
        if ven.losses >= MOST_LOSSES:
            ven.state, ven.reason = VtnState.FAILED, "the VTN loses it again and again"


def _client_id(ven: str) -> str:
    return f"vendash-{ven.lower()}"


def _now() -> float:
    return asyncio.get_running_loop().time()


def fleet(vens: int, resources: int, first: int = 0) -> list[Resource]:
    """So many VENs, numbered from the first, with so many resources each, all different."""
    return [
        Resource(
            resource_id=f"00000000-0000-5000-8000-{ven:06d}{number:06d}",
            resource_name=f"Café [Æble] {number}",
            resource_type=ResourceType.PV if number % 3 else ResourceType.DSR,
            resource_sub_type="bars",
            meter_point_id=f"57131320{ven:05d}{number:05d}",
            capacities=Capacities(p_max_kw=10.0 + number, p_min_kw=-number / 3),
            location=Location(latitude=55.0 + number / 1000, longitude=9.0 + ven / 1000),
            address=f"Storegade {number}",
            ven=f"Town{ven}",
        )
        for ven in range(first, first + vens)
        for number in range(resources)
    ]
