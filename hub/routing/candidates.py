"""Which nodes may take a good, and the first hard rule against each that may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from hub.model.node import NodeKind
from hub.model.number import plain
from hub.routing.offer import Offer
from hub.routing.scene import Good, Scene, Site
from hub.routing.shelf import PriceList, Shelf
from hub.routing.tariff import GRAIN, NANO, units

HALF_NANO = NANO // 2
#: Every hard rule by the name that stands in an explanation, in the order in which they are looked at.
RULES: Mapping[str, str] = {
    "offer": "does not carry it",
    "inactive": "is switched off",
    "capacity": "has all the orders it can take today",
    "country": "is in another country",
    "nodes": "may not ship this order by the rules",
    "distance": "is too far away by the rules",
    "excluded": "refused this line before",
    "pick-up": "the customer collects elsewhere",
    "capability": "may not handle it",
    "price": "has no price for it",
    "promise": "cannot deliver by the promised date",
    "stock": "has too little",
    "minimum": "sells only larger quantities",
    "incomplete": "less of the order could be filled",
}


_ONLY_FOR_PARCELS = frozenset({"nodes", "distance"})


@dataclass(frozen=True, slots=True)
class Slot:
    """Room at one node for a part of a good: from `low` to `high` nano-units."""

    site: Site
    offer: Offer
    low: int
    high: int


def barred(scene: Scene, good: Good, site: Site, offer: Offer) -> str:
    """Return the rule that forbids the node to send any of the good; empty when it may, if it has enough."""
    # where a customer collects, the customer has chosen
    if site.rule and not (site.code == good.pick_up_node and site.rule in _ONLY_FOR_PARCELS):
        return site.rule
    if site.code in good.excluded:
        return "excluded"
    if good.pick_up_node is not None and (site.code != good.pick_up_node or not site.tariff.pick_up):
        return "pick-up"
    if good.flags and not good.flags <= site.tariff.handles:
        return "capability"
    if offer.price is None and site.tariff.kind is NodeKind.SUPPLIER:
        return "price"
    return "promise" if good.pick_up_node is None and scene.breaks_promise(site, offer) else ""


def rule_against(scene: Scene, good: Good, code: str) -> str:
    """Return the first rule that keeps the node from sending the whole good; empty when none does."""
    offer = scene.stock[good.sku].get(code)
    if offer is None:
        return "offer"
    site = scene.site(code)
    rule = barred(scene, good, site, offer)
    if rule:
        return rule
    if scene.have(site, offer) < good.nanos:
        return "stock"
    return "minimum" if offer.least > good.nanos else ""


def prices(scene: Scene, good: Good) -> PriceList:
    """Return what the whole good costs at each node that may send it, and has it."""
    shelf = scene.problem.shelves.get(good.sku)
    if shelf is None:
        return PriceList({}, scene.leasts)
    if good.pick_up_node is not None or not scene.timeless:
        return _of_this_order(scene, good, shelf)
    key = (scene.rules.hash, scene.in_force, scene.problem.country, good.nanos, good.weight, good.size)
    found = shelf.listed(key)
    if found is None:
        found = shelf.keep(key, _of_any_order(scene, good, shelf), good.nanos, scene.terms.keep_back)
    if scene.closed or good.excluded:
        found = found.without(scene.closed | good.excluded)
    if good.flags:
        found = found.without({code for code in found.costs if not good.flags <= shelf.tariffs[code].handles})
    if scene.taken:
        found = found.without({code for code in found.costs if scene.have(*scene.at(good, code)) < good.nanos})
    return found


def _of_this_order(scene: Scene, good: Good, shelf: Shelf) -> PriceList:
    """Return the price list that holds for this order alone."""
    nanos = good.nanos
    costs: dict[str, int] = {}
    for code, offer in shelf.by_node.items():
        site = scene.site(code)
        if offer.least <= nanos <= scene.have(site, offer) and not barred(scene, good, site, offer):
            costs[code] = scene.total(good, site, offer, nanos) * GRAIN
    return PriceList(costs, scene.leasts)


def _of_any_order(scene: Scene, good: Good, shelf: Shelf) -> PriceList:
    """Return the price list for every order of this quantity from this country, whatever else an order restricts.

    Written out for speed, whole units at an unconditional price above all: looking at offers is most of what routing
    does. `Scene.total` is the same sum.
    """
    costs: dict[str, int] = {}
    cards = scene.cards
    tariffs, keep_back, home = shelf.tariffs, scene.terms.keep_back, scene.problem.country
    nanos, load = good.nanos, good.milligrams
    pieces, odd = divmod(nanos, NANO)
    for code, offer in shelf.by_node.items():
        if offer.stock < nanos or offer.least > nanos:
            continue
        price, tariff = offer.price, tariffs[code]
        if not tariff.ever_open or (keep_back and offer.stock - keep_back.get(tariff.kind, 0) < nanos):
            continue
        special = odd or offer.breaks or offer.dear
        if special or price is None or (home is not None and tariff.country not in (None, home)):
            site = scene.site(code)
            if not _never(scene, site, offer):
                costs[code] = scene.total(good, site, offer, nanos) * GRAIN
            continue
        cost = tariff.line + (price * pieces + 500) // 1000
        if tariff.per_unit:
            cost += (tariff.per_unit * pieces + 500) // 1000
        card = None if cards is None else cards[code]
        if card is not None:
            cost += card.along(load) + card.for_long(good.size, nanos)
        elif tariff.per_kg:
            cost += (tariff.per_kg * load + HALF_NANO) // NANO
        costs[code] = cost * GRAIN
    return PriceList(costs, scene.leasts)


def _never(scene: Scene, site: Site, offer: Offer) -> bool:
    """Tell whether the node is out for every order of this kind: no price, or goods that may not cross the border."""
    unpriced = offer.price is None and site.tariff.kind is NodeKind.SUPPLIER
    return unpriced or (site.abroad and scene.rules.domestic_only)


def slots(scene: Scene, good: Good) -> list[Slot]:
    """Return the nodes that may send a part of the good, by code, with the least and the most of each."""
    found = []
    for code, offer in sorted(scene.stock[good.sku].items()):
        site = scene.site(code)
        if barred(scene, good, site, offer):
            continue
        high = min(scene.have(site, offer), good.nanos) // good.step * good.step
        low = -(-offer.least // good.step) * good.step
        if high > 0 and low <= high:
            found.append(Slot(site, offer, low, high))
    return found


def detail_of(scene: Scene, good: Good, code: str, rule: str) -> str:
    """Return the rule in a person's words, with the figures that made it bind."""
    told = _DETAILS.get(rule)
    if told is None or (rule == "pick-up" and code != good.pick_up_node):
        return RULES[rule]
    return told(scene, good, *scene.at(good, code))


def _too_little(scene: Scene, good: Good, site: Site, offer: Offer) -> str:
    return f"has {plain(units(max(0, scene.have(site, offer))))} of {plain(units(good.nanos))}"


def _too_late(scene: Scene, _good: Good, site: Site, offer: Offer) -> str:
    """Return when a parcel would come and when it must be there; with the hour where both are of one day."""
    problem = scene.problem
    arrives = problem.at + timedelta(seconds=scene.after_s(site, offer, collected=False))
    promised = problem.promise_by or arrives
    form = "%Y-%m-%d" if arrives.date() != promised.date() else "%Y-%m-%d %H:%M UTC"
    return f"would arrive on {arrives:{form}}, promised by {promised:{form}}"


_DETAILS: Mapping[str, Callable[[Scene, Good, Site, Offer], str]] = {
    "stock": _too_little,
    "promise": _too_late,
    "minimum": lambda _scene, _good, _site, offer: f"sells no less than {plain(offer.minimum)}",
    "capability": lambda _scene, good, site, _: f"may not handle {', '.join(sorted(good.flags - site.tariff.handles))}",
    "pick-up": lambda *_: "does not hand goods over to customers",
}
