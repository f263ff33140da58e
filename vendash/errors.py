"""The errors that a user can cause or mend."""

from __future__ import annotations

from typing import ClassVar


class VendashError(Exception):
    """An error that a user can cause or mend; its text is one sentence that says what to do."""

    exit_code: ClassVar[int] = 1
    """Of a command that ends with it."""
    word: ClassVar[str] = "failed"
    """For a header, where there is room for one word."""


class SettingsError(VendashError):
    """A setting is not what it has to be: wrong use."""

    exit_code: ClassVar[int] = 2


class ReadOnlyError(VendashError):
    """A change was asked for in read-only mode."""


def mendable(error: BaseException) -> VendashError | None:
    """The error where a user can mend it, also inside a group; None where it is a defect."""
    if isinstance(error, BaseExceptionGroup):
        found = [mendable(one) for one in error.exceptions]
        return found[0] if all(found) else None
    return error if isinstance(error, VendashError) else None
