"""Routing by trying everything: slow, plain, in Decimals.

It shares no code with `hub.routing` but the globe and the place where a rate card's straight line begins.

Lines of one SKU must differ in their restrictions or weights, and then none of them may be collected. The answer is the
best (most units, least cost) over every way to cut and place every line, the way `hub.routing.solve` defines best.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import cache
from itertools import product

from hub.model.node import Node, NodeKind
from hub.routing.carriage import Carriage
from hub.routing.distance import metres_between, vector
from hub.routing.offer import Offer
from hub.routing.problem import Problem, Want
from hub.routing.ratecard import RateCard
from hub.routing.rules import RoutingRules

MICRO = Decimal("0.000001")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Best:
    """The most units that can be filled, and the least that this costs."""

    units: Decimal
    cost: Decimal


def try_everything(problem: Problem, rules: RoutingRules, forced: tuple[str, str] | None = None) -> Best:
    """Return the best over all ways; `forced` (line, node) allows only ways that send that line whole from there."""
    world = World(problem, rules)
    ways = []
    for want in problem.wants:
        mine = world.ways(want)
        if forced is not None and want.line_id == forced[0]:
            mine = [way for way in mine if dict(way) == {forced[1]: want.quantity}]
        ways.append(mine)
    outcomes = [outcome for plan in product(*ways) if (outcome := world.outcome(plan)) is not None]
    return min(outcomes, key=lambda best: (-best.units, best.cost), default=Best(ZERO, ZERO))


class _Hashed:
    """A card as a key: by its name and its figures."""

    def __init__(self, card: RateCard) -> None:
        self.card = card
        self.text = card.model_dump_json()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


Way = tuple[tuple[str, Decimal], ...]


class World:
    """One problem under one set of rules: what each node has room for, what each part and parcel costs."""

    def __init__(self, problem: Problem, rules: RoutingRules) -> None:
        self.problem, self.rules = problem, rules
        self.offers = {(offer.node, offer.sku): offer for offer in problem.offers}
        self.complete = problem.ship_complete or rules.ship_complete
        limits = [limit for limit in (problem.max_splits, rules.max_splits) if limit is not None]
        self.most = min(limits) + 1 if limits else None

    def ways(self, want: Want) -> list[Way]:
        """Return every allowed way to fill a want, the empty one included."""
        rooms = [(node.code, *room) for node in self.nodes() if (room := self.room(want, node)) is not None]
        whole: list[Way] = [((code, want.quantity),) for code, low, high in rooms if low <= want.quantity <= high]
        if whole and want.pick_up_node is None and not (self.rules.split_lines and self.contested(want.sku)):
            return [(), *whole]
        cut = [way for way in self.cuts(rooms, want.quantity) if way]
        if not self.rules.partial_lines:
            cut = [way for way in cut if sum(part for _, part in way) == want.quantity]
        if not self.rules.split_lines:
            cut = [way for way in cut if len(way) == 1]
        return [(), *cut]

    def contested(self, sku: str) -> bool:
        """Tell whether several lines of the SKU could want the same units: then each of them may be cut."""
        wants = [want for want in self.problem.wants if want.sku == sku]
        total = sum(want.quantity for want in wants)
        return len(wants) > 1 and any(self.left(offer) < total for offer in self.problem.offers if offer.sku == sku)

    def left(self, offer: Offer) -> Decimal:
        return offer.available - self.rules.keep_back.get(self.problem.nodes.by_code[offer.node].kind, ZERO)

    def cuts(self, rooms: list[tuple[str, Decimal, Decimal]], wanted: Decimal) -> Iterator[Way]:
        if not rooms:
            yield ()
            return
        (code, low, high), *rest = rooms
        for part in range(max(0, int(min(high, wanted))) + 1):
            if part == 0 or part >= low:
                for others in self.cuts(rest, wanted - part):
                    yield ((code, Decimal(part)), *others) if part else others

    def nodes(self) -> list[Node]:
        return list(self.problem.nodes.by_code.values())

    def room(self, want: Want, node: Node) -> tuple[Decimal, Decimal] | None:
        offer = self.offers.get((node.code, want.sku))
        if offer is None or not node.active or node.code in want.excluded or not want.flags <= node.handles:
            return None
        if node.capacity_per_day is not None and self.problem.load.get(node.code, 0) >= node.capacity_per_day:
            return None
        if (self.rules.domestic_only and self.abroad(node)) or (want.pick_up_node is None and self.out_of_favour(node)):
            return None
        if want.pick_up_node is not None and (want.pick_up_node != node.code or not node.pick_up):
            return None
        too_late = self.rules.keep_promise and want.pick_up_node is None and self.days_late(self.km(node), offer) > 0
        if too_late or (offer.unit_cost is None and node.kind is NodeKind.SUPPLIER):
            return None
        return offer.minimum, self.left(offer)

    def out_of_favour(self, node: Node) -> bool:
        only_kinds, only_nodes, most = self.rules.only_kinds, self.rules.only_nodes, self.rules.max_km
        named = node.code in self.rules.never_nodes or (only_nodes and node.code not in only_nodes)
        if named or (only_kinds and node.kind not in only_kinds):
            return True
        known = node.code in self.problem.distances or (node.coordinates and self.problem.destination)
        return most is not None and (not known or self.km(node) > most)

    def abroad(self, node: Node) -> bool:
        here = node.address.country if node.address else None
        return here is not None and self.problem.country is not None and here != self.problem.country

    def outcome(self, plan: tuple[Way, ...]) -> Best | None:
        """Return what a plan fills and costs; None when a limit on the whole order forbids it."""
        units = sum((part for way in plan for _, part in way), ZERO)
        wants = list(zip(self.problem.wants, plan, strict=True))
        sent = {code for want, way in wants if want.pick_up_node is None for code, _ in way}
        handed = {code for want, way in wants if want.pick_up_node is not None for code, _ in way}
        if len({want.sku for want in self.problem.wants}) < len(wants) and not self.enough(wants):
            return None
        if self.most is not None and len(sent) > self.most:
            return None
        if self.complete and (len(sent) > 1 or units < sum(want.quantity for want in self.problem.wants)):
            return Best(ZERO, ZERO) if units == 0 else None
        cost = sum((self.part(want, code, part) for want, way in wants for code, part in way), ZERO)
        cost += sum((self.parcel(code, sent=True) + self.carried(code, wants) for code in sent), ZERO)
        cost += sum((self.parcel(code, sent=False) for code in handed), ZERO)
        return Best(units, cost + self.rules.split_penalty * max(0, len(sent) - 1))

    def enough(self, wants: list[tuple[Want, Way]]) -> bool:
        used: dict[tuple[str, str], Decimal] = {}
        for want, way in wants:
            for code, part in way:
                used[code, want.sku] = used.get((code, want.sku), ZERO) + part
        return all(part <= self.left(self.offers[key]) for key, part in used.items())

    def parcel(self, code: str, *, sent: bool) -> Decimal:
        node = self.problem.nodes.by_code[code]
        handling = node.costs.per_order + self.problem.nodes.fees.get(code, ZERO)
        freight = node.costs.freight_base + node.costs.freight_per_km * self.km(node)
        if self.card(node) is not None or code in self.problem.along:
            freight = ZERO
        return _micro(handling) + (_micro(freight) if sent else ZERO)

    def card(self, node: Node) -> RateCard | None:
        """Return the first card in force that names the node, its kind, or nothing."""
        for card in self.rules.rate_cards:
            first, last = card.valid_from or date.min, card.valid_until or date.max
            named = node.code in card.nodes or node.kind in card.kinds or (not card.nodes and not card.kinds)
            if named and first <= self.problem.at.date() <= last:
                return card
        return None

    def carried(self, code: str, wants: list[tuple[Want, Way]]) -> Decimal:
        """Return what the node's card takes for all that it sends, in the cheapest parcels."""
        node = self.problem.nodes.by_code[code]
        card = self.card(node)
        if card is None:
            return ZERO
        weighs = volume = ZERO
        for want, way in wants:
            part = dict(way).get(code, ZERO) if want.pick_up_node is None else ZERO
            unit, bulk = self.unit_kg(card, want)
            weighs += unit * part
            volume += bulk * part
        steps = int((max(weighs, volume) / card.round_up_kg).to_integral_value(ROUND_CEILING))
        return self.by_steps(node, card, steps) - (self.begins(node, card) if code in self.problem.along else ZERO)

    def begins(self, node: Node, card: RateCard) -> Decimal:
        """Return where the card's straight line begins; what goes along with another order does not pay it again."""
        zone = sum(1 for end in card.zones_km if self.km(node) > end)
        return Decimal(Carriage(card).starts[zone]) / 1_000_000

    def unit_kg(self, card: RateCard, want: Want) -> tuple[Decimal, Decimal]:
        """Return what a unit weighs by itself, and by its volume."""
        unit = (self.rules.unknown_weight_g if want.weight_g is None else want.weight_g) / 1000
        return unit, _volumetric(card, want, unit)

    def by_steps(self, node: Node, card: RateCard, steps: int) -> Decimal:
        """Return what so many steps of weight take by a card, in the cheapest parcels."""
        zone = sum(1 for end in card.zones_km if self.km(node) > end)
        if steps * card.round_up_kg <= card.steps_kg[-1]:
            return _parcel(card, zone, max(1, steps))
        return _cover(_Hashed(card), zone, steps)

    def part(self, want: Want, code: str, part: Decimal) -> Decimal:
        node, offer = self.problem.nodes.by_code[code], self.offers[code, want.sku]
        item = _micro(self.price(offer, part) * part)
        cost = item + _micro(node.costs.per_unit * part) + _micro(node.costs.per_line)
        if want.pick_up_node is not None:
            return cost + self.late(ZERO, offer)
        weight_g = self.rules.unknown_weight_g if want.weight_g is None else want.weight_g
        card = self.card(node)
        if card is None:
            cost += _micro(node.costs.freight_per_kg * weight_g * part / 1000)
        elif card.long_over_cm is not None and want.size is not None and max(want.size) > card.long_over_cm:
            cost += _micro(card.long * part)
        if self.abroad(node):
            cost += _micro(item * self.rules.duty_percent / 100)
        return cost + self.late(self.km(node), offer)

    def price(self, offer: Offer, part: Decimal) -> Decimal:
        if offer.unit_cost is None:
            known = [each.unit_cost for each in self.offers.values() if each.sku == offer.sku and each.unit_cost]
            return min(known, default=ZERO)
        reached = [each for each in sorted(offer.breaks) if each[0] <= part]
        return reached[-1][1] if reached else offer.unit_cost

    def late(self, km: Decimal, offer: Offer) -> Decimal:
        return self.days_late(km, offer) * self.rules.lateness_per_day

    def days_late(self, km: Decimal, offer: Offer) -> Decimal:
        if self.problem.promise_by is None:
            return ZERO
        transit_days = (km * 86_400 / self.rules.km_per_day).to_integral_value("ROUND_FLOOR") / 86_400
        gap = Decimal(int((self.problem.at - self.problem.promise_by).total_seconds())) / 86_400
        days = (gap + offer.lead_days + transit_days).quantize(MICRO).to_integral_value(ROUND_CEILING)
        return max(ZERO, days)

    def km(self, node: Node) -> Decimal:
        if node.code in self.problem.distances:
            return self.problem.distances[node.code]
        if node.coordinates is None or self.problem.destination is None:
            return self.rules.unknown_km
        return Decimal(metres_between(vector(node.coordinates), vector(self.problem.destination))) / 1000


