"""What a partner believes that it owes: one row a line of every order file it took, however often it came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sandbox.robots.files import OrderedLine


@dataclass(slots=True)
class Holding:
    """One line that a partner holds: `held` is what it still means to ship or has shipped of what was asked."""

    partner: str
    asked: OrderedLine
    held: int
    shipped: int = 0
    shipments: tuple[str, ...] = ()

    def row(self) -> dict[str, object]:
        """Return the row that the auditor sees."""
        return {
            "partner": self.partner,
            "document": self.asked.po,
            "order": self.asked.order,
            "line": self.asked.order_line,
            "sku": self.asked.sku,
            "quantity": self.held,
            "shipped": self.shipped,
            "shipments": list(self.shipments),
        }


@dataclass(slots=True)
class Book:
    """All holdings of all partners, in the order in which they came."""

    holdings: list[Holding] = field(default_factory=list)
    _numbers: set[tuple[str, str]] = field(default_factory=set)

    def enter(self, partner: str, lines: list[OrderedLine]) -> tuple[list[Holding], bool]:
        """Write down the lines of a file; also returns whether its number is new to this partner."""
        numbers = {(partner, line.po) for line in lines}
        fresh = not numbers & self._numbers
        self._numbers |= numbers
        entered = [Holding(partner, line, line.quantity) for line in lines]
        self.holdings += entered
        return entered, fresh

    def of(self, partner: str, number: str) -> list[Holding]:
        """Return what a partner holds of an order."""
        return [each for each in self.holdings if (each.partner, each.asked.po) == (partner, number)]

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield every holding as the auditor sees it."""
        return (holding.row() for holding in self.holdings)

    def single_line_numbers(self) -> list[str]:
        """Return the order numbers that hold exactly one line, in the order in which they came."""
        numbers = [holding.asked.po for holding in self.holdings if holding.held]
        return [number for number in dict.fromkeys(numbers) if numbers.count(number) == 1]

    def remove(self, number: str) -> int:
        """Lose an order, as a careless clerk would; returns how many lines went."""
        left = [holding for holding in self.holdings if holding.asked.po != number]
        gone = len(self.holdings) - len(left)
        self.holdings = left
        return gone

    def copy(self, number: str) -> int:
        """Enter an order a second time; returns how many lines came."""
        again = [replace(holding) for holding in self.holdings if holding.asked.po == number]
        self.holdings += again
        return len(again)
