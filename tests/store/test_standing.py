"""The trigger on decisions and `standing` say the same: over every combination of what they read.

The trigger has to be plain SQL inside the file, for other programs fire it, too; our own code puts
the same question together from pieces. Nobody but this test sees both.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.fleets import fleet
from tests.store.making import VTN, filled, other_program
from vendash.models import VtnState
from vendash.store.standing import ACCEPTED_STATE, AS_ACCEPTED

_DRIFTS = (
    None,
    ("different", None, 0),
    ("double", None, 0),
    ("only there", None, 0),
    ("only here", "again", 0),
    ("different", "forget", 0),
    ("different", "ours", 0),
    ("double", "theirs", 0),
    ("different", None, 1),
)
"""Kind, choice, and by how much the VTN is another one than the current."""
_ROWS = list(
    product(
        VtnState,
        [True, False],  # wanted
        [None, "r1"],  # id there
        [0, 1, None],  # by how much the accepted revision is another one
        ["APPROVED", "PENDING", None],  # told
        [False, True],  # doubtful
        [(None, None), ("APPROVED", None), ("APPROVED", "APPROVED")],  # requested, asked
        _DRIFTS,
    )
)
_TRIED = frozenset({VtnState.WAITING, VtnState.OK, VtnState.DIFFERENT})
"""What the VTN has not refused: only of this does taking a decision back settle everything."""


@pytest.fixture
async def decided(path: Path) -> list[tuple[str, str]]:
    """For every combination, the state that the trigger gave it and the one that `standing` says.

    One resource each, PENDING before and APPROVED after.
    """
    async with await filled(path, fleet({"Herning": len(_ROWS)})) as store:
        await store.use_vtn(VTN)
    with other_program(path) as connection:
        (vtn,) = connection.execute(
            "SELECT CAST(value AS INTEGER) FROM vendash_settings WHERE name = 'vtn'"
        ).fetchone()
        connection.executemany(
            "INSERT INTO vendash_observations (key, resource_id, wanted, remote_id,"
            " accepted_revision, told, state, doubtful, requested, asked)"
            " SELECT id, resource_id, ?2, ?3, ?4 + (SELECT revision FROM vendash_facts f"
            " WHERE f.key = id), ?5, ?6, ?7, ?8, ?9 FROM resources WHERE id = ?1",
            [
                (key, wanted, remote, revision, told, state.value, doubtful, *asked)
                for key, (state, wanted, remote, revision, told, doubtful, asked, _)
                in enumerate(_ROWS, start=1)
            ],
        )  # fmt: skip
        connection.executemany(
            "INSERT INTO vendash_drift (vtn, kind, what, key, name, ven, remote_id, fields, stamp,"
            " body, found, settled) VALUES (?, ?, 'resource', ?, '', '', '', '[]', '', '', 0, ?)",
            [
                (vtn + row[-1][2], row[-1][0], key, row[-1][1])
                for key, row in enumerate(_ROWS, start=1)
                if row[-1] is not None
            ],
        )
        connection.execute("UPDATE resources SET registration_status = 'APPROVED'")
        return connection.execute(
            f"SELECT state, CASE WHEN wanted AND {AS_ACCEPTED} THEN {ACCEPTED_STATE}"
            " ELSE 'waiting' END FROM vendash_observations ORDER BY key"
        ).fetchall()


def _expected(decided: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for (state, *_), (given, said) in zip(_ROWS, decided, strict=True):
        if state is VtnState.SENDING:
            yield given, "sending"
        else:
            yield given, said if state in _TRIED else "waiting"


async def test_the_trigger_takes_for_accepted_what_our_own_code_does(
    decided: list[tuple[str, str]],
) -> None:
    assert [
        (row, given, said)
        for row, (given, said) in zip(_ROWS, _expected(decided), strict=True)
        if given != said
    ] == []
    # The combinations reach every answer.
    assert {given for given, _ in decided} == {"ok", "different", "waiting", "sending"}
    assert {said for _, said in decided} == {"ok", "different", "waiting"}