def _micro(value: Decimal) -> Decimal:
    return value.quantize(MICRO, ROUND_HALF_UP)


def _volumetric(card: RateCard, want: Want, unit: Decimal) -> Decimal:
    """Return the kilograms of a unit by its volume, to the milligram; its own weight where volume does not count."""
    if card.divisor is None or want.size is None:
        return unit
    volume = Decimal(1)
    for side in want.size:
        volume *= math.ceil(side / card.round_up_cm) * card.round_up_cm if card.round_up_cm else side
    if volume <= card.cubic_over_cm3:
        return unit
    return (volume / card.divisor).quantize(MICRO, ROUND_CEILING)


@cache
def _cover(card: _Hashed, zone: int, steps: int) -> Decimal:
    """Return the cheapest parcels that hold so many steps of weight: the last parcel may hold any number of them."""
    most = int(card.card.steps_kg[-1] / card.card.round_up_kg)
    prices = [_parcel(card.card, zone, holds) for holds in range(1, most + 1)]
    costs = [ZERO]
    while len(costs) <= steps:
        costs.append(min(price + costs[max(0, len(costs) - holds)] for holds, price in enumerate(prices, 1)))
    return costs[steps]


def _parcel(card: RateCard, zone: int, steps: int) -> Decimal:
    """Return the price of one parcel that weighs so many steps: that of the first row which holds it."""
    weighs = steps * card.round_up_kg
    heavy = card.heavy if card.heavy_over_kg is not None and weighs > card.heavy_over_kg else ZERO
    rows = [row[zone] for limit, row in zip(card.steps_kg, card.prices, strict=True) if limit >= weighs]
    price = max(rows[0], card.minimum) * (1 + card.fuel_percent / 100)
    return _micro(price + card.per_parcel + heavy)
