"""What follows when a VTN turns out not to know a VEN any more, or to give ids anew."""

from __future__ import annotations

import sqlite3

from vendash.models import ResourceWork, VenWork
from vendash.store.standing import CURRENT_VTN, NOW

MOST_LOSSES = 3
"""Of one VEN in a row, before a person has to look why the VTN does not keep it."""


def lose_vens(connection: sqlite3.Connection, condition: str, *parameters: object) -> int:
    """The VTN does not know these VENs any more: none of their ids is trusted; how many."""
    return connection.execute(
        "UPDATE vendash_vens SET lost_id = coalesce(remote_id, lost_id), remote_id = NULL,"
        f" doubtful = 1, since = {NOW}, state = CASE state WHEN 'sending' THEN 'sending'"
        f" ELSE 'waiting' END WHERE vtn = {CURRENT_VTN} AND remote_id IS NOT NULL AND {condition}",
        parameters,
    ).rowcount


def lose_ven(connection: sqlite3.Connection, item: ResourceWork) -> None:
    """The VTN does not know the VEN of a resource, unless that was found out already."""
    lost = connection.execute(
        f"UPDATE vendash_vens SET losses = losses + 1 WHERE vtn = {CURRENT_VTN} AND remote_id = ?",
        (item.ven_remote_id,),
    ).rowcount
    if not lost:
        return
    # What has lost one has probably lost them all, and may have given their ids anew.
    lose_vens(connection, "1")
    _distrust_ids(connection)
    _give_up_losing(connection)


def lose_namesakes(connection: sqlite3.Connection, item: VenWork, remote_id: str) -> None:
    """An id stands for one VEN: where another one had it, the VTN has begun to count anew."""
    another = "remote_id = ? AND name <> ?"
    lost = connection.execute(
        f"UPDATE vendash_vens SET losses = losses + 1 WHERE vtn = {CURRENT_VTN} AND {another}",
        (remote_id, item.name),
    ).rowcount
    if lost:
        lose_vens(connection, another, remote_id, item.name)
        _distrust_ids(connection)
        _give_up_losing(connection)


def doubt_resources_under(connection: sqlite3.Connection, vtn: int, ven_id: str) -> None:
    """What a VTN held under a VEN that it has lost is looked up, by name, and sent again."""
    doubt = (
        # The id may be another VEN's by now, and something of ours have arrived there.
        "remote_id = NULL, held_under = CASE WHEN EXISTS (SELECT 1 FROM vendash_vens v"
        " WHERE v.vtn = ?1 AND v.remote_id = ?2) THEN held_under END, accepted_revision = NULL,"
        " told = NULL, asked = NULL, doubtful = 1, error = '', http_status = NULL, stamp = '',"
        " state = CASE state WHEN 'sending' THEN 'sending' ELSE 'waiting' END"
    )
    connection.execute(
        f"UPDATE vendash_observations SET since = {NOW}, {doubt}"
        f" WHERE held_under = ?2 AND ?1 = {CURRENT_VTN}",
        (vtn, ven_id),
    )
    connection.execute(
        f"UPDATE vendash_elsewhere SET {doubt} WHERE held_under = ?2 AND vtn = ?1", (vtn, ven_id)
    )


def _give_up_losing(connection: sqlite3.Connection) -> None:
    connection.execute(
        "UPDATE vendash_vens SET state = 'failed', error = ?"
        f" WHERE vtn = {CURRENT_VTN} AND remote_id IS NULL AND losses >= ?",
        ("the VTN loses it as often as it is registered: have a look there", MOST_LOSSES),
    )


def _distrust_ids(connection: sqlite3.Connection) -> None:
    """Nothing is deleted by an id that may stand for something else by now."""
    connection.execute(
        "DELETE FROM vendash_removals WHERE what = 'resource' AND state <> 'sending'"
        f" AND vtn = {CURRENT_VTN} AND name IN (SELECT resource_id FROM vendash_observations)"
    )
    for table, condition in (
        ("vendash_removals", f"vtn = {CURRENT_VTN}"),
        ("vendash_elsewhere", f"vtn = {CURRENT_VTN}"),
        ("vendash_observations", "NOT wanted"),
    ):
        connection.execute(
            f"UPDATE {table} SET remote_id = NULL, doubtful = 1"
            f" WHERE {condition} AND remote_id IS NOT NULL"
        )
