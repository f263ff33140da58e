"""The Activity screen."""

from __future__ import annotations

from typing import ClassVar

from vendash.screens.base import BaseScreen


class ActivityScreen(BaseScreen):
    """Not there yet."""

    NAME: ClassVar[str] = "activity"

    def breadcrumb(self) -> str:
        """Where the operator is."""
        return "Activity"
