"""What the registrar works on: items whose present state the current VTN has not accepted.

An item is marked SENDING and doubtful, durably, before it is handed out. Whatever happens then, it
stays doubtful until the VTN has answered or nothing can have arrived there, so that a process that
dies in between never makes anyone send it twice unseen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from vendash.models import (
    Accepted,
    Refused,
    RegistrationOutcome,
    ResourceWork,
    VenWork,
    VtnState,
)
from vendash.store.facts import CURRENT_VTN
from vendash.store.observations import current_vtn, settle
from vendash.store.resources import json_list
from vendash.store.values import RESOURCE_COLUMNS, resource_of

VEN_REVISION = 1
"""Nothing of a VEN that the VTN holds can change here but its name, which makes it another one."""


@dataclass(slots=True)
class Leases:
    """What this process has handed out and not heard of since, with the VTN it was for."""

    vens: dict[str, int] = field(default_factory=dict)
    resources: dict[int, int] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget all of them."""
        self.vens.clear()
        self.resources.clear()


def due_vens(
    connection: sqlite3.Connection, leases: Leases, limit: int, hold: float
) -> list[VenWork]:
    """Lease VENs to send."""
    _refuse_clashes(connection)
    vtn = current_vtn(connection)
    rows = connection.execute(
        "SELECT name, client_id, remote_id, doubtful FROM vendash_vens"
        " WHERE vtn = ? AND wanted AND state IN ('waiting', 'sending')"
        " AND name NOT IN (SELECT value FROM json_each(?)) ORDER BY name LIMIT ?",
        (vtn, json_list(leases.vens), limit),
    ).fetchall()
    connection.executemany(
        "UPDATE vendash_vens SET state = 'sending', doubtful = 1 WHERE vtn = ? AND name = ?",
        [(vtn, row[0]) for row in rows],
    )
    leases.vens.update((row[0], vtn) for row in rows)
    return [
        VenWork(
            name=name,
            client_id=identity,
            revision=VEN_REVISION,
            remote_id=remote_id,
            doubtful=bool(doubtful),
        )
        for name, identity, remote_id, doubtful in rows
    ]


def due_resources(
    connection: sqlite3.Connection, leases: Leases, limit: int, hold: float
) -> list[ResourceWork]:
    """Lease resources whose VEN is known at the VTN."""
    vtn = current_vtn(connection)
    rows = connection.execute(
        f"SELECT o.key, f.revision, v.remote_id, v.client_id, o.remote_id, o.doubtful, o.wanted,"
        f" {RESOURCE_COLUMNS} FROM vendash_observations o"
        " CROSS JOIN resources r ON r.id = o.key"
        " LEFT JOIN connections c ON c.id = r.connection_id"
        " CROSS JOIN vendash_facts f ON f.key = o.key"
        " CROSS JOIN vendash_vens v ON v.vtn = ? AND v.name = r.ven AND v.remote_id IS NOT NULL"
        " WHERE (o.state = 'waiting' OR o.state = 'sending')"
        " AND o.key NOT IN (SELECT value FROM json_each(?)) ORDER BY o.key LIMIT ?",
        (vtn, json_list(leases.resources), limit),
    ).fetchall()
    connection.executemany(
        "UPDATE vendash_observations SET state = 'sending', doubtful = 1 WHERE key = ?",
        [(row[0],) for row in rows],
    )
    leases.resources.update((row[0], vtn) for row in rows)
    return [
        ResourceWork(
            key=row[0],
            resource=resource_of(row[7:]),
            revision=row[1],
            ven_remote_id=row[2],
            client_id=row[3],
            remote_id=row[4],
            doubtful=bool(row[5]),
            wanted=bool(row[6]),
        )
        for row in rows
    ]


def due_in(connection: sqlite3.Connection, hold: float) -> float | None:
    """Seconds until the next change may leave; None when there is none to leave."""
    (due,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM vendash_observations WHERE state = 'waiting')"
    ).fetchone()
    return hold if due else None


