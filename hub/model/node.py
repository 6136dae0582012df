"""Nodes: where stock is, what they can handle, when they work and what they cost."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from hub.model.base import Code, Quantity, Record, Text
from hub.model.item import ItemFlag
from hub.model.place import Address, Coordinates


class NodeKind(StrEnum):
    """What a node is; only suppliers are bought from."""

    WAREHOUSE = "warehouse"
    STORE = "store"
    THIRD_PARTY = "3pl"
    SUPPLIER = "supplier"


Clock24 = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Hours(Record):
    """When a node works: weekdays (1 = Monday), the cut-off for same-day handling, days closed (ISO dates)."""

    timezone: Text = "UTC"
    weekdays: frozenset[Annotated[int, Field(ge=1, le=7)]] = frozenset({1, 2, 3, 4, 5})
    cut_off: Clock24 = "15:00"
    closed: frozenset[str] = frozenset()


class NodeCosts(Record):
    """What it costs to ship from here, in the hub's currency."""

    per_order: Quantity = Decimal(0)
    per_line: Quantity = Decimal(0)
    per_unit: Quantity = Decimal(0)
    freight_base: Annotated[Quantity, Field(description="freight of one parcel before distance and weight")] = Decimal(
        0
    )
    freight_per_km: Quantity = Decimal(0)
    freight_per_kg: Quantity = Decimal(0)


class Node(Record):
    """A place that can ship: a warehouse, a store, a third party's or a supplier's location."""

    code: Code
    name: Text = ""
    kind: NodeKind
    partner: Annotated[Code, Field(description="the partner whose connection carries this node's documents")]
    address: Address | None = None
    coordinates: Coordinates | None = None
    costs: NodeCosts = NodeCosts()
    capacity_per_day: Annotated[int | None, Field(ge=0)] = None
    hours: Hours = Hours()
    handles: Annotated[frozenset[ItemFlag], Field(description="flagged items it may take")] = frozenset()
    pick_up: Annotated[bool, Field(description="customers may collect here (BOPIS)")] = False
    buffer: Annotated[Quantity, Field(description="so many of each SKU are kept back from sale here")] = Decimal(0)
    active: bool = True
