"""What is wrong between here and a VTN, found out by reading only, each in a sentence."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

from vendash.errors import VendashError
from vendash.text import plain
from vendash.vtn.answers import Reply, UnexpectedReplyError, refusal, trouble
from vendash.vtn.client import Connection, Vtn
from vendash.vtn.detection import AUTH_SERVER, token_url_named
from vendash.vtn.dialects.base import Listed
from vendash.vtn.elsewhere import VENS, bare, found_elsewhere, is_vtn
from vendash.vtn.errors import VtnAuthError, VtnError, VtnUntrustedError
from vendash.vtn.rights import judges, reading_missing, role_wrong, writing_missing
from vendash.vtn.vitals import CERTIFICATE_SOON, clock_warning

State = Literal["ok", "wrong", "unknown"]

NAMES = (
    "address", "certificate", "dialect", "token", "clock", "reading", "writing", "VEN names",
)  # fmt: skip
"""What is looked at, in the order in which it is said."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    text: str
    """A sentence; where something is wrong, with what to do."""


async def diagnose(vtn: Vtn, *, believed: str, clients: Mapping[str, str]) -> list[Finding]:
    """Look at everything that can be seen of a VTN; one finding for each of `NAMES`.

    Args:
        vtn: Without a dialect, so that it is found out.
        believed: The dialect of the settings or of the last time; empty where there is none.
        clients: The client id of each of our VENs by its name.
    """
    examination = _Examination(vtn, believed, clients)
    try:
        async with vtn.connect() as connection:
            await examination.run(connection)
    except VendashError as error:
        examination.stopped(error)
    return examination.findings()


