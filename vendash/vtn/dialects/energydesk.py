"""The EnergyDesk dialect: snake_case, whole lists without filters, and no call to change anything.

A VEN is created with a token of its own, given once. A resource is created under an id that we
give. Objects are neither read by id, nor changed, nor deleted: there are no calls for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import msgspec

from vendash.models import Resource, ResourceWork, VenWork
from vendash.text import plain
from vendash.vtn.dialects.base import Dialect, Listed, Request, name_of, read_list
from vendash.vtn.dialects.energydesk_bodies import body_of, text_of, told_of, type_of
from vendash.vtn.dialects.reading import (
    LONGEST_NAME,
    Difference,
    Value,
    bounded,
    checked_id,
    in_words,
    reader,
    same_value,
    stamp_of,
)
from vendash.vtn.dialects.theirs import resource_of
from vendash.vtn.moves import Held, Others, Work

_encode = msgspec.json.Encoder().encode


class _Answer(msgspec.Struct):
    """A VEN or a resource, as such a VTN may send it; what is not text is read on use."""

    id: str | int
    ven_name: Any = None
    resource_name: Any = None
    resource_type: Any = None
    attributes: msgspec.Raw = msgspec.Raw(b"")
    auth_token: Any = None
    modification_date_time: Any = None
    modified: Any = msgspec.field(default=None, name="modificationDateTime")

    @property
    def stamp(self) -> str:
        """When it was last changed there; empty where that is not said."""
        return stamp_of(self.modification_date_time) or stamp_of(self.modified)


_read_answer = reader(_Answer)


class EnergyDesk(Dialect):
    """The VTN that the original sample client was written for."""

    name: ClassVar[str] = "energydesk"
    paged: ClassVar[bool] = False
    ids_are_ours: ClassVar[bool] = True
    basic_only: ClassVar[bool] = True
    greeting: ClassVar[Request] = Request("GET", "/programs")

    def collection(self, item: Work) -> str:
        """Where objects like this one are listed and created."""
        return "/vens" if isinstance(item, VenWork) else "/resources"

    def resource_lists(self, ven_ids: Sequence[str]) -> list[str]:
        """One list of all."""
        return ["/resources"]

    def body(self, item: Work, others: Others) -> msgspec.Struct:
        """The whole object; there is no place for what others have written."""
        return body_of(item)

    def page(self, path: str, skip: int, query: tuple[tuple[str, str], ...] = ()) -> Request:
        """The whole list."""
        return Request("GET", path)

    def find(self, item: Work, skip: int) -> Request:
        """The whole list that the item would be in; by its name it is found here, not there."""
        return Request("GET", self.collection(item), (("name", name_of(item)),))

    def read(self, item: Work, remote_id: str) -> Request:
        """One object out of the whole list."""
        return Request("GET", self.collection(item), one_of=remote_id, name=name_of(item))

    def replace(self, item: Work, remote_id: str, others: Others) -> Request:
        """There is no such call."""
        return Request(
            "PUT",
            self._place(item, remote_id),
            body=_encode(self.body(item, others)),
            cannot=f"This VTN cannot change a {_kind(item)}: have it changed there.",
        )

    def delete(self, item: Work, remote_id: str) -> Request:
        """There is no such call."""
        return Request(
            "DELETE",
            self._place(item, remote_id),
            cannot=f"This VTN cannot delete a {_kind(item)}: have it removed there.",
        )

    def compared(self, item: Work, body: bytes, *, trust_silence: bool = False) -> Held:
        """The object of an answer, and where it differs; what it leaves out does not differ.

        Raises:
            ValueError: It is not a VEN or resource with an id.
        """
        answer = _read_answer(body)
        return Held(
            remote_id=checked_id(answer.id),
            differs=tuple(one.field for one in _differences(item, answer)),
            stamp=answer.stamp,
        )

    def fields(self, item: Work, body: bytes) -> list[Difference]:
        """Where the object of an answer differs from the item, field by field.

        Raises:
            ValueError: It is not a VEN or resource.
        """
        return list(_differences(item, _read_answer(body)))

    def listed(self, body: bytes) -> list[Listed]:
        """The objects of a list; a resource goes by its id, which is ours.

        Raises:
            ValueError: It is not a list of objects with ids.
        """
        return [_listed(raw) for raw in read_list(body)]

    def unchanged(self, item: ResourceWork, listed: Listed) -> bool:
        """Never sure: such a VTN leaves things out."""
        return False

    def resource(self, listed: Listed, ours: Resource | None, ven: str) -> Resource | None:
        """What an object says as a resource of ours; None where it says too little."""
        try:
            answer = _read_answer(listed.body)
        except ValueError:
            return None
        told = _attributes(answer) | {
            "resource_name": answer.resource_name,
            "resource_type": answer.resource_type,
        }
        named = answer.ven_name if isinstance(answer.ven_name, str) else ven
        return resource_of(listed.name, told, ours, plain(named, LONGEST_NAME))

    def ven_secret(self, body: bytes) -> str | None:
        """The `auth_token` in the answer to the creation of a VEN."""
        try:
            token = _read_answer(body).auth_token
        except ValueError:
            return None
        return token if isinstance(token, str) and token else None


def _differences(item: Work, answer: _Answer) -> Iterator[Difference]:
    if isinstance(item, VenWork):
        yield from _differs("name", item.name, answer.ven_name)
        return
    resource = item.resource
    yield from _differs("name", resource.resource_name, answer.resource_name)
    yield from _differs("resource_type", resource.resource_type.value, answer.resource_type)
    yield from _differs("VEN", resource.ven or "", answer.ven_name)
    held = _attributes(answer)
    for name, value in told_of(item).items():
        yield from _differs(type_of(name), value, held.get(name))


def _differs(field: str, ours: Value, theirs: object) -> Iterator[Difference]:
    """Nothing where it is left out there; powers may come as numbers or as text."""
    if theirs is None or text_of(ours) == theirs:
        return
    if isinstance(ours, bool):
        same = str(theirs).lower() == str(ours).lower()
    else:
        same = same_value(ours, theirs)
    if not same:
        yield Difference(field, in_words(text_of(ours)), in_words(theirs))


def _attributes(answer: _Answer) -> dict[str, object]:
    """The first value of each attribute, by name; what is no attribute is left out."""
    found: dict[str, object] = {}
    try:
        given = msgspec.json.decode(answer.attributes or b"[]")
    except (ValueError, RecursionError):
        return {}
    for one in given if isinstance(given, list) else ():
        if not isinstance(one, dict) or not isinstance(one.get("attribute_name"), str):
            continue
        values = one.get("attribute_values")
        if isinstance(values, list) and values:
            found.setdefault(one["attribute_name"], values[0])
    return found


def _listed(raw: msgspec.Raw) -> Listed:
    answer = _read_answer(raw)
    is_ven = answer.resource_name is None and isinstance(answer.ven_name, str)
    return Listed(
        id=checked_id(answer.id),
        name=bounded(str(answer.ven_name if is_ven else answer.id)) or "",
        ven_id=None,
        client_id=None,
        body=bytes(raw),
        stamp=answer.stamp,
        attributes=bytes(answer.attributes),
    )


def _kind(item: Work) -> str:
    return "resource" if isinstance(item, ResourceWork) else "VEN"
