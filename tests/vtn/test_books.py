"""What is leased comes back, and what is finished is recorded, however often it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from tests.vtn.ledger import MemoryLedger, fleet
from vendash.errors import VendashError
from vendash.models import RegistrationOutcome, ResourceWork, VenWork, VtnState
from vendash.vtn.books import Books, unbegun


class SlowLedger(MemoryLedger):
    """Its transactions wait for the test, and nothing cuts them off."""

    def __init__(self) -> None:
        super().__init__(fleet(2, 1))
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def due_vens(self, limit: int, *, hold: float = 0.0) -> list[VenWork]:
        leased = await super().due_vens(limit, hold=hold)
        await self._transaction()
        return leased

    async def complete(self, outcomes: Sequence[RegistrationOutcome]) -> None:
        await self._transaction()
        await super().complete(outcomes)

    async def _transaction(self) -> None:
        self.begun.set()
        await self.may_end.wait()


async def cancelled_twice(ledger: SlowLedger, work: Coroutine[Any, Any, object]) -> None:
    task = asyncio.create_task(work)
    await ledger.begun.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    ledger.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelled_twice_while_it_leases_all_is_given_back() -> None:
    ledger = SlowLedger()
    books = Books(ledger, lambda _: None)
    await cancelled_twice(ledger, books.lease(10))
    await books.close()
    assert {ven.state for ven in ledger.vens.values()} == {VtnState.WAITING}
    assert len(await ledger.due_vens(10)) == 2


async def test_cancelled_twice_while_it_closes_all_is_recorded() -> None:
    ledger = SlowLedger()
    ledger.may_end.set()
    books = Books(ledger, lambda _: None)
    for item in await books.lease(10):
        books.add(unbegun(item))
    ledger.begun.clear()
    ledger.may_end.clear()
    await cancelled_twice(ledger, books.close())
    assert [len(batch) for batch in ledger.batches] == [2]


class FailingLedger(MemoryLedger):
    """Its disk fails when resources are asked for."""

    async def due_resources(self, limit: int, *, hold: float = 0.0) -> list[ResourceWork]:
        raise VendashError("The disk is full: make room.")


async def test_vens_are_given_back_where_the_resources_cannot_be_leased() -> None:
    ledger = FailingLedger(fleet(2, 1))
    books = Books(ledger, lambda _: None)
    with pytest.raises(VendashError, match="make room"):
        await books.lease(10)
    await books.close()
    assert books.open_items == 0
    assert len(await ledger.due_vens(10)) == 2
