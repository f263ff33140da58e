"""Random histories of a ledger and a VTN that allows doubles: both agree in the end.

The VTN may lose all its data, and never gives an id twice. What is done with an item is the
registrar's rule in its shortest form.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.fleets import fleet
from tests.store.making import ANY, VTN, everything, filled, other_program
from vendash.errors import VendashError
from vendash.models import (
    Accepted,
    Refused,
    RegistrationOutcome,
    RegistrationStatus,
    ResourceWork,
    VenWork,
    VtnState,
)
from vendash.store import SqliteStore, open_store

Held = tuple[str, str, str]
STEPS = 40
_VENS = ("Aalborg", "Herning", "Køge")


class Vtn:
    """What it holds: VENs by id, and resources by id with the VEN they are under."""

    def __init__(self, *, forgets_doubt: bool = False) -> None:
        self.vens: dict[str, str] = {}
        self.resources: dict[str, tuple[str, str, str]] = {}
        self._forgets_doubt = forgets_doubt
        self._count = 0

    def empty(self) -> None:
        """It starts again without its data."""
        self.vens.clear()
        self.resources.clear()

    def carry_out(self, item: VenWork | ResourceWork) -> RegistrationOutcome:
        """The registrar's rule: look up after doubt, compare, adopt, else create."""
        if isinstance(item, VenWork):
            return self._carry_out_ven(item)
        if item.held_under is not None:
            self._delete(item, item.held_under)
        if not item.wanted:
            self._delete(item, item.ven_remote_id)
            return Accepted(item=item, remote_id="", already=False)
        if item.ven_remote_id not in self.vens:
            return Refused(item=item, state=VtnState.FAILED, reason="no such VEN", ven_lost=True)
        found = self._found(item, item.ven_remote_id)
        number = found[0] if found else self._number("r")
        self.resources[number] = _as_is(item)
        return Accepted(item=item, remote_id=number, already=bool(found))

    def _carry_out_ven(self, item: VenWork) -> RegistrationOutcome:
        known = [
            number for number, name in self.vens.items()
            if name == item.name and (item.doubtful or number == item.remote_id)
        ]  # fmt: skip
        if item.wanted:
            number = known[0] if known else self._number("v")
            self.vens[number] = item.name
            return Accepted(item=item, remote_id=number, already=bool(known))
        for number in known:
            if any(ven_id == number for ven_id, _, _ in self.resources.values()):
                return Refused(item=item, state=VtnState.FAILED, reason="it has resources")
            del self.vens[number]
        return Accepted(item=item, remote_id="", already=False)

    def _found(self, item: ResourceWork, ven_id: str) -> list[str]:
        looked_up = item.doubtful and not self._forgets_doubt
        return [
            number for number, (under, name, _) in self.resources.items()
            if (under, name) == (ven_id, item.resource.resource_id)
            and (looked_up or number == item.remote_id)
        ]  # fmt: skip

    def _delete(self, item: ResourceWork, ven_id: str) -> None:
        for number in self._found(item, ven_id):
            del self.resources[number]

    def _number(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"


def _as_is(item: ResourceWork) -> tuple[str, str, str]:
    resource = item.resource
    return item.ven_remote_id, resource.resource_id, resource.registration_status.value


async def _send(store: SqliteStore, vtn: Vtn, chance: random.Random, faults: float) -> int:
    """One round of work; with faults, answers get lost, and requests do not leave."""
    items: list[VenWork | ResourceWork] = [*await store.due_vens(3), *await store.due_resources(5)]
    chance.shuffle(items)
    outcomes: list[RegistrationOutcome] = []
    for item in items:
        fate = chance.random()
        if fate < faults / 3:
            state = VtnState.SENDING if item.doubtful else VtnState.WAITING
            outcomes.append(Refused(item=item, state=state, reason="did not leave"))
        elif fate < faults * 2 / 3:
            vtn.carry_out(item)
            outcomes.append(Refused(item=item, state=VtnState.SENDING, reason="answer lost"))
        elif fate < faults:
            vtn.carry_out(item)  # and the process dies before it is recorded
        else:
            outcomes.append(vtn.carry_out(item))
    await store.complete(outcomes)
    return len(items)


async def _something(store: SqliteStore, path: Path, chance: random.Random) -> None:
    """Something that an operator, or another program, does."""
    keys = list((await everything(store)).keys)
    some = chance.sample(keys, min(len(keys), 3))
    what = chance.randrange(7)
    if what == 0:
        await store.set_status(some, ANY, chance.choice(list(RegistrationStatus)), actor="anna")
    elif what in (1, 2):
        await store.want_at_vtn(some, what == 1, actor="anna")
    elif what == 3:
        try:
            await store.undo(actor="anna")
        except VendashError as error:
            assert "nothing of yours" in str(error)  # noqa: PT017 (any other is a fault)
    elif what == 4:
        await store.remove_orphans([o.resource_id for o in await store.orphans()], actor="ben")
    else:
        with other_program(path) as connection:
            if what == 5:
                connection.execute(
                    "UPDATE resources SET ven = ? WHERE id = ?", (chance.choice(_VENS), some[0])
                )
            elif len(keys) > 5:
                connection.execute("DELETE FROM resources WHERE id = ?", (some[0],))


async def _history(path: Path, seed: int, vtn: Vtn) -> tuple[list[Held], list[Held]]:
    """A random history, then peace; what should be at the VTN, and what is."""
    chance = random.Random(seed)
    store = await filled(path, fleet(dict.fromkeys(_VENS, 4)))
    try:
        await store.use_vtn(VTN)
        await store.want_at_vtn((await everything(store)).keys, True, actor="test")
        for _ in range(STEPS):
            fate = chance.random()
            if fate < 0.45:
                await _send(store, vtn, chance, faults=0.4)
            elif fate < 0.85:
                await _something(store, path, chance)
            elif fate < 0.97:
                await store.close()
                store = await open_store(path)
            else:
                vtn.empty()
        await store.close()
        store = await open_store(path)
        for _ in range(60):
            if not await _send(store, vtn, chance, faults=0.0):
                break
        else:
            pytest.fail("it never ends")
        # Nobody has told us of data that it lost since: a comparison would.
        await store.remove_orphans([o.resource_id for o in await store.orphans()], actor="ben")
        return await _compared(store, vtn)
    finally:
        await store.close()


async def _compared(store: SqliteStore, vtn: Vtn) -> tuple[list[Held], list[Held]]:
    while await _send(store, vtn, random.Random(0), faults=0.0):
        pass
    keys = (await everything(store)).keys
    work = await store.resources_named([r.resource_id for _, r in await store.resources(keys)])
    held = {name for _, name, _ in vtn.resources.values()}
    wanted = sorted(
        (each.resource.ven or "", each.resource.resource_id,
         each.resource.registration_status.value)
        for each in work
        if each.wanted and (each.resource.resource_id in held or each.remote_id is None)
    )  # fmt: skip
    there = sorted(
        (vtn.vens.get(ven_id, "?"), name, status) for ven_id, name, status in vtn.resources.values()
    )
    return wanted, there


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_the_vtn_ends_with_what_is_wanted_once(
    path: Path, seed: int
) -> None:
    wanted, there = await _history(path, seed, Vtn())
    assert there == wanted


async def test_control_without_looking_up_there_are_doubles(tmp_path: Path) -> None:
    doubles = 0
    for seed in range(3):
        _, there = await _history(tmp_path / f"{seed}.db", seed, Vtn(forgets_doubt=True))
        doubles += sum(Counter(name for _, name, _ in there).values()) - len(
            {name for _, name, _ in there}
        )
    assert doubles > 0
