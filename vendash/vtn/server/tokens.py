"""Client credentials, tokens and what a caller may do (OAuth 2, RFC 6749 section 4.4)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from vendash.vtn.server.faults import FaultControl
from vendash.vtn.server.problems import ProblemError
from vendash.vtn.server.settings import ALL_SCOPES, VtnSettings

_MOST_TOKENS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sent a request, and what this token may do."""

    client_id: str | None
    """None: nobody authenticates at this VTN."""
    scopes: frozenset[str]
    is_bl: bool
    """Business logic reads and writes for every VEN; a VEN only for itself."""
    expires: float = field(default=float("inf"), repr=False)


ANYONE = Caller(client_id=None, scopes=ALL_SCOPES, is_bl=True)


class Gate:
    """Gives tokens for credentials and callers for tokens. Tokens die with the process."""

    def __init__(self, settings: VtnSettings, faults: FaultControl) -> None:
        self._settings = settings
        self._faults = faults
        self._tokens: dict[str, Caller] = {}

    def caller(self, authorization: str, rejected_status: int) -> Caller:
        """The caller behind an `Authorization` header.

        Raises:
            ProblemError: with `rejected_status`, for a token that is absent, unknown or too old.
        """
        if not self._settings.auth:
            return ANYONE
        scheme, _, token = authorization.partition(" ")
        caller = self._tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        if caller is None or caller.expires <= self._settings.clock():
            raise ProblemError(
                rejected_status,
                "The token is missing, unknown or expired: fetch one at /auth/token.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return caller

    def grant(self, authorization: str, form: bytes) -> dict[str, Any]:
        """A new token for the client credentials in the header or the form, as RFC 6749 has it.

        Raises:
            ProblemError: 400 or 401, with the `error` of RFC 6749 section 5.2.
        """
        fields = _form_fields(form)
        if fields.get("grant_type") != "client_credentials":
            error = "unsupported_grant_type" if "grant_type" in fields else "invalid_request"
            raise _refusal(400, error, "grant_type must be client_credentials.")
        client_id, allowed = self._authenticate(authorization, fields)
        scopes = allowed
        if asked := frozenset(fields.get("scope", "").split()):
            scopes = allowed & asked
            if not scopes:
                raise _refusal(400, "invalid_scope", "This client has none of these scopes.")
        return self._new_token(client_id, scopes, is_bl=self._is_bl(allowed))

    def _is_bl(self, scopes: frozenset[str]) -> bool:
        # read_all is for business logic only since 3.1; before, write_programs tells.
        mark = "read_all" if self._settings.dialect == "3.1" else "write_programs"
        return mark in scopes

    def _authenticate(
        self, authorization: str, fields: Mapping[str, str]
    ) -> tuple[str, frozenset[str]]:
        basic = _basic_credentials(authorization)
        if basic is None and self._settings.dialect == "energydesk" and self._settings.auth:
            raise _refusal(401, "invalid_client", "Send the credentials as HTTP Basic.")
        if basic and "client_secret" in fields:
            raise _refusal(400, "invalid_request", "Send the credentials in one way, not in two.")
        client_id, secret = basic or (fields.get("client_id", ""), fields.get("client_secret", ""))
        if not self._settings.auth:
            return client_id or "anyone", ALL_SCOPES
        if not client_id or not secret:
            raise _refusal(400, "invalid_request", "client_id and client_secret are required.")
        for candidate_id, candidate in (
            (client_id, secret),
            (unquote_plus(client_id), unquote_plus(secret)),
        ):
            known, scopes = self._settings.clients.get(candidate_id, ("", frozenset()))
            same = hmac.compare_digest(known.encode(), candidate.encode("utf-8", "replace"))
            if same and known:
                return candidate_id, scopes
        raise _refusal(401, "invalid_client", "The client id or the secret is wrong.")

    def _new_token(self, client_id: str, scopes: frozenset[str], *, is_bl: bool) -> dict[str, Any]:
        now = self._settings.clock()
        faults = self._faults.current
        life = self._settings.token_life_s
        if faults.token_life_s is not None:
            life = faults.token_life_s
        if len(self._tokens) >= _MOST_TOKENS:
            self._tokens = {t: c for t, c in self._tokens.items() if c.expires > now}
        while len(self._tokens) >= _MOST_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        token = secrets.token_urlsafe(32)
        self._tokens[token] = Caller(
            client_id=client_id, scopes=scopes, is_bl=is_bl, expires=now + life
        )
        kind = "access_token_jwt" if self._settings.dialect == "energydesk" else "access_token"
        granted: dict[str, Any] = {kind: token, "token_type": "Bearer"}
        if faults.expires_in == "present":
            granted["expires_in"] = life
        listed = sorted(scopes)
        granted["scope"] = listed if faults.scope == "list" else " ".join(listed)
        return granted

    def revoke_all(self) -> None:
        """Forget every token, as a restart does."""
        self._tokens.clear()


def _refusal(status: int, error: str, detail: str) -> ProblemError:
    headers = {"WWW-Authenticate": "Basic"} if status == 401 else None
    return ProblemError(status, detail, headers=headers, error=error, error_description=detail)


def _form_fields(form: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(form.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise _refusal(400, "invalid_request", "The body is not a form.") from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _refusal(400, "invalid_request", "A parameter is given twice.")
    return fields


def _basic_credentials(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise _refusal(400, "invalid_request", "The Basic credentials cannot be read.") from error
    return client_id, secret
