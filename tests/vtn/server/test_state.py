"""The indexes of the state against a plain list, through any sequence of changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from vendash.vtn.server import VtnState
from vendash.vtn.server.state import TakenError
from vendash.vtn.server.stored import Label, Stored

NAMES = st.sampled_from(["a", "b", "c", "d"])
VENS = st.sampled_from(["v1", "v2"])
TARGETS = st.lists(st.sampled_from(["x", "y"]), unique=True)
FIELDS = st.fixed_dictionaries({"venID": VENS, "resourceName": NAMES, "targets": TARGETS})
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "replace", "remove", "fail"]), FIELDS, st.integers(0, 9)),
    max_size=30,
)


@dataclass(slots=True)
class Recorder:
    """A journal that can lose the last changes, as a full disk does."""

    changes: list[tuple[Stored | None, Stored | None]] = field(default_factory=list)

    def record(self, before: Stored | None, after: Stored | None) -> None:
        self.changes.append((before, after))

    async def settled(self) -> None:
        """Never asked for here."""


def decoded(state: VtnState, *groups: frozenset[Label]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.json.decode(
        b"[" + b",".join(stored.json for stored in state.find("RESOURCE", groups)) + b"]"
    )
    return found


@given(steps=STEPS)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_searches_find_what_a_plain_list_holds_also_after_changes_are_undone(
    steps: list[tuple[str, dict[str, Any], int]],
) -> None:
    journal = Recorder()
    state = VtnState(journal)
    plain: list[tuple[str, dict[str, Any]]] = []
    for verb, fields, number in steps:
        key = (fields["venID"], fields["resourceName"])
        chosen = plain[number % len(plain)] if plain else None
        held = state.get("RESOURCE", chosen[0]) if chosen else None
        others = [f for i, f in plain if verb == "add" or chosen is None or i != chosen[0]]
        taken = key in {(f["venID"], f["resourceName"]) for f in others}
        if verb == "fail":
            while journal.changes:
                state.undo(*journal.changes.pop())
            plain = []
        elif verb == "remove" and chosen and held:
            state.remove(held)
            plain.remove(chosen)
        elif verb in {"add", "replace"} and (verb == "add" or held):
            try:
                stored = state.replace(held, fields) if verb == "replace" and held else None
                stored = stored or state.add("RESOURCE", fields)
            except TakenError:
                assert taken
                continue
            assert not taken
            if verb == "replace" and chosen:
                plain[plain.index(chosen)] = (stored.id, fields)
            else:
                plain.append((stored.id, fields))
    assert_same(state, plain)


def assert_same(state: VtnState, plain: list[tuple[str, dict[str, Any]]]) -> None:
    """Every search over the state finds what the same search over the list finds, in its order."""
    assert [item["id"] for item in decoded(state)] == [i for i, _ in plain]
    for ven in ("v1", "v2"):
        for names in ({"a"}, {"a", "b"}, {"c", "d"}):
            found = decoded(
                state,
                frozenset({("venID", ven)}),
                frozenset(("resourceName", name) for name in names),
            )
            wanted = [i for i, f in plain if f["venID"] == ven and f["resourceName"] in names]
            assert [item["id"] for item in found] == wanted
    for target in ("x", "y"):
        found = decoded(state, frozenset({("targets", target)}))
        assert {item["id"] for item in found} == {i for i, f in plain if target in f["targets"]}
