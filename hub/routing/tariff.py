"""What it costs to ship from a node, in whole numbers: exact like Decimal, and several times faster to add up.

Amounts are micro-units of the hub's currency (a millionth). Rates and quantities are nano-units (a billionth), which
holds every number the canonical model takes; their product is rounded once, half up, to a micro-unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hub.model.node import Node
from hub.routing.distance import Vector, vector

MICRO = 10**6
NANO = 10**9
#: A rate in nano-units times a quantity in nano-units, divided by this, is an amount in micro-units.
_PER_MICRO = NANO * NANO // MICRO


def nano(value: Decimal) -> int:
    """Return the number in billionths; what lies beyond nine decimals is cut off."""
    return int(value * NANO)


def times(rate: int, quantity: int) -> int:
    """Return rate times quantity (both nano) as an amount in micro-units, rounded half up."""
    return (rate * quantity + _PER_MICRO // 2) // _PER_MICRO


def micro(nanos: int) -> int:
    """Return an amount in nano-units as micro-units, rounded half up."""
    return (nanos + 500) // 1000


def units(nanos: int) -> Decimal:
    """Return a quantity in nano-units as the exact decimal that is reported."""
    return Decimal(nanos).scaleb(-9) if nanos % NANO else Decimal(nanos // NANO)


def amount(micros: int) -> Decimal:
    """Return micro-units as the exact decimal that is reported."""
    return Decimal(micros).scaleb(-6)


@dataclass(frozen=True, slots=True)
class Tariff:
    """A node's costs in nano-units: `per_order` with its drop-ship fee, the rest as its declaration names them."""

    per_order: int
    per_line: int
    per_unit: int
    freight_base: int
    per_km: int
    per_kg: int
    place: Vector | None
    country: str | None

    @classmethod
    def of(cls, node: Node, fee: Decimal) -> Tariff:
        """Work out the tariff of a node from its declared costs and its supplier's fee for each order."""
        costs = node.costs
        return cls(
            per_order=nano(costs.per_order) + nano(fee),
            per_line=nano(costs.per_line),
            per_unit=nano(costs.per_unit),
            freight_base=nano(costs.freight_base),
            per_km=nano(costs.freight_per_km),
            per_kg=nano(costs.freight_per_kg),
            place=vector(node.coordinates) if node.coordinates else None,
            country=node.address.country if node.address else None,
        )