def complete(
    connection: sqlite3.Connection, leases: Leases, outcomes: Sequence[RegistrationOutcome]
) -> None:
    """Record a batch of outcomes, and end their leases."""
    current = current_vtn(connection)
    for outcome in outcomes:
        item = outcome.item
        if isinstance(item, VenWork):
            vtn = leases.vens.pop(item.name, current)
            _complete_ven(connection, vtn, item, outcome)
        elif leases.resources.pop(item.key, current) == current:
            _complete_resource(connection, item, outcome)
        # Else the VTN was changed meanwhile: the item was put aside as doubtful, and stays so.
    settle(connection)


def progress(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Done, total and failed, VENs and resources together."""
    done = total = failed = 0
    for state, number in connection.execute(
        "SELECT state, count(*) FROM vendash_observations GROUP BY 1 UNION ALL"
        f" SELECT state, count(*) FROM vendash_vens WHERE vtn = {CURRENT_VTN} AND wanted GROUP BY 1"
    ):
        total += number
        done += number if state in ("ok", "different") else 0
        failed += number if state in ("failed", "conflict") else 0
    return done, total, failed


def _refuse_clashes(connection: sqlite3.Connection) -> None:
    """VENs with one client id would be one VEN at the VTN: none of them is sent."""
    rivals = (
        "SELECT name FROM vendash_vens other WHERE other.vtn = v.vtn AND other.wanted"
        " AND other.client_id = v.client_id AND other.name <> v.name"
    )
    connection.execute(
        f"UPDATE vendash_vens AS v SET state = 'conflict', error = 'has the same client id, '"
        f" || client_id || ', as ' || (SELECT min(name) FROM ({rivals})) || ': rename one of them'"
        f" WHERE v.vtn = {CURRENT_VTN} AND v.wanted AND v.state = 'waiting'"
        f" AND v.remote_id IS NULL AND EXISTS ({rivals})"
    )


def _complete_ven(
    connection: sqlite3.Connection, vtn: int, item: VenWork, outcome: RegistrationOutcome
) -> None:
    if isinstance(outcome, Accepted):
        connection.execute(
            "UPDATE vendash_vens SET remote_id = ?, state = 'ok', doubtful = 0, error = '',"
            " http_status = NULL WHERE vtn = ? AND name = ?",
            (outcome.remote_id, vtn, item.name),
        )
        return
    connection.execute(
        "UPDATE vendash_vens SET state = ?, doubtful = doubtful AND ?, error = ?, http_status = ?"
        " WHERE vtn = ? AND name = ?",
        (*_refusal(outcome), vtn, item.name),
    )


def _complete_resource(
    connection: sqlite3.Connection, item: ResourceWork, outcome: RegistrationOutcome
) -> None:
    # The row may have changed since it was leased: then it is due again, whatever the answer.
    same = (
        "(wanted = ? AND (SELECT revision FROM vendash_facts f"
        " WHERE f.key = vendash_observations.key) = ?"
        " AND (SELECT registration_status FROM resources r"
        " WHERE r.id = vendash_observations.key) = ?)"
    )
    told = item.resource.registration_status.value
    as_leased = (item.wanted, item.revision, told)
    if isinstance(outcome, Refused):
        state, certain, reason, http_status = _refusal(outcome)
        connection.execute(
            f"UPDATE vendash_observations SET state = CASE WHEN {same} OR ? = 'sending' THEN ?"
            " ELSE 'waiting' END, doubtful = doubtful AND ?, error = ?, http_status = ?"
            " WHERE key = ? AND resource_id = ?",
            (*as_leased, state, state, certain, reason, http_status,
             item.key, item.resource.resource_id),
        )  # fmt: skip
        return
    held = (outcome.remote_id, item.revision, told) if item.wanted else (None, None, None)
    connection.execute(
        "UPDATE vendash_observations SET remote_id = ?, accepted_revision = ?, told = ?,"
        f" state = CASE WHEN wanted AND {same} THEN 'ok' ELSE 'waiting' END,"
        " doubtful = 0, error = '', http_status = NULL WHERE key = ? AND resource_id = ?",
        (*held, *as_leased, item.key, item.resource.resource_id),
    )


def _refusal(outcome: Refused) -> tuple[str, bool, str, int | None]:
    """State, whether it stays doubtful, reason and HTTP status."""
    state = outcome.state
    return state.value, state is not VtnState.WAITING, outcome.reason, outcome.http_status
