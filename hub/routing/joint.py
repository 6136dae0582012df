"""The general model for one order: goods that may be cut, that compete for the same units, or that are simply many.

Each ask is met by tiers: room at one node between two quantities at one unit price. A price break starts another tier,
and a job that stays whole is a tier of one quantity. HiGHS chooses tiers and parcels: first the most units, then, with
those fixed, the least cost. The quantities are then worked out again in integers from the tiers that it chose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from hub.routing.candidates import Slot
from hub.routing.highs import Answer, Model
from hub.routing.offer import Offer
from hub.routing.scene import Good, Scene, Site
from hub.routing.tariff import GRAIN, MICRO, NANO, nano


@dataclass(frozen=True, slots=True)
class Tier:
    """Room at a node for `low` to `high` nano-units of a good: `base` plus `rate` a unit, in micro-units."""

    site: Site
    offer: Offer
    low: int
    high: int
    base: float
    rate: float


@dataclass(frozen=True, slots=True)
class Ask:
    """A quantity (nano-units) that the tiers may meet.

    `partly` when less than all of it is welcome, `single` when it must all come from one node.
    """

    good: Good
    nanos: int
    tiers: tuple[Tier, ...]
    partly: bool
    single: bool


@dataclass(frozen=True, slots=True)
class Asks:
    """Everything to be decided together.

    `parcels` is the cost of a parcel by node, in grains (zero where one goes anyway), `shared` the nano-units that
    competing goods find together by (node, SKU), `most` the number of parcels allowed.
    """

    asks: tuple[Ask, ...]
    parcels: Mapping[str, int]
    shared: Mapping[tuple[str, str], int]
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a solution takes at one node for one ask, in nano-units."""

    ask: int
    tier: Tier
    nanos: int


def whole_tier(scene: Scene, good: Good, code: str, nanos: int) -> Tier:
    """Return the tier of a job that leaves whole from this node."""
    site, offer = scene.at(good, code)
    return Tier(site, offer, nanos, nanos, float(scene.total(good, site, offer, nanos)), 0.0)


