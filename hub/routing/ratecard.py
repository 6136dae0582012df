"""Rate cards: what a carrier takes for a parcel by distance zone and billable weight, as a merchant writes it down.

A card stands in the routing rules, so its hash is in every decision made with it. Amounts are in the hub's currency.
No carrier's prices are shipped with Crossdock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from hub.model.base import Code, Quantity, Record, SomeQuantity
from hub.model.node import NodeKind

_MOST_STEPS = 20_000
Rows = tuple[tuple[Quantity, ...], ...]


class RateCard(Record):
    """One account's prices; the first card of the rules that names a node and is in force counts for it.

    A parcel's weight is the greater of what it weighs and what its volume would weigh, rounded up. What one node sends
    for an order goes in one parcel, and above the last weight in the cheapest parcels that hold it.
    """

    name: Code
    nodes: Annotated[tuple[Code, ...], Field(description="nodes that ship by it; with no kinds either: all")] = ()
    kinds: Annotated[tuple[NodeKind, ...], Field(description="kinds of node that ship by it")] = ()
    valid_from: Annotated[date | None, Field(description="the first day it is in force")] = None
    valid_until: Annotated[date | None, Field(description="the last day it is in force")] = None
    zones_km: Annotated[tuple[SomeQuantity, ...], Field(description="where each zone ends; one more begins")] = ()
    steps_kg: Annotated[tuple[SomeQuantity, ...], Field(min_length=1, description="a parcel up to this weight")]
    prices: Annotated[Rows, Field(description="a row for each weight, with a price for each zone")]
    round_up_kg: Annotated[SomeQuantity, Field(description="billable weight is a multiple of this")] = Decimal("0.5")
    divisor: Annotated[SomeQuantity | None, Field(description="cubic centimetres that weigh a kilogram")] = None
    cubic_over_cm3: Annotated[Quantity, Field(description="volume counts for units above this")] = Decimal(0)
    round_up_cm: Annotated[Quantity, Field(description="each side is first rounded up to a multiple")] = Decimal(0)
    minimum: Annotated[Quantity, Field(description="the least price of a parcel, before what follows")] = Decimal(0)
    fuel_percent: Annotated[Quantity, Field(description="on the price")] = Decimal(0)
    per_parcel: Annotated[Quantity, Field(description="on every parcel, such as for homes")] = Decimal(0)
    heavy_over_kg: SomeQuantity | None = None
    heavy: Annotated[Quantity, Field(description="on a parcel above that weight")] = Decimal(0)
    long_over_cm: SomeQuantity | None = None
    long: Annotated[Quantity, Field(description="on every unit with a longer side")] = Decimal(0)

    @model_validator(mode="after")
    def _is_a_table(self) -> Self:
        problems = [*self._shape(), *self._order()]
        if problems:
            raise ValueError(f"rate card {self.name}: " + "; ".join(problems))
        return self

    def _shape(self) -> list[str]:
        zones = len(self.zones_km) + 1
        found = [
            f"row {number} has {len(row)} prices for {zones} zones"
            for number, row in enumerate(self.prices, 1)
            if len(row) != zones
        ]
        if len(self.prices) != len(self.steps_kg):
            found.append(f"{len(self.prices)} rows of prices for {len(self.steps_kg)} weights")
        return found

    def _order(self) -> list[str]:
        found = []
        if not _rises(self.zones_km):
            found.append("zones_km must rise")
        if not _rises(self.steps_kg):
            found.append("steps_kg must rise")
        if self.steps_kg[0] < self.round_up_kg:
            found.append("the first weight is below round_up_kg")
        if self.steps_kg[-1] > self.round_up_kg * _MOST_STEPS:
            found.append(f"the last weight is more than {_MOST_STEPS} times round_up_kg")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            found.append("valid_until is before valid_from")
        if (self.heavy_over_kg is None) != (not self.heavy):
            found.append("heavy and heavy_over_kg need each other")
        if (self.long_over_cm is None) != (not self.long):
            found.append("long and long_over_cm need each other")
        return found

    def in_force(self, day: date) -> bool:
        """Tell whether the card counts on this day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    def covers(self, code: str, kind: NodeKind) -> bool:
        """Tell whether the node ships by this card."""
        return code in self.nodes or kind in self.kinds or not (self.nodes or self.kinds)


def _rises(values: Sequence[Decimal]) -> bool:
    return all(low < high for low, high in pairwise(values))
