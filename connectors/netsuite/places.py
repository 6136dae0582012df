"""Locations and vendors as nodes of ours, and back: by the partner file's names, else by their ids.

A location that the file does not name is the node `ERP-12` once `locations` flow, a vendor `ERP-V88` once `vendors`
do; before that the hub does not know them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from connectors.netsuite.countries import INWARD
from connectors.netsuite.gateway import Record
from connectors.netsuite.settings import IGNORE, Flow, NetSuiteSettings
from connectors.netsuite.values import Fields, text
from hub.model.node import Hours, Node, NodeKind
from hub.model.place import Address, Coordinates

_DAYS: Final = ("isMonday", "isTuesday", "isWednesday", "isThursday", "isFriday", "isSaturday", "isSunday")
#: What NetSuite calls an address -> what we do.
_ADDRESS: Final = {
    "name": "attention",
    "company": "addressee",
    "street": "addr1",
    "street2": "addr2",
    "city": "city",
    "region": "state",
    "postal_code": "zip",
    "phone": "addrPhone",
}


class Places:
    """What the locations and vendors of one account are to us."""

    def __init__(self, settings: NetSuiteSettings, partner: str) -> None:
        self._settings, self._partner = settings, partner
        self._prefix = f"{partner.upper()}-"

    def node_at(self, location: str) -> str | None:
        """Return our node at a location, None when the hub leaves it alone."""
        named = self._settings.locations.get(location)
        if named is not None:
            return None if named == IGNORE else named
        return f"{self._prefix}{location}" if Flow.LOCATIONS in self._settings.documents and location else None

    def location_of(self, node: str) -> str | None:
        """Return the location that stands for the node, None when none does."""
        named = next((id_ for id_, code in self._settings.locations.items() if code == node and code != IGNORE), None)
        id_ = node.removeprefix(self._prefix)
        return named or (id_ if node != id_ and id_.isdigit() and self.node_at(id_) == node else None)

    def vendor_node(self, vendor: str) -> str:
        """Return the node that stands for a vendor."""
        return f"{self._prefix}V{vendor}"

    def vendor_of(self, node: str) -> str | None:
        """Return the vendor that a node stands for, None when it is no vendor's."""
        id_ = node.removeprefix(f"{self._prefix}V")
        return id_ if node != id_ and id_.isdigit() else None

    def is_ours(self, node: str) -> bool:
        """Say whether NetSuite itself has the node: orders for it need nobody else."""
        return self.location_of(node) is not None or self.vendor_of(node) is not None

    def location(self, theirs: Record) -> Node | None:
        """Return a location as a node, None when the hub leaves it alone; raises ValueError."""
        code, fields = self.node_at(theirs.id), theirs.fields
        if code is None:
            return None
        store = text(fields, "locationType") == "_store"
        return Node(
            code=code,
            name=text(fields, "name"),
            kind=NodeKind.STORE if store else NodeKind.WAREHOUSE,
            partner=self._partner,
            address=address(fields.get("mainAddress")),
            coordinates=_coordinates(fields),
            capacity_per_day=_whole(fields, "dailyShippingCapacity"),
            hours=_hours(fields),
            pick_up=text(fields, "allowStorePickup") == "true",
            buffer=Decimal(_whole(fields, "bufferStock") or 0),
            active=text(fields, "isInactive") != "true" and text(fields, "makeInventoryAvailable") != "false",
        )

    def vendor(self, theirs: Record) -> Node | None:
        """Return a vendor as a node that is bought from, None when it is a supplier with a connection of its own."""
        if theirs.id in self._settings.vendors.values():
            return None
        fields = theirs.fields
        names = (text(fields, name) for name in ("companyName", "legalName", "altName", "entityId"))
        return Node(
            code=self.vendor_node(theirs.id),
            name=next((name for name in names if name), theirs.id),
            kind=NodeKind.SUPPLIER,
            partner=self._partner,
            active=text(fields, "isInactive") != "true",
        )


def address(fields: object) -> Address | None:
    """Return an address, None for none or one in a country without a name that we know."""
    if not isinstance(fields, Mapping):
        return None
    country = INWARD.get(text(fields, "country"))
    if country is None:
        return None
    return Address(country=country, **{ours: text(fields, theirs) for ours, theirs in _ADDRESS.items()})


def _coordinates(fields: Fields) -> Coordinates | None:
    latitude, longitude = text(fields, "latitude"), text(fields, "longitude")
    return Coordinates(latitude=float(latitude), longitude=float(longitude)) if latitude and longitude else None


def _hours(fields: Fields) -> Hours:
    """Return when a location works; the next pickup's cut-off is told as a moment: kept in UTC."""
    rows = [row for row in fields.get("businessHoursList", ()) if isinstance(row, Mapping)]
    weekdays = {day for row in rows for day, name in enumerate(_DAYS, start=1) if row.get(name) == "true"}
    told = text(fields, "nextPickupCutOffTime")
    known: dict[str, object] = {"weekdays": frozenset(weekdays)} if weekdays else {}
    if told:
        moment = datetime.fromisoformat(told)
        known["cut_off"] = f"{moment.astimezone(UTC):%H:%M}"
    return Hours.model_validate(known)


def _whole(fields: Fields, name: str) -> int | None:
    told = text(fields, name)
    return int(told) if told.isdigit() else None
