"""What the current VTN holds: sums of it, and what should be there."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence

from vendash.filters import fold
from vendash.models import (
    NO_VEN,
    ActionOutcome,
    RegistrationStatus,
    StatusCounts,
    VenRow,
    VtnState,
    WorkCounts,
)
from vendash.names import client_id
from vendash.store import audit
from vendash.store.decisions import choose, set_setting
from vendash.store.facts import attach
from vendash.store.resources import json_list, matrix, status_counts
from vendash.store.standing import (
    ACCEPTED_STATE,
    AS_ACCEPTED,
    CURRENT_VTN,
    HAS_VEN,
    NOW,
    OBSERVED,
    want_vens,
)
from vendash.store.values import status_of, ven_of

_TROUBLE = ("failed", "conflict")
_Tally = Counter[RegistrationStatus]


def work(connection: sqlite3.Connection) -> WorkCounts:
    """The work to do over the whole fleet."""
    decisions = connection.execute(
        "SELECT registration_status, count(*) FROM resources GROUP BY 1"
    ).fetchall()
    there = connection.execute(
        "SELECT r.registration_status, count(*) FROM vendash_observations o"
        " CROSS JOIN resources r ON r.id = o.key WHERE o.remote_id IS NOT NULL GROUP BY 1"
    ).fetchall()
    states = connection.execute(
        "SELECT state, count(*) FROM vendash_observations"
        " WHERE state = 'conflict' OR state = 'failed' OR state = 'different' GROUP BY 1"
    ).fetchall()
    return _work(status_counts(decisions), status_counts(there), dict(states))


def sent(connection: sqlite3.Connection, keys: Sequence[int]) -> int:
    """How many of these the VTN holds, or may: a request for them is, or was, under way."""
    (count,) = connection.execute(
        "SELECT count(*) FROM json_each(?) chosen CROSS JOIN vendash_observations o"
        " ON o.key = chosen.value WHERE o.remote_id IS NOT NULL OR o.state = 'sending'",
        (json_list(keys),),
    ).fetchone()
    return int(count)


def vens(connection: sqlite3.Connection) -> list[VenRow]:
    """Every VEN that a resource names, by name."""
    decisions: defaultdict[str, _Tally] = defaultdict(Counter)
    there: defaultdict[str, _Tally] = defaultdict(Counter)
    states: defaultdict[str, Counter[str]] = defaultdict(Counter)
    wanted: Counter[str] = Counter()
    for ven, status, number in matrix(connection):
        decisions[ven][status] += number
    for name, value, state, is_wanted, is_there, number in connection.execute(
        "SELECT r.ven, r.registration_status, o.state, o.wanted, o.remote_id IS NOT NULL, count(*)"
        " FROM vendash_observations o CROSS JOIN resources r ON r.id = o.key GROUP BY 1, 2, 3, 4, 5"
    ):
        ven = ven_of(name)
        states[ven][state] += number
        wanted[ven] += number if is_wanted else 0
        there[ven][status_of(value)] += number if is_there else 0
    known = {
        name: (state, error, identity, remote_id, since)
        for name, state, error, identity, remote_id, since in connection.execute(
            "SELECT name, state, error, client_id, remote_id, since FROM vendash_vens"
            f" WHERE vtn = {CURRENT_VTN}"
        )
    }
    rows = []
    for ven in sorted(decisions, key=lambda name: (fold(name), name)):
        state, error, identity, remote_id, since = known.get(
            ven, ("unwanted", "", "" if ven == NO_VEN else client_id(ven), None, None)
        )
        counted = status_counts(decisions[ven].items())
        rows.append(
            VenRow(
                name=ven,
                work=_work(counted, status_counts(there[ven].items()), states[ven]),
                decisions=counted,
                wanted=wanted[ven],
                accepted=states[ven]["ok"],
                vtn=VtnState(state),
                vtn_error=error,
                client_id=identity,
                remote_id=remote_id,
                vtn_since=since or None,
            )
        )
    return rows


def ven_power(connection: sqlite3.Connection) -> dict[str, float]:
    """The sum of P_max over the resources of each VEN, in kW."""
    sums = connection.execute("SELECT ven, sum(p_max_kw) FROM vendash_facts GROUP BY ven")
    return dict(sums.fetchall())


def vtn(connection: sqlite3.Connection) -> tuple[str, str] | None:
    """URL and dialect of the current VTN."""
    url, dialect = connection.execute(
        f"SELECT url, dialect FROM vendash_vtns WHERE id = {CURRENT_VTN}"
    ).fetchone()
    return (url, dialect) if url else None


def use_vtn(connection: sqlite3.Connection, url: str, dialect: str = "") -> None:
    """Make this the current VTN. What the other one holds is put aside, until it comes back."""
    url = url.rstrip("/")
    before = vtn(connection)
    if before is None:
        # What was wanted before any VTN was named is wanted at the first one.
        connection.execute("UPDATE vendash_vtns SET url = ? WHERE url = ''", (url,))
    connection.execute(
        "INSERT INTO vendash_vtns (url) VALUES (?) ON CONFLICT (url) DO NOTHING", (url,)
    )
    if dialect:
        connection.execute("UPDATE vendash_vtns SET dialect = ? WHERE url = ?", (dialect, url))
    if before is not None and before[0] != url:
        _switch(connection, url)


def move_vtn(connection: sqlite3.Connection, url: str) -> None:
    """The current VTN is reached under another address; what is known of it stays known."""
    url = url.rstrip("/")
    # A VTN that was known under this address is another one, which nobody can reach any more.
    connection.execute(
        f"UPDATE vendash_vtns SET url = url || ' (until ' || datetime() || ')'"
        f" WHERE url = ? AND id <> {CURRENT_VTN}",
        (url,),
    )
    connection.execute(f"UPDATE vendash_vtns SET url = ? WHERE id = {CURRENT_VTN}", (url,))


def _switch(connection: sqlite3.Connection, url: str) -> None:
    columns = ", ".join(f"o.{column}" for column in OBSERVED.split(", "))
    connection.execute(
        f"INSERT OR REPLACE INTO vendash_elsewhere (vtn, resource_id, name, ven, {OBSERVED})"
        f" SELECT {CURRENT_VTN}, o.resource_id, CAST(r.resource_name AS TEXT),"
        f" coalesce(CAST(r.ven AS TEXT), ''), {columns}"
        " FROM vendash_observations o CROSS JOIN resources r ON r.id = o.key"
    )
    connection.execute("DELETE FROM vendash_observations")
    (number,) = connection.execute("SELECT id FROM vendash_vtns WHERE url = ?", (url,)).fetchone()
    set_setting(connection, "vtn", str(number))
    attach(connection, "SELECT id FROM resources")


def want_at_vtn(
    connection: sqlite3.Connection,
    keys: Sequence[int],
    wanted: bool,
    *,
    actor: str,
    reason: str = "",
    subject: str = "",
) -> ActionOutcome:
    """Want these at the current VTN, or no longer; also again, where it went wrong."""
    named = choose(connection, keys)
    verb = "register" if wanted else "unregister"
    # What has lost its VEN cannot be sent, but what is there of it can be deleted.
    sendable = HAS_VEN if wanted else f"({HAS_VEN} OR o.wanted)"
    with audit.action(connection, actor=actor, verb=verb, reason=reason, subject=subject) as action:
        changed = action.add(
            f"SELECT ?, {audit.ITEM_OF},"
            " CASE WHEN coalesce(o.wanted, 0) THEN 'wanted' ELSE 'unwanted' END, ?"
            " FROM temp.chosen c CROSS JOIN resources r ON r.id = c.key"
            " LEFT JOIN vendash_observations o ON o.key = r.id"
            f" LEFT JOIN vendash_vens v ON v.vtn = {CURRENT_VTN} AND v.name = r.ven"
            f" WHERE {sendable} AND (coalesce(o.wanted, 0) <> ?"
            " OR o.state IN ('failed', 'conflict', 'different')"
            " OR (o.wanted AND v.state IN ('failed', 'conflict')))",
            ("wanted" if wanted else "unwanted", wanted),
        )
        (possible,) = connection.execute(
            "SELECT count(*) FROM temp.chosen c CROSS JOIN resources r ON r.id = c.key"
            f" LEFT JOIN vendash_observations o ON o.key = r.id WHERE {sendable}"
        ).fetchone()
        want_items(connection, action.sequence)
    return ActionOutcome(
        sequence=action.sequence if changed else None,
        verb=verb,
        changed=changed,
        unchanged=possible - changed,
        skipped=named - possible,
    )


def want_items(connection: sqlite3.Connection, sequence: int) -> None:
    """Want the items of an action as their `after` says. Part of a transaction."""
    connection.execute(
        "INSERT INTO vendash_observations (key, resource_id, wanted, state, since)"
        f" SELECT i.key, i.resource_id, 1, 'waiting', {NOW} FROM vendash_items i"
        " WHERE i.sequence = ? AND i.after = 'wanted' ON CONFLICT (key) DO UPDATE SET"
        f" wanted = 1, error = '', http_status = NULL, since = {NOW}, state = CASE"
        # Still being deleted, or already there as it is: nothing has to be sent anew.
        " WHEN state = 'sending' THEN 'sending'"
        f" WHEN NOT wanted AND state = 'waiting' AND {AS_ACCEPTED} THEN {ACCEPTED_STATE}"
        " ELSE 'waiting' END",
        (sequence,),
    )
    connection.execute(
        f"UPDATE vendash_observations SET wanted = 0, error = '', http_status = NULL,"
        f" since = {NOW}, state = CASE state WHEN 'sending' THEN 'sending' ELSE 'waiting' END"
        " WHERE key IN (SELECT key FROM vendash_items WHERE sequence = ? AND after = 'unwanted')",
        (sequence,),
    )
    want_vens(connection, "SELECT key FROM vendash_items WHERE sequence = ?", sequence, again=True)
    settle(connection)


def settle(connection: sqlite3.Connection) -> None:
    """Forget resources that are not wanted and of which nothing can be at the VTN."""
    connection.execute(
        "DELETE FROM vendash_observations WHERE NOT wanted AND state = 'waiting'"
        " AND remote_id IS NULL AND NOT doubtful"
    )


def _work(decisions: StatusCounts, there: StatusCounts, states: dict[str, int]) -> WorkCounts:
    return WorkCounts(
        decide=there.pending,
        unsent=decisions.total - there.total,
        approved=there.approved,
        suspended=there.suspended,
        different=states.get("different", 0),
        trouble=sum(states.get(state, 0) for state in _TROUBLE),
    )
