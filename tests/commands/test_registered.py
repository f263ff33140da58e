"""What `vendash register` says came of it."""

from __future__ import annotations

from pathlib import Path

from tests.fleets import fleet
from tests.store.making import ANY, SUSPENDED, everything, filled, refused, register
from vendash.commands.registered import compared
from vendash.models import Accepted, VtnState


async def test_a_change_that_the_vtn_refuses_has_failed_though_the_resource_is_there(
    tmp_path: Path,
) -> None:
    async with await filled(tmp_path / "r.db", fleet({"Aalborg": 3})) as store:
        await register(store)
        keys = (await everything(store)).keys
        before = await store.vens()
        await store.set_status(keys[:1], ANY, SUSPENDED, actor="a")
        (item,) = await store.due_resources(9)
        reason = "This VTN cannot change a resource."
        await store.complete([refused(item, VtnState.CONFLICT, reason)])
        result = await compared(store, before)
    assert (result.resources.already, result.resources.failed) == (2, 1)
    assert [failure["reason"] for failure in result.failures] == [reason]
    assert not result.complete
    assert "1 VENs, 2 of 3 resources" in result.summary(1.0)


async def test_a_change_that_the_vtn_took_is_told_apart_from_what_was_there_as_it_is(
    tmp_path: Path,
) -> None:
    async with await filled(tmp_path / "r.db", fleet({"Aalborg": 3})) as store:
        await register(store)
        keys = (await everything(store)).keys
        await store.set_status(keys[:2], ANY, SUSPENDED, actor="a")
        before = await store.vens()
        item, _other = await store.due_resources(9)
        there = item.remote_id or ""
        await store.complete([Accepted(item=item, remote_id=there, already=True)])
        result = await compared(store, before)
    assert (result.resources.already, result.updated) == (3, 1)
    assert result.document(1.0)["resources"]["updated"] == 1
    assert "(already there 3, 1 of them updated, failed 0)" in result.summary(1.0)
