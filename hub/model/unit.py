"""Units: how many of our selling unit one of a partner's units holds."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hub.model.base import Record, SomeQuantity


class UnknownUnit(LookupError):
    """A partner wrote a unit that its mapping file does not list."""

    def __init__(self, unit: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unit {unit!r} unknown; known: {', '.join(known) or 'none'}")
        self.unit = unit


class Units(Record):
    """A partner's units, each with its content in ours: `{"EA": 1, "CS": 12}`."""

    contents: Mapping[str, SomeQuantity] = {}

    def inward(self, quantity: Decimal, unit: str) -> Decimal:
        """Return the partner's quantity in our selling units."""
        return quantity * self._content(unit)

    def outward(self, quantity: Decimal, unit: str) -> Decimal:
        """Return our quantity in the partner's unit; refuse one that does not come out even."""
        content = self._content(unit)
        if quantity % content:
            raise ValueError(f"{quantity} is not a whole number of {unit} (one holds {content})")
        return quantity / content

    def _content(self, unit: str) -> Decimal:
        try:
            return self.contents[unit]
        except KeyError:
            raise UnknownUnit(unit, tuple(self.contents)) from None
