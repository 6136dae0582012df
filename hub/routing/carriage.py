"""A rate card in whole numbers: what any weight costs over any distance, and bounds that the programmes lean on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from hub.model.node import NodeKind
from hub.routing.ratecard import RateCard
from hub.routing.tariff import NANO, micro, nano

#: Milligrams in a kilogram.
_KG = 1_000_000
#: Above so many steps of weight the rest goes in parcels of the best price for their weight.
_MOST_STEPS = 20_000

#: Centimetres: length, width, height.
Size = tuple[Decimal, Decimal, Decimal]


class Carriage:
    """One rate card. Amounts are micro-units, weights milligrams, distances metres, zones counted from zero.

    `slope` (nano-units a kilogram) and `start(zone)` make a straight line that no cost lies below, whatever the weight.
    """

    def __init__(self, card: RateCard) -> None:
        self.card = card
        self.grid = max(1, int(card.round_up_kg * _KG))
        self._ends = [int(km * 1000) for km in card.zones_km]
        self._parcels = [self._of_zone(zone) for zone in range(len(card.zones_km) + 1)]
        self._costs: list[list[int]] = [[0] for _ in self._parcels]
        self._singles = [self._of_one(zone) for zone in range(len(self._parcels))]
        self.slope = min(
            price * 1000 * _KG // (steps * self.grid) for parcels in self._parcels for steps, price in parcels
        )
        self.starts = [self._start(zone) for zone in range(len(self._parcels))]
        self.least = min(self.starts)

    def _of_zone(self, zone: int) -> list[tuple[int, int]]:
        """Return the parcels there are: steps of weight that one holds, and its price with all that comes on it."""
        card = self.card
        found, before = [], Decimal(0)
        for limit, row in zip(card.steps_kg, card.prices, strict=True):
            price = max(row[zone], card.minimum) * (1 + card.fuel_percent / 100) + card.per_parcel
            if card.heavy_over_kg is not None and before < card.heavy_over_kg < limit:
                found.append((int(card.heavy_over_kg * _KG) // self.grid, micro(nano(price))))
            heavy = card.heavy if card.heavy_over_kg is not None and limit > card.heavy_over_kg else 0
            found.append((int(limit * _KG) // self.grid, micro(nano(price + heavy))))
            before = limit
        return [each for each in found if each[0]]

    def _of_one(self, zone: int) -> list[int]:
        """Return what one parcel costs by its steps of weight, as far as the card goes."""
        prices = [0]
        for holds, price in self._parcels[zone]:
            prices += [price] * (holds + 1 - len(prices))
        return prices

    def _start(self, zone: int) -> int:
        """Return how low the straight line must begin: its gap to the cost is least just before a parcel is full."""
        most = max(steps for steps, _ in self._parcels[zone])
        costs = self._covered(zone, most)
        return max(0, min(costs[steps] - self.along(steps * self.grid) - 1 for steps in range(1, most + 1)))

    def zone(self, metres: int) -> int:
        """Return the zone at this distance; a zone ends where it says, inclusive."""
        return bisect_left(self._ends, metres)

    def along(self, load: int) -> int:
        """Return what the straight line rises over this weight, rounded down."""
        return self.slope * load // NANO

    def cost(self, zone: int, load: int) -> int:
        """Return what it costs to send this billable weight (before rounding up) to the zone.

        It goes in one parcel up to the last weight of the card, and above that in the cheapest parcels that hold it.
        """
        steps = max(1, -(-load // self.grid))
        singles = self._singles[zone]
        if steps < len(singles):
            return singles[steps]
        parcels = self._parcels[zone]
        extra = 0
        if steps > _MOST_STEPS:
            holds, price = min(parcels, key=lambda each: each[1] / each[0])
            number = -(-(steps - _MOST_STEPS) // holds)
            steps, extra = max(1, steps - number * holds), number * price
        return extra + self._covered(zone, steps)[steps]

    def _covered(self, zone: int, steps: int) -> list[int]:
        """Return what the cheapest parcels cost that hold any number of steps of weight up to this one."""
        costs, parcels = self._costs[zone], self._parcels[zone]
        while len(costs) <= steps:
            here = len(costs)
            costs.append(min([price + costs[max(0, here - holds)] for holds, price in parcels]))
        return costs

    def by_volume(self, size: Size | None, weight: int) -> int:
        """Return the milligrams that a unit weighs by its volume; its own weight where volume does not count."""
        card = self.card
        if card.divisor is None or size is None:
            return weight
        length, width, height = (_up(side, card.round_up_cm) for side in size)
        volume = length * width * height
        if volume <= card.cubic_over_cm3:
            return weight
        return int((volume * _KG / card.divisor).to_integral_value(ROUND_CEILING))

    def long(self, size: Size | None) -> int:
        """Return in nano-units what the card adds for a unit of this size."""
        limit = self.card.long_over_cm
        return nano(self.card.long) if limit is not None and size is not None and max(size) > limit else 0


def _up(value: Decimal, multiple: Decimal) -> Decimal:
    return (value / multiple).to_integral_value(ROUND_CEILING) * multiple if multiple else value


def chosen(cards: Sequence[Carriage], code: str, kind: NodeKind) -> Carriage | None:
    """Return the first of the cards that the node ships by."""
    return next((each for each in cards if each.card.covers(code, kind)), None)
