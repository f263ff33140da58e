"""The errors that a user can cause or mend."""

from __future__ import annotations


class VendashError(Exception):
    """An error that a user can cause or mend; its text is one sentence that says what to do."""


class ReadOnlyError(VendashError):
    """A change was asked for in read-only mode."""
