"""A world as it is planned before anything runs: items, firms with their offers, and the orders that will be placed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What a firm is to the merchant."""

    SUPPLIER = "supplier"
    WAREHOUSE = "warehouse"


@dataclass(frozen=True, slots=True)
class Place:
    """A town with its postal code; degrees are None where nobody knows them."""

    city: str
    region: str
    region_name: str
    postal_code: str
    country: str
    country_name: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """Something the shop sells; `price` is what the customer pays for one."""

    sku: str
    name: str
    weight_g: int
    price: Decimal
    ships: bool = True


@dataclass(frozen=True, slots=True)
class Offer:
    """What one firm has of one item, under its own number and at its own price."""

    sku: str
    supplier_sku: str
    price: Decimal
    stock: int
    minimum: int = 1
    lead_days: int = 1


@dataclass(frozen=True, slots=True)
class Firm:
    """A supplier, or a place that ships our own goods: one account, one node, its offers.

    `role` says what a place of ours is: the own warehouse where nothing else stands there, a store, a 3PL.

    `style` is what its files are written in (csv, json, xml, fixed, xlsx, x12, sap), `door` how they travel (sftp, web,
    folder, mail).
    """

    code: str
    name: str
    kind: Kind
    place: Place
    street: str
    offers: tuple[Offer, ...]
    style: str = "csv"
    door: str = "sftp"
    invoices: bool = False
    role: str = ""

    @property
    def node(self) -> str:
        """Return the code of its only node."""
        return self.code.upper()


@dataclass(frozen=True, slots=True)
class LinePlan:
    """One line of an order to be placed."""

    sku: str
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """One order to be placed: who, where to, what; `notes` travel as the order's note attributes."""

    first_name: str
    last_name: str
    street: str
    place: Place
    lines: tuple[LinePlan, ...]
    street2: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Costs:
    """What shipping from a node costs, as text in the world's currency, for the partner files."""

    per_order: str
    freight_base: str
    freight_per_km: str
    freight_per_kg: str


@dataclass(frozen=True, slots=True)
class World:
    """All of it; `orders` yields further orders for as long as somebody places them.

    `placement` says in words and figures how the stock was placed.
    """

    currency: str
    timezone: str
    items: Mapping[str, Item]
    firms: tuple[Firm, ...]
    orders: Iterator[OrderPlan]
    costs: Costs
    placement: Mapping[str, object]
