"""What the dialects of OpenADR 3 have in common: requests as data, and liberal reading.

A dialect does no I/O: it writes the requests for an item and reads the bodies of answers. What a
VTN sends may hold more, or less, than the specification says; nothing here raises anything but
`ValueError` for it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

import msgspec

from vendash.models import Resource, ResourceType, VenWork
from vendash.vtn.registrar import Held, Others, Work

PAGE = 50
"""The most that a VTN may be asked for in one page."""
LONGEST_NAME = 128

JSON_NAMES = {
    "object_type": "objectType",
    "client_id": "clientID",
    "ven_id": "venID",
    "ven_name": "venName",
    "resource_name": "resourceName",
}

Value = float | int | str | bool
Shape = TypeVar("Shape")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, relative to the VTN's base URL."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a list: its id, its name, and to whom it belongs where that is said."""

    id: str
    name: str
    ven_id: str | None
    client_id: str | None
    body: bytes


class ValuesMap(msgspec.Struct, frozen=True):
    """An attribute as OpenADR writes it."""

    type: str
    values: tuple[Value, ...]


class _Answer(msgspec.Struct, rename=JSON_NAMES):
    """A VEN or a resource, as any VTN may send it."""

    id: str | int
    ven_name: str | None = None
    resource_name: str | None = None
    ven_id: str | None = None
    client_id: str | None = None
    targets: msgspec.Raw = msgspec.Raw(b"null")
    attributes: list[dict[str, Any]] | None = None


class _Identity(msgspec.Struct, rename=JSON_NAMES):
    """As much of an answer as a list needs to be searched."""

    id: str | int
    ven_name: str | None = None
    resource_name: str | None = None
    ven_id: str | None = None
    client_id: str | None = None


def _reader(shape: type[Shape]) -> Callable[[bytes | msgspec.Raw], Shape]:
    decode = msgspec.json.Decoder(shape).decode

    def read(body: bytes | msgspec.Raw) -> Shape:
        try:
            return decode(body)
        except RecursionError:
            raise ValueError("JSON nested too deeply") from None

    return read


_read_answer = _reader(_Answer)
_read_identity = _reader(_Identity)
_read_list = _reader(list[msgspec.Raw])


class Dialect(ABC):
    """One version of OpenADR 3, as far as VENs and resources are concerned."""

    name: ClassVar[str]
    """As in the configuration and on the screen."""

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
        return Request("GET", self._place(item, remote_id))

    def create(self, item: Work) -> Request:
        """POST the item."""
        return Request("POST", self.collection(item), body=_encode(self.body(item, Others())))

    def replace(self, item: Work, remote_id: str, others: Others) -> Request:
        """PUT the item, and what others wrote into it."""
        body = _encode(self.body(item, others))
        return Request("PUT", self._place(item, remote_id), body=body)

    def delete(self, item: Work, remote_id: str) -> Request:
        """DELETE the object."""
        return Request("DELETE", self._place(item, remote_id))

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
        differs = list(self._identity_differs(item, answer.ven_name, answer.resource_name))
        attributes = answer.attributes or ()
        ours = {} if isinstance(item, VenWork) else attributes_of(item.resource)
        if not (trust_silence and answer.attributes is None):
            there = {_type_of(one): one.get("values") for one in attributes}
            differs += [t for t, values in ours.items() if not _same(values, there.get(t))]
        return Held(
            remote_id=checked_id(answer.id),
            differs=tuple(differs),
            others=Others(
                targets=_filled(bytes(answer.targets)),
                attributes=tuple(_encode(o) for o in attributes if _type_of(o) not in ours),
            ),
        )

    def listed(self, body: bytes) -> list[Listed]:
        """The objects of one page.

        Raises:
            ValueError: It is not a list of VENs or resources.
        """
        found = []
        for raw in _read_list(body):
            one = _read_identity(raw)
            name = one.resource_name or one.ven_name or ""
            found.append(Listed(checked_id(one.id), name, one.ven_id, one.client_id, bytes(raw)))
        return found

    def _identity_differs(
        self, item: Work, ven_name: str | None, resource_name: str | None
    ) -> tuple[str, ...]:
        there = ven_name if isinstance(item, VenWork) else resource_name
        return () if there in {None, name_of(item)} else ("name",)

    def _place(self, item: Work, remote_id: str) -> str:
        return f"{self.collection(item)}/{quote(remote_id, safe='')}"


def page_of(path: str, skip: int, query: tuple[tuple[str, str], ...] = ()) -> Request:
    """The page of a list that begins after so many objects."""
    return Request("GET", path, (*query, ("skip", str(skip)), ("limit", str(PAGE))))


def name_of(item: Work) -> str:
    """The name under which a VTN knows the item; a resource by its stable id."""
    return item.name if isinstance(item, VenWork) else item.resource.resource_id


def checked_id(remote_id: str | int) -> str:
    """The id of an object at a VTN.

    Raises:
        ValueError: It cannot be part of a path.
    """
    text = str(remote_id)
    if not text.strip(".") or len(text) > LONGEST_NAME or not text.isprintable():
        raise ValueError("an object without a usable id")
    return text


def attributes_of(resource: Resource) -> dict[str, tuple[Value, ...]]:
    """What a VTN is told of a resource, by attribute type.

    LOCATION is longitude, latitude; powers are in kW. The types in lower case are private, as
    OpenADR 3 allows; `prequalification` carries the operator's decision.
    """
    capacities = resource.capacities
    exports = resource.resource_type is not ResourceType.DSR  # else p_min is flexibility
    return {
        "DESCRIPTION": (resource.resource_name[:LONGEST_NAME],),
        "LOCATION": (resource.location.longitude, resource.location.latitude),
        "MAX_POWER_CONSUMPTION": (max(0.0, capacities.p_max_kw),),
        "MAX_POWER_EXPORT": (max(0.0, -capacities.p_min_kw) if exports else 0.0,),
        "p_min_kw": (capacities.p_min_kw,),
        "e_max_kwh": (capacities.e_max_kwh,),
        "e_min_kwh": (capacities.e_min_kwh,),
        "meter_point_id": (resource.meter_point_id,),
        "resource_type": (resource.resource_type.value,),
        "resource_sub_type": (resource.resource_sub_type or "",),
        "address": (resource.address or "",),
        "prequalification": (resource.registration_status.value,),
    }


def written(resource: Resource, others: Others) -> list[ValuesMap | msgspec.Raw]:
    """The attributes to send: ours, and after them those of others."""
    ours: list[ValuesMap | msgspec.Raw] = [
        ValuesMap(type_, values) for type_, values in attributes_of(resource).items()
    ]
    return ours + [msgspec.Raw(raw) for raw in others.attributes]


def kept(raw: bytes | None) -> msgspec.Raw | msgspec.UnsetType:
    """JSON that goes back as it came, or is left out."""
    return msgspec.UNSET if raw is None else msgspec.Raw(raw)


def _type_of(attribute: dict[str, Any]) -> str:
    return str(attribute.get("type", ""))


def _same(wanted: tuple[Value, ...], there: object) -> bool:
    if not isinstance(there, list) or len(there) != len(wanted):
        return False
    return all(map(_equal, wanted, there))


def _equal(ours: Value, theirs: object) -> bool:
    if ours == theirs or isinstance(ours, str):
        return ours == theirs
    try:  # some VTNs keep every value as text, and some numbers as 32 bits
        return math.isclose(ours, float(theirs), rel_tol=1e-6, abs_tol=1e-9)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False


def _filled(raw: bytes) -> bytes | None:
    return None if raw.strip() in {b"null", b"[]"} else raw
