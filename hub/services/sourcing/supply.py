"""Supply: which nodes have the SKUs of an order, how many may be promised, and what a unit costs in our currency."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.item import CatalogueEntry, Item
from hub.model.money import Money, UnknownRate
from hub.model.node import Node, NodeKind
from hub.model.partner import Partner
from hub.routing.offer import Offer
from hub.routing.postal import placed_node
from hub.routing.problem import Network
from hub.routing.shelf import Shelves
from hub.services.desk import Desk
from hub.services.inventory import fresh
from hub.services.trade.purchasing import kind_for
from hub.store import catalogue, items, purchases, stock, unit_prices


@dataclass(frozen=True, slots=True)
class Barred:
    """A node that has a SKU and cannot be asked for it, with the rule that says so."""

    node: str
    sku: str
    rule: str
    detail: str = ""


class Supply:
    """All that is known of some SKUs at one moment, and what of it has been given away since, order by order."""

    def __init__(self, desk: Desk, known: _Known, also: Collection[str]) -> None:
        self.nodes: Mapping[str, Node] = {node.code: placed_node(node) for node in desk.directory.nodes()}
        self.catalogue = known.catalogue
        self.items = known.items
        self._named = {sku for _, sku in known.catalogue} | {sku for _, sku in known.promised} | set(known.items)
        self._barred: dict[str, list[Barred]] = {}
        offers: list[Offer] = []
        for (code, sku), available in sorted(known.promised.items()):
            found = _offer(desk, self.nodes.get(code), (code, sku), available, known)
            if isinstance(found, Offer):
                worth = known.worth.get((code, sku))
                offers.append(replace(found, worth=worth) if worth else found)
            else:
                self._barred.setdefault(sku, []).append(found)
        codes = {offer.node for offer in offers} | {*also} & set(self.nodes)
        offering = [self.nodes[code] for code in sorted(codes)]
        self.network = Network(offering, {node.code: _fee(desk, node) for node in offering})
        self._shelves = dict(Shelves.of(offers, self.network.by_code, self.network.tariffs).by_sku)
        self.load: dict[str, int] = {}

    def knows(self, sku: str) -> bool:
        """Tell whether anybody has ever named this SKU: our items, a catalogue, a stock figure."""
        return bool(sku) and sku in self._named

    def offers(self, skus: Iterable[str]) -> Shelves:
        """Return what is on offer of these SKUs now."""
        return Shelves(self._shelves[sku] for sku in dict.fromkeys(skus) if sku in self._shelves)

    def barred(self, sku: str) -> Sequence[Barred]:
        """Return the nodes that have the SKU and cannot be asked for it."""
        return self._barred.get(sku, [])

    def can_give(self, wanted: Iterable[tuple[str, str, Decimal]]) -> bool:
        """Return whether all of these (node, SKU, quantity) are there, and their nodes take one more order today."""
        sums: dict[tuple[str, str], Decimal] = {}
        for node, sku, quantity in wanted:
            sums[node, sku] = sums.get((node, sku), Decimal(0)) + quantity
        return all(self._has(node, sku, quantity) for (node, sku), quantity in sums.items())

    def _has(self, code: str, sku: str, quantity: Decimal) -> bool:
        offer = self._shelves[sku].by_node.get(code) if sku in self._shelves else None
        most = self.nodes[code].capacity_per_day if code in self.nodes else 0
        room = most is None or self.load.get(code, 0) < most
        return offer is not None and offer.available >= quantity and room

    def give(self, node: str, sku: str, quantity: Decimal) -> None:
        """Note that a quantity is promised now."""
        self._shelves[sku] = self._shelves[sku].given(node, quantity)

    def count(self, node: str) -> None:
        """Note that a node was given one more order today."""
        if node in self.load:
            self.load[node] += 1

    def weight_g(self, sku: str) -> Decimal | None:
        """Return the weight of a unit from our items, else from a catalogue; None when nobody says it."""
        item = self.items.get(sku)
        if item is not None and item.weight_g is not None:
            return item.weight_g
        weights = (entry.weight_g for (_, each), entry in self.catalogue.items() if each == sku)
        return next((weight for weight in weights if weight is not None), None)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store says of some SKUs; `promised` is (node, SKU) -> units to promise, `withheld` why none are."""

    items: Mapping[str, Item]
    catalogue: Mapping[tuple[str, str], CatalogueEntry]
    promised: Mapping[tuple[str, str], Decimal]
    withheld: Mapping[tuple[str, str], str]
    worth: Mapping[tuple[str, str], Decimal]


