"""`vendash secret set`: what a VTN gives only once, taken from the operator and never shown."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from vendash.commands.opening import named_vens, opened_store
from vendash.config import database_path, state_folder
from vendash.engine.connecting import VEN_SECRETS, VtnChoice
from vendash.errors import VendashError
from vendash.output import Answer
from vendash.text import plain
from vendash.vtn.auth import LONGEST_TOKEN, Credentials, is_token
from vendash.vtn.vensecrets import VenSecretFile


def ask(prompt: str) -> str:
    """A secret from the terminal, where it is not shown, or the first line of stdin.

    Raises:
        VendashError: There is none, or no header could carry it.
    """
    if sys.stdin.isatty():
        given = str(click.prompt(plain(prompt), hide_input=True, err=True))
    else:
        given = sys.stdin.readline(LONGEST_TOKEN)
    given = given.strip()
    if not is_token(given):
        raise VendashError(
            "This is no secret of a VTN (empty, or with characters that none has):"
            " give it on one line."
        )
    return given


async def keep(
    db_path: Path | None, choice: VtnChoice, *, ven: str, client_id: str | None, given: str
) -> Answer:
    """Keep the secret of a VEN for a VTN."""
    access = choice.access()
    async with opened_store(database_path(db_path), read_only=True) as store:
        (ven,) = named_vens([ven], await store.vens())
        url = await access.url(store)
    path = state_folder() / VEN_SECRETS
    kept = VenSecretFile(path, url)
    if client_id:
        what = "client secret"
        await asyncio.to_thread(kept.keep_credentials, ven, Credentials(client_id, given))
    else:
        what = "token"
        await asyncio.to_thread(kept.keep_token, ven, given)
    document = {"vtn": url, "ven": ven, "kept": str(path)}
    return document, f"The {what} of {plain(ven, 60)} for {url} is kept in {path}.", 0
