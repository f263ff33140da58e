"""The operator's decisions, and the wanted state of the simulation."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from vendash.errors import VendashError
from vendash.models import ActionOutcome, RegistrationStatus, SimulationSettings
from vendash.store import audit
from vendash.store.resources import json_list

VERBS = {
    RegistrationStatus.APPROVED: "approve",
    RegistrationStatus.SUSPENDED: "suspend",
    RegistrationStatus.PENDING: "pend",
}
SIMULATION_ITEM = "simulation"


def choose(connection: sqlite3.Connection, keys: Sequence[int]) -> int:
    """Put the keys into the connection's own table `chosen`; how many different ones they are."""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (key INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM temp.chosen")
    return connection.execute(
        "INSERT OR IGNORE INTO temp.chosen SELECT value FROM json_each(?)",
        (json_list(sorted(keys)),),
    ).rowcount


def set_status(
    connection: sqlite3.Connection,
    keys: Sequence[int],
    expected: frozenset[RegistrationStatus],
    new: RegistrationStatus,
    *,
    actor: str,
    reason: str = "",
    subject: str = "",
) -> ActionOutcome:
    """Decide, where the decision is still an expected one."""
    named = choose(connection, keys)
    allowed = json_list(status.value for status in expected - {new})
    with audit.action(
        connection, actor=actor, verb=VERBS[new], reason=reason, subject=subject
    ) as action:
        changed = action.add(
            f"SELECT ?, {audit.ITEM_OF},"
            " r.registration_status, ? FROM temp.chosen c CROSS JOIN resources r ON r.id = c.key"
            " WHERE r.registration_status IN (SELECT value FROM json_each(?))",
            (new.value, allowed),
        )
        (unchanged,) = connection.execute(
            "SELECT count(*) FROM temp.chosen c CROSS JOIN resources r ON r.id = c.key"
            " WHERE r.registration_status = ?",
            (new.value,),
        ).fetchone()
        connection.execute(
            "UPDATE resources SET registration_status = ?, updated_at = CURRENT_TIMESTAMP"
            " WHERE id IN (SELECT key FROM temp.chosen)"
            " AND registration_status IN (SELECT value FROM json_each(?))",
            (new.value, allowed),
        )
    return ActionOutcome(
        sequence=action.sequence if changed else None,
        verb=VERBS[new],
        changed=changed,
        unchanged=unchanged,
        skipped=named - changed - unchanged,
    )


def simulation(connection: sqlite3.Connection) -> SimulationSettings:
    """The wanted state of the simulation; off where what stands there makes no sense."""
    value = setting(connection, "simulation")
    try:
        return msgspec.json.decode(value or "{}", type=SimulationSettings)
    except (msgspec.MsgspecError, VendashError):  # another program wrote it
        return SimulationSettings()


def set_simulation(
    connection: sqlite3.Connection, settings: SimulationSettings, *, actor: str
) -> ActionOutcome:
    """Want the simulation so."""
    before = simulation(connection)
    if before == settings:
        return ActionOutcome(sequence=None, verb="simulate", changed=0, unchanged=1)
    subject = f"{'on' if settings.on else 'off'}, x{settings.speed:g}"
    with audit.action(connection, actor=actor, verb="simulate", subject=subject) as action:
        record_simulation(connection, action, before, settings)
    return ActionOutcome(sequence=action.sequence, verb="simulate", changed=1)


def record_simulation(
    connection: sqlite3.Connection,
    action: audit.Action,
    before: SimulationSettings,
    after: SimulationSettings,
) -> None:
    """Write the settings, with the one item that says what they were."""
    texts = [msgspec.json.encode(settings).decode() for settings in (before, after)]
    action.add("SELECT ?, 0, '', ?, '', ?, ?", (SIMULATION_ITEM, *texts))
    set_setting(connection, "simulation", texts[1])


def setting(connection: sqlite3.Connection, name: str) -> str | None:
    """A setting kept in the database."""
    row = connection.execute(
        "SELECT value FROM vendash_settings WHERE name = ?", (name,)
    ).fetchone()
    return str(row[0]) if row else None


def current_vtn(connection: sqlite3.Connection) -> int:
    """The number of the current VTN; there always is one, if only without a URL."""
    return int(setting(connection, "vtn") or 1)


def set_setting(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a setting."""
    connection.execute(
        "INSERT OR REPLACE INTO vendash_settings (name, value) VALUES (?, ?)", (name, value)
    )
