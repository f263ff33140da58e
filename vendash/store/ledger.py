"""What came of the items that were handed out: what a VTN holds, and what it has lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from vendash.models import (
    Accepted,
    Refused,
    RegistrationOutcome,
    ResourceWork,
    VenWork,
    VtnState,
)
from vendash.store.decisions import current_vtn
from vendash.store.leases import Lease, Leases
from vendash.store.losses import doubt_resources_under, lose_namesakes, lose_ven
from vendash.store.observations import settle
from vendash.store.resources import json_list
from vendash.store.standing import CURRENT_VTN, HOLDS_NOTHING, NOW, mark_differing

_SINCE = f"CASE WHEN {{state}} IN ('waiting', 'sending') THEN since ELSE {NOW} END"


def complete(
    connection: sqlite3.Connection, leases: Leases, outcomes: Sequence[RegistrationOutcome]
) -> None:
    """Record a batch of outcomes, and end their leases."""
    current = current_vtn(connection)
    for outcome in outcomes:
        item = outcome.item
        if isinstance(item, VenWork):
            if item.client_id:  # else it is only there, and nothing here stands for it
                vtn = leases.vens.pop(item.name, current)
                _complete_ven(connection, vtn, item, outcome)
            elif (removal := _removal_of(connection, leases, item)) is not None:
                del leases.removals[removal]
                _complete_removal(connection, removal, outcome)
        elif item.key < 0:
            leases.removals.pop(-item.key, None)
            _complete_removal(connection, -item.key, outcome)
        else:
            lease = leases.resources.pop(item.key, Lease(current, item.wanted))
            # Where the VTN was changed meanwhile, it was put aside as doubtful, and stays so.
            if lease.vtn == current:
                _complete_resource(connection, item, lease.wanted, outcome)
    _after(connection, [outcome for outcome in outcomes if isinstance(outcome, Accepted)])
    settle(connection)


def progress(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Done, total and failed, VENs and resources together."""
    done = total = failed = 0
    for state, number in connection.execute(
        "SELECT state, count(*) FROM vendash_observations GROUP BY 1 UNION ALL"
        f" SELECT state, count(*) FROM vendash_vens v WHERE vtn = {CURRENT_VTN} AND (wanted OR"
        f" (state <> 'unwanted' AND {HOLDS_NOTHING})) GROUP BY 1 UNION ALL"
        f" SELECT state, count(*) FROM vendash_removals WHERE vtn = {CURRENT_VTN} GROUP BY 1"
    ):
        total += number
        done += number if state in ("ok", "different") else 0
        failed += number if state in ("failed", "conflict") else 0
    return done, total, failed


def _complete_ven(
    connection: sqlite3.Connection, vtn: int, item: VenWork, outcome: RegistrationOutcome
) -> None:
    where = " WHERE vtn = ? AND name = ?"
    if isinstance(outcome, Refused):
        state, certain, reason, http_status = _refusal(outcome)
        # Wanted or not any more since it was leased: it is due again, whatever the answer.
        connection.execute(
            "UPDATE vendash_vens SET doubtful = doubtful AND ?, error = ?, http_status = ?,"
            f" since = {_SINCE.format(state='?')},"
            " state = CASE WHEN wanted = ? OR ? = 'sending' THEN ? ELSE 'waiting' END" + where,
            (certain, reason, http_status, state, item.wanted, state, state, vtn, item.name),
        )
        return
    if not item.wanted:
        connection.execute(
            "UPDATE vendash_vens SET remote_id = NULL, lost_id = NULL, doubtful = 0, error = '',"
            f" stamp = '', http_status = NULL, since = {NOW}, losses = 0,"
            " state = CASE WHEN wanted THEN 'waiting' ELSE 'unwanted' END" + where,
            (vtn, item.name),
        )
        return
    row = connection.execute(
        "SELECT coalesce(remote_id, lost_id) FROM vendash_vens" + where, (vtn, item.name)
    ).fetchone()
    before = row[0] if row else None
    if vtn == current_vtn(connection):  # else the id says nothing about the VENs there
        lose_namesakes(connection, item, outcome.remote_id)
    # A VTN that begins anew may give the same ids again: created is as telling as another id.
    if before is not None and (before != outcome.remote_id or not outcome.already):
        doubt_resources_under(connection, vtn, before)
    connection.execute(
        "UPDATE vendash_vens SET remote_id = ?, stamp = ?, lost_id = NULL, doubtful = 0,"
        f" error = '', http_status = NULL, since = {NOW},"
        " state = CASE WHEN wanted THEN 'ok' ELSE 'waiting' END" + where,
        (outcome.remote_id, outcome.stamp, vtn, item.name),
    )


