"""Random histories of choices about a VTN that others change, too: nothing is lost, or there twice.

What was chosen and taken back at once leaves everything as it was; whatever else happens, the log
stays whole, the file stays sound, and a last round of "ours" leaves the VTN with what is wanted.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.fleets import fleet
from tests.store.held import Vtn
from tests.store.making import ANY, VTN, ask, everything, filled
from vendash.errors import VendashError
from vendash.models import (
    DriftChoice,
    DriftItem,
    DriftKind,
    RegistrationStatus,
    Resource,
    ResourceWork,
    Seen,
    VenWork,
)
from vendash.store import SqliteStore
from vendash.store.choices import choices_for

STEPS = 40
_VENS = {"Aalborg": 3, "Herning": 3}
_STATE = (
    "SELECT * FROM (SELECT resource_id, resource_name, registration_status, address FROM resources)"
    " ORDER BY 1",
    "SELECT o.resource_id, o.wanted, o.remote_id, o.told, o.state, o.doubtful,"
    " o.accepted_revision IS f.revision FROM vendash_observations o"
    " JOIN vendash_facts f ON f.key = o.key ORDER BY 1",
    # A VEN whose deletion the VTN has refused is tried again.
    "SELECT name, wanted, remote_id, replace(state, 'failed', 'waiting'), doubtful"
    " FROM vendash_vens"
    " WHERE wanted OR remote_id IS NOT NULL OR doubtful ORDER BY 1",
    "SELECT what, name, remote_id, held_under FROM vendash_removals ORDER BY 1, 2, 3",
    "SELECT kind, what, name, remote_id, settled FROM vendash_drift ORDER BY 1, 2, 3, 4",
    "SELECT vtn, resource_id, remote_id FROM vendash_elsewhere ORDER BY 1, 2",
)
_OPEN = "d.key = o.key AND d.kind IN ('different', 'double') AND d.settled IS NULL"
_LOST_SIGHT = {
    "what is known of a VTN belongs to a resource": (
        "SELECT o.resource_id FROM vendash_observations o LEFT JOIN resources r ON r.id = o.key"
        " WHERE r.resource_id IS NOT o.resource_id"
    ),
    "what is different is in the list": (
        "SELECT o.resource_id FROM vendash_observations o WHERE o.state = 'different'"
        f" AND NOT EXISTS (SELECT 1 FROM vendash_drift d WHERE {_OPEN})"
    ),
    "what is in the list is different": (
        "SELECT o.resource_id FROM vendash_observations o WHERE o.state = 'ok'"
        f" AND EXISTS (SELECT 1 FROM vendash_drift d WHERE {_OPEN})"
    ),
}


class World:
    """A store, a VTN, and chance."""

    def __init__(self, path: Path, store: SqliteStore, seed: int) -> None:
        self.path = path
        self.store = store
        self.vtn = Vtn()
        self.stamp = "1"
        self.chance = random.Random(seed)
        self.strangers = _resources({"Odense": 6})
        self.counted: Counter[str] = Counter()

    def state(self) -> list[list[tuple[Any, ...]]]:
        """All that a choice may change."""
        return [ask(self.path, sql) for sql in _STATE]

    # --- what happens ------------------------------------------------------------------------

    async def send(self) -> int:
        """All that is due reaches the VTN."""
        store = self.store
        items: list[VenWork | ResourceWork] = [
            *await store.due_vens(9),
            *await store.due_resources(99),
        ]
        await store.complete([self.vtn.carry_out(item) for item in items])
        return len(items)

    async def survey(self) -> None:
        """Everything is compared."""
        vens, names = self.vtn.vens, [each.resource_id for _, each in self.vtn.resources.values()]
        known = {w.resource.resource_id: w for w in await self.store.resources_named(names)}
        wanted = {work.name for work in await self.store.vens_named(list(vens.values()))}
        seen = [Seen(what="ven", name=name, remote_id=number) for number, name in vens.items()
                if name in wanted]  # fmt: skip
        items = [
            DriftItem(kind=DriftKind.ONLY_THERE, what="ven", name=name, ven=name, remote_id=number)
            for number, name in vens.items()
            if name not in wanted
        ]
        times = Counter(names)
        for number, (under, there) in self.vtn.resources.items():
            name = there.resource_id
            seen.append(
                Seen(
                    what="resource",
                    name=name,
                    remote_id=number,
                    ven_remote_id=under,
                    stamp=self.stamp,
                )
            )
            item = self._compared(known.get(name), there, double=times[name] > 1)
            if item is not None:
                items.append(
                    msgspec.structs.replace(
                        item, remote_id=number, ven_remote_id=under, ven=vens[under]
                    )
                )
        await self.store.begin_survey()
        await self.store.record_survey(items, seen)
        await self.store.end_survey()

    def _compared(
        self, work: ResourceWork | None, there: Resource, *, double: bool
    ) -> DriftItem | None:
        def item(kind: DriftKind, *fields: tuple[str, str, str]) -> DriftItem:
            return DriftItem(kind=kind, what="resource", name=there.resource_id, fields=fields,
                             resource=there, stamp=self.stamp)  # fmt: skip

        if double:
            return item(DriftKind.DOUBLE)
        if work is None or not (work.wanted or work.remote_id or work.doubtful):
            return item(DriftKind.ONLY_THERE)
        ours = work.resource
        fields = [
            (field, mine, theirs)
            for field, mine, theirs in (
                ("DESCRIPTION", ours.resource_name, there.resource_name),
                ("prequalification", ours.registration_status.value,
                 there.registration_status.value),
            )
            if mine != theirs
        ]  # fmt: skip
        if not work.wanted or work.remote_id is None or not fields:
            return None
        return item(DriftKind.DIFFERENT, *fields)

    def change_there(self) -> None:
        """Somebody else changes, adds, copies or deletes something at the VTN."""
        held, chance = self.vtn.resources, self.chance
        what = chance.randrange(5)
        if what == 0 and self.strangers:
            ven = next(iter(self.vtn.vens), None) or self.vtn.number("v")
            self.vtn.vens.setdefault(ven, "Odense")
            held[self.vtn.number("r")] = (ven, self.strangers.pop())
        elif held:
            number = chance.choice(list(held))
            under, resource = held[number]
            if what == 1:
                held[self.vtn.number("r")] = (under, resource)
            elif what == 2:
                del held[number]
            else:
                status = chance.choice(list(RegistrationStatus))
                name = chance.choice(["Theirs", resource.resource_name])
                changed = msgspec.structs.replace(
                    resource, resource_name=name, registration_status=status
                )
                held[number] = (under, changed)

    async def decide(self) -> None:
        """The operator approves, suspends, registers or unregisters some."""
        keys = list((await everything(self.store)).keys)
        some = self.chance.sample(keys, 3)
        what = self.chance.randrange(4)
        if what < 2:
            status = self.chance.choice(list(RegistrationStatus))
            await self.store.set_status(some, ANY, status, actor="anna")
        else:
            await self.store.want_at_vtn(some, what == 2, actor="anna")

    async def choose(self) -> int:
        """The operator chooses for some of what is open; how many were settled."""
        items = await self.store.drift()
        choice = self.chance.choice(list(DriftChoice))
        fitting = [item for item in items if choice in choices_for(item)]
        some = self.chance.sample(fitting, min(len(fitting), self.chance.randint(1, 3)))
        outcome = await self.store.settle_drift(some, choice, actor="anna")
        self.counted[choice.value] += outcome.changed
        return outcome.changed

    async def choose_and_take_back(self) -> None:
        """A choice that is undone, done again and undone at once leaves no trace but in the log."""
        before = self.state()
        settled = await self.choose()
        if not settled:
            assert self.state() == before
            return
        after = self.state()
        for expected in (before, after, before):
            assert (await self.store.undo(actor="anna")).changed == settled
            assert self.state() == expected

    async def undo(self) -> None:
        """The operator undoes the last action, or any, or an undo."""
        actions = await self.store.actions(limit=12)
        which = self.chance.choice([None, self.chance.choice(actions).sequence])
        try:
            await self.store.undo(actor="anna", sequence=which)
        except VendashError as error:
            assert any(  # noqa: PT017 (any other is a fault)
                words in str(error) for words in ("nothing", "undone already", "cannot be undone")
            )

    # --- what must be true -------------------------------------------------------------------

    async def step(self) -> None:
        """Something happens, and everything holds."""
        records = self.records()
        fate = self.chance.random()
        if fate < 0.2:
            self.change_there()
            await self.survey()
        elif fate < 0.35:
            await self.send()
        elif fate < 0.5:
            await self.decide()
        elif fate < 0.65:
            await self.choose()
        elif fate < 0.85:
            await self.choose_and_take_back()
        else:
            await self.undo()
        assert await self.store.check() == []
        assert self.records()[: len(records)] == records
        for sentence, sql in _LOST_SIGHT.items():
            assert (sentence, ask(self.path, sql)) == (sentence, [])

    def records(self) -> list[tuple[Any, ...]]:
        """The audit log, item by item."""
        return ask(
            self.path,
            "SELECT sequence, key, before, after FROM vendash_items ORDER BY sequence, key",
        )

    async def settle_all(self) -> None:
        """Everything is sent, and wherever the VTN disagrees, ours is kept."""
        self.stamp = "2"  # what was forgotten has changed
        for _ in range(12):
            while await self.send():
                pass
            await self.survey()
            items = [item for item in await self.store.drift() if not item.again]
            await self.store.settle_drift(items, DriftChoice.OURS, actor="anna")
            if not items and not await self.send():
                return
        pytest.fail("it never ends")

    async def compared(self) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
        """What should be there, and what is."""
        keys = (await everything(self.store)).keys
        names = [each.resource_id for _, each in await self.store.resources(keys)]
        works = await self.store.resources_named(names)
        return (
            sorted(_told(work.resource) for work in works if work.wanted),
            sorted(_told(resource) for _, resource in self.vtn.resources.values()),
        )


def _resources(vens: Mapping[str, int]) -> list[Resource]:
    """Resources that `check` has nothing against."""
    return [msgspec.structs.replace(each, meter_point_id=each.resource_id) for each in fleet(vens)]


def _told(resource: Resource) -> tuple[str, str, str]:
    return resource.resource_id, resource.resource_name, resource.registration_status.value


async def _history(path: Path, seed: int) -> World:
    async with await filled(path, _resources(_VENS)) as store:
        world = World(path, store, seed)
        await store.use_vtn(VTN)
        await store.want_at_vtn((await everything(store)).keys, True, actor="test")
        first = {each.resource_id for _, each in await _all(store)}
        while await world.send():
            pass
        for _ in range(STEPS):
            await world.step()
        await world.settle_all()
        wanted, there = await world.compared()
        assert there == wanted
        assert first <= {each.resource_id for _, each in await _all(store)}
        assert await store.check() == []
        return world


async def _all(store: SqliteStore) -> Sequence[tuple[int, Resource]]:
    return await store.resources((await everything(store)).keys)


@pytest.mark.parametrize("seed", [*range(6), 63, 112])
async def test_whatever_is_chosen_and_undone_nothing_is_lost_or_there_twice(
    path: Path, seed: int
) -> None:
    await _history(path, seed)
