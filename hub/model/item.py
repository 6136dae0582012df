"""Items we sell, and what a supplier says of them in its catalogue."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field
from stdnum import ean

from hub.model.base import Code, Moment, Quantity, Record, SomeQuantity, Text
from hub.model.money import Currency, Money


def _checked_gtin(value: str) -> str:
    digits = value.replace(" ", "").replace("-", "")
    if not digits.isascii() or not ean.is_valid(digits):  # python-stdnum takes digits of other scripts too
        raise ValueError(f"{value!r} is not a GTIN: its length or its check digit is wrong")
    return digits


#: A GTIN-8, -12, -13 or -14 with a right check digit (checked by python-stdnum).
Gtin = Annotated[str, AfterValidator(_checked_gtin)]


class ItemFlag(StrEnum):
    """What a node or carrier must be able to handle before it may take an item."""

    HAZMAT = "hazmat"
    OVERSIZE = "oversize"
    COLD = "cold"
    FRAGILE = "fragile"


class Dimensions(Record):
    """The packed size in centimetres."""

    length_cm: Quantity
    width_cm: Quantity
    height_cm: Quantity

    @property
    def volume_cm3(self) -> Decimal:
        """Return the volume in cubic centimetres."""
        return self.length_cm * self.width_cm * self.height_cm


class Item(Record):
    """One thing we sell, by our own SKU; the weight is grams a selling unit."""

    sku: Code
    name: Text = ""
    gtin: Gtin | None = None
    weight_g: Quantity | None = None
    dimensions: Dimensions | None = None
    flags: frozenset[ItemFlag] = frozenset()
    cost: Annotated[Money | None, Field(description="what one unit in our own stock cost us")] = None
    active: bool = True


class PriceBreak(Record):
    """From this quantity on, each unit costs this much."""

    minimum: Annotated[SomeQuantity, Field(description="from this quantity on")]
    price: Annotated[Quantity, Field(description="price of one unit then")]


class CatalogueEntry(Record):
    """One row of a supplier's catalogue: its SKU for ours, its price, minimum and lead time."""

    sku: Code
    supplier_sku: Code | None = None
    name: Text = ""
    gtin: Gtin | None = None
    price: Quantity
    currency: Currency | None = None
    breaks: tuple[PriceBreak, ...] = ()
    minimum: Annotated[Quantity, Field(description="the least quantity the supplier sells")] = Decimal(1)
    lead_days: Annotated[int, Field(ge=0, le=730)] = 0
    weight_g: Quantity | None = None
    active: bool = True
    as_of: Moment | None = None

    def price_for(self, quantity: Decimal, currency: str) -> Money:
        """Return the price of one unit when this many are bought; `currency` is the partner's default."""
        price = self.price
        for step in sorted(self.breaks, key=lambda each: each.minimum):
            if quantity >= step.minimum:
                price = step.price
        return Money(amount=price, currency=self.currency or currency)