def _complete_resource(
    connection: sqlite3.Connection, item: ResourceWork, wanted: bool, outcome: RegistrationOutcome
) -> None:
    # The row may have changed since it was leased: then it is due again, whatever the answer.
    same = (
        "(wanted = ? AND requested IS ? AND (SELECT revision FROM vendash_facts f"
        " WHERE f.key = vendash_observations.key) = ?"
        " AND (SELECT registration_status FROM resources r"
        " WHERE r.id = vendash_observations.key) = ?)"
    )
    told = item.resource.registration_status.value
    asked = item.requested.value if item.requested else None
    as_leased = (wanted, asked, item.revision, told)
    where = " WHERE key = ? AND resource_id = ?"
    which = (item.key, item.resource.resource_id)
    if isinstance(outcome, Refused):
        state, certain, reason, http_status = _refusal(outcome)
        if outcome.ven_lost:
            lose_ven(connection, item)
            state, certain = "waiting", True
        connection.execute(
            f"UPDATE vendash_observations SET since = {_SINCE.format(state='?')},"
            f" state = CASE WHEN {same} OR ? = 'sending' THEN ?"
            " ELSE 'waiting' END, doubtful = doubtful AND ?, error = ?, http_status = ?,"
            " held_under = coalesce(held_under, ?)" + where,
            (
                state,
                *as_leased,
                state,
                state,
                certain,
                reason,
                http_status,
                item.ven_remote_id if certain and item.wanted and not outcome.ven_lost else None,
                *which,
            ),
        )
        return
    held = (
        (outcome.remote_id, item.revision, told, asked, item.ven_remote_id, outcome.stamp)
        if item.wanted
        else (None, None, None, None, None, "")
    )
    # A VEN that was found under another id meanwhile: it is held under one that is not its own.
    under = (
        "(SELECT v.remote_id FROM resources r CROSS JOIN vendash_vens v ON v.vtn ="
        f" {CURRENT_VTN} AND v.name = r.ven WHERE r.id = vendash_observations.key)"
    )
    accepted = f"(? AND wanted AND {same} AND {under} IS ?)"
    as_accepted = (item.wanted, *as_leased, item.ven_remote_id)
    connection.execute(
        "UPDATE vendash_observations SET remote_id = ?, accepted_revision = ?, told = ?,"
        f" asked = ?, held_under = ?, stamp = ?, since = CASE WHEN {accepted} THEN {NOW}"
        f" ELSE since END, state = CASE WHEN {accepted} THEN 'ok' ELSE 'waiting' END,"
        " doubtful = 0, error = '', http_status = NULL" + where,
        (*held, *as_accepted, *as_accepted, *which),
    )


def _removal_of(connection: sqlite3.Connection, leases: Leases, item: VenWork) -> int | None:
    """The removal that such a VEN stands for; None where its lease has ended: it is in doubt."""
    for (number,) in connection.execute(
        "SELECT id FROM vendash_removals WHERE what = 'ven' AND name = ? AND remote_id IS ?",
        (item.name, item.remote_id),
    ):
        if number in leases.removals:
            return int(number)
    return None


def _complete_removal(
    connection: sqlite3.Connection, number: int, outcome: RegistrationOutcome
) -> None:
    if isinstance(outcome, Refused):
        state, certain, reason, http_status = _refusal(outcome)
        connection.execute(
            f"UPDATE vendash_removals SET since = {_SINCE.format(state='?')}, state = ?,"
            " doubtful = doubtful AND ?, error = ?, http_status = ? WHERE id = ?",
            (state, state, certain, reason, http_status, number),
        )
        return
    connection.execute(
        "DELETE FROM vendash_elsewhere WHERE (vtn, resource_id) = (SELECT vtn, name"
        " FROM vendash_removals m WHERE m.id = ? AND m.remote_id IS vendash_elsewhere.remote_id)",
        (number,),
    )
    connection.execute("DELETE FROM vendash_removals WHERE id = ?", (number,))


def _after(connection: sqlite3.Connection, accepted: Sequence[Accepted]) -> None:
    """What else follows when items were accepted: their VENs are there, and nothing differs."""
    held = [
        (a.item, a.remote_id)
        for a in accepted
        if isinstance(a.item, ResourceWork) and a.item.wanted
    ]
    keys = json_list(item.key for item, _ in held)
    connection.executemany(
        f"UPDATE vendash_vens SET losses = 0 WHERE vtn = {CURRENT_VTN} AND name = ? AND losses > 0",
        {(item.resource.ven,) for item, _ in held},
    )
    connection.execute(
        "DELETE FROM vendash_drift WHERE key IN (SELECT value FROM json_each(?))"
        # What was taken over, or adopted, an undo finds again.
        f" AND vtn = {CURRENT_VTN} AND coalesce(settled, '') NOT IN ('theirs', 'adopt')"
        " AND (kind = 'only here' OR kind = 'different'"
        " OR (kind = 'only there' AND coalesce(settled, 'unsent') = 'unsent'))",
        (keys,),
    )
    mark_differing(connection, "SELECT value FROM json_each(?)", keys)
    # What was to go, and turned out to be ours, stays.
    connection.executemany(
        f"DELETE FROM vendash_removals WHERE vtn = {CURRENT_VTN} AND what = 'resource'"
        " AND name = ? AND remote_id = ? AND state <> 'sending'",
        [(item.resource.resource_id, remote_id) for item, remote_id in held],
    )
    connection.executemany(
        f"DELETE FROM vendash_drift WHERE vtn = {CURRENT_VTN} AND what = 'ven' AND name = ?"
        " AND kind IN ('only here', 'different')",
        [(a.item.name,) for a in accepted if isinstance(a.item, VenWork) and a.item.wanted],
    )


def _refusal(outcome: Refused) -> tuple[str, bool, str, int | None]:
    """State, whether it stays doubtful, reason and HTTP status."""
    state = outcome.state
    return state.value, state is not VtnState.WAITING, outcome.reason, outcome.http_status
