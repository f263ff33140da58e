"""All that is known of one resource or one VEN: in a pane beside a wide list, or on its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from vendash.models import Connection, ResourceDetail, ResourceRow, VenRow, VtnState
from vendash.screens.console import Console
from vendash.screens.lines import duration
from vendash.screens.scrolled import ScrolledScreen
from vendash.widgets.palette import Words
from vendash.widgets.text import power, visible, width_of

_LABEL_CELLS = 9
_DECISION_STYLES = {"PENDING": "pending", "APPROVED": "approved", "SUSPENDED": "suspended"}


class DetailScreen(ScrolledScreen):
    """One resource."""

    NAME: ClassVar[str] = "detail"

    def __init__(self, console: Console, *, key: int, above: str) -> None:
        super().__init__(console)
        self._key = key
        self._above = above
        self._detail: ResourceDetail | None = None
        self._read_once = False

    def breadcrumb(self) -> str:
        """Where the operator is."""
        name = "" if self._detail is None else self._detail.resource.resource_name
        return f"{self._above} › {name}"

    def work_line(self) -> tuple[Words, Words]:
        """How far it was read, where it is long."""
        return [], [(self.seen(), "dim")]

    def on_mount(self) -> None:
        """Read it."""
        self.on_fleet_changed()

    def on_fleet_changed(self) -> None:
        """Read it again."""
        self.run_worker(self._read(), group="detail", exclusive=True, exit_on_error=False)

    async def _read(self) -> None:
        self._detail = await self.console.fleet.reader.detail(self._key)
        self._read_once = True
        self.show()

    def text_lines(self, width: int) -> Sequence[Words]:
        """All that is known, or that there is nothing any more."""
        if self._detail is None:
            return [[("This resource is gone.", "text")]] if self._read_once else []
        return resource_lines(self._detail, width, self.console.clock().timestamp())


def resource_lines(detail: ResourceDetail, width: int, now: float) -> list[Words]:
    """A resource in lines of at most so many cells; `now` is Unix time."""
    resource, row = detail.resource, detail.row
    style = _DECISION_STYLES[row.status.value]
    limits = resource.capacities
    fields = (
        ("VEN", row.ven),
        ("type", f"{resource.resource_type.value}, {row.sub_type}"),
        ("power", f"{power(limits.p_min_kw)} to {power(limits.p_max_kw)}"),
        ("energy", f"{limits.e_min_kwh:g} to {limits.e_max_kwh:g} kWh" if limits.e_max_kwh else ""),
        ("address", row.address),
        ("place", f"{resource.location.latitude:.5f}, {resource.location.longitude:.5f}"),
        ("meter", row.meter_point_id),
        ("source", _source(resource.connection)),
        ("id", row.resource_id),
        ("changed", _local(row.changed)),
    )
    return [
        *_wrapped(row.name, "strong", width),
        [(row.status.value.lower(), style), ("" if row.enabled else ", disabled", "trouble")],
        [],
        *_fields(fields, width),
        [],
        *_at_vtn(detail, width, now),
        [],
        *_history(detail, width),
    ]


def ven_lines(ven: VenRow, width: int, p_max_kw: float | None, now: float) -> list[Words]:
    """A VEN in lines of at most so many cells; `now` is Unix time."""
    decisions = ven.decisions
    fields = (
        ("P max", "…" if p_max_kw is None else power(p_max_kw)),
        ("clientID", ven.client_id),
        ("at VTN", ven.remote_id or "not there"),
        ("wanted", f"{ven.wanted:,} of {decisions.total:,}"),
        ("accepted", f"{ven.accepted:,}"),
        ("pending", f"{decisions.pending:,}"),
        ("approved", _approved(ven)),
        ("suspend.", f"{decisions.suspended:,}"),
    )
    wrong_now = f"! {ven.vtn_error}{lasting(ven.vtn_since, now)}"
    error = [[], *_wrapped(wrong_now, "trouble", width)] if ven.vtn_error else []
    return [*_wrapped(ven.name, "strong", width), [], *_fields(fields, width), *error]


def _approved(ven: VenRow) -> str:
    """How many, and how many of them only here."""
    unsent = ven.decisions.approved - ven.work.approved
    return f"{ven.decisions.approved:,}" + (f", {unsent:,} not at the VTN" if unsent > 0 else "")


def _local(changed: str) -> str:
    """The time of the last change as the clock on the wall showed it."""
    try:
        at = datetime.fromisoformat(changed)
    except ValueError:
        return changed
    return f"{at.replace(tzinfo=at.tzinfo or UTC).astimezone():%d %b %Y %H:%M}"


def _source(connection: Connection) -> str:
    where = connection.host or connection.file or ""
    port = f":{connection.port}" if connection.port else ""
    topic = f" {connection.topic}" if connection.topic else ""
    return f"{connection.type.value} {where}{port}{topic}".rstrip()


def lasting(since: float | None, now: float) -> str:
    """For how long: `, for 3 min`; empty where that is not known."""
    return "" if since is None else f", for {duration(max(0.0, now - since))}"


def _at_vtn(detail: ResourceDetail, width: int, now: float) -> Iterator[Words]:
    row = detail.row
    if row.vtn is VtnState.UNWANTED:
        yield [("not wanted at the VTN", "dim")]
        return
    trouble = row.vtn in {VtnState.FAILED, VtnState.CONFLICT, VtnState.DIFFERENT}
    stands = f"at the VTN: {wrong(row)}{lasting(row.vtn_since, now)}"
    yield from _wrapped(stands, "trouble" if trouble else "text", width)
    if row.vtn_requested is not None:
        asked = f"asked of the VTN, which decides: {row.vtn_requested.value.lower()}"
        yield from _wrapped(asked, "pending", width)
    if detail.vtn_http_status is not None and trouble:
        yield [(f"its answer was HTTP {detail.vtn_http_status}", "dim")]
    if detail.remote_id:
        yield from _wrapped(f"there as {detail.remote_id}", "dim", width)


def wrong(row: ResourceRow) -> str:
    """What is the matter at the VTN, in the operator's words."""
    if row.vtn is VtnState.DIFFERENT:
        return f"it holds {row.vtn_status.value.lower() if row.vtn_status else 'something else'}"
    return row.vtn_error or row.vtn.value


