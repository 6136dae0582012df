"""What it costs to ship from a node, in whole numbers: exact like Decimal, and several times faster to add up.

Amounts are micro-units of the hub's currency (a millionth). Rates and quantities are nano-units (a billionth), which
holds every number the canonical model takes, and weights milligrams; each product is rounded once, half up, to a
micro-unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hub.model.item import ItemFlag
from hub.model.node import Node, NodeKind
from hub.routing.distance import Vector, vector

MICRO = 10**6
NANO = 10**9
#: A rate in nano-units times a quantity in nano-units, divided by this, is an amount in micro-units.
PER_MICRO = NANO * NANO // MICRO


def nano(value: Decimal) -> int:
    """Return the number in billionths; what lies beyond nine decimals is cut off."""
    return int(value * NANO)


def times(rate: int, quantity: int) -> int:
    """Return rate times quantity (both nano) as an amount in micro-units, rounded half up."""
    return (rate * quantity + PER_MICRO // 2) // PER_MICRO


def milligrams(grams: Decimal) -> int:
    """Return a weight in whole milligrams; what is less is cut off."""
    return int(grams * 1000)


def by_weight(per_kg: int, load: int) -> int:
    """Return in micro-units what so many milligrams cost at nano-units a kilogram, rounded half up."""
    return (per_kg * load + NANO // 2) // NANO


def micro(nanos: int) -> int:
    """Return an amount in nano-units as micro-units, rounded half up."""
    return (nanos + 500) // 1000


def units(nanos: int) -> Decimal:
    """Return a quantity in nano-units as the exact decimal that is reported."""
    return Decimal(nanos).scaleb(-9) if nanos % NANO else Decimal(nanos // NANO)


def amount(micros: int) -> Decimal:
    """Return micro-units as the exact decimal that is reported."""
    return Decimal(micros).scaleb(-6)


@dataclass(slots=True, eq=False)
class Tariff:
    """What routing needs of a node, for any customer.

    `handling` is the cost of one order with its drop-ship fee, `line` that of one line, both in micro-units. The others
    are nano-units: `per_unit` and `per_kg` rates, and the two parts of a parcel's freight. `always_open` when neither
    a switch nor a count of orders closes the node.
    """

    code: str
    kind: NodeKind
    active: bool
    capacity: int | None
    handles: frozenset[ItemFlag]
    pick_up: bool
    country: str | None
    place: Vector | None
    handling: int
    line: int
    per_unit: int
    per_kg: int
    freight_base: int
    per_km: int
    always_open: bool

    def freight(self, metres: int) -> int:
        """Return in micro-units what a parcel over this distance costs before its weight."""
        return (self.freight_base * 1000 + self.per_km * metres + 500_000) // MICRO

    @classmethod
    def of(cls, node: Node, fee: Decimal) -> Tariff:
        """Work out the tariff of a node from its declaration and its supplier's fee for each order."""
        costs = node.costs
        return cls(
            code=node.code,
            kind=node.kind,
            active=node.active,
            capacity=node.capacity_per_day,
            handles=node.handles,
            pick_up=node.pick_up,
            country=node.address.country if node.address else None,
            place=vector(node.coordinates) if node.coordinates else None,
            handling=micro(nano(costs.per_order) + nano(fee)),
            line=micro(nano(costs.per_line)),
            per_unit=nano(costs.per_unit),
            per_kg=nano(costs.freight_per_kg),
            freight_base=nano(costs.freight_base),
            per_km=nano(costs.freight_per_km),
            always_open=node.active and node.capacity_per_day is None,
        )
