"""OpenADR 3.0.1: resources inside VENs, no clientID in the objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import quote

import msgspec

from vendash.models import VenWork
from vendash.vtn.dialects.attributes import ValuesMap, written
from vendash.vtn.dialects.base import JSON_NAMES, Dialect, kept, name_of
from vendash.vtn.moves import Others, Work


class VenRequest(msgspec.Struct, rename=JSON_NAMES, kw_only=True):
    """A VEN without its resources, which have a path of their own."""

    ven_name: str
    targets: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    attributes: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


class ResourceRequest(msgspec.Struct, rename=JSON_NAMES, kw_only=True):
    """A resource; its VEN is named by the path."""

    resource_name: str
    targets: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    attributes: list[ValuesMap | msgspec.Raw]


class V30(Dialect):
    """OpenADR 3.0.0 and 3.0.1."""

    name: ClassVar[str] = "3.0.1"
    lists_by_ven: ClassVar[bool] = True

    def collection(self, item: Work) -> str:
        """Where objects like this one are listed and created."""
        return "/vens" if isinstance(item, VenWork) else _resources_of(item.ven_remote_id)

    def resource_lists(self, ven_ids: Sequence[str]) -> list[str]:
        """A list for each VEN."""
        return [_resources_of(ven_id) for ven_id in ven_ids]

    def body(self, item: Work, others: Others) -> msgspec.Struct:
        """The whole object."""
        if isinstance(item, VenWork):
            theirs = [msgspec.Raw(raw) for raw in others.attributes]
            return VenRequest(
                ven_name=item.name,
                targets=kept(others.targets),
                attributes=theirs or msgspec.UNSET,
            )
        return ResourceRequest(
            resource_name=name_of(item),
            targets=kept(others.targets),
            attributes=written(item, others),
        )


def _resources_of(ven_id: str) -> str:
    return f"/vens/{quote(ven_id, safe='')}/resources"
