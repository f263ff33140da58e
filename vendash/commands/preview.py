"""`vendash register --dry-run` and the console's preview: what would be sent. Only reads."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from vendash.commands.inspect import engine_status
from vendash.commands.opening import named_vens, opened_store
from vendash.commands.registration import Wanted
from vendash.config import database_path
from vendash.engine.connecting import VtnAccess, VtnChoice, stored_dialect
from vendash.errors import VendashError
from vendash.filters import Query
from vendash.lock import holder, lock_path
from vendash.models import (
    NEEDS_A_PERSON,
    NO_VEN,
    ResourceRow,
    ResourceWork,
    VenRow,
    VenWork,
    VtnState,
)
from vendash.output import Answer
from vendash.planned import PlannedCounts, PlannedRequest, Preview
from vendash.store.protocol import FleetReader, FleetStore, SurveyBooks
from vendash.text import plain
from vendash.vtn.client import Vtn
from vendash.vtn.dialects import dialect_named
from vendash.vtn.moves import Work
from vendash.vtn.preview import requests_for

AT_ONCE = 1000
"""Resources looked at together."""
VEN_ID = "VEN-ID"
"""Stands for an id that the VTN has yet to give."""
GUESS = "3.1"
_THERE = frozenset({VtnState.OK, VtnState.DIFFERENT})
_DUE = frozenset({VtnState.WAITING, VtnState.SENDING})


class Previewer:
    """Plans what would be sent of a fleet to its VTN.

    Args:
        store: Of the fleet; nothing is written.
        vtn: The client of the VTN; nothing is sent.
        hold: Seconds that a change waits before it leaves.
        stored: The dialect as it was found out before; empty where it never was.
        token: Whether a token goes with a request.
    """

    def __init__(
        self, store: FleetStore, vtn: Vtn, *, hold: float, stored: str, token: bool
    ) -> None:
        self._reader: FleetReader = store
        self._books: SurveyBooks = store
        self._vtn = vtn
        self._hold = hold
        self._token = token
        known = vtn.dialect or stored
        self._dialect = dialect_named(known or GUESS)
        self._known = bool(known)

    async def plan(
        self,
        vens: Sequence[VenRow],
        keys: Sequence[int],
        *,
        show: str = "",
        key: int | None = None,
        wanting: bool,
    ) -> Preview:
        """What would be sent of these VENs and resources.

        Args:
            vens: Theirs; of them what is sent for the VENs themselves.
            keys: Of resources.
            show: The id or name of one of them whose requests are shown; by default the first.
            key: Of the resource whose requests are shown.
            wanting: As if all of them were registered now; else what is being removed is removed.

        Raises:
            VendashError: `show` is none of them.
        """
        by_name = {ven.name: ven for ven in vens}
        tally, ven_tally = _Tally(self._hold), _Tally(self._hold)
        named = bool(show) or key is not None
        chosen: tuple[Work, bool] | None = None
        works = {work.name: work for work in await self._books.vens_named(list(by_name))}
        for ven in vens:
            ven_work = works.get(ven.name) or _new_ven(ven)
            sent = ven_tally.count(ven.vtn, ven_work, since=ven.vtn_since, wanting=wanting)
            if (show in {ven.name, ven.client_id}) if named else (sent and chosen is None):
                chosen = ven_work, sent
        for start in range(0, len(keys), AT_ONCE):
            async for row, work in self._works(keys[start : start + AT_ONCE], by_name):
                sent = tally.count(row.vtn, work, since=row.vtn_since, wanting=wanting)
                asked_for = row.key == key or show in {row.resource_id, row.name}
                if asked_for if named else (sent and chosen is None):
                    chosen = work, sent
        if show and chosen is None:
            raise VendashError(f"There is no {plain(show, 60)!r} among what would be sent.")
        tally.add(remove=await self._orphans(by_name))
        return self._preview(ven_tally.counts, tally.counts, chosen, wanting=wanting)

    async def _works(
        self, keys: Sequence[int], vens: Mapping[str, VenRow]
    ) -> AsyncIterator[tuple[ResourceRow, ResourceWork]]:
        rows = await self._reader.rows(keys)
        known = {
            work.key: work
            for work in await self._books.resources_named([row.resource_id for row in rows])
        }
        new = dict(await self._reader.resources([r.key for r in rows if r.key not in known]))
        for row in rows:
            work = known.get(row.key)
            if work is None:
                work = ResourceWork(
                    key=row.key,
                    resource=new[row.key],
                    revision=0,
                    ven_remote_id="",
                    client_id="",
                    remote_id=None,
                    doubtful=False,
                )
            yield row, _placed(work, row, vens)

    async def _orphans(self, vens: Mapping[str, VenRow]) -> int:
        """How many resources that are gone from here would be deleted there."""
        orphans = await self._reader.orphans()
        return sum(one.state in _DUE and (not one.ven or one.ven in vens) for one in orphans)

    def _preview(
        self,
        vens: PlannedCounts,
        resources: PlannedCounts,
        chosen: tuple[Work, bool] | None,
        *,
        wanting: bool,
    ) -> Preview:
        item, notes = "", ["Nothing is to be sent."]
        requests: tuple[PlannedRequest, ...] = ()
        if chosen is not None:
            work, sent = chosen
            item = work.name if isinstance(work, VenWork) else work.resource.resource_name
            notes, requests = list(_notes(work, known=self._known)), self._requests(work, wanting)
            if not sent:
                notes, requests = ["The VTN has accepted it as it is: nothing is sent for it."], ()
        return Preview(
            vtn=self._vtn.url,
            dialect=self._dialect.name,
            dialect_known=self._known,
            vens=vens,
            resources=resources,
            item=item,
            notes=tuple(notes),
            requests=requests,
        )

    def _requests(self, work: Work, wanting: bool) -> tuple[PlannedRequest, ...]:
        if wanting or (work.remote_id is None and not work.doubtful):
            work = msgspec.structs.replace(work, wanted=True)
        return requests_for(work, self._dialect, base=self._vtn.url, token=self._token)


@dataclass
class _Tally:
    hold: float
    counts: PlannedCounts = PlannedCounts()  # noqa: RUF009 (frozen)

    def add(self, **more: int) -> None:
        """Count."""
        now = {name: getattr(self.counts, name) + count for name, count in more.items()}
        self.counts = msgspec.structs.replace(self.counts, **now)

    def count(self, state: VtnState, work: Work, *, since: float | None, wanting: bool) -> bool:
        """Count one item; whether something would be sent for it."""
        if state in _THERE:
            self.add(nothing=1)
            return False
        kind = "create" if work.remote_id is None else "update"
        if not work.wanted and not wanting and state is not VtnState.UNWANTED:
            kind = "remove"
        doubtful = work.doubtful or state is VtnState.SENDING
        held = state is VtnState.WAITING and not doubtful and self._waits(since)
        more = {kind: 1, "doubtful": doubtful, "held": held, "refused": state in NEEDS_A_PERSON}
        self.add(**{name: int(count) for name, count in more.items()})
        return True

    def _waits(self, since: float | None) -> bool:
        return since is not None and 0 <= time.time() - since < self.hold


def _new_ven(ven: VenRow) -> VenWork:
    return VenWork(
        name=ven.name,
        client_id=ven.client_id,
        revision=0,
        remote_id=ven.remote_id,
        doubtful=False,
    )


def _placed(work: ResourceWork, row: ResourceRow, vens: Mapping[str, VenRow]) -> ResourceWork:
    """With the ids of its VEN, as far as they are known."""
    ven = vens.get(row.ven)
    if ven is None:
        return work
    return msgspec.structs.replace(
        work,
        ven_remote_id=work.ven_remote_id or ven.remote_id or VEN_ID,
        client_id=work.client_id or ven.client_id,
    )


def _notes(work: Work, *, known: bool) -> Iterator[str]:
    if isinstance(work, ResourceWork):
        if work.ven_remote_id == VEN_ID:
            yield f"{VEN_ID} stands for the id that the VTN will give to the VEN."
        if work.held_under is not None:
            yield "It has moved: it is removed from the VEN it has left, then created in the new."
    if not known:
        yield f"The dialect of the VTN is not known yet: shown as {GUESS}."


# --- on the command line -------------------------------------------------------------------------


async def dry_run(db_path: Path | None, wanted: Wanted, show: str) -> Answer:
    """What `vendash register` would send, and the exact requests of one item."""
    path = database_path(db_path)
    access = wanted.vtn.access()
    async with opened_store(path, read_only=True) as store:
        running = holder(lock_path(path))
        hold = access.settings.vtn.hold_seconds if running and running.kind == "engine" else 0.0
        previewer = await _previewer(store, access, hold=hold)
        known = [ven for ven in await store.vens() if ven.name != NO_VEN]
        names = named_vens(wanted.vens, known) or tuple(sorted(ven.name for ven in known))
        chosen = set(sorted(set(names))[: wanted.limit])
        vens = [ven for ven in known if ven.name in chosen]
        keys = [key for ven in vens for key in await store.keys(Query(ven=ven.name))]
        preview = await previewer.plan(vens, keys, show=show, wanting=True)
    return msgspec.to_builtins(preview), "\n".join(_lines(preview)), 0


async def preview_of(
    path: Path, vens: Sequence[VenRow], keys: Sequence[int], key: int | None
) -> Preview:
    """What would be sent of these VENs and resources; for the console.

    The exact requests are those of the resource with this key, else of the first for which
    something is sent.
    """
    access = VtnChoice().access()
    async with opened_store(path, read_only=True) as store:
        previewer = await _previewer(store, access, hold=access.settings.vtn.hold_seconds)
        return await previewer.plan(vens, keys, key=key, wanting=False)


async def _previewer(store: FleetStore, access: VtnAccess, *, hold: float) -> Previewer:
    url = await access.url(store)
    stored = await stored_dialect(store, url)
    vtn = access.client(url)
    token = vtn.credentials is not None or vtn.tokens.fixed
    engine = engine_status(store.path)
    if engine is not None and engine.vtn_url == url and engine.connection is not None:
        token = engine.connection.token != "none"  # it is the one that sends  # noqa: S105
    return Previewer(store, vtn, hold=hold, stored=stored, token=token)


def _lines(preview: Preview) -> Iterator[str]:
    guess = "" if preview.dialect_known else " (not known yet)"
    yield f"Would be sent to {preview.vtn}, OpenADR {preview.dialect}{guess}. Nothing was sent."
    yield f"{'':<10} {'create':>8} {'update':>8} {'remove':>8} {'there':>8}"
    for title, counts in (("VENs", preview.vens), ("Resources", preview.resources)):
        numbers = (counts.create, counts.update, counts.remove, counts.nothing)
        yield f"{title:<10} " + " ".join(f"{number:>8,}" for number in numbers)
    yield from preview.caveats
    yield ""
    if preview.item:
        yield f"For {plain(preview.item, 100)}:"
    yield from preview.notes
    for request in preview.requests:
        yield from ("", f"# {request.when}", request.text)
