"""What the shop holds: locations, variants, stock levels, orders, fulfilment orders, fulfilments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.plan import Item, LinePlan, OrderPlan, Place


@dataclass(frozen=True, slots=True)
class Location:
    """A place that the shop ships from."""

    id: int
    name: str
    place: Place
    street: str


@dataclass(frozen=True, slots=True)
class Variant:
    """An item as the shop numbers it: product, variant and inventory item have an id each."""

    id: int
    product_id: int
    inventory_item_id: int
    item: Item
    listed: datetime


@dataclass(slots=True)
class Level:
    """How many of one inventory item one location shows as available."""

    available: int
    updated: datetime


@dataclass(slots=True)
class OrderLine:
    """One line of an order; `fulfillable` is open, `current` is what is left of it after cancellations."""

    id: int
    variant: Variant
    plan: LinePlan
    current: int
    fulfillable: int


@dataclass(slots=True)
class FulfilmentOrderLine:
    """A quantity of an order line that one location shall ship."""

    id: int
    line: OrderLine
    quantity: int
    fulfillable: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a fulfilment order waits; `app` is who holds it, empty for a person in the admin."""

    id: int
    reason: str
    notes: str
    handle: str
    app: str


@dataclass(slots=True)
class FulfilmentOrder:
    """Lines of one order assigned to one location."""

    id: int
    order_id: int
    location: Location
    lines: list[FulfilmentOrderLine]
    created: datetime
    updated: datetime
    status: str = "open"
    request: str = "unsubmitted"
    method: str = "shipping"
    prepared: bool = False
    holds: list[Hold] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    @property
    def open_lines(self) -> list[FulfilmentOrderLine]:
        """Return the lines of which something can still be shipped."""
        return [line for line in self.lines if line.fulfillable]

    @property
    def active(self) -> bool:
        """Say whether something of it can still be shipped."""
        return self.status in ("open", "in_progress")


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """Goods that left: quantities of order lines, with tracking."""

    id: int
    name: str
    order_id: int
    location_id: int
    lines: tuple[tuple[OrderLine, int], ...]
    parts: tuple[int, ...]
    created: datetime
    company: str | None
    number: str | None
    url: str | None


@dataclass(slots=True)
class Order:
    """One order with everything that happened to it."""

    id: int
    number: int
    customer_id: int
    plan: OrderPlan
    lines: list[OrderLine]
    created: datetime
    updated: datetime
    cancelled: datetime | None = None
    risk: str = "low"
    metafields: dict[str, str] = field(default_factory=dict)
    fulfilment_orders: list[FulfilmentOrder] = field(default_factory=list)
    fulfilments: list[Fulfilment] = field(default_factory=list)

    @property
    def closed(self) -> datetime | None:
        """Return when the shop filed the order away by itself: once everything has left."""
        return self.fulfilments[-1].created if self.fulfillment_status == "fulfilled" else None

    @property
    def fulfillment_status(self) -> str | None:
        """Return fulfilled, partial or None, as the shop words it."""
        shipping = [line for line in self.lines if line.variant.item.ships]
        if not self.fulfilments:
            return None
        return "partial" if any(line.fulfillable for line in shipping) else "fulfilled"
