"""One declaration per operator action: it feeds the keys, the footer, the help and the commands.

Pure: what an action does is a method `action_<id>` of the screen or the app it works on.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from vendash.models import DriftChoice

LISTS = frozenset({"vens", "resources", "live", "activity", "drift"})
SCROLLED = LISTS | {"help", "detail", "connection"}
EVERYWHERE = SCROLLED
FLEET = frozenset({"vens", "resources"})
DRIFT = frozenset({"drift"})
MARKED = FLEET | DRIFT
CHOICES = frozenset(choice.value for choice in DriftChoice)


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator can do, where, with which keys, and in which words."""

    id: str
    title: str
    """One or two words, for the footer."""
    help: str
    """One sentence, for the help screen."""
    keys: tuple[str, ...] = ()
    """Names of keys as Textual spells them; none for what only a command does."""
    screens: frozenset[str] = EVERYWHERE
    danger: bool = False
    """It changes the fleet: off in read-only mode, never done twice by a repeated key."""
    on_rows: bool = False
    """It acts on the rows shown: waits until the list shows what was asked for."""
    moves: bool = False
    """It works on what is seen: waits only until the first rows are."""
    command: str = ""
    """Its word after `:`, where it has one."""
    also: tuple[str, ...] = ()
    """Other words for it after `:`."""
    argument: str = ""
    """What follows the word, for the help; empty where nothing does."""
    footer: int = 0
    """Its place in the footer, low first; 0 keeps it out."""

    @property
    def key(self) -> str:
        """The first key as a person reads it (`/`, `esc`); `:word` for a command."""
        return readable(self.keys[0]) if self.keys else f":{self.command}"


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What decides whether an action is possible here and now."""

    screen: str
    read_only: bool = False
    acting: str = ""
    """The id of the action under way; empty when there is none."""
    rows: bool = True
    """Whether the list has a row."""
    trouble: bool = True
    """Whether anything needs a person."""
    importer: bool = True
    """Whether this console can import."""
    previewer: bool = True
    """Whether this console can show what would be sent."""
    choices: frozenset[str] | None = None
    """The ids of the choices about drift that make sense for the row; None where it is not one."""


_READABLE = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "escape": "esc",
    "space": "space",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "shift+tab": "shift-tab",
    "ctrl+c": "ctrl-c",
}


def readable(key: str) -> str:
    """A key's name as a person reads it."""
    return _READABLE.get(key, key)


