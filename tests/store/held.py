"""A VTN that allows doubles, as far as a ledger can tell."""

from __future__ import annotations

from vendash.models import (
    Accepted,
    Refused,
    RegistrationOutcome,
    Resource,
    ResourceWork,
    VenWork,
    VtnState,
)


class Vtn:
    """What it holds: VENs by id, and resources by id with the VEN they are under."""

    def __init__(self, *, forgets_doubt: bool = False) -> None:
        self.vens: dict[str, str] = {}
        self.resources: dict[str, tuple[str, Resource]] = {}
        self._forgets_doubt = forgets_doubt
        self._count = 0

    def empty(self) -> None:
        """It starts again without its data."""
        self.vens.clear()
        self.resources.clear()

    def carry_out(self, item: VenWork | ResourceWork) -> RegistrationOutcome:
        """The registrar's rule: look up after doubt, compare, adopt, else create."""
        if isinstance(item, VenWork):
            return self._carry_out_ven(item)
        if item.held_under is not None:
            self._delete(item, item.held_under)
        if not item.wanted:
            self._delete(item, item.ven_remote_id)
            return Accepted(item=item, remote_id="", already=False)
        if item.ven_remote_id not in self.vens:
            return Refused(item=item, state=VtnState.FAILED, reason="no such VEN", ven_lost=True)
        found = self._found(item, item.ven_remote_id)
        number = found[0] if found else self.number("r")
        self.resources[number] = (item.ven_remote_id, item.resource)
        return Accepted(item=item, remote_id=number, already=bool(found))

    def _carry_out_ven(self, item: VenWork) -> RegistrationOutcome:
        known = [
            number for number, name in self.vens.items()
            if name == item.name and (item.doubtful or number == item.remote_id)
        ]  # fmt: skip
        if item.wanted:
            number = known[0] if known else self.number("v")
            self.vens[number] = item.name
            return Accepted(item=item, remote_id=number, already=bool(known))
        for number in known:
            if any(ven_id == number for ven_id, _ in self.resources.values()):
                return Refused(item=item, state=VtnState.FAILED, reason="it has resources")
            del self.vens[number]
        return Accepted(item=item, remote_id="", already=False)

    def _found(self, item: ResourceWork, ven_id: str) -> list[str]:
        looked_up = item.doubtful and not self._forgets_doubt
        return [
            number for number, (under, held) in self.resources.items()
            if (under, held.resource_id) == (ven_id, item.resource.resource_id)
            and (looked_up or number == item.remote_id)
        ]  # fmt: skip

    def _delete(self, item: ResourceWork, ven_id: str) -> None:
        for number in self._found(item, ven_id):
            del self.resources[number]

    def number(self, letter: str) -> str:
        """An id that was never given before."""
        self._count += 1
        return f"{letter}{self._count}"
