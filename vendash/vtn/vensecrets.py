"""The secrets of single VENs: tokens that a VTN gives once, and credentials for reports."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from vendash.errors import VendashError
from vendash.private import read_private, sole_writer, write_private
from vendash.vtn.auth import Credentials


class VenSecret(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of one VEN. Never shown."""

    auth_token: str = ""
    client_id: str = ""
    client_secret: str = ""

    def __repr__(self) -> str:
        return "VenSecret('***')"


class VenSecrets(Protocol):
    """Keeps the secrets of the VENs of one VTN."""

    def token(self, ven: str) -> str | None:
        """The token that the VTN gave this VEN; None where it is not known."""

    def credentials(self, ven: str) -> Credentials | None:
        """The VEN's own client id and secret, for reports; None where it has none."""

    def keep_token(self, ven: str, token: str) -> None:
        """Keep a token that is never given again."""

    def keep_credentials(self, ven: str, credentials: Credentials) -> None:
        """Keep a client id and secret."""


class _Kept:
    """What both kinds of keeping have in common."""

    def _read(self) -> dict[str, VenSecret]:
        raise NotImplementedError

    def _keep(self, ven: str, **changes: str) -> None:
        raise NotImplementedError

    def token(self, ven: str) -> str | None:
        """The token that the VTN gave this VEN; None where it is not known."""
        return self._read().get(ven, VenSecret()).auth_token or None

    def credentials(self, ven: str) -> Credentials | None:
        """The VEN's own client id and secret, for reports; None where it has none."""
        found = self._read().get(ven, VenSecret())
        return Credentials(found.client_id, found.client_secret) if found.client_id else None

    def keep_token(self, ven: str, token: str) -> None:
        """Keep a token that is never given again."""
        self._keep(ven, auth_token=token)

    def keep_credentials(self, ven: str, credentials: Credentials) -> None:
        """Keep a client id and secret."""
        self._keep(ven, client_id=credentials.client_id, client_secret=credentials.client_secret)


class NoVenSecrets(_Kept):
    """Keeps them for the life of the process only."""

    def __init__(self) -> None:
        self._vens: dict[str, VenSecret] = {}

    def _read(self) -> dict[str, VenSecret]:
        return self._vens

    def _keep(self, ven: str, **changes: str) -> None:
        self._vens[ven] = msgspec.structs.replace(self._vens.get(ven, VenSecret()), **changes)


class VenSecretFile(_Kept):
    """Keeps them in a file that only its owner can read, by VTN and VEN.

    Every method does disk work, and raises `VendashError` where the file cannot be used.
    """

    def __init__(self, path: Path, vtn_url: str) -> None:
        self._path = path
        self._url = vtn_url
        self._unwritten: list[tuple[str, dict[str, str]]] = []

    def _read(self) -> dict[str, VenSecret]:
        return self._all().get(self._url, {})

    def _keep(self, ven: str, **changes: str) -> None:
        self._unwritten.append((ven, changes))  # what a full disk refuses goes with the next one
        with sole_writer(self._path):  # of this process, too: others may append meanwhile
            batch = list(self._unwritten)
            vtns = self._all()
            vens = vtns.setdefault(self._url, {})
            for name, fields in batch:
                vens[name] = msgspec.structs.replace(vens.get(name, VenSecret()), **fields)
            write_private(self._path, msgspec.json.format(msgspec.json.encode(vtns)))
            del self._unwritten[: len(batch)]

    def _all(self) -> dict[str, dict[str, VenSecret]]:
        content = read_private(self._path)
        if content is None:
            return {}
        try:
            return msgspec.json.decode(content, type=dict[str, dict[str, VenSecret]])
        except (ValueError, RecursionError):
            # Said without the parser's words: they may quote the file.
            raise VendashError(
                f"The secrets in {self._path} cannot be understood: move the file away;"
                " the tokens of VENs then have to be given again (vendash secret set ven NAME)."
            ) from None