def _history(detail: ResourceDetail, width: int) -> Iterator[Words]:
    for action, item in detail.history:
        when = f"{action.at.astimezone():%d %b %H:%M}"
        decided = f" ({item.before.lower()} before)" if item.before in _DECISION_STYLES else ""
        yield from _wrapped(f"{when}  {action.verb}{decided}, {action.actor}", "dim", width)


def _fields(fields: Iterable[tuple[str, str]], width: int) -> Iterator[Words]:
    for label, value in fields:
        if not value:
            continue
        for number, part in enumerate(wrap(visible(value), width - _LABEL_CELLS)):
            yield [(("" if number else label).ljust(_LABEL_CELLS), "dim"), (part, "text")]


def _wrapped(text: str, style: str, width: int) -> Iterator[Words]:
    for part in wrap(visible(text), width):
        yield [(part, style)]


def wrap(text: str, width: int) -> Sequence[str]:
    """Lines of at most so many cells; a word longer than a line is broken.

    A letter wider than the line is the line, whatever the width: this always ends.
    """
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width_of(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while len(line) > 1 and width_of(line) > width:
            head = _head(line, width)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line]


def _head(word: str, width: int) -> str:
    """As many letters of it as fit, and always one."""
    fits = max(1, width)  # letters of two cells are dropped one by one
    while fits > 1 and width_of(word[:fits]) > width:
        fits -= 1
    return word[:fits]


def indented(text: str, width: int) -> Iterator[str]:
    """A text of many lines in lines of at most so many cells, each with its indentation."""
    for line in text.split("\n"):
        bare = line.lstrip(" ")
        indent = min(len(line) - len(bare), width // 2)
        for part in wrap(visible(bare), width - indent):
            yield " " * indent + part