def gather(
    tx: Connection,
    desk: Desk,
    skus: Collection[str],
    now: datetime,
    *,
    also: Collection[str] = (),
    lock: bool = True,
    guided: bool = False,
) -> Supply:
    """Read everything about the SKUs, with their stock locked until the transaction ends; `also` are nodes to know.

    `guided` offers carry what the last batch found their units to be worth to other orders. Without `lock`
    it is a look only, and nothing may be promised from it.
    """
    wanted = {sku for sku in skus if sku}
    if lock and not desk.store.is_sqlite:
        stock.lock(tx, stock.levels(tx, wanted))
    promised = fresh.promised(tx, desk, wanted, now)
    worth = unit_prices.of_skus(tx, wanted, now) if guided and _has_batches(desk) else {}
    known = _Known(
        items.of_skus(tx, wanted), catalogue.entries(tx, wanted), promised.available, promised.withheld, worth
    )
    supply = Supply(desk, known, also)
    limited = [code for code, node in supply.network.by_code.items() if node.capacity_per_day is not None]
    if limited:
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        supply.load = dict.fromkeys(limited, 0) | purchases.count_since(tx, limited, today)
    return supply


def _has_batches(desk: Desk) -> bool:
    return desk.policy is not None and any(each.batch for each in desk.policy.rule_sets)


def _offer(desk: Desk, node: Node | None, pair: tuple[str, str], available: Decimal, known: _Known) -> Offer | Barred:
    code, sku = pair
    partner = None if node is None else desk.directory.partner(node.partner)
    if node is None or partner is None:
        return Barred(code, sku, "unknown node", "no mapping file in force declares it")
    rule, detail = _bar(desk, node, known.catalogue.get((partner.code, sku)))
    if rule:
        return Barred(code, sku, rule, detail)
    if pair in known.withheld:
        return Barred(code, sku, "stale stock", known.withheld[pair])
    try:
        if node.kind is not NodeKind.SUPPLIER:
            return Offer(code, sku, available, _own_cost(desk, known.items.get(sku)))
        entry = known.catalogue.get((partner.code, sku))
        return Offer(code, sku, available, None) if entry is None else _priced(desk, partner, entry, pair, available)
    except UnknownRate as error:
        return Barred(code, sku, "no exchange rate", str(error))


def _bar(desk: Desk, node: Node, entry: CatalogueEntry | None) -> tuple[str, str]:
    """Return the rule by which the node cannot be asked at all, and its detail; empty when it can."""
    if not node.active:
        return "not in use", "its mapping file says active = false"
    kind = kind_for(node)
    if desk.directory.outbound(node.partner, kind) is None:
        return "partner cannot take orders", f"{node.partner} has no {kind.value} document"
    if entry is not None and not entry.active:
        return "not in its catalogue", f"{node.partner} sells it no more"
    return "", ""


def _own_cost(desk: Desk, item: Item | None) -> Decimal | None:
    """Return what a unit in our own stock cost us, in our currency."""
    return desk.rates.convert(item.cost, desk.currency).amount if item and item.cost else None


def _priced(desk: Desk, partner: Partner, entry: CatalogueEntry, pair: tuple[str, str], available: Decimal) -> Offer:
    """Return the offer with the supplier's prices, in our currency."""
    currency = entry.currency or partner.currency

    def ours(amount: Decimal) -> Decimal:
        if currency == desk.currency:  # nearly always, and a Money takes its time to check itself
            return amount
        return desk.rates.convert(Money(amount=amount, currency=currency), desk.currency).amount

    return Offer(
        *pair,
        available,
        ours(entry.price),
        breaks=tuple((each.minimum, ours(each.price)) for each in entry.breaks),
        minimum=entry.minimum,
        lead_days=entry.lead_days,
    )


def _fee(desk: Desk, node: Node) -> Decimal:
    """Return what the node's partner takes for one order, in our currency; an unknown rate has barred the node."""
    partner = desk.directory.partner(node.partner)
    if partner is None or node.kind is not NodeKind.SUPPLIER or not partner.agreement.drop_ship_fee:
        return Decimal(0)
    return desk.rates.convert(
        Money(amount=partner.agreement.drop_ship_fee, currency=partner.currency), desk.currency
    ).amount