def tiers_of(scene: Scene, good: Good, slot: Slot) -> list[Tier]:
    """Return the slot's room by price: one tier for each price that its range of quantities reaches."""
    steps = sorted({nano(minimum) for minimum, _ in slot.offer.breaks if slot.low < nano(minimum) <= slot.high})
    cuts = [-(-each // good.step) * good.step for each in steps]
    lows = [max(slot.low, good.step), *cuts]
    highs = [*(each - good.step for each in cuts), slot.high]
    return [_tier(scene, good, slot, low, high) for low, high in zip(lows, highs, strict=True) if low <= high]


def _tier(scene: Scene, good: Good, slot: Slot, low: int, high: int) -> Tier:
    least, most = (scene.total(good, slot.site, slot.offer, nanos) for nanos in (low, high))
    rate = (most - least) / (high - low) * NANO if high > low else 0.0
    return Tier(slot.site, slot.offer, low, high, least - rate * low / NANO, rate)


# --- the model -------------------------------------------------------------------------------------------------------


def best(asks: Asks, branches: int) -> tuple[list[Taken], bool]:
    """Return what to take for the most units at the least cost, and whether that is proven within so many branches.

    Without proof the answer may be empty: the search found none, or none that holds in whole numbers.
    """
    choice, proven = _Choice(asks), True
    model = choice.model
    most = sum(ask.nanos for ask in asks.asks)
    if asks.most is not None or asks.shared or any(_may_miss(ask) for ask in asks.asks):
        answer = model.minimise([-units for units in choice.units], branches)
        filled = choice.read(answer)
        proven = answer.proven and filled is not None
        most = sum(taken.nanos for taken in filled or ())
    model.row(most / NANO, inf, [(column, units) for column, units in enumerate(choice.units) if units])
    answer = model.minimise([cost / MICRO for cost in choice.costs], branches)
    found = choice.read(answer)
    return found or [], proven and answer.proven and found is not None


def _may_miss(ask: Ask) -> bool:
    """Return whether least quantities could leave a part of the ask unmet."""
    return any(ask.good.step < tier.low < ask.nanos for tier in ask.tiers)


class _Choice:
    """The asks as columns and rows; `units` and `costs` are the two objectives, a figure for each column."""

    def __init__(self, asks: Asks) -> None:
        self.asks = asks
        self.model = Model()
        self.units: list[float] = []
        self.costs: list[float] = []
        self.chosen: list[tuple[int, Tier, int, int | None]] = []
        self._parcel = {code: self._column(cost=cost / GRAIN) for code, cost in asks.parcels.items()}
        for number, ask in enumerate(asks.asks):
            self._ask(number, ask)
        for (code, sku), nanos in asks.shared.items():
            self.model.row(-inf, nanos / NANO, self._quantities(code, sku))
        if asks.most is not None:
            self.model.row(-inf, asks.most, [(column, 1.0) for column in self._parcel.values()])

    def _column(self, *, cost: float = 0.0, units: float = 0.0, upper: float = 1.0, whole: bool = True) -> int:
        self.costs.append(cost)
        self.units.append(units)
        return self.model.column(upper, whole=whole)

    def _ask(self, number: int, ask: Ask) -> None:
        met: list[tuple[int, float]] = []
        by_code: dict[str, list[tuple[int, float]]] = {}
        for tier in ask.tiers:
            taken, amount = self._tier(number, tier)
            by_code.setdefault(tier.site.code, []).append((taken, 1.0))
            met.append(amount)
        for code, columns in by_code.items():
            self.model.row(-inf, 0.0, [*columns, (self._parcel[code], -1.0)])
        if ask.single:
            self.model.row(-inf, 1.0, [each for columns in by_code.values() for each in columns])
        if ask.partly:
            self.model.row(0.0, ask.nanos / NANO, met)
        else:
            self.model.row(0.0, 0.0, [*met, (self._column(), -ask.nanos / NANO)])

    def _tier(self, number: int, tier: Tier) -> tuple[int, tuple[int, float]]:
        """Add a tier; returns its yes-or-no column and the term that is its quantity in units."""
        low, high = tier.low / NANO, tier.high / NANO
        if tier.low == tier.high:
            yes = self._column(cost=tier.base + tier.rate * high, units=high)
            self.chosen.append((number, tier, yes, None))
            return yes, (yes, high)
        yes = self._column(cost=tier.base)
        amount = self._column(cost=tier.rate, units=1.0, upper=high, whole=False)
        self.model.row(0.0, inf, [(amount, 1.0), (yes, -low)])
        self.model.row(-inf, 0.0, [(amount, 1.0), (yes, -high)])
        self.chosen.append((number, tier, yes, amount))
        return yes, (amount, 1.0)

    def _quantities(self, code: str, sku: str) -> list[tuple[int, float]]:
        return [
            (yes, tier.high / NANO) if amount is None else (amount, 1.0)
            for number, tier, yes, amount in self.chosen
            if tier.site.code == code and self.asks.asks[number].good.sku == sku
        ]

    def read(self, answer: Answer) -> list[Taken] | None:
        """Return what the answer takes, in integers; None when there is none or it does not hold exactly."""
        values = answer.values
        if not values:
            return None
        rough: dict[int, list[Taken]] = {}
        for number, tier, yes, amount in self.chosen:
            if values[yes] > 0.5:
                step = self.asks.asks[number].good.step
                nanos = tier.high if amount is None else round(values[amount] * NANO / step) * step
                rough.setdefault(number, []).append(Taken(number, tier, nanos))
        found = [taken for number, each in rough.items() for taken in self._exactly(self.asks.asks[number], each)]
        return found if holds(self.asks, found) else None

    def _exactly(self, ask: Ask, rough: list[Taken]) -> list[Taken]:
        """Return the same tiers filled from the cheapest up; competing goods keep what the model gave them."""
        if any((taken.tier.site.code, ask.good.sku) in self.asks.shared for taken in rough):
            return rough
        left = ask.nanos - sum(taken.tier.low for taken in rough)
        filled = []
        for taken in sorted(rough, key=lambda each: (each.tier.rate, each.tier.site.code)):
            more = max(0, min(left, taken.tier.high - taken.tier.low))
            left -= more
            filled.append(Taken(taken.ask, taken.tier, taken.tier.low + more))
        return filled


def holds(asks: Asks, found: Iterable[Taken]) -> bool:
    """Tell whether a solution keeps every limit exactly."""
    met: dict[int, int] = {}
    used: dict[tuple[str, str], int] = {}
    codes = set()
    for taken in found:
        if not taken.tier.low <= taken.nanos <= taken.tier.high:
            return False
        met[taken.ask] = met.get(taken.ask, 0) + taken.nanos
        key = (taken.tier.site.code, asks.asks[taken.ask].good.sku)
        used[key] = used.get(key, 0) + taken.nanos
        codes.add(taken.tier.site.code)
    whole = all(
        nanos <= asks.asks[number].nanos if asks.asks[number].partly else nanos == asks.asks[number].nanos
        for number, nanos in met.items()
    )
    enough = all(used.get(key, 0) <= nanos for key, nanos in asks.shared.items())
    return whole and enough and (asks.most is None or len(codes) <= asks.most)
