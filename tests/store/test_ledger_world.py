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
from tests.store.held import Vtn
from tests.store.making import ANY, VTN, everything, filled, other_program
from vendash.errors import VendashError
from vendash.models import (
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
    held = {each.resource_id for _, each in vtn.resources.values()}
    wanted = sorted(
        (each.resource.ven or "", each.resource.resource_id,
         each.resource.registration_status.value)
        for each in work
        if each.wanted and (each.resource.resource_id in held or each.remote_id is None)
    )  # fmt: skip
    there = sorted(
        (vtn.vens.get(ven_id, "?"), each.resource_id, each.registration_status.value)
        for ven_id, each in vtn.resources.values()
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
