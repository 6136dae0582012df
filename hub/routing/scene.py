"""A problem made ready for arithmetic: goods in whole numbers, and what each node means to this one customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from hub.model.item import ItemFlag
from hub.routing.arrival import DAY_S, Arrivals
from hub.routing.carriage import CardBook, Carriage, Size
from hub.routing.distance import metres_between, vector
from hub.routing.offer import Offer
from hub.routing.problem import Problem, Want
from hub.routing.rules import RoutingRules
from hub.routing.tariff import GRAIN, NANO, Tariff, by_weight, nano, times


@dataclass(slots=True, eq=False)
class Good:
    """The wants of one SKU under the same restrictions, routed as one; `weight` is milligrams a unit."""

    wants: tuple[Want, ...]
    sku: str
    nanos: int
    weight: int
    flags: frozenset[ItemFlag]
    excluded: frozenset[str]
    pick_up_node: str | None
    size: Size | None

    @property
    def milligrams(self) -> int:
        """Return what all of it weighs."""
        return self.weight * self.nanos // NANO

    @property
    def step(self) -> int:
        """Return the smallest amount a part is cut to: a whole unit when whole units are wanted."""
        return 1 if self.nanos % NANO else NANO


@dataclass(slots=True, eq=False)
class Site:
    """A node as this customer meets it: the rule that closes it, the distance, a parcel's freight before its weight.

    With a rate card, `freight` is where its straight line begins in this zone; `Scene.excess` is what comes on top.
    """

    code: str
    tariff: Tariff
    rule: str
    metres: int
    distance_known: bool
    abroad: bool
    keep_back: int
    freight: int
    card: Carriage | None
    zone: int


class Parts(NamedTuple):
    """The costs, in micro-units, that a quantity of one good brings with it at one node."""

    item: int
    handling: int
    freight: int
    duty: int
    lateness: int


class Scene:
    """One problem under one set of rules; sites are worked out when an offer first touches them.

    `stock` holds the offers by SKU and node. `step` (grains) is what every parcel costs besides its node's own tariff.
    `cards` are the rate cards by node, out of those `in_force` (numbers in the rules), `leasts` what a parcel from a
    node costs at the least, in grains by code.
    `closed` are the nodes that have all the orders they can take today. `taken` are nano-units that customers collect,
    gone for the rest of the order. `forced` (node by line) asks what if: the good of that line leaves whole from there.
    """

    __slots__ = (
        "_arrivals",
        "_here",
        "_late_s",
        "_parcels",
        "_place",
        "_replacement",
        "cards",
        "closed",
        "forced",
        "in_force",
        "leasts",
        "problem",
        "rules",
        "sites",
        "step",
        "stock",
        "taken",
        "terms",
    )

    def __init__(self, problem: Problem, rules: RoutingRules, forced: Mapping[str, str] | None = None) -> None:
        self.problem = problem
        self.rules = rules
        self.terms = rules.terms
        self.step = self.terms.split * GRAIN + 1
        self.forced = forced or {}
        self.taken: dict[tuple[str, str], int] = {}
        self.sites: dict[str, Site] = {}
        self.in_force: tuple[int, ...] = ()
        self.cards: CardBook | None = None
        self.leasts = problem.nodes.tariffs.leasts
        if rules.rate_cards:
            self._take_cards()
        if problem.along:
            self.leasts = _Along(problem, self.leasts)
        shelves = problem.shelves
        self.stock: Mapping[str, Mapping[str, Offer]] = {
            want.sku: shelves[want.sku].by_node if want.sku in shelves else {} for want in problem.wants
        }
        self.closed = _closed(problem) if problem.load else frozenset()
        self._parcels: dict[str, int] = {}
        self._replacement: dict[str, int] = {}
        self._place = vector(problem.destination) if problem.destination else None
        self._here = None if problem.distances else self._place
        self._arrivals = Arrivals(problem, rules)
        promise = problem.promise_by
        self._late_s = None if promise is None else int((problem.at - promise).total_seconds())
        if rules.choosy:
            tariffs = problem.nodes.tariffs
            self.closed |= {code for code in problem.nodes.by_code if self._forbidden(tariffs[code])}

    def _take_cards(self) -> None:
        """Take the book of the rate cards in force; the orders of a network and a day share it."""
        day = self.problem.at.date()
        every = self.rules.carriages
        self.in_force = tuple(number for number, each in enumerate(every) if each.card.in_force(day))
        cards = [every[number] for number in self.in_force]
        if cards:
            tariffs, key = self.problem.nodes.tariffs, (self.rules.hash, self.in_force)
            book = tariffs.books.get(key)
            self.cards = book if isinstance(book, CardBook) else CardBook(cards, tariffs)
            tariffs.books[key] = self.cards
            self.leasts = self.cards.leasts

    @property
    def ship_complete(self) -> bool:
        """Return whether one node must ship everything."""
        return self.problem.ship_complete or self.rules.ship_complete

    @property
    def most_parcels(self) -> int | None:
        """Return the largest number of parcels allowed; None when there is no limit."""
        mine, ours = self.problem.max_splits, self.rules.max_splits
        if mine is None or ours is None:
            most = ours if mine is None else mine
            return None if most is None else most + 1
        return min(mine, ours) + 1

    @property
    def timeless(self) -> bool:
        """Return whether neither a promise nor company makes what goods cost depend on this one order."""
        return self._late_s is None and not self.problem.along

    def site(self, code: str) -> Site:
        """Return a node of the network as this customer meets it."""
        found = self.sites.get(code)
        return self._met(code) if found is None else found

    def at(self, good: Good, code: str) -> tuple[Site, Offer]:
        """Return a node and what it offers of the good; the offer must be there."""
        return self.site(code), self.stock[good.sku][code]

    def have(self, site: Site, offer: Offer) -> int:
        """Return how many nano-units of the offer may be used: less what is kept back and what customers collect."""
        have = offer.stock - site.keep_back
        return have - self.taken.get((site.code, offer.sku), 0) if self.taken else have

    def total(self, good: Good, site: Site, offer: Offer, nanos: int) -> int:
        """Return in micro-units what this quantity costs at the site without the parcel; its worth to others counts."""
        cost = sum(self._parts(good, site, offer, nanos))
        return cost + times(offer.dear, nanos) if offer.dear else cost

    def parts(self, good: Good, site: Site, offer: Offer, nanos: int) -> Parts:
        """Return the same in its parts."""
        return Parts(*self._parts(good, site, offer, nanos))

    def _parts(self, good: Good, site: Site, offer: Offer, nanos: int) -> tuple[int, int, int, int, int]:
        tariff = site.tariff
        price = offer.price
        if offer.breaks or price is None:
            price = self.unit_price(offer, nanos)
        item = times(price, nanos)
        handling = tariff.line + times(tariff.per_unit, nanos)
        if good.pick_up_node is not None:
            return item, handling, 0, 0, self._lateness(site, offer, collected=True)
        load = good.weight * nanos // NANO
        if site.card is None:
            freight = by_weight(tariff.per_kg, load)
        else:
            freight = site.card.along(load) + site.card.for_long(good.size, nanos)
        duty = self.duty(item) if site.abroad else 0
        return item, handling, freight, duty, 0 if self._late_s is None else self._lateness(site, offer)

    def duty(self, item: int) -> int:
        """Return in micro-units the duty on goods that cost so much."""
        return (item * self.terms.duty + 50 * NANO) // (100 * NANO)

    def unit_price(self, offer: Offer, nanos: int) -> int:
        """Return the nano-price of one unit when this many are taken; unknown own stock costs its replacement."""
        price = offer.price
        if price is None:
            return self._replacement_price(offer.sku)
        for minimum, below in sorted(offer.breaks):
            if nano(minimum) <= nanos:
                price = nano(below)
        return price

    def _replacement_price(self, sku: str) -> int:
        found = self._replacement.get(sku)
        if found is None:
            known = [offer.price for offer in self.stock[sku].values() if offer.price is not None]
            found = self._replacement[sku] = min(known, default=0)
        return found

    def after_s(self, site: Site, offer: Offer, *, collected: bool) -> int:
        """Return how many seconds after the question a customer has what the node offers, or can collect it."""
        return self._arrivals.after_s(site.tariff, offer.lead_days, None if collected else site.metres)

    def breaks_promise(self, site: Site, offer: Offer) -> bool:
        """Return whether a parcel would come after a date that the rules let nobody miss."""
        if self._late_s is None or not self.rules.keep_promise:
            return False
        return self._late_s + self.after_s(site, offer, collected=False) > 0

    def _lateness(self, site: Site, offer: Offer, *, collected: bool = False) -> int:
        if self._late_s is None:
            return 0
        late_s = self._late_s + self.after_s(site, offer, collected=collected)
        return max(0, -(-late_s // DAY_S)) * self.terms.late_day

    def parcel(self, code: str) -> int:
        """Return in grains what one more parcel from the node costs, the split included; never zero."""
        found = self._parcels.get(code)
        if found is None:
            tariff, here = self.problem.nodes.tariffs[code], self._here
            if self.cards is not None or code in self.problem.along:
                least = tariff.handling + self.site(code).freight
            elif here is None or tariff.place is None:
                least = tariff.handling + tariff.freight(self._metres(code, tariff)[0])
            else:
                least = tariff.parcel(here)
            found = self._parcels[code] = least * GRAIN + self.step
        return found

    def too_far(self, code: str, room: int) -> bool:
        """Tell, quicker than `parcel`, that a parcel is sure to cost more grains above its least than `room`."""
        tariff, here = self.problem.nodes.tariffs[code], self._here
        if here is None or tariff.place is None or self.cards is not None or code in self.problem.along:
            return False
        return tariff.surely_above(here, room)

    def excess(self, code: str, loads: Iterable[tuple[Good, int]]) -> int:
        """Return in micro-units what a parcel of these goods and nano-units costs above what they cost one by one.

        That is nothing without a rate card: with one, the programmes add up its straight line, and this is the rest.
        """
        site = self.site(code)
        card = site.card
        if card is None:
            return 0
        weighed = by_volume = lines = 0
        for good, nanos in loads:
            load = good.weight * nanos // NANO
            weighed += load
            by_volume += card.by_volume(good.size, good.weight) * nanos // NANO
            lines += card.along(load)
        return card.cost(site.zone, max(weighed, by_volume)) - card.starts[site.zone] - lines

    def _met(self, code: str) -> Site:
        tariff = self.problem.nodes.tariffs[code]
        abroad = self.is_abroad(tariff)
        metres, known = self._metres(code, tariff)
        kept = self.terms.keep_back.get(tariff.kind, 0)
        rule = self._closed(tariff, abroad=abroad)
        card = None if self.cards is None else self.cards[code]
        zone = card.zone(metres) if card else 0
        freight = card.starts[zone] if card else tariff.freight(metres)
        freight = 0 if code in self.problem.along else freight
        site = Site(code, tariff, rule, metres, known, abroad, kept, freight, card, zone)
        self.sites[code] = site
        return site

    def is_abroad(self, tariff: Tariff) -> bool:
        """Return whether the node is known to be in another country than the customer."""
        home = self.problem.country
        return home is not None and tariff.country is not None and tariff.country != home

    def _closed(self, tariff: Tariff, *, abroad: bool) -> str:
        if not tariff.active:
            return "inactive"
        if tariff.capacity is not None and self.problem.load.get(tariff.code, 0) >= tariff.capacity:
            return "capacity"
        if abroad and self.rules.domestic_only:
            return "country"
        return self._forbidden(tariff) if self.rules.choosy else ""

    def _forbidden(self, tariff: Tariff) -> str:
        """Return the rule by which these rules alone keep the node from shipping; empty when they do not."""
        if self.rules.forbids(tariff.code, tariff.kind):
            return "nodes"
        most = self.rules.max_km
        if most is None:
            return ""
        metres, known = self._metres(tariff.code, tariff)
        return "distance" if not known or metres > most * 1000 else ""

    def _metres(self, code: str, tariff: Tariff) -> tuple[int, bool]:
        given = self.problem.distances.get(code)
        if given is not None:
            return int(given * 1000), True
        if tariff.place is None or self._place is None:
            return self.terms.unknown_metres, False
        return metres_between(tariff.place, self._place), True


class _Along(dict[str, int]):
    """What a parcel costs at the least, in grains, where one leaves anyway: no freight before its weight."""

    def __init__(self, problem: Problem, others: Mapping[str, int]) -> None:
        tariffs = problem.nodes.tariffs
        super().__init__(
            {code: tariffs[code].handling * GRAIN for code in problem.along & problem.nodes.by_code.keys()}
        )
        self._others = others

    def __missing__(self, code: str) -> int:
        return self._others[code]


def _closed(problem: Problem) -> frozenset[str]:
    tariffs, known = problem.nodes.tariffs, problem.nodes.by_code
    limits = ((code, count, tariffs[code].capacity) for code, count in problem.load.items() if code in known)
    return frozenset(code for code, count, most in limits if most is not None and count >= most)


def goods_of(wants: Iterable[Want], rules: RoutingRules) -> list[Good]:
    """Return the wants as goods: those of one SKU with the same restrictions are one, in the order of their lines."""
    wants = tuple(wants)
    if len({want.sku for want in wants}) == len(wants):
        return [_good((want,), rules) for want in wants]
    groups: dict[tuple[object, ...], list[Want]] = {}
    for want in wants:
        key = (want.sku, want.pick_up_node, want.excluded, want.flags, want.weight_g, want.size)
        groups.setdefault(key, []).append(want)
    return [_good(tuple(group), rules) for group in groups.values()]


def _good(wants: tuple[Want, ...], rules: RoutingRules) -> Good:
    first = wants[0]
    nanos = first.nanos if len(wants) == 1 else sum(want.nanos for want in wants)
    weight = rules.terms.unknown_weight if first.weight is None else first.weight
    return Good(wants, first.sku, nanos, weight, first.flags, first.excluded, first.pick_up_node, first.size)
