"""Supply: which nodes have the SKUs of an order, how many may be promised, and what a unit costs in our currency."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.item import CatalogueEntry, Item
from hub.model.money import Money, UnknownRate
from hub.model.node import Node, NodeKind
from hub.model.partner import Partner
from hub.routing.problem import Network, Offer
from hub.services.desk import Desk
from hub.services.purchasing import kind_for
from hub.store import catalogue, items, purchases, stock


@dataclass(frozen=True, slots=True)
class Barred:
    """A node that has a SKU and cannot be asked for it, with the rule that says so."""

    node: str
    sku: str
    rule: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Supply:
    """All that is known of some SKUs at one moment; `promised` is (node, SKU) -> units that may be promised."""

    items: Mapping[str, Item]
    catalogue: Mapping[tuple[str, str], CatalogueEntry]
    promised: Mapping[tuple[str, str], Decimal]
    nodes: Mapping[str, Node]
    offers: tuple[Offer, ...]
    barred: tuple[Barred, ...]

    def knows(self, sku: str) -> bool:
        """Tell whether anybody has ever named this SKU: our items, a catalogue, a stock figure."""
        named = (each for pairs in (self.catalogue, self.promised) for _, each in pairs)
        return bool(sku) and (sku in self.items or sku in named)

    def weight_g(self, sku: str) -> Decimal | None:
        """Return the weight of a unit from our items, else from a catalogue; None when nobody says it."""
        if sku in self.items and self.items[sku].weight_g is not None:
            return self.items[sku].weight_g
        weights = (entry.weight_g for (_, each), entry in self.catalogue.items() if each == sku)
        return next((weight for weight in weights if weight is not None), None)


def gather(tx: Connection, desk: Desk, skus: Collection[str], now: datetime) -> Supply:
    """Read everything about the SKUs, with their stock locked until the transaction ends."""
    wanted = {sku for sku in skus if sku}
    if not desk.store.is_sqlite:
        stock.lock(tx, stock.levels(tx, wanted))
    promised = stock.atp(tx, wanted, now)
    entries = catalogue.entries(tx, wanted)
    known = items.of_skus(tx, wanted)
    nodes = {node.code: node for node in desk.directory.nodes()}
    offers: list[Offer] = []
    barred: list[Barred] = []
    for (code, sku), available in sorted(promised.items()):
        found = _offer(desk, nodes.get(code), code, sku, available, entries, known)
        if isinstance(found, Offer):
            offers.append(found)
        else:
            barred.append(found)
    return Supply(known, entries, promised, nodes, tuple(offers), tuple(barred))


def network(desk: Desk, supply: Supply, also: Collection[str] = ()) -> Network:
    """Return the nodes that offer something, and `also` these, with what their partners take for an order."""
    codes = {offer.node for offer in supply.offers} | {code for code in also if code in supply.nodes}
    nodes = [supply.nodes[code] for code in sorted(codes)]
    return Network(nodes, {node.code: _fee(desk, node) for node in nodes})


def load(tx: Connection, nodes: Network, now: datetime) -> Mapping[str, int]:
    """Return how many orders each node with a limited capacity was given today (UTC)."""
    limited = [code for code, node in nodes.by_code.items() if node.capacity_per_day is not None]
    if not limited:
        return {}
    return purchases.count_since(tx, limited, now.replace(hour=0, minute=0, second=0, microsecond=0))


def _offer(
    desk: Desk,
    node: Node | None,
    code: str,
    sku: str,
    available: Decimal,
    entries: Mapping[tuple[str, str], CatalogueEntry],
    known: Mapping[str, Item],
) -> Offer | Barred:
    partner = None if node is None else desk.directory.partner(node.partner)
    if node is None or partner is None:
        return Barred(code, sku, "unknown node", "no mapping file in force declares it")
    if not node.active:
        return Barred(code, sku, "not in use", "its mapping file says active = false")
    if desk.directory.outbound(partner.code, kind_for(node)) is None:
        return Barred(code, sku, "partner cannot take orders", f"{partner.code} has no {kind_for(node).value} document")
    entry = entries.get((partner.code, sku))
    if entry is not None and not entry.active:
        return Barred(code, sku, "not in its catalogue", f"{partner.code} sells it no more")
    try:
        return _priced(desk, node, partner, sku, available, entry, known.get(sku))
    except UnknownRate as error:
        return Barred(code, sku, "no exchange rate", str(error))


def _priced(
    desk: Desk,
    node: Node,
    partner: Partner,
    sku: str,
    available: Decimal,
    entry: CatalogueEntry | None,
    item: Item | None,
) -> Offer:
    if node.kind is not NodeKind.SUPPLIER:
        cost = desk.rates.convert(item.cost, desk.currency).amount if item and item.cost else None
        return Offer(node.code, sku, available, cost)
    if entry is None:
        return Offer(node.code, sku, available, None)
    currency = entry.currency or partner.currency

    def ours(amount: Decimal) -> Decimal:
        return desk.rates.convert(Money(amount=amount, currency=currency), desk.currency).amount

    return Offer(
        node=node.code,
        sku=sku,
        available=available,
        unit_cost=ours(entry.price),
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
