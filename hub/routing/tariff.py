"""What it costs to ship from a node, in whole numbers: exact like Decimal, and several times faster to add up.

Amounts are micro-units of the hub's currency (a millionth). Rates and quantities are nano-units (a billionth), which
holds every number the canonical model takes, and weights milligrams; each product is rounded once, half up, to a
micro-unit.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import asin, dist

from hub.model.item import ItemFlag
from hub.model.node import Node, NodeKind
from hub.routing.calendar import Calendar
from hub.routing.distance import DIAMETER_M, Vector, vector

MICRO = 10**6
#: Programmes count costs in thousandths of a micro-unit, so that a parcel can weigh one of them: among equally cheap
#: plans the one with fewer parcels wins.
GRAIN = 1000
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
    are nano-units: `per_unit`, `per_kg` and `per_km` rates; `base` is a parcel's freight before its distance, in units
    of a millionth of a micro-unit, with the half that rounds it. `least` is what a parcel costs over no distance,
    handling included, in micro-units: it never costs less. `ever_open` unless the node is switched off or takes no
    orders at all. `rise` are the grains that freight rises at the least with a unit of chord, and `doubt` the grains by
    which its roundings may fall short of that. `calendar` is None where nobody declared hours.
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
    base: int
    per_km: int
    least: int
    ever_open: bool
    rise: float
    doubt: int
    calendar: Calendar | None

    def freight(self, metres: int) -> int:
        """Return in micro-units what a parcel over this distance costs before its weight."""
        return (self.base + self.per_km * metres) // MICRO

    def parcel(self, here: Vector) -> int:
        """Return in micro-units what a parcel to this point costs before its weight, from a node whose place is known.

        `metres_between` written out: it is asked for every node that is worth a look.
        """
        chord = dist(here, self.place)  # type: ignore[arg-type]
        metres = round(DIAMETER_M * asin(chord / 2 if chord < 2 else 1.0))
        return self.handling + (self.base + self.per_km * metres) // MICRO

    def surely_above(self, here: Vector, room: float) -> bool:
        """Tell whether a parcel to this point is sure to cost more grains above `least` than there is room for.

        An arc is no shorter than its chord, so half of what is asked for a distance is enough to turn a far node down.
        """
        return self.rise * dist(here, self.place) > room + self.doubt  # type: ignore[arg-type]

    @classmethod
    def of(cls, node: Node, fee: Decimal) -> Tariff:
        """Work out the tariff of a node from its declaration and its supplier's fee for each order."""
        costs = node.costs
        handling = micro(nano(costs.per_order) + nano(fee))
        return cls(
            code=node.code,
            kind=node.kind,
            active=node.active,
            capacity=node.capacity_per_day,
            handles=node.handles,
            pick_up=node.pick_up,
            country=node.address.country if node.address else None,
            place=vector(node.coordinates) if node.coordinates else None,
            handling=handling,
            line=micro(nano(costs.per_line)),
            per_unit=nano(costs.per_unit),
            per_kg=nano(costs.freight_per_kg),
            base=nano(costs.freight_base) * 1000 + MICRO // 2,
            per_km=nano(costs.freight_per_km),
            least=handling + micro(nano(costs.freight_base)),
            ever_open=node.active and node.capacity_per_day != 0,
            rise=nano(costs.freight_per_km) * (DIAMETER_M / 2) / 1000,
            calendar=Calendar.of(node.hours),
            doubt=2 * GRAIN + nano(costs.freight_per_km) // 1000,
        )


class Tariffs(dict[str, Tariff]):
    """The tariffs of a network by node code, each worked out when it is first looked up.

    `leasts` are what a parcel from each costs at the least, in grains; `books` has room for what rate cards make of it.
    """

    def __init__(self, nodes: Mapping[str, Node], fees: Mapping[str, Decimal]) -> None:
        super().__init__()
        self._nodes = nodes
        self._fees = fees
        self.leasts: Mapping[str, int] = _Leasts(self)
        self.books: dict[Hashable, object] = {}

    def __missing__(self, code: str) -> Tariff:
        tariff = self[code] = Tariff.of(self._nodes[code], self._fees.get(code, Decimal(0)))
        return tariff


class _Leasts(dict[str, int]):
    def __init__(self, tariffs: Tariffs) -> None:
        super().__init__()
        self._tariffs = tariffs

    def __missing__(self, code: str) -> int:
        least = self[code] = self._tariffs[code].least * GRAIN
        return least
