"""What can go wrong between here and a VTN, each in a sentence for the operator.

An error of this family concerns the VTN as a whole; what concerns one item is an outcome of that
item (`vendash.models.Refused`).
"""

from __future__ import annotations

from typing import ClassVar

from vendash.errors import VendashError


class VtnError(VendashError):
    """Something is wrong with the VTN as a whole."""

    word: ClassVar[str] = "trouble"
    waits: ClassVar[bool] = False
    """Whether it may pass by itself, so that waiting makes sense."""


class VtnUnreachableError(VtnError):
    """No connection, so nothing has left for the VTN."""

    word = "refused"
    waits = True


class VtnSilentError(VtnError):
    """A request left and no whole answer came back: it may have been carried out."""

    word = "silent"
    waits = True


class VtnBusyError(VtnError):
    """The VTN answers, but only that it cannot work now (5xx, 429)."""

    word = "busy"
    waits = True


class VtnUntrustedError(VtnError):
    """The VTN's certificate is not valid here, or a secret would travel unprotected."""

    word = "TLS"


class VtnAuthError(VtnError):
    """The VTN refuses the client, or the client lacks a right without which nothing works."""

    word = "token"


class VtnAnswerError(VtnError):
    """What answers is not an OpenADR 3 VTN, or not at this path."""

    word = "answer"
