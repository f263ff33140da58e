"""A decision in words: what is asked and what came of it."""

from __future__ import annotations

import pytest

from vendash.models import ActionOutcome, Selection, StatusCounts
from vendash.screens.deciding import VERBS, asking, outcome_words, rows_words, vens_words


def selection(*, pending: int = 0, approved: int = 0, suspended: int = 0, kw: float) -> Selection:
    counts = StatusCounts(pending=pending, approved=approved, suspended=suspended)
    return Selection(keys=range(counts.total), by_status=counts, p_max_kw=kw)


def test_rows_are_asked_with_verb_number_and_power() -> None:
    """The verb leads; one row is named; what is so already is said."""
    suspend = VERBS["suspend"]
    assert rows_words(suspend, selection(approved=112, kw=2500), "") == (
        "SUSPEND 112 shown, 2.5 MW"
    )
    assert rows_words(suspend, selection(approved=1, kw=22), "Nytorv [1]\x1b") == (
        "SUSPEND Nytorv [1]␛, 22 kW"
    )
    assert rows_words(suspend, selection(approved=2, suspended=3, kw=110), "") == (
        "SUSPEND 5 shown, 110 kW; 3 so already"
    )


def test_a_ven_is_asked_with_what_stays() -> None:
    """`APPROVE Herning: 952 pending; 62 suspended stay`, with its power."""
    chosen = selection(pending=952, kw=4100)
    assert vens_words(VERBS["approve"], ["Herning"], chosen, 62) == (
        "APPROVE Herning: 952 pending, 4.1 MW; 62 suspended stay"
    )
    assert vens_words(VERBS["register"], ["a", "b"], chosen, 0) == (
        "REGISTER 2 VENs: 952 resources, 4.1 MW"
    )


def test_to_register_leaves_out_what_is_there_already() -> None:
    """The number asked about is the number of rows that change."""
    register = VERBS["register"]
    assert rows_words(register, selection(pending=32, kw=700), "", 80) == (
        "REGISTER 32 shown, 700 kW; 80 so already"
    )
    assert vens_words(register, ["Herning"], selection(pending=32, kw=700), 80) == (
        "REGISTER Herning: 32 resources, 700 kW; 80 so already"
    )


def test_what_was_decided_here_alone_is_said() -> None:
    """Approving sends nothing to the VTN of what it was never asked to hold."""
    outcome = ActionOutcome(sequence=1, verb="approve", changed=9)
    words = outcome_words(VERBS["approve"], outcome, "Herning", "", 9)
    assert words == "approved 9 in Herning; not at the VTN yet: r registers; u undoes"
    words = outcome_words(VERBS["approve"], outcome, "Herning", "", 4)
    assert words == "approved 9 in Herning; 4 not at the VTN yet: r registers; u undoes"


@pytest.mark.parametrize(
    ("verb", "outcome", "no_engine", "words"),
    [
        (
            "approve",
            ActionOutcome(sequence=1, verb="approve", changed=952),
            "vendash run --db-path f.db",
            "approved 952 in Herning; u undoes",
        ),
        (
            "suspend",
            ActionOutcome(sequence=1, verb="suspend", changed=9, unchanged=2, skipped=1),
            "",
            "suspended 9 in Herning; 2 were so already; 1 changed meanwhile, left alone; u undoes",
        ),
        (
            "approve",
            ActionOutcome(sequence=None, verb="approve", changed=0, unchanged=3),
            "",
            "nothing changed: 3 were so already",
        ),
        (
            "register",
            ActionOutcome(sequence=1, verb="register", changed=45),
            "",
            "registering 45 in Herning; u undoes",
        ),
        (
            "register",
            ActionOutcome(sequence=1, verb="register", changed=45),
            "vendash run --db-path f.db",
            "registering 45 in Herning; no engine runs: start one with vendash run --db-path f.db;"
            " u undoes",
        ),
    ],
)
def test_what_came_of_it(verb: str, outcome: ActionOutcome, no_engine: str, words: str) -> None:
    """How many changed, how many were left alone and why, and how to take it back."""
    assert outcome_words(VERBS[verb], outcome, "Herning", no_engine) == words


def test_a_vtn_that_decides_is_asked() -> None:
    """In the prompt and in what came of it; to register is nobody's decision."""
    approve = asking(VERBS["approve"])
    assert approve.shout == "ASK THE VTN TO APPROVE"
    assert approve.done == "asked the VTN to approve"
    assert asking(VERBS["pend"]).shout == "ASK THE VTN TO SET TO PENDING"
    assert asking(VERBS["register"]) is VERBS["register"]
