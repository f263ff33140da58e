"""The registrar's core, one rule at a time; the world of seeds is in test_registrar_world."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import pytest
from msgspec.structs import replace

from tests.vtn.ledger import fleet
from vendash.models import Accepted, Refused, RegistrationOutcome, ResourceWork, VenWork, VtnState
from vendash.vtn.moves import (
    Command,
    Create,
    Delete,
    Event,
    Finish,
    Held,
    LookUp,
    Lost,
    Missing,
    Others,
    Read,
    Rejected,
    Replace,
    Taken,
    Unsent,
    VenGone,
)
from vendash.vtn.registrar import MAX_CALLS, begin, step

RESOURCE = ResourceWork(
    key=1,
    resource=fleet(1, 1)[0],
    revision=3,
    ven_remote_id="v",
    client_id="vendash-town0",
    remote_id=None,
    doubtful=False,
)
VEN = VenWork(
    name="Aalborg", client_id="vendash-aalborg", revision=1, remote_id=None, doubtful=False
)
KNOWN = replace(RESOURCE, remote_id="r")
DOUBTFUL = replace(RESOURCE, doubtful=True)
THEIRS = Others(targets=b'["A"]')
DIFFERENT = Held("r", ("LOCATION",), THEIRS)


def play(
    item: ResourceWork | VenWork, events: Sequence[Event]
) -> tuple[list[Command], RegistrationOutcome]:
    """The commands that were asked for, and the outcome, when these events follow."""
    state = begin(item)
    asked: list[Command] = []
    for event in events:
        asked.append(state.asked)
        state = step(state, event)
    assert isinstance(state.asked, Finish), f"{state.asked} still to do"
    return asked, state.asked.outcome


@pytest.mark.parametrize(
    ("item", "events", "commands", "already"),
    [
        (RESOURCE, [Held("r")], [Create()], False),
        (RESOURCE, [DIFFERENT, Held("r")], [Create(), Replace("r", THEIRS)], False),
        (DOUBTFUL, [Held("r")], [LookUp()], True),
        (DOUBTFUL, [DIFFERENT, Held("r")], [LookUp(), Replace("r", THEIRS)], True),
        (DOUBTFUL, [Missing(), Held("r")], [LookUp(), Create()], False),
        (RESOURCE, [Taken(), Held("r")], [Create(), LookUp()], True),
        (KNOWN, [Held("r")], [Read("r")], True),
        (KNOWN, [DIFFERENT, Held("r")], [Read("r"), Replace("r", THEIRS)], True),
        (
            KNOWN,
            [DIFFERENT, Missing(), Missing(), Held("r")],
            [Read("r"), Replace("r", THEIRS), LookUp(), Create()],
            False,
        ),
        (KNOWN, [Missing(), Held("r")], [Read("r"), LookUp()], True),
        (VEN, [Held("r")], [Create()], False),
    ],
    ids=[
        "never sent: POST",
        "the answer to a POST differs: PUT",
        "in doubt and there: adopt",
        "in doubt and there otherwise: PUT",
        "in doubt and not there: POST",
        "409 and there: adopt",
        "known and already so: nothing to send",
        "known and changed: PUT what others wrote too",
        "lost by the VTN: look up, POST again",
        "there under another id: adopt",
        "a VEN",
    ],
)
def test_a_wanted_item_gets_there(
    item: ResourceWork | VenWork, events: list[Event], commands: list[Command], already: bool
) -> None:
    """POST when never sent; look up after any doubt; compare; adopt, or PUT when different."""
    asked, outcome = play(item, events)
    assert asked == commands
    assert outcome == Accepted(item=item, remote_id="r", already=already)


@pytest.mark.parametrize(
    ("item", "events", "commands"),
    [
        (RESOURCE, [], []),
        (KNOWN, [Held("")], [Delete("r")]),
        (KNOWN, [Missing(), Missing()], [Delete("r"), LookUp()]),
        (KNOWN, [Missing(), VenGone()], [Delete("r"), LookUp()]),
        (KNOWN, [Missing(), Held("x"), Held("")], [Delete("r"), LookUp(), Delete("x")]),
        (DOUBTFUL, [Missing()], [LookUp()]),
        (DOUBTFUL, [Held("x"), Held("")], [LookUp(), Delete("x")]),
        (VEN, [], []),
        (replace(VEN, remote_id="r"), [Held("")], [Delete("r")]),
        (replace(VEN, doubtful=True), [Held("x"), Held("")], [LookUp(), Delete("x")]),
    ],
)
def test_what_is_not_wanted_is_deleted_wherever_it_may_be(
    item: ResourceWork | VenWork, events: list[Event], commands: list[Command]
) -> None:
    unwanted = replace(item, wanted=False)
    asked, outcome = play(unwanted, events)
    assert asked == commands
    assert isinstance(outcome, Accepted)
    assert outcome.remote_id == ""


@pytest.mark.parametrize(
    ("item", "events", "state"),
    [
        (RESOURCE, [Unsent("refused")], VtnState.WAITING),
        (DOUBTFUL, [Unsent("refused")], VtnState.SENDING),
        (DOUBTFUL, [Lost("silent")], VtnState.SENDING),
        (RESOURCE, [Lost("silent")], VtnState.SENDING),
        (RESOURCE, [Lost("500", 500)], VtnState.SENDING),
        (RESOURCE, [Taken(), Unsent("refused")], VtnState.SENDING),
        (RESOURCE, [DIFFERENT, Unsent("refused")], VtnState.SENDING),
        (KNOWN, [Lost("silent")], VtnState.WAITING),
        (KNOWN, [DIFFERENT, Lost("silent")], VtnState.SENDING),
        (DOUBTFUL, [Missing(), Unsent("refused")], VtnState.WAITING),
    ],
)
def test_waiting_promises_that_nothing_unknown_is_at_the_vtn(
    item: ResourceWork, events: list[Event], state: VtnState
) -> None:
    """WAITING only where no request can have arrived; everything else is looked up next time."""
    _, outcome = play(item, events)
    assert isinstance(outcome, Refused)
    assert outcome.state is state


@pytest.mark.parametrize("status", [400, 405, 415, 422])
def test_what_the_vtn_does_not_take_is_a_conflict_in_its_words(status: int) -> None:
    _, outcome = play(RESOURCE, [Rejected(status, "bad LOCATION")])
    assert outcome == Refused(
        item=RESOURCE, state=VtnState.CONFLICT, reason="bad LOCATION", http_status=status
    )


@pytest.mark.parametrize("status", [302, 403])
def test_what_is_not_the_items_fault_has_failed_and_can_be_tried_again(status: int) -> None:
    _, outcome = play(RESOURCE, [Rejected(status, "no")])
    assert isinstance(outcome, Refused)
    assert (outcome.state, outcome.http_status) == (VtnState.FAILED, status)


@pytest.mark.parametrize(
    ("item", "words"),
    [(VEN, "Aalborg or the clientID vendash-aalborg is taken"), (RESOURCE, "resource is taken")],
)
def test_a_409_without_such_a_name_is_a_conflict_for_a_person(
    item: ResourceWork | VenWork, words: str
) -> None:
    asked, outcome = play(item, [Taken(), Missing()])
    assert asked == [Create(), LookUp()]
    assert isinstance(outcome, Refused)
    assert (outcome.state, outcome.http_status) == (VtnState.CONFLICT, 409)
    assert words in outcome.reason
    assert "by another client" in outcome.reason


def test_a_vtn_that_keeps_something_else_is_a_conflict_that_names_it() -> None:
    _, outcome = play(KNOWN, [DIFFERENT, DIFFERENT])
    assert isinstance(outcome, Refused)
    assert outcome.state is VtnState.CONFLICT
    assert "LOCATION" in outcome.reason


@pytest.mark.parametrize(
    ("item", "events", "commands", "state"),
    [
        (RESOURCE, [VenGone()], [Create()], VtnState.WAITING),
        (KNOWN, [Missing(), VenGone()], [Read("r"), LookUp()], VtnState.WAITING),
        (DOUBTFUL, [VenGone()], [LookUp()], VtnState.SENDING),
        (DOUBTFUL, [Missing(), VenGone()], [LookUp(), Create()], VtnState.WAITING),
        (RESOURCE, [Taken(), VenGone()], [Create(), LookUp()], VtnState.SENDING),
    ],
)
def test_a_resource_whose_ven_is_gone_there_says_so_and_waits_for_it(
    item: ResourceWork, events: list[Event], commands: list[Command], state: VtnState
) -> None:
    """In doubt it stays so: something else than the VTN may say 404 for a while."""
    asked, outcome = play(item, events)
    assert asked == commands
    assert isinstance(outcome, Refused)
    assert (outcome.ven_lost, outcome.state) == (True, state)
    assert "does not know the VEN Town0" in outcome.reason


MOVED = replace(KNOWN, held_under="old")


@pytest.mark.parametrize(
    ("item", "events", "commands"),
    [
        (MOVED, [Held("")], [Delete("r")]),
        (MOVED, [Missing(), Missing()], [Delete("r"), LookUp()]),
        (MOVED, [Missing(), VenGone()], [Delete("r"), LookUp()]),
        (
            replace(DOUBTFUL, held_under="old"),
            [Held("x"), Held("")],
            [LookUp(), Delete("x")],
        ),
        (replace(MOVED, wanted=False), [Held("")], [Delete("r")]),
    ],
)
def test_what_has_moved_is_first_gone_from_its_old_ven_and_then_as_never_sent(
    item: ResourceWork, events: list[Event], commands: list[Command]
) -> None:
    """So that the ledger has only one place to remember, also when it moves again meanwhile."""
    asked, outcome = play(item, events)
    assert asked == commands
    assert isinstance(outcome, Accepted)
    left = replace(item, wanted=False, ven_remote_id="old")
    assert (outcome.item, outcome.remote_id) == (left, "")


def test_what_cannot_leave_its_old_ven_is_refused_as_it_was_leased() -> None:
    _, outcome = play(MOVED, [Rejected(405, "no")])
    assert outcome == Refused(item=MOVED, state=VtnState.CONFLICT, reason="no", http_status=405)


@pytest.mark.parametrize("answer", [Rejected(403, "no (403)."), Taken("It holds others.")])
def test_a_ven_that_the_vtn_does_not_let_go_is_a_conflict(answer: Event) -> None:
    unwanted = replace(VEN, wanted=False, remote_id="r")
    _, outcome = play(unwanted, [answer])
    assert isinstance(outcome, Refused)
    assert outcome.state is VtnState.CONFLICT
    assert "Something in Aalborg there is not ours" in outcome.reason


def test_the_stamp_of_what_was_accepted_is_handed_on() -> None:
    for events in ([Held("r", stamp="now")], [replace_held("then"), Held("r", stamp="now")]):
        _, outcome = play(KNOWN, events)
        assert isinstance(outcome, Accepted)
        assert outcome.stamp == "now"


def replace_held(stamp: str) -> Held:
    return Held("r", ("LOCATION",), THEIRS, stamp)


def test_a_vtn_that_contradicts_itself_is_left_after_a_few_calls() -> None:
    """It finds the name, does not know its id, does not find the name, has it taken..."""
    state, calls = begin(KNOWN), 0
    contradictions: list[Event] = [Missing(), Held("r", ("name",)), Missing(), Missing()]
    answers = cycle(contradictions)
    while not isinstance(state.asked, Finish):
        calls += 1
        answer = next(answers)
        state = step(state, Taken() if isinstance(state.asked, Create) else answer)
        assert calls <= MAX_CALLS
    assert isinstance(state.asked.outcome, Refused)
    assert state.asked.outcome.state is VtnState.FAILED
