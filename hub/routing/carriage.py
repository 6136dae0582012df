"""A rate card in whole numbers: what any weight costs over any distance, and bounds that the programmes lean on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal

from hub.routing.ratecard import RateCard
from hub.routing.tariff import GRAIN, NANO, Tariffs, micro, nano, times

#: Milligrams in a kilogram.
_KG = 1_000_000
#: Above so many steps of weight the rest goes in parcels of the best price for their weight.
_MOST_STEPS = 20_000

#: So many sizes of goods are remembered with the weight of their volume.
_MOST_SIZES = 10_000

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
        self._long = nano(card.long)
        self._by_volume: dict[tuple[Size, int], int] = {}
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
        if self.card.divisor is None or size is None:
            return weight
        found = self._by_volume.get((size, weight))
        if found is None:
            if len(self._by_volume) >= _MOST_SIZES:
                self._by_volume.clear()
            found = self._by_volume[size, weight] = self._volume_weight(size, weight, self.card.divisor)
        return found

    def _volume_weight(self, size: Size, weight: int, divisor: Decimal) -> int:
        card = self.card
        length, width, height = (_up(side, card.round_up_cm) for side in size)
        volume = length * width * height
        if volume <= card.cubic_over_cm3:
            return weight
        return int((volume * _KG / divisor).to_integral_value(ROUND_CEILING))

    def for_long(self, size: Size | None, nanos: int) -> int:
        """Return what the card adds for nano-units of goods of this size."""
        limit = self.card.long_over_cm
        return times(self._long, nanos) if limit is not None and size is not None and max(size) > limit else 0


def _up(value: Decimal, multiple: Decimal) -> Decimal:
    return (value / multiple).to_integral_value(ROUND_CEILING) * multiple if multiple else value


class CardBook(dict[str, Carriage | None]):
    """The card that each node of a network ships by, out of those in force, looked up when it is first asked for.

    `leasts` are what a parcel from each node costs at the least, in grains.
    """

    def __init__(self, cards: Sequence[Carriage], tariffs: Tariffs) -> None:
        super().__init__()
        self._cards = cards
        self.tariffs = tariffs
        self.leasts: Mapping[str, int] = _Leasts(self)

    def __missing__(self, code: str) -> Carriage | None:
        kind = self.tariffs[code].kind
        card = self[code] = next((each for each in self._cards if each.card.covers(code, kind)), None)
        return card


class _Leasts(dict[str, int]):
    def __init__(self, book: CardBook) -> None:
        super().__init__()
        self._book = book

    def __missing__(self, code: str) -> int:
        card, tariffs = self._book[code], self._book.tariffs
        least = tariffs.leasts[code] if card is None else (tariffs[code].handling + card.least) * GRAIN
        self[code] = least
        return least
