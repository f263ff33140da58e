"""A ledger in memory that keeps the promises of `RegistrationLedger`, for the registrar's tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from vendash.models import (
    Accepted,
    Capacities,
    Location,
    RegistrationOutcome,
    RegistrationStatus,
    Resource,
    ResourceType,
    ResourceWork,
    VenWork,
    VtnState,
)

DUE = frozenset({VtnState.WAITING, VtnState.SENDING})


@dataclass(slots=True)
class Row:
    """What a store keeps of one VEN or resource at one VTN."""

    state: VtnState = VtnState.WAITING
    revision: int = 1
    accepted: int = 0
    remote_id: str | None = None
    doubtful: bool = False
    wanted: bool = True
    leased: bool = False
    reason: str = ""

    def lease(self) -> None:
        self.doubtful = self.doubtful or self.state is not VtnState.WAITING
        self.state, self.leased = VtnState.SENDING, True

    def change(self) -> None:
        """It is another one now, and due."""
        self.revision += 1
        if not self.leased and self.state is not VtnState.SENDING:
            self.doubtful = self.doubtful or self.state in {VtnState.FAILED, VtnState.CONFLICT}
            self.state = VtnState.WAITING

    def complete(self, outcome: RegistrationOutcome) -> None:
        self.leased = False
        if isinstance(outcome, Accepted):
            self.remote_id = outcome.remote_id or None
            self.accepted = outcome.item.revision
            self.doubtful, self.reason = False, ""
            current = self.accepted == self.revision
            self.state = VtnState.OK if current else VtnState.WAITING
            if current and not self.wanted:
                self.state = VtnState.UNWANTED
        else:
            self.state, self.reason = outcome.state, outcome.reason
            self.doubtful = outcome.state is not VtnState.WAITING


class MemoryLedger:
    """Rows that outlive a process: after `kill` nothing reaches them until `restart`."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources = dict(enumerate(resources, start=1))
        self.rows = {key: Row() for key in self.resources}
        self.vens = {resource.ven: Row() for resource in resources if resource.ven}
        self.batches: list[Sequence[RegistrationOutcome]] = []
        self._dead = False

    def kill(self) -> None:
        self._dead = True

    def restart(self) -> None:
        self._dead = False
        for row in [*self.rows.values(), *self.vens.values()]:
            row.leased = False

    def decide(self, key: int, status: RegistrationStatus) -> None:
        self.resources[key] = replace(self.resources[key], registration_status=status)
        self.rows[key].change()

    def unwant(self, key: int) -> None:
        self.rows[key].wanted = False
        self.rows[key].change()

    def states(self) -> set[VtnState]:
        return {row.state for row in [*self.rows.values(), *self.vens.values()]}

    async def due_vens(self, limit: int) -> list[VenWork]:
        leased: list[VenWork] = []
        for name, row in self.vens.items():
            if len(leased) < limit and row.state in DUE and not row.leased:
                row.lease()
                leased.append(
                    VenWork(
                        name=name,
                        client_id=f"vendash-{name.lower()}",
                        revision=row.revision,
                        remote_id=row.remote_id,
                        doubtful=row.doubtful,
                    )
                )
        return leased

    async def due_resources(self, limit: int) -> list[ResourceWork]:
        leased: list[ResourceWork] = []
        for key, row in self.rows.items():
            if len(leased) == limit:
                break
            resource = self.resources[key]
            ven = self.vens[str(resource.ven)]
            if row.state in DUE and not row.leased and ven.remote_id is not None:
                row.lease()
                leased.append(
                    ResourceWork(
                        key=key,
                        resource=resource,
                        revision=row.revision,
                        ven_remote_id=ven.remote_id,
                        client_id=f"vendash-{str(resource.ven).lower()}",
                        remote_id=row.remote_id,
                        doubtful=row.doubtful,
                        wanted=row.wanted,
                    )
                )
        return leased

    async def complete(self, outcomes: Sequence[RegistrationOutcome]) -> None:
        self.batches.append(outcomes)
        for outcome in () if self._dead else outcomes:
            item = outcome.item
            row = self.vens[item.name] if isinstance(item, VenWork) else self.rows[item.key]
            row.complete(outcome)


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
