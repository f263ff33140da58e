"""OpenADR 3.1: resources beside VENs, each object with the clientID of its VEN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from vendash.models import VenWork
from vendash.vtn.dialects.attributes import ValuesMap, written
from vendash.vtn.dialects.base import JSON_NAMES, Dialect, kept, name_of
from vendash.vtn.moves import Others, Work


class BlVenRequest(msgspec.Struct, rename=JSON_NAMES, kw_only=True):
    """A VEN as the business logic writes it."""

    object_type: str = "BL_VEN_REQUEST"
    client_id: str
    ven_name: str
    targets: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    attributes: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


class BlResourceRequest(msgspec.Struct, rename=JSON_NAMES, kw_only=True):
    """A resource as the business logic writes it."""

    object_type: str = "BL_RESOURCE_REQUEST"
    client_id: str
    ven_id: str
    resource_name: str
    targets: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    attributes: list[ValuesMap | msgspec.Raw]


class V31(Dialect):
    """OpenADR 3.1.0 and 3.1.1."""

    name: ClassVar[str] = "3.1"

    def collection(self, item: Work) -> str:
        """Where objects like this one are listed and created."""
        return "/vens" if isinstance(item, VenWork) else "/resources"

    def narrowed(self, item: Work) -> tuple[tuple[str, str], ...]:
        """Resources of one VEN only."""
        return () if isinstance(item, VenWork) else (("venID", item.ven_remote_id),)

    def resource_lists(self, ven_ids: Sequence[str]) -> list[str]:
        """One list of all."""
        return ["/resources"]

    def body(self, item: Work, others: Others) -> msgspec.Struct:
        """The whole object."""
        if isinstance(item, VenWork):
            theirs = [msgspec.Raw(raw) for raw in others.attributes]
            return BlVenRequest(
                client_id=item.client_id,
                ven_name=item.name,
                targets=kept(others.targets),
                attributes=theirs or msgspec.UNSET,
            )
        return BlResourceRequest(
            client_id=item.client_id,
            ven_id=item.ven_remote_id,
            resource_name=name_of(item),
            targets=kept(others.targets),
            attributes=written(item, others),
        )
