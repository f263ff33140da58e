"""What the dialects of OpenADR 3 have in common: requests as data, and liberal reading.

A dialect does no I/O: it writes the requests for an item and reads the bodies of answers. What a
VTN sends may hold more, or less, than the specification says; nothing here raises anything but
`ValueError` for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

import msgspec

from vendash.models import RegistrationStatus, Resource, ResourceWork, VenWork
from vendash.vtn.dialects.attributes import REQUESTED, told_of, written
from vendash.vtn.dialects.reading import (
    Difference,
    bounded,
    checked_id,
    decision_in,
    in_words,
    reader,
    same_values,
    stamp_of,
    values_of,
    without_nulls,
)
from vendash.vtn.dialects.theirs import resource_of, told_in
from vendash.vtn.moves import Held, Others, Work

PAGE = 50
"""The most that a VTN may be asked for in one page."""

JSON_NAMES = {
    "object_type": "objectType",
    "client_id": "clientID",
    "ven_id": "venID",
    "ven_name": "venName",
    "resource_name": "resourceName",
    "modified": "modificationDateTime",
}

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, relative to the VTN's base URL."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    one_of: str = ""
    """The id of the one object that is wanted out of a list that can only be read whole."""
    name: str = ""
    """Of the item it is about."""
    cannot: str = ""
    """Why the dialect has no such call; the request is then answered here and not sent."""


class Listed(msgspec.Struct, frozen=True):
    """One object of a list: its id, its name, and to whom it belongs where that is said."""

    id: str
    name: str
    ven_id: str | None
    client_id: str | None
    body: bytes
    stamp: str = ""
    """When it was last changed there: RFC 3339 in UTC, as `Held.stamp`; empty where not said."""
    attributes: bytes = b""
    """As they came; empty where there are none."""

    @property
    def status(self) -> RegistrationStatus | None:
        """What its attribute `prequalification` says; None where it says nothing that is known."""
        return decision_in(self.attributes)


class _Answer(msgspec.Struct, rename=JSON_NAMES):
    """A VEN or a resource, as any VTN may send it."""

    id: str | int
    ven_name: str | None = None
    resource_name: str | None = None
    ven_id: str | None = None
    client_id: str | None = None
    modified: Any = None
    targets: Any = None
    attributes: list[dict[str, Any]] | None = None


class _Identity(msgspec.Struct, rename=JSON_NAMES):
    """As much of an answer as a list needs; attributes that cannot be read do no harm."""

    id: str | int
    ven_name: str | None = None
    resource_name: str | None = None
    ven_id: str | None = None
    client_id: str | None = None
    modified: Any = None
    attributes: msgspec.Raw = msgspec.Raw(b"")


_read_answer = reader(_Answer)
_read_identity = reader(_Identity)
read_list = reader(list[msgspec.Raw])


class Dialect(ABC):
    """One version of OpenADR 3, as far as VENs and resources are concerned."""

    name: ClassVar[str]
    """As in the configuration and on the screen."""
    paged: ClassVar[bool] = True
    """Whether lists come in pages; otherwise each comes whole, whatever is asked."""
    lists_by_ven: ClassVar[bool] = False
    """Whether each VEN has a list of its resources, and there is none of all."""
    ids_are_ours: ClassVar[bool] = False
    """Whether a resource has the id there that it has here, and not one that the VTN gives."""
    basic_only: ClassVar[bool] = False
    """Whether tokens are given for HTTP Basic alone, at a URL that has to be configured."""
    greeting: ClassVar[Request] = Request("GET", "/vens", (("skip", "0"), ("limit", "1")))
    """A small list that every client of the business logic may read."""

    @abstractmethod
    def collection(self, item: Work) -> str:
        """The path under which objects like this one are created and listed."""

    @abstractmethod
    def body(self, item: Work, others: Others) -> msgspec.Struct:
        """The whole object to send; `others` is what a PUT must not take away."""

    @abstractmethod
    def resource_lists(self, ven_ids: Sequence[str]) -> list[str]:
        """The paths whose lists together hold every resource of the VTN."""

    def find(self, item: Work, skip: int) -> Request:
        """A page of the objects of this name (a VTN may ignore the filter)."""
        key = "venName" if isinstance(item, VenWork) else "resourceName"
        query = ((key, name_of(item)), *self.narrowed(item))
        return page_of(self.collection(item), skip, query)

    def narrowed(self, item: Work) -> tuple[tuple[str, str], ...]:
        """More filters that a list of objects like this one understands."""
        return ()

    def read(self, item: Work, remote_id: str) -> Request:
        """Get one object."""
        return Request("GET", self._place(item, remote_id), name=name_of(item))

    def create(self, item: Work) -> Request:
        """POST the item."""
        body = _encode(self.body(item, Others()))
        return Request("POST", self.collection(item), body=body, name=name_of(item))

    def replace(self, item: Work, remote_id: str, others: Others) -> Request:
        """PUT the item, and what others wrote into it."""
        body = _encode(self.body(item, others))
        return Request("PUT", self._place(item, remote_id), body=body, name=name_of(item))

    def delete(self, item: Work, remote_id: str) -> Request:
        """DELETE the object."""
        return Request("DELETE", self._place(item, remote_id), name=name_of(item))

    def inside(self, ven_id: str) -> Request:
        """The first page of the resources in a VEN."""
        (path,) = self.resource_lists([ven_id])
        return self.page(path, 0, () if self.lists_by_ven else (("venID", ven_id),))

    def page(self, path: str, skip: int, query: tuple[tuple[str, str], ...] = ()) -> Request:
        """The page of a list that begins after so many objects."""
        return page_of(path, skip, query)

    def compared(self, item: Work, body: bytes, *, trust_silence: bool = False) -> Held:
        """The object of an answer, and where it differs from the item.

        Args:
            item: As we want it.
            body: One JSON object.
            trust_silence: An answer to a write that leaves the attributes out has kept them.

        Raises:
            ValueError: It is not a VEN or resource with an id.
        """
        answer = _read_answer(body)
        differences = list(_differences(item, answer, trust_silence=trust_silence))
        ours = () if isinstance(item, VenWork) else (*told_of(item), REQUESTED)
        asked = values_of(answer.attributes or ()).get(REQUESTED)
        if asked and not isinstance(item, VenWork) and item.requested is None:  # taken back
            differences.append(Difference(REQUESTED, "", in_words(asked)))
        return Held(
            remote_id=checked_id(answer.id),
            differs=tuple(one.field for one in differences),
            others=Others(
                targets=without_nulls(answer.targets) if answer.targets else None,
                attributes=tuple(
                    without_nulls(one)
                    for one in answer.attributes or ()
                    if one.get("type") not in ours
                ),
            ),
            stamp=stamp_of(answer.modified),
        )

    def fields(self, item: Work, body: bytes) -> list[Difference]:
        """Where the object of an answer differs from the item, field by field.

        Raises:
            ValueError: It is not a VEN or resource.
        """
        return list(_differences(item, _read_answer(body), trust_silence=False))

    def resource(self, listed: Listed, ours: Resource | None, ven: str) -> Resource | None:
        """What an object says as a resource of ours; None where it says too little.

        Args:
            listed: The object.
            ours: The same resource as it is here, where there is one.
            ven: The name of its VEN there, where that is known.
        """
        try:
            answer = _read_answer(listed.body)
        except ValueError:
            return None
        return resource_of(listed.name, told_in(answer.attributes or ()), ours, ven)

    def listed(self, body: bytes) -> list[Listed]:
        """The objects of one page.

        Raises:
            ValueError: It is not a list of VENs or resources.
        """
        found = []
        for raw in read_list(body):
            one = _read_identity(raw)
            found.append(
                Listed(
                    id=checked_id(one.id),
                    name=bounded(one.resource_name or one.ven_name) or "",
                    ven_id=bounded(one.ven_id),
                    client_id=bounded(one.client_id),
                    body=bytes(raw),
                    stamp=stamp_of(one.modified),
                    attributes=bytes(one.attributes),
                )
            )
        return found

    def unchanged(self, item: ResourceWork, listed: Listed) -> bool:
        """Whether the object surely is as we would write it; else `fields` says what differs."""
        if item.decided_there and (status := listed.status) is not None:
            resource = msgspec.structs.replace(item.resource, registration_status=status)
            item = msgspec.structs.replace(item, resource=resource, decided_there=False)
        return listed.attributes == _encode(written(item, Others()))

    def ven_secret(self, body: bytes) -> str | None:
        """The token of a VEN that this answer to its creation gives, once only.

        None where the dialect has no such tokens, or the answer holds none.
        """
        return None

    def _place(self, item: Work, remote_id: str) -> str:
        return f"{self.collection(item)}/{quote(remote_id, safe='')}"


def page_of(
    path: str, skip: int, query: tuple[tuple[str, str], ...] = (), limit: int = PAGE
) -> Request:
    """The page of a list that begins after so many objects."""
    return Request("GET", path, (*query, ("skip", str(skip)), ("limit", str(limit))))


def name_of(item: Work) -> str:
    """The name under which a VTN knows the item; a resource by its stable id."""
    return item.name if isinstance(item, VenWork) else item.resource.resource_id


def kept(raw: bytes | None) -> msgspec.Raw | msgspec.UnsetType:
    """JSON that goes back as it came, or is left out."""
    return msgspec.UNSET if raw is None else msgspec.Raw(raw)


def _differences(item: Work, answer: _Answer, *, trust_silence: bool) -> Iterator[Difference]:
    there = answer.ven_name if isinstance(item, VenWork) else answer.resource_name
    if there not in {None, name_of(item)}:
        yield Difference("name", name_of(item), in_words(there))
    if isinstance(item, VenWork) or (trust_silence and answer.attributes is None):
        return
    held = values_of(answer.attributes or ())
    for type_, values in told_of(item).items():
        if not same_values(values, held.get(type_)):
            yield Difference(type_, in_words(values), in_words(held.get(type_)))
