"""Nodes: where stock is, what they can handle, when they work and what they cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

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


Weekdays = frozenset[Annotated[int, Field(ge=1, le=7)]]


def known_zone(name: str) -> str:
    """Return the name of a time zone; raises ValueError when nobody knows it."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone name such as 'America/Chicago'") from None
    return name


def _day(value: object) -> object:
    """Return a day as text: TOML has days of its own, and both ways of writing one are understood."""
    try:
        return (value if type(value) is date else date.fromisoformat(str(value))).isoformat()
    except ValueError:
        raise ValueError(f"{value!r} is not a day such as 2026-12-25") from None


class Hours(Record):
    """When a node works: weekdays (1 = Monday), the cut-off for same-day handling, days closed (ISO dates).

    A node whose hours nobody declared works always; `declared` is set where a mapping file has a table of them.
    """

    timezone: Annotated[Text, AfterValidator(known_zone)] = "UTC"
    weekdays: Annotated[Weekdays, Field(min_length=1)] = frozenset({1, 2, 3, 4, 5})
    cut_off: Annotated[Clock24, Field(description="what is ordered by then is handled from that day on")] = "15:00"
    closed: Annotated[frozenset[Annotated[str, BeforeValidator(_day)]], Field(description="holidays, as dates")] = (
        frozenset()
    )
    handling_days: Annotated[int, Field(ge=0, le=90, description="working days from an order to its being ready")] = 0
    carrier_days: Annotated[Weekdays, Field(description="weekdays on which the carrier collects; none: all")] = (
        frozenset()
    )
    declared: Annotated[bool, Field(description="whether anybody said these hours; it is noted by itself")] = False

    @model_validator(mode="after")
    def _somebody_collects(self) -> Self:
        if self.carrier_days and not self.carrier_days & self.weekdays:
            raise ValueError("the carrier collects on no day on which the place works")
        return self


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
