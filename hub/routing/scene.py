"""A problem made ready for arithmetic: goods in whole numbers, and what each node means to this one customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from hub.model.item import ItemFlag
from hub.model.node import Node, NodeKind
from hub.routing.distance import metres_between, vector
from hub.routing.problem import Offer, Problem, Want
from hub.routing.rules import RoutingRules
from hub.routing.tariff import NANO, Tariff, micro, nano, times

_DAY_S = 86_400
_NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Good:
    """The wants of one SKU under the same restrictions, routed as one; `weight` is nano-kilograms a unit."""

    wants: tuple[Want, ...]
    sku: str
    quantity: Decimal
    nanos: int
    weight: int
    flags: frozenset[ItemFlag]
    excluded: frozenset[str]
    pick_up_node: str | None

    @property
    def step(self) -> int:
        """Return the smallest amount a part is cut to: a whole unit when whole units are wanted."""
        return 1 if self.nanos % NANO else NANO


@dataclass(frozen=True, slots=True)
class Site:
    """A node as this customer meets it: the rule that closes it, the distance, and what one parcel from it costs."""

    code: str
    node: Node
    tariff: Tariff
    rule: str
    metres: int
    distance_known: bool
    foreign: bool
    keep_back: Decimal
    handling: int
    freight: int


@dataclass(frozen=True, slots=True)
class Parts:
    """The costs, in micro-units, that a quantity of one good brings with it at one node."""

    item: int
    handling: int
    freight: int
    duty: int
    lateness: int

    @property
    def total(self) -> int:
        """Return their sum."""
        return self.item + self.handling + self.freight + self.duty + self.lateness


class Scene:
    """One problem under one set of rules; sites are worked out when an offer first touches them.

    `forced` (node by line) asks what if: the good of that line leaves whole from that node.
    """

    __slots__ = ("_late_s", "_place", "_replacement", "_sites", "forced", "problem", "rules", "split", "stock", "taken")

    def __init__(self, problem: Problem, rules: RoutingRules, forced: Mapping[str, str] | None = None) -> None:
        self.problem = problem
        self.rules = rules
        self.split = micro(nano(rules.split_penalty))
        self.stock = _by_sku(problem)
        self.taken: dict[tuple[str, str], Decimal] = {}
        self.forced = forced or {}
        self._place = vector(problem.destination) if problem.destination else None
        self._sites: dict[str, Site | None] = {}
        self._replacement: dict[str, int] = {}
        promise = problem.promise_by
        self._late_s = None if promise is None else int((problem.at - promise).total_seconds())

    @property
    def ship_complete(self) -> bool:
        """Return whether one node must ship everything."""
        return self.problem.ship_complete or self.rules.ship_complete

    @property
    def most_parcels(self) -> int | None:
        """Return the largest number of parcels allowed; None when there is no limit."""
        limits = [limit for limit in (self.problem.max_splits, self.rules.max_splits) if limit is not None]
        return min(limits) + 1 if limits else None

    def site(self, code: str) -> Site | None:
        """Return the node as this customer meets it; None when the network does not know it."""
        try:
            return self._sites[code]
        except KeyError:
            node = self.problem.nodes.by_code.get(code)
            found = self._sites[code] = None if node is None else self._site(node)
            return found

    def at(self, good: Good, code: str) -> tuple[Site, Offer]:
        """Return a node and what it offers of the good; both must be there."""
        site = self.site(code)
        if site is None:
            raise KeyError(code)
        return site, self.stock[good.sku][code]

    def have(self, site: Site, offer: Offer) -> Decimal:
        """Return how much of the offer may be used: less what is kept back and what collectors take."""
        have = offer.available - site.keep_back if site.keep_back else offer.available
        if self.taken:
            have -= self.taken.get((site.code, offer.sku), _NONE)
        return have

    def costs(self, good: Good, site: Site, offer: Offer, nanos: int) -> Parts:
        """Return what this quantity (nano-units) of the good costs at the site, without the parcel itself."""
        tariff = site.tariff
        item = times(self.unit_price(offer, nanos), nanos)
        handling = times(tariff.per_unit, nanos) + micro(tariff.per_line)
        if good.pick_up_node is not None:
            return Parts(item, handling, 0, 0, self._lateness(0, offer))
        freight = times(tariff.per_kg, good.weight * nanos // NANO) if tariff.per_kg else 0
        duty = times(nano(self.rules.duty_percent), item * 1000) // 100 if site.foreign else 0
        return Parts(item, handling, freight, duty, self._lateness(site.metres, offer))

    def unit_price(self, offer: Offer, nanos: int) -> int:
        """Return the nano-price of one unit when this many are taken; unknown own stock costs its replacement."""
        price = offer.unit_cost
        if price is None:
            return self._replacement_price(offer.sku)
        for minimum, below in sorted(offer.breaks):
            if nano(minimum) <= nanos:
                price = below
        return nano(price)

    def _replacement_price(self, sku: str) -> int:
        found = self._replacement.get(sku)
        if found is None:
            known = [offer.unit_cost for offer in self.stock[sku].values() if offer.unit_cost is not None]
            found = self._replacement[sku] = nano(min(known)) if known else 0
        return found

    def _lateness(self, metres: int, offer: Offer) -> int:
        if self._late_s is None:
            return 0
        transit_s = metres * _DAY_S // int(self.rules.km_per_day * 1000)
        late_s = self._late_s + offer.lead_days * _DAY_S + transit_s
        return max(0, -(-late_s // _DAY_S)) * micro(nano(self.rules.lateness_per_day))

    def _site(self, node: Node) -> Site:
        tariff = self.problem.nodes.tariff(node.code)
        metres, known = self._metres(node.code, tariff)
        foreign = None not in (tariff.country, self.problem.country) and tariff.country != self.problem.country
        return Site(
            code=node.code,
            node=node,
            tariff=tariff,
            rule=self._closed(node, foreign=foreign),
            metres=metres,
            distance_known=known,
            foreign=foreign,
            keep_back=self.rules.keep_back.get(node.kind, _NONE),
            handling=micro(tariff.per_order),
            freight=(tariff.freight_base * 1000 + tariff.per_km * metres + 500_000) // 1_000_000,
        )

    def _metres(self, code: str, tariff: Tariff) -> tuple[int, bool]:
        given = self.problem.distances.get(code)
        if given is not None:
            return int(given * 1000), True
        if tariff.place is None or self._place is None:
            return int(self.rules.unknown_km * 1000), False
        return metres_between(tariff.place, self._place), True

    def _closed(self, node: Node, *, foreign: bool) -> str:
        if not node.active:
            return "inactive"
        if node.capacity_per_day is not None and self.problem.load.get(node.code, 0) >= node.capacity_per_day:
            return "capacity"
        return "country" if foreign and self.rules.domestic_only else ""


def goods_of(wants: Iterable[Want], rules: RoutingRules) -> list[Good]:
    """Return the wants as goods: those of one SKU with the same restrictions are one, in the order of their lines."""
    groups: dict[tuple[object, ...], list[Want]] = {}
    for want in wants:
        key = (want.sku, want.pick_up_node, want.excluded, want.flags, want.weight_g)
        groups.setdefault(key, []).append(want)
    return [_good(tuple(group), rules) for group in groups.values()]


def bought(node: Node) -> bool:
    """Return whether what the node sends has to be bought first."""
    return node.kind is NodeKind.SUPPLIER


def _good(wants: tuple[Want, ...], rules: RoutingRules) -> Good:
    first = wants[0]
    quantity = first.quantity if len(wants) == 1 else sum((want.quantity for want in wants), _NONE)
    weight_g = rules.unknown_weight_g if first.weight_g is None else first.weight_g
    return Good(
        wants=wants,
        sku=first.sku,
        quantity=quantity,
        nanos=nano(quantity),
        weight=int(weight_g * 10**6),
        flags=first.flags,
        excluded=first.excluded,
        pick_up_node=first.pick_up_node,
    )


def _by_sku(problem: Problem) -> Mapping[str, dict[str, Offer]]:
    """Return the offers of each wanted SKU by node; two offers of one SKU at one node would count its stock twice."""
    stock: dict[str, dict[str, Offer]] = {want.sku: {} for want in problem.wants}
    for offer in problem.offers:
        of_sku = stock.get(offer.sku)
        if of_sku is None:
            continue
        if offer.node in of_sku:
            raise ValueError(f"order {problem.order_id}: {offer.node} offers {offer.sku} twice; add its stock up first")
        of_sku[offer.node] = offer
    return stock