ACTIONS: tuple[Action, ...] = (
    Action(
        id="open",
        keys=("enter",),
        title="open",
        help="Open what the cursor is on.",
        screens=LISTS,
        on_rows=True,
        moves=True,
        footer=1,
    ),
    Action(
        id="register",
        keys=("r",),
        title="register",
        help="Want the rows at the VTN; the engine sends them. Failed ones are tried again.",
        screens=FLEET,
        danger=True,
        on_rows=True,
        command="register",
        footer=2,
    ),
    Action(
        id="approve",
        keys=("a",),
        title="approve",
        help="Approve: readings start with the next tick. On a VEN, its pending resources.",
        screens=FLEET,
        danger=True,
        on_rows=True,
        command="approve",
        footer=3,
    ),
    Action(
        id="suspend",
        keys=("s",),
        title="suspend",
        help="Suspend: readings stop with the next tick.",
        screens=FLEET,
        danger=True,
        on_rows=True,
        command="suspend",
        footer=4,
    ),
    Action(
        id="pend",
        keys=("p",),
        title="pending",
        help="Take the decision back: pending again.",
        screens=FLEET,
        danger=True,
        on_rows=True,
        command="pending",
        footer=5,
    ),
    Action(
        id="preview",
        keys=("d",),
        title="dry run",
        help="Show what would be sent of the rows, and the exact request of one; sends nothing.",
        screens=FLEET,
        on_rows=True,
        command="preview",
        footer=14,
    ),
    Action(
        id="ours",
        keys=("w",),
        title="ours",
        help="Keep ours: send it again; what is only there, or there twice, is deleted there.",
        screens=DRIFT,
        danger=True,
        on_rows=True,
        command="ours",
        argument="[REASON]",
        footer=2,
    ),
    Action(
        id="theirs",
        keys=("t",),
        title="theirs",
        help="Take the values of the VTN over, the decision among them.",
        screens=DRIFT,
        danger=True,
        on_rows=True,
        command="theirs",
        argument="[REASON]",
        footer=3,
    ),
    Action(
        id="adopt",
        keys=("a",),
        title="adopt",
        help="Know and want here, from now on, what is only at the VTN.",
        screens=DRIFT,
        danger=True,
        on_rows=True,
        command="adopt",
        argument="[REASON]",
        footer=4,
    ),
    Action(
        id="forget",
        keys=("f",),
        title="forget",
        help="Leave it as it is; not shown again until it changes there.",
        screens=DRIFT,
        danger=True,
        on_rows=True,
        command="forget",
        argument="[REASON]",
        footer=5,
    ),
    Action(
        id="survey",
        keys=("S",),
        title="compare",
        help="Compare everything with the VTN now; the console goes on meanwhile.",
        screens=DRIFT,
        danger=True,
        command="survey",
        footer=6,
    ),
    Action(
        id="mark",
        keys=("space",),
        title="mark",
        help="Mark or unmark the row; marked rows are acted on together.",
        screens=MARKED,
        on_rows=True,
        footer=6,
    ),
    Action(
        id="range",
        keys=("v",),
        title="range",
        help="Begin a range at the cursor; again to mark it.",
        screens=MARKED,
        on_rows=True,
        footer=7,
    ),
    Action(
        id="mark_all",
        keys=("A",),
        title="all shown",
        help="Mark all rows shown; when all are, unmark them.",
        screens=MARKED,
        on_rows=True,
        footer=8,
    ),
    Action(
        id="filter",
        keys=("slash",),
        title="filter",
        help="Show only what matches: text, status:pending ven:her* type:ev sub:hotels p>100 !no.",
        screens=LISTS,
        command="filter",
        argument="TEXT",
        footer=9,
    ),
    Action(
        id="undo",
        keys=("u",),
        title="undo",
        help="Reverse your last action, after asking with its own words.",
        danger=True,
        command="undo",
        footer=10,
    ),
    Action(
        id="next_trouble",
        keys=("n",),
        title="next",
        help="Go to the next row that is ≠ or !, over all VENs.",
        screens=FLEET,
        on_rows=True,
        footer=11,
    ),
    Action(
        id="previous_trouble",
        keys=("N",),
        title="previous",
        help="Go to the previous row that is ≠ or !.",
        screens=FLEET,
        on_rows=True,
    ),
    Action(
        id="retry",
        keys=("R",),
        title="retry failed",
        help="Try again what failed.",
        screens=frozenset({"activity"}),
        danger=True,
        on_rows=True,
        footer=8,
    ),
    Action(
        id="sort",
        keys=("o",),
        title="sort",
        help="The next order of the list.",
        screens=LISTS,
        footer=12,
    ),
    Action(
        id="reverse",
        keys=("O",),
        title="reverse",
        help="The same order, the other way round.",
        screens=LISTS,
    ),
    Action(
        id="copy",
        keys=("c",),
        title="copy",
        help="Copy the row, or the marked rows, to the clipboard of your terminal.",
        screens=LISTS,
        on_rows=True,
        footer=13,
    ),
    Action(
        id="next_tab",
        keys=("tab", "right"),
        title="next tab",
        help="The next status: pending, approved, suspended, all.",
        screens=frozenset({"resources"}),
    ),
    Action(
        id="previous_tab",
        keys=("shift+tab", "left"),
        title="previous tab",
        help="The previous status.",
        screens=frozenset({"resources"}),
    ),
    Action(
        id="down",
        keys=("down", "j"),
        title="down",
        help="One row down.",
        screens=SCROLLED,
        moves=True,
    ),
    Action(id="up", keys=("up", "k"), title="up", help="One row up.", screens=SCROLLED, moves=True),
    Action(
        id="next_page",
        keys=("pagedown",),
        title="page",
        help="A page down.",
        screens=SCROLLED,
        moves=True,
    ),
    Action(
        id="previous_page",
        keys=("pageup",),
        title="page up",
        help="A page up.",
        screens=SCROLLED,
        moves=True,
    ),
    Action(
        id="first",
        keys=("home", "g"),
        title="first",
        help="The first row.",
        screens=SCROLLED,
        moves=True,
    ),
    Action(
        id="last",
        keys=("end", "G"),
        title="last",
        help="The last row.",
        screens=SCROLLED,
        moves=True,
    ),
    Action(
        id="command",
        keys=("colon",),
        title="command",
        help="Type a command; those without a key are below.",
    ),
    Action(id="vens", keys=("1",), title="VENs", help="The list of VENs.", command="vens"),
    Action(
        id="resources",
        keys=("2",),
        title="Resources",
        help="The resources of all VENs, or of one.",
        command="resources",
        argument="[VEN]",
    ),
    Action(id="live", keys=("3",), title="Live", help="Simulation and meters.", command="live"),
    Action(
        id="activity",
        keys=("4",),
        title="Activity",
        help="What was done, by whom, and what came of it.",
        command="activity",
    ),
    Action(
        id="help",
        keys=("question_mark", "5"),
        title="help",
        help="All keys and commands, and why one is off.",
        command="help",
    ),
    Action(
        id="drift",
        keys=("6",),
        title="Drift",
        help="Where the VTN holds something else than we do, as of the last comparison.",
        command="drift",
    ),
    Action(
        id="connection",
        keys=("7",),
        title="connection",
        help="How the connection to the VTN is: token, clock, certificate, speed, last error.",
        command="connection",
    ),
    Action(
        id="simulate",
        title="simulate",
        help="Want the simulation on or off.",
        danger=True,
        command="simulate",
        argument="on|off",
    ),
    Action(
        id="import",
        title="import",
        help="Import the CSV files of a folder.",
        danger=True,
        command="import",
        argument="FOLDER",
    ),
    Action(
        id="unregister",
        title="unregister",
        help="Want the rows at the VTN no longer; the engine deletes them there.",
        screens=FLEET,
        danger=True,
        on_rows=True,
        command="unregister",
    ),
    Action(
        id="reset",
        title="reset",
        help="Delete all resources of this database, after a backup.",
        danger=True,
        command="reset",
    ),
    Action(
        id="since",
        title="since",
        help="The handover: what was done since then, and what is still open.",
        screens=frozenset({"activity"}),
        command="since",
        argument="22:00|5m|2h|1d",
    ),
    Action(
        id="theme",
        title="theme",
        help="Colours: vendash, contrast, colour-blind or ansi.",
        command="theme",
        argument="NAME",
    ),
    Action(id="back", keys=("escape",), title="back", help="Back, one level a press."),
    Action(
        id="quit",
        keys=("q", "ctrl+c"),
        title="leave",
        help="Leave vendash.",
        command="q",
        also=("quit",),
    ),
)
"""Every action, in the order of the help screen. Those of one screen never share a key."""