class _Examination:
    def __init__(self, vtn: Vtn, believed: str, clients: Mapping[str, str]) -> None:
        self._vtn = vtn
        self._believed = believed
        self._clients = clients
        self._found: dict[str, Finding] = {}
        self._now = ""
        """What is looked at."""

    def findings(self) -> list[Finding]:
        """All of them; those that could not be made say so."""
        why = "Not checked: first mend what is wrong."
        return [self._found.get(name) or Finding(name, "unknown", why) for name in NAMES]

    def stopped(self, error: VendashError) -> None:
        """What went wrong is what was being looked at, or lies below it."""
        name = self._now
        if isinstance(error, VtnUntrustedError):
            name = "certificate"
            self._say("address", "ok", f"{self._vtn.url} answers.")
        elif isinstance(error, VtnAuthError) and name == "dialect":
            name = "token"
        self._say(name, "wrong", str(error))
        self._look_at_clock()

    async def run(self, connection: Connection) -> None:
        """Look at one thing after the other; the first that stops all others is raised."""
        self._now = "address"
        await self._look_at_address(connection)
        self._look_at_clock()
        self._now = "token"
        await self._look_at_token(connection)
        self._now = "dialect"
        await self._look_at_dialect(connection)
        self._look_at_scopes()
        self._now = "reading"
        await self._look_at_lists(connection)
        self._look_at_clock()

    def _say(self, name: str, state: State, text: str) -> None:
        self._found[name] = Finding(name, state, text)

    async def _look_at_address(self, connection: Connection) -> None:
        url = self._vtn.url
        started = time.monotonic()
        reply = await bare(connection, url, AUTH_SERVER)
        self._vtn.vitals.answered(reply, time.monotonic() - started)
        self._look_at_certificate(reply)
        if not (reply.ok and token_url_named(reply, url)):
            reply = await bare(connection, url, VENS)
            if not is_vtn(reply):
                raise await self._not_here(connection, reply)
        self._say("address", "ok", f"{url} answers as a VTN does.")

    async def _not_here(self, connection: Connection, reply: Reply) -> VtnError:
        """Why there is no VTN at the address, and where there is one."""
        error = trouble(reply, self._vtn.url, self._vtn.advice)
        there = await found_elsewhere(connection, self._vtn.url)
        if there is None:
            return error
        return type(error)(f"There is no OpenADR 3 at {self._vtn.url}, but there is at {there}:"
                           " give that address.")  # fmt: skip

    def _look_at_certificate(self, reply: Reply) -> None:
        if urlsplit(self._vtn.url).scheme == "http":
            self._say("certificate", "ok", "None: this is plain http.")
            return
        if reply.certificate_ends is None:
            self._say("certificate", "unknown", "It cannot be read.")
            return
        ends = datetime.fromtimestamp(reply.certificate_ends, UTC)
        soon = ends - datetime.now(UTC) < CERTIFICATE_SOON
        todo = ": have it renewed there before nothing gets through" if soon else ""
        text = f"It is valid here and ends on {ends:%Y-%m-%d %H:%M} UTC{todo}."
        self._say("certificate", "wrong" if soon else "ok", text)

    def _look_at_clock(self) -> None:
        offset = self._vtn.vitals.snapshot().clock_offset
        if offset is None:
            self._say("clock", "unknown", "The VTN has told no time.")
        elif warning := clock_warning(offset):
            self._say("clock", "wrong", warning)
        else:
            self._say("clock", "ok", f"It differs from the VTN's by {abs(offset):.0f} s.")

    async def _look_at_token(self, connection: Connection) -> None:
        vtn = self._vtn
        if vtn.tokens.fixed:
            self._say("token", "ok", "The bearer token that was given is sent.")
        elif vtn.credentials is None:
            self._say("token", "ok", "None is sent: no client id is given.")
        else:
            await connection.access_token()
            scopes = vtn.vitals.snapshot().scopes
            rights = f" for {', '.join(scopes)}" if scopes else ""
            self._say("token", "ok", f"The VTN gives us one{rights}.")

    async def _look_at_dialect(self, connection: Connection) -> None:
        found = (await connection.dialect()).name
        if self._believed and found != self._believed:
            text = (
                f"The VTN speaks {found}, and {self._believed} is set or stored here:"
                " correct dialect in the settings, or give --dialect."
            )
            self._say("dialect", "wrong", text)
        else:
            self._say("dialect", "ok", f"It speaks OpenADR {found}.")

    def _look_at_scopes(self) -> None:
        dialect, scopes = self._vtn.dialect, self._vtn.vitals.snapshot().scopes
        if not scopes or not judges(dialect):
            self._say("writing", "unknown", "The VTN does not say what this client may write.")
            return
        if wrong := role_wrong(dialect, scopes):
            self._say("token", "wrong", wrong)
        missing = writing_missing(dialect, scopes)
        text = missing or "The token has the right to write VENs and resources."
        self._say("writing", "wrong" if missing else "ok", text)

    async def _look_at_lists(self, connection: Connection) -> None:
        vtn, dialect = self._vtn, await connection.dialect()
        scopes = vtn.vitals.snapshot().scopes
        if scopes and (missing := reading_missing(dialect.name, scopes)):
            raise VtnAuthError(missing)
        ids: list[str] = []
        taken: list[tuple[str, str]] = []  # no more of each: nobody knows how many they are
        try:
            async for page in connection.pages("/vens"):
                ids += [ven.id for ven in page]
                taken += [(ven.name, str(ven.client_id)) for ven in page if self._is_taken(ven)]
        except UnexpectedReplyError as error:
            raise trouble(error.reply, vtn.url, vtn.advice) from None
        paths = dialect.resource_lists(ids[:1])
        for path in paths:
            try:
                async for _ in connection.pages(path):
                    break
            except UnexpectedReplyError as error:
                raise VtnAuthError(refusal(error.reply, "to list resources")) from None
        what = "VENs and resources" if paths else "VENs"
        self._say("reading", "ok", f"{what} can be read; {_there(len(ids))} there.")
        self._look_at_names(taken)

    def _is_taken(self, ven: Listed) -> bool:
        return ven.client_id not in {None, self._clients.get(ven.name, ven.client_id)}

    def _look_at_names(self, taken: list[tuple[str, str]]) -> None:
        """Say so of VENs of ours, by name and client id, that another client has."""
        if not taken:
            self._say("VEN names", "ok", "None of ours belongs to another client there.")
            return
        name, client = taken[0]
        more = f", and {len(taken) - 1:,} more" if len(taken) > 1 else ""
        text = (
            f"The VEN {plain(name, 60)} belongs to the client {plain(client, 60)} there{more}:"
            " rename ours, or have theirs deleted."
        )
        self._say("VEN names", "wrong", text)


def _there(vens: int) -> str:
    return "1 VEN is" if vens == 1 else f"{vens:,} VENs are"
