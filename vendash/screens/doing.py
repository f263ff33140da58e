"""Carrying out an action in the background, so that the keys stay live meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from vendash.errors import VendashError
from vendash.filters import Query, parse_filter
from vendash.widgets.keys import without

if TYPE_CHECKING:
    from textual.app import App

    from vendash.models import VtnState
    from vendash.screens.console import Console
    from vendash.store.protocol import FleetReader

log = logging.getLogger(__name__)


def carry_out(
    app: App[Any], console: Console, action_id: str, do: Callable[[], Awaitable[str]]
) -> None:
    """Run it as a worker of the app; its answer, or what went wrong, goes on the reserved line.

    While it runs the same action is off, so that a key pressed twice acts once.
    """
    console.acting = action_id
    console.held = None
    console.still.clear()

    async def work() -> None:
        try:
            done = await do()
            console.say(done, held=console.held)
        except VendashError as error:
            console.say(str(error), trouble=True)
        except Exception:
            log.exception("%s failed", action_id)
            console.say(f"{action_id} failed: the log says why.", trouble=True)
        finally:
            console.acting = ""
            console.still.set()
            console.acted()

    app.run_worker(work(), group="act", exit_on_error=False)


async def how_many(reader: FleetReader, keys: Sequence[int], state: VtnState) -> int:
    """How many of these rows are so at the VTN."""
    others = await reader.keys(Query(filter=parse_filter(f"vtn:{state}")))
    return len(keys) - len(await without(keys, others))
