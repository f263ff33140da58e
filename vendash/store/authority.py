"""Who decides: the operator, or the VTN, of which an operator can then only ask."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from vendash.errors import VendashError
from vendash.models import ActionOutcome, Authority, RegistrationStatus
from vendash.store import audit
from vendash.store.decisions import choose, set_setting, setting
from vendash.store.standing import ACCEPTED_STATE, AS_ACCEPTED, NOW
from vendash.store.values import status_of, text_of

ACTOR = "vtn"
AUTHORITY_ITEM = "authority"
DECIDED_THERE = "EXISTS (SELECT 1 FROM vendash_settings WHERE name = 'authority' AND value = 'vtn')"
"""Whether it is the VTN that decides."""


def authority(connection: sqlite3.Connection) -> Authority:
    """Who decides; the operator, unless it was said otherwise."""
    try:
        return Authority(setting(connection, "authority") or Authority.OPERATOR)
    except ValueError:  # another program wrote it
        return Authority.OPERATOR


def set_authority(connection: sqlite3.Connection, mode: str, *, actor: str) -> ActionOutcome:
    """Say who decides. Raises `VendashError` for a word that is neither."""
    try:
        after = Authority(mode)
    except ValueError:
        raise VendashError(f"{mode!r} cannot decide: say operator or vtn.") from None
    before = authority(connection)
    if before is after:
        return ActionOutcome(sequence=None, verb="authority", changed=0, unchanged=1)
    with audit.action(connection, actor=actor, verb="authority", subject=after.value) as action:
        record_authority(connection, action, before, after)
    return ActionOutcome(sequence=action.sequence, verb="authority", changed=1)


def record_authority(
    connection: sqlite3.Connection, action: audit.Action, before: Authority, after: Authority
) -> None:
    """Write who decides, with the one item that says who did."""
    action.add("SELECT ?, 0, '', ?, '', ?, ?", (AUTHORITY_ITEM, before.value, after.value))
    set_setting(connection, "authority", after.value)
    if after is Authority.OPERATOR:  # who decides has nobody to ask
        connection.execute(
            "UPDATE vendash_observations SET requested = NULL, asked = NULL"
            " WHERE requested IS NOT NULL OR asked IS NOT NULL"
        )


def statuses_there(connection: sqlite3.Connection) -> dict[str, tuple[int, RegistrationStatus]]:
    """Key and decision, by resource id, of what is wanted and known at the current VTN."""
    rows = connection.execute(
        "SELECT r.resource_id, r.id, r.registration_status FROM vendash_observations o"
        " CROSS JOIN resources r ON r.id = o.key WHERE o.wanted AND o.remote_id IS NOT NULL"
    )
    return {text_of(name): (key, status_of(status)) for name, key, status in rows}


def take_statuses(
    connection: sqlite3.Connection,
    changes: Sequence[tuple[int, RegistrationStatus]],
    *,
    reason: str = "",
) -> ActionOutcome:
    """Decide as the VTN has, for what is there: nothing of it has to be told to the VTN."""
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS taken (key INTEGER PRIMARY KEY, status TEXT NOT NULL)"
    )
    connection.execute("DELETE FROM temp.taken")
    connection.executemany(
        "INSERT OR REPLACE INTO temp.taken (key, status)"
        " SELECT o.key, ?2 FROM vendash_observations o"
        " WHERE o.key = ?1 AND o.wanted AND o.remote_id IS NOT NULL",
        [(key, status.value) for key, status in changes],
    )
    (there,) = connection.execute("SELECT count(*) FROM temp.taken").fetchone()
    # First, so that the decision finds that the VTN knows it.
    connection.execute(
        "UPDATE vendash_observations SET told = t.status,"
        " requested = CASE WHEN requested = t.status THEN NULL ELSE requested END,"
        " asked = CASE WHEN requested = t.status THEN NULL ELSE asked END"
        " FROM temp.taken t WHERE t.key = vendash_observations.key"
    )
    with audit.action(connection, actor=ACTOR, verb="take", reason=reason) as action:
        changed = action.add(
            f"SELECT ?, {audit.ITEM_OF}, r.registration_status, t.status"
            " FROM temp.taken t CROSS JOIN resources r ON r.id = t.key"
            " WHERE r.registration_status IS NOT t.status"
        )
        connection.execute(
            "UPDATE resources SET registration_status = t.status, updated_at = CURRENT_TIMESTAMP"
            " FROM temp.taken t WHERE t.key = id AND registration_status IS NOT t.status"
        )
    # A request that was answered before it had left is none any more.
    _restore(connection, "SELECT key FROM temp.taken")
    return ActionOutcome(
        sequence=action.sequence if changed else None,
        verb="take",
        changed=changed,
        unchanged=there - changed,
        skipped=len({key for key, _ in changes}) - there,
    )


def request_status(
    connection: sqlite3.Connection,
    keys: Sequence[int],
    new: RegistrationStatus,
    *,
    actor: str,
    reason: str = "",
    subject: str = "",
) -> ActionOutcome:
    """Ask the VTN for a decision; what it has decided so already is not asked."""
    named = choose(connection, keys)
    with audit.action(
        connection, actor=actor, verb="request", reason=reason, subject=subject
    ) as action:
        (sendable,) = connection.execute(
            "SELECT count(*) FROM temp.chosen c CROSS JOIN vendash_observations o"
            " ON o.key = c.key WHERE o.wanted"
        ).fetchone()
        changed = action.add(
            f"SELECT ?, {audit.ITEM_OF}, coalesce(o.requested, '') AS asked_before,"
            " CASE WHEN r.registration_status = ? THEN '' ELSE ? END AS asked_now"
            " FROM temp.chosen c CROSS JOIN resources r ON r.id = c.key"
            " CROSS JOIN vendash_observations o ON o.key = r.id"
            " WHERE o.wanted AND asked_before <> asked_now",
            (new.value, new.value),
        )
        apply_requests(connection, action.sequence)
    return ActionOutcome(
        sequence=action.sequence if changed else None,
        verb="request",
        changed=changed,
        unchanged=sendable - changed,
        skipped=named - sendable,
    )


def undo_requests(connection: sqlite3.Connection, action: audit.Action, sequence: int) -> None:
    """Take requests back that stand as the action made them."""
    action.add(
        f"SELECT ?, {audit.ITEM_OF}, i.after, i.before FROM vendash_items i"
        " CROSS JOIN resources r ON r.id = i.key AND r.resource_id = i.resource_id"
        " CROSS JOIN vendash_observations o ON o.key = i.key"
        " WHERE i.sequence = ? AND coalesce(o.requested, '') = i.after",
        (sequence,),
    )
    apply_requests(connection, action.sequence)


def apply_requests(connection: sqlite3.Connection, sequence: int) -> None:
    """Ask as the items of an action say. Part of a transaction."""
    connection.execute(
        "UPDATE vendash_observations SET requested = nullif(i.after, ''),"
        f" since = {NOW}, state = CASE state WHEN 'sending' THEN 'sending' ELSE 'waiting' END"
        " FROM vendash_items i WHERE i.sequence = ? AND i.key = vendash_observations.key",
        (sequence,),
    )
    _restore(connection, f"SELECT key FROM vendash_items WHERE sequence = {sequence:d}")


def _restore(connection: sqlite3.Connection, keys: str) -> None:
    """What the VTN has accepted as it is now has not to be sent after all."""
    connection.execute(
        f"UPDATE vendash_observations SET state = {ACCEPTED_STATE} WHERE key IN ({keys})"
        f" AND state = 'waiting' AND wanted AND {AS_ACCEPTED}"
    )
