"""Where the VTN holds something else, in words: pure."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from vendash.drifting import field_title
from vendash.filters import Field, Filter, fold
from vendash.models import DriftChoice, DriftItem, DriftKind
from vendash.screens.detail import indented, wrap
from vendash.store.choices import choices_for
from vendash.telemetry.status import COMPARE, DECISIONS
from vendash.widgets.columns import Cell
from vendash.widgets.palette import Words
from vendash.widgets.text import plural, visible

_LABEL_CELLS = 9
_KIND_STYLES = {
    DriftKind.DIFFERENT: "different",
    DriftKind.DOUBLE: "trouble",
    DriftKind.ONLY_THERE: "different",
    DriftKind.ONLY_HERE: "text",
}
KIND_ORDER = (DriftKind.DIFFERENT, DriftKind.DOUBLE, DriftKind.ONLY_THERE, DriftKind.ONLY_HERE)
_MEANS = {
    DriftKind.DIFFERENT: "The VTN holds other values than we do.",
    DriftKind.DOUBLE: "The VTN holds more than one object under this name.",
    DriftKind.ONLY_THERE: "The VTN holds it, and nothing here wants it there.",
    DriftKind.ONLY_HERE: "It should be at the VTN, and is not.",
}
FAILED: Mapping[str, str] = {
    COMPARE: "the last one failed: 7 says why",
    DECISIONS: "its decisions were not read: 7 says why",
}
"""By the word of an engine's trouble with comparing and following, which of the two it was."""
OPTIONS: Mapping[DriftChoice, str] = {
    DriftChoice.OURS: "--keep-ours",
    DriftChoice.THEIRS: "--take-theirs",
    DriftChoice.ADOPT: "--adopt",
    DriftChoice.FORGET: "--forget",
}
"""Of `vendash drift`."""


class DriftRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One item with what a list shows of it."""

    number: int
    """Of this object, for as long as the screen lives."""
    item: DriftItem
    title: str
    """Its name for a person."""
    settled: bool = False
    """It was acted on, and stays where it is until the cursor moves."""
    known: bool | None = None
    """Of a double, whether it is the one that we know; None before that is looked up."""

    @property
    def choices(self) -> frozenset[DriftChoice]:
        """Those that make sense for it."""
        return frozenset() if self.settled else choices_for(self.item)


Order = Callable[[DriftRow], tuple[int | str, ...]]
"""What rows are sorted by, before their titles."""


def kind_cell(row: DriftRow) -> Cell:
    """How it disagrees; what goes by itself is dimmed."""
    if row.item.again or row.settled:
        return row.item.kind.value, "dim"
    return row.item.kind.value, _KIND_STYLES[row.item.kind]


def difference_cell(row: DriftRow) -> Cell:
    """What differs: `ours → theirs` of the shortest field, so that it is seen; how many more do."""
    item = row.item
    if row.settled:
        return "settled", "dim"
    if item.again:
        return "sent again", "dim"
    if item.fields:
        field, ours, theirs = min(item.fields, key=_telling)
        more = f"+{len(item.fields) - 1}  " if len(item.fields) > 1 else ""
        if field == "prequalification":
            return f"{more}{ours.lower()} → {theirs.lower()}"  # says itself what it is
        return f"{more}{field_title(field)}: {ours or '-'} → {theirs or '-'}"
    if item.kind is DriftKind.ONLY_THERE:
        return ("a stranger", "dim") if item.key is None else ("not wanted there", "dim")
    return f"there as {item.remote_id}", "dim"


def _telling(field: tuple[str, str, str]) -> tuple[bool, int]:
    """The decision before all others, then what a narrow column cuts least."""
    name, ours, theirs = field
    return name != "prequalification", len(field_title(name)) + len(ours) + len(theirs)


def matches(row: DriftRow, wanted: Filter) -> bool:
    """Whether an item is what the filter wants; text looks everywhere, also at the kind."""
    item = row.item
    fields = " ".join(" ".join((field_title(field[0]), *field)) for field in item.fields)
    text = fold(f"{item.kind.value} {item.what} {row.title} {item.name} {item.ven} {fields}")
    for term in wanted.terms:
        value = str(term.value)
        if term.field is Field.VEN:
            holds = fold(item.ven).startswith(value.rstrip("*")) if value.endswith("*") else (
                fold(item.ven) == value
            )  # fmt: skip
        else:
            holds = value in text
        if holds is term.negated:
            return False
    return True


def arranged(
    rows: Sequence[DriftRow], wanted: Filter, order: Order, *, descending: bool
) -> array[int]:
    """The numbers of those that match, in order; of many it takes long, so in a thread."""
    shown = [row for row in rows if matches(row, wanted)]
    shown.sort(key=lambda row: fold(row.title))
    shown.sort(key=order)
    if descending:
        shown.reverse()
    return array("q", [row.number for row in shown])


def counted(rows: Iterable[DriftRow]) -> Counter[DriftKind | None]:
    """How many of each kind wait for the operator; None: are sent again by themselves."""
    return Counter(None if row.item.again else row.item.kind for row in rows if not row.settled)


def counts_words(counts: Counter[DriftKind | None], compared: str) -> Words:
    """The second line: when it was compared, and how many of each kind wait for the operator."""
    again = counts[None]
    words: Words = [(compared, "text")]
    for kind in KIND_ORDER:
        count = counts[kind]
        words += [
            (f"  {kind.value} ", "dim"),
            (f"{count:,}", _KIND_STYLES[kind] if count else "dim"),
        ]
    if again:
        words.append((f"  {again:,} sent again", "dim"))
    return words


def drift_lines(row: DriftRow, width: int, *, body: bool = False) -> list[Words]:
    """All about one item in lines of at most so many cells; with what the VTN sent, where asked."""
    width = max(20, width)  # 0 before the screen is laid out
    item = row.item
    lines: list[Words] = [*_wrapped(row.title, "strong", width)]
    what = item.what if item.what == "ven" or not item.ven else f"{item.what} of {item.ven}"
    lines += [*_wrapped(what.replace("ven", "VEN", 1), "dim", width), []]
    lines += _wrapped(_means(row), _KIND_STYLES[item.kind], width)
    for field, ours, theirs in item.fields:
        lines += [[], *_wrapped(field_title(field), "heading", width)]
        lines += _labelled("here", ours or "-", width)
        lines += _labelled("there", theirs or "-", width)
    ids = (("id", item.name), ("there", item.remote_id), ("VEN", item.ven_remote_id))
    lines.append([])
    for label, value in (*ids, ("changed", _local(item.stamp))):
        if value and value != row.title:
            lines += _labelled(label, value, width)
    if row.choices and not body:  # there its keys work
        lines += [[], *_possible(row, width)]
    if body and item.body:
        lines += [[], [("What the VTN sent:", "heading")], *_pretty(item.body, width)]
    return lines


def _local(stamp: str) -> str:
    """A time of the VTN as the clock on the wall showed it; as it is where it is none."""
    try:
        at = datetime.fromisoformat(stamp)
        at = at.replace(tzinfo=at.tzinfo or UTC).astimezone()
    except (ValueError, OverflowError):
        return stamp
    return f"{at:%d %b %Y %H:%M:%S}"


def _means(row: DriftRow) -> str:
    item = row.item
    if item.again:
        return f"{_MEANS[item.kind]} It is sent again by itself."
    if row.known is not None:
        return f"{_MEANS[item.kind]} This is {'' if row.known else 'not '}the one that we know."
    return _MEANS[item.kind]


def _possible(row: DriftRow, width: int) -> Iterator[Words]:
    does = {
        DriftChoice.OURS: ("w", _ours(row)),
        DriftChoice.THEIRS: ("t", "theirs: take the values over"),
        DriftChoice.ADOPT: ("a", "adopt: want it here, too"),
        DriftChoice.FORGET: ("f", "forget: until it changes there"),
    }
    for choice, (key, words) in does.items():
        if choice in row.choices:
            for number, part in enumerate(wrap(words, width - 2)):
                yield [("  " if number else f"{key} ", "key"), (part, "text")]


def _ours(row: DriftRow) -> str:
    kind = row.item.kind
    if kind is DriftKind.ONLY_THERE or row.known is False:
        return "ours: delete it there"
    if row.known:
        return "ours: it stays, and is not shown again"
    if kind is DriftKind.DOUBLE:
        return "ours: delete it there, unless it is the one we know"
    return "ours: send ours again"


def _labelled(label: str, value: str, width: int) -> Iterator[Words]:
    cells = max(_LABEL_CELLS, len(label) + 1)
    for number, part in enumerate(wrap(visible(value), width - cells)):
        yield [(("" if number else label).ljust(cells), "dim"), (part, "text")]


def _wrapped(text: str, style: str, width: int) -> Iterator[Words]:
    for part in wrap(visible(text), width):
        yield [(part, style)]


def _pretty(body: str, width: int) -> Iterator[Words]:
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body  # cut off where it was very long
    yield from ([(line, "text")] for line in indented(text, width))


# --- choosing ------------------------------------------------------------------------------------


def asked(choice: DriftChoice, rows: Sequence[DriftRow], titles: str, left: int) -> str:
    """What is asked: `KEEP OURS of 5: sends 3, deletes 2 there; leaves 1 out`."""
    items = [row.item for row in rows]
    who = titles if len(items) == 1 else f"{len(items):,}"
    rest = f"; leaves {left:,} out" if left else ""
    if choice is DriftChoice.OURS:
        if all(row.known for row in rows):
            return f"KEEP OURS of {who}: the one we know stays{rest}"
        gone = sum(item.kind in {DriftKind.ONLY_THERE, DriftKind.DOUBLE} for item in items)
        parts = [f"sends {len(items) - gone:,}"] if len(items) > gone else []
        doubles = any(row.item.kind is DriftKind.DOUBLE and row.known is None for row in rows)
        parts += [f"deletes {'up to ' if doubles else ''}{gone:,} there"] if gone else []
        return f"KEEP OURS of {who}: {', '.join(parts)}{rest}"
    if choice is DriftChoice.THEIRS:
        fields = [field for item in items for field, _, _ in item.fields]
        decisions = fields.count("prequalification")
        values = len(fields) - decisions
        parts = [plural(values, "value")] if values else []
        parts += [plural(decisions, "decision")] if decisions else []
        return f"TAKE THEIRS of {who}: {', '.join(parts)}{rest}"
    if choice is DriftChoice.ADOPT:
        return f"ADOPT {who} from the VTN: wanted here from now on{rest}"
    return f"FORGET {who}: hidden until it changes there{rest}"


def done(choice: DriftChoice, changed: int, skipped: int) -> str:
    """What came of it: `kept ours of 5; 1 changed since, left alone; u undoes`."""
    if not changed:
        return "nothing changed: it was settled, or has changed, since"
    what = {
        DriftChoice.OURS: "kept ours of",
        DriftChoice.THEIRS: "took theirs of",
        DriftChoice.ADOPT: "adopted",
        DriftChoice.FORGET: "forgot",
    }[choice]
    left = f"; {skipped:,} changed since, left alone" if skipped else ""
    return f"{what} {changed:,}{left}; u undoes"
