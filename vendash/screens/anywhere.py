"""The actions that work on every screen: going somewhere, commands, and leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from vendash import actions
from vendash.errors import VendashError
from vendash.filters import fold
from vendash.models import NO_VEN
from vendash.screens import completing
from vendash.screens.asking import Choice, Confirmation, Typing
from vendash.screens.doing import carry_out
from vendash.screens.undoing import Undoing
from vendash.widgets.palette import THEMES

if TYPE_CHECKING:
    from textual.app import App

    from vendash.screens.asking import Asking
    from vendash.screens.base import BaseScreen
    from vendash.screens.console import Console


class Anywhere(Undoing):
    """Mixed into every screen. Each `action_*` takes what followed the command's word."""

    if TYPE_CHECKING:
        app: App[Any]
        console: Console
        asking: Asking | None
        NAME: ClassVar[str]

        async def perform(self, wanted: actions.Action, argument: str = "") -> None:
            """As in `BaseScreen`."""

    # --- going somewhere --------------------------------------------------------------------

    async def action_vens(self, argument: str = "") -> None:
        """To the list of VENs."""
        await self._go("vens")

    async def _go(self, mode: str) -> None:
        """To a screen itself, not to what was opened from it."""
        await self.app.switch_mode(mode)
        while len(self.app.screen_stack) > 1:
            await self.app.pop_screen()

    async def action_resources(self, argument: str = "") -> None:
        """To the resources of all VENs, or of the one that is named."""
        if not argument:
            await self._go("resources")
            return
        wanted = fold(argument)
        begin_so = [name for name in await self.ven_names() if fold(name).startswith(wanted)]
        found = [name for name in begin_so if fold(name) == wanted] or begin_so
        if not found:
            raise VendashError(f"There is no VEN {argument}: `:vens` lists them.")
        if len(found) > 1:
            self._ask_command(f"resources {argument}", wrong="which?", choices=found)
        else:
            await self.open_ven(found[0])

    async def open_ven(self, name: str) -> None:
        """To the resources of one VEN, one level below the list of VENs."""
        from vendash.screens.resources import ResourcesScreen  # noqa: PLC0415 (it imports us)

        await self.action_vens()
        await self.app.push_screen(ResourcesScreen(self.console, ven=name or NO_VEN))

    async def action_live(self, argument: str = "") -> None:
        """To the simulation and the meters."""
        await self._go("live")

    async def action_activity(self, argument: str = "") -> None:
        """To what was done."""
        await self._go("activity")

    async def action_drift(self, argument: str = "") -> None:
        """To where the VTN holds something else."""
        await self._go("drift")

    async def action_connection(self, argument: str = "") -> None:
        """To how the connection to the VTN is."""
        from vendash.screens.connection import ConnectionScreen  # noqa: PLC0415 (it imports us)

        await self.app.push_screen(ConnectionScreen(self.console))

    async def action_help(self, argument: str = "") -> None:
        """To the keys and commands that work here."""
        from vendash.screens.help import HelpScreen  # noqa: PLC0415 (it imports us)

        if self.NAME != "help":
            asked_from = cast("BaseScreen", self)
            await self.app.push_screen(HelpScreen(self.console, asked_from=asked_from))

    async def action_back(self, argument: str = "") -> None:
        """One level back; at the list of VENs there is none left."""
        if len(self.app.screen_stack) > 1:
            await self.app.pop_screen()
        elif self.app.current_mode != "vens":
            await self.app.switch_mode("vens")

    # --- commands ---------------------------------------------------------------------------

    async def action_command(self, argument: str = "") -> None:
        """Type a command on the reserved line."""
        self._ask_command()

    def _ask_command(self, text: str = "", *, wrong: str = "", choices: Sequence[str] = ()) -> None:
        """With what was typed already, what is wrong with it, and what it could be."""
        self.asking = Typing(
            lead=":",
            accept=self.run_command,
            history=self.console.commands,
            complete=self._complete_command,
            text=text,
            wrong=wrong,
            choices=choices,
        )

    async def _complete_command(self, text: str) -> Sequence[str]:
        if text.startswith("import "):
            return await asyncio.to_thread(completing.folders, text)
        return completing.commands(text, self.NAME, await self.ven_names())

    async def ven_names(self) -> Sequence[str]:
        """The names of all VENs."""
        return [ven.name for ven in await self.console.fleet.reader.vens()]

    async def run_command(self, line: str) -> None:
        """Do what a line after `:` says. Raises `VendashError` where it says nothing known."""
        word, _, argument = line.strip().partition(" ")
        if not word:
            return
        self.console.commands.append(line)
        meant = actions.for_command(word, self.NAME)
        if meant is None:
            raise VendashError(f"There is no command :{word} on this screen; ? lists them.")
        await self.perform(meant, argument.strip())

    async def action_theme(self, argument: str = "") -> None:
        """Other colours."""
        if argument not in THEMES:
            raise VendashError(f":theme takes one of {', '.join(THEMES)}.")
        self.app.theme = argument

    async def action_simulate(self, argument: str = "") -> None:
        """Want the simulation on or off."""
        if argument not in {"on", "off"}:
            raise VendashError(":simulate takes on or off.")
        on = argument == "on"

        async def do() -> str:
            outcome = await self.console.fleet.simulate(on)
            if not outcome.changed:
                return f"the simulation is {argument} already"
            return f"simulation {argument}"

        carry_out(self.app, self.console, "simulate", do)

    async def action_import(self, argument: str = "") -> None:
        """Import a folder of CSV files."""
        importer = self.console.importer
        if not argument or importer is None:
            raise VendashError("Import what? Type :import and the folder with your CSV files.")
        folder = _folder(argument)
        carry_out(self.app, self.console, "import", lambda: importer(folder))

    async def action_reset(self, argument: str = "") -> None:
        """Delete all resources, after asking and after a backup."""
        work = await self.console.fleet.reader.work()

        async def do() -> str:
            path = await self.console.fleet.reset()
            return f"deleted {work.total:,} resources; the backup is {path}"

        self.confirm(
            f"RESET: delete all {work.total:,} resources, after a backup",
            do,
            id="reset",
            count=work.total,
            large=True,
            same="vendash reset",
        )

    # --- leaving ----------------------------------------------------------------------------

    async def action_quit(self, argument: str = "") -> None:
        """Leave; asks what becomes of an engine that this console started."""
        engine = self.console.engine
        if engine is None or not engine.started_here or not engine.running():
            self.app.exit()
            return

        async def leave() -> None:
            self.app.exit()

        async def stop() -> None:
            self.console.say("ending the engine")
            self.console.show()
            await engine.stop()
            self.app.exit()

        self.asking = Choice(
            "LEAVE: the engine started here",
            {"g": ("goes on", leave), "s": ("stop it", stop)},
            none="stay",
        )

    # --- asking -----------------------------------------------------------------------------

    def confirm(
        self,
        lead: str,
        do: Callable[[], Awaitable[str]],
        *,
        id: str,
        count: int,
        kw: float = 0.0,
        large: bool = False,
        same: str = "",
        hidden: int = 0,
        with_hidden: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Ask, and on yes do it in the background under this action's id; its answer is said."""

        async def yes() -> None:
            carry_out(self.app, self.console, id, do)

        def no() -> None:
            self.console.say("nothing was done")

        self.asking = Confirmation(
            lead=lead,
            count=count,
            kw=kw,
            large=large,
            yes=yes,
            no=no,
            hidden=hidden,
            with_hidden=with_hidden,
            same=same,
        )


def _folder(typed: str) -> Path:
    """`~` is one's home here as in a shell."""
    return Path(typed).expanduser()
