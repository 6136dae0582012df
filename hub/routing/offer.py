"""What one node has of one SKU, and what a unit of it costs there."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hub.routing.tariff import nano


@dataclass(frozen=True, slots=True)
class Offer:
    """What one node has of one SKU: units that may be promised and the cost of one, in the hub's currency.

    `breaks` are (from this quantity on, each unit costs this much): the price is chosen for the quantity that the node
    gets. `unit_cost` None means unknown: a supplier without a price cannot be bought from; own stock is then worth what
    it costs to replace, the lowest price known for the SKU (nothing when none is known).
    `minimum` is the least quantity that the node sells. `worth` is what a unit is worth to other orders (a shadow price
    of a batch): it counts when nodes are compared, and is no part of the landed cost. Numbers have at most nine
    decimals; `stock`, `price`, `least` and `dear` are the same in nano-units, worked out once because every order of
    the SKU compares them.
    """

    node: str
    sku: str
    available: Decimal
    unit_cost: Decimal | None
    breaks: tuple[tuple[Decimal, Decimal], ...] = ()
    minimum: Decimal = Decimal(0)
    lead_days: int = 0
    worth: Decimal = Decimal(0)
    stock: int = field(init=False, repr=False, compare=False)
    price: int | None = field(init=False, repr=False, compare=False)
    least: int = field(init=False, repr=False, compare=False)
    dear: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stock", nano(self.available))
        object.__setattr__(self, "price", None if self.unit_cost is None else nano(self.unit_cost))
        object.__setattr__(self, "least", nano(self.minimum) if self.minimum else 0)
        object.__setattr__(self, "dear", nano(self.worth) if self.worth else 0)
