"""What came of `vendash register`: counted from what the database knows before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from vendash.filters import Query, parse_filter
from vendash.models import NEEDS_A_PERSON, ResourceDetail, VenRow
from vendash.store.protocol import FleetStore
from vendash.text import plain
from vendash.vtn.tally import Count

_SHOWN = 20
"""Failures in the summary for a person."""


class Result(msgspec.Struct):
    """What came of a registration, and why some of it did not."""

    vens: Count
    resources: Count
    failures: Sequence[dict[str, Any]]
    trouble: str = ""
    """A sentence about the VTN as a whole; empty where there was none."""
    updated: int = 0
    """Resources that were there, and hold now what was changed here."""

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is at the VTN as it is here."""
        counts = (self.vens, self.resources)
        return not self.trouble and not any(count.failed + count.waiting for count in counts)

    def document(self, seconds: float) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "vens": _counts(self.vens),
            "resources": {
                **_counts(self.resources),
                **({"updated": self.updated} if self.updated else {}),
            },
            "failures": self.failures,
            "seconds": seconds,
            **({"error": self.trouble} if self.trouble else {}),
        }

    def summary(self, seconds: float) -> str:
        """For a person."""
        vens, resources = self.vens, self.resources
        waiting = f", waiting {resources.waiting:,}" if resources.waiting else ""
        updated = f", {self.updated:,} of them updated" if self.updated else ""
        there = resources.registered + resources.already
        already = f"already there {resources.already:,}{updated}"
        return "\n".join(
            [
                *self._why(),
                "REGISTRATION SUMMARY",
                f"Total VENs processed:         {_total(vens):>7,}",
                f"VENs successfully registered: {vens.registered:>7,}"
                f"  (already there {vens.already:,})",
                f"Resources registered:         {resources.registered:>7,}"
                f"  ({already}, failed {resources.failed:,}{waiting})",
                f"Failed VENs:                  {vens.failed:>7,}",
                f"Seconds:                      {seconds:>7,.1f}",
                f"At the VTN now: {vens.registered + vens.already:,} of {_total(vens):,} VENs,"
                f" {there:,} of {_total(resources):,} resources.",
            ]
        )

    def _why(self) -> list[str]:
        lines = [
            f"{plain(one['ven'], 40)} / {plain(one['name'])}: {plain(one['reason'], 200)}"
            for one in self.failures[:_SHOWN]
        ]
        if len(self.failures) > len(lines):
            more = len(self.failures) - len(lines)
            lines.append(f"... and {more:,} more (--json lists all)")
        if self.trouble:
            lines.append(self.trouble)
        if self.resources.waiting or self.vens.waiting:
            mended = " once that is mended" if self.trouble else ""
            lines.append(f"What waits is sent{mended} by the engine, or the next vendash register.")
        return lines


async def compared(store: FleetStore, before: Sequence[VenRow], trouble: str = "") -> Result:
    """What was there already, what came, and what is still not there: failed, or it waits."""
    after = {row.name: row for row in await store.vens()}
    names = names_of(before)
    failing = [detail for detail in await _failing(store) if detail.row.ven in names]
    refused_there = Counter(one.row.ven for one in failing if one.remote_id is not None)
    vens, resources, updated = Count(), Count(), 0
    for row in before:
        now = after.get(row.name, row)
        needs_a_person = now.vtn in NEEDS_A_PERSON
        vens.already += row.remote_id is not None
        vens.registered += row.remote_id is None and now.remote_id is not None
        vens.failed += now.remote_id is None and needs_a_person
        vens.waiting += now.remote_id is None and not needs_a_person
        was_there, is_there, refused = _there(row), _there(now), refused_there[row.name]
        missing = now.work.total - is_there
        failed = missing if needs_a_person else min(missing, now.work.trouble - refused)
        resources.already += was_there - min(was_there, refused)
        resources.registered += max(0, is_there - was_there)
        resources.failed += failed + refused
        resources.waiting += missing - failed
        updated += max(0, _behind(row) - _behind(now))
    of_vens = [_of_ven(row) for row in after.values() if row.name in names]
    failures = [one for one in of_vens if one] + [_of_resource(one) for one in failing]
    return Result(vens, resources, failures, trouble, updated)


def names_of(rows: Sequence[VenRow]) -> frozenset[str]:
    """The names of these VENs."""
    return frozenset(row.name for row in rows)


async def _failing(store: FleetStore) -> list[ResourceDetail]:
    found = []
    for state in ("failed", "conflict"):
        for key in await store.keys(Query(filter=parse_filter(f"vtn:{state}"))):
            detail = await store.detail(key)
            if detail is not None:
                found.append(detail)
    return found


def _of_ven(row: VenRow) -> dict[str, Any] | None:
    if row.vtn not in NEEDS_A_PERSON:
        return None
    reason = row.vtn_error
    return {"ven": row.name, "id": None, "name": row.name, "status": None, "reason": reason}


def _of_resource(detail: ResourceDetail) -> dict[str, Any]:
    return {
        "ven": detail.row.ven,
        "id": detail.row.resource_id,
        "name": detail.row.name,
        "status": detail.vtn_http_status,
        "reason": detail.row.vtn_error,
    }


def _there(row: VenRow) -> int:
    return row.work.total - row.work.unsent


def _behind(row: VenRow) -> int:
    """How many are there, but not as they are here now."""
    return _there(row) - row.accepted


def _total(count: Count) -> int:
    return count.registered + count.already + count.failed + count.waiting


def _counts(count: Count) -> dict[str, int]:
    counts = {"registered": count.registered, "already": count.already, "failed": count.failed}
    return {**counts, "waiting": count.waiting} if count.waiting else counts