_BY_ID = {action.id: action for action in ACTIONS}


def action(id: str) -> Action:
    """The declaration with this id."""
    return _BY_ID[id]


def for_key(key: str, screen: str) -> Action | None:
    """What a key means on a screen; None when it means nothing."""
    for candidate in ACTIONS:
        if key in candidate.keys and screen in candidate.screens:
            return candidate
    return None


def for_command(word: str, screen: str) -> Action | None:
    """What a word after `:` means on a screen; None when it means nothing."""
    for candidate in ACTIONS:
        if word and word in (candidate.command, *candidate.also) and screen in candidate.screens:
            return candidate
    return None


def why_off(wanted: Action, now: Situation) -> str:
    """Why an action is not possible now, in a few words; empty when it is."""
    seeks_trouble = wanted.id in {"next_trouble", "previous_trouble"}
    chooses = now.choices is not None and wanted.id in CHOICES
    reasons = (
        (now.screen not in wanted.screens, "not on this screen"),
        (
            wanted.danger and now.read_only,
            "read-only: start vendash without --read-only to change",
        ),
        (wanted.danger and now.acting == wanted.id, "still under way"),
        (wanted.on_rows and not now.rows, "no row here"),
        (seeks_trouble and not now.trouble, "nothing is ≠ or !"),
        (chooses and wanted.id not in (now.choices or ()), "makes no sense for this one"),
        (
            wanted.id == "import" and not now.importer,
            "this console cannot import: use vendash prepare",
        ),
        (
            wanted.id == "preview" and not now.previewer,
            "this console cannot: use vendash register --dry-run",
        ),
    )
    return next((reason for holds, reason in reasons if holds), "")


_FIRST = {
    "vens": ("open", "register", "approve", "suspend", "mark", "filter", "next_trouble", "undo"),
    "resources": ("open", "register", "approve", "suspend", "mark", "filter", "undo", "pend"),
    "drift": ("open", "ours", "theirs", "adopt", "forget", "survey", "mark", "undo"),
    "help": ("back",),
    "detail": ("back",),
    "connection": ("back",),
}
"""What a narrow footer has room for; the others follow by their number."""


def in_footer(now: Situation) -> Iterable[Action]:
    """What the footer offers: only what works here and now, the most used first."""
    first = _FIRST.get(now.screen, ())
    offered = [one for one in ACTIONS if (one.footer or one.id in first) and not why_off(one, now)]

    def place(one: Action) -> tuple[int, int]:
        return (first.index(one.id) if one.id in first else len(first), one.footer)

    return sorted(offered, key=place)
