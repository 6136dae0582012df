"""A history to replay from a folder of Olist CSV files: the sandbox's world of real orders, as routing questions."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from hub.model.node import Node, NodeCosts, NodeKind
from hub.model.order import OrderLine, SalesOrder
from hub.model.place import Address, Coordinates
from hub.routing.offer import Offer
from hub.routing.problem import Network, Problem, Want
from hub.routing.promise import deadline
from sandbox.olist import olist
from sandbox.plan import Firm, OrderPlan, Place, World

_WRITTEN = "%Y-%m-%d %H:%M:%S"


def questions(folder: Path, orders: int | None, seed: int) -> tuple[str, Iterator[tuple[SalesOrder, Problem]]]:
    """Return the currency, and the orders by their time of purchase, each with the whole supply as it was at first.

    Who bought what, when, where, at what price and by when it was promised is Olist's; where stock is, and what it
    costs there, is placed by the sandbox with the seed.
    """
    world = olist(folder, seed, orders)
    return world.currency, _questions(world, _promises(folder))


def _promises(folder: Path) -> Mapping[str, str]:
    with (folder / "olist_orders_dataset.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["order_id"]: row.get("order_estimated_delivery_date") or "" for row in csv.DictReader(stream)}


def _questions(world: World, promised: Mapping[str, str]) -> Iterator[tuple[SalesOrder, Problem]]:
    network = Network(_node(firm, world) for firm in world.firms)
    offers: dict[str, list[Offer]] = {}
    for firm in world.firms:
        for each in firm.offers:
            least = Decimal(each.minimum)
            offers.setdefault(each.sku, []).append(
                Offer(firm.node, each.sku, Decimal(each.stock), each.price, minimum=least, lead_days=each.lead_days)
            )
    for plan in sorted(world.orders, key=lambda each: each.notes["olist_purchased_at"]):
        order = _order(plan, world, promised)
        yield order, _question(order, plan, network, offers, world)


def _node(firm: Firm, world: World) -> Node:
    costs = world.costs
    return Node(
        code=firm.node,
        name=firm.name,
        kind=NodeKind(firm.kind.value),
        partner=firm.code,
        address=Address(country=firm.place.country, city=firm.place.city, region=firm.place.region),
        coordinates=_coordinates(firm.place),
        costs=NodeCosts(
            per_order=Decimal(costs.per_order),
            freight_base=Decimal(costs.freight_base),
            freight_per_km=Decimal(costs.freight_per_km),
            freight_per_kg=Decimal(costs.freight_per_kg),
        ),
    )


def _coordinates(place: Place) -> Coordinates | None:
    if place.latitude is None or place.longitude is None:
        return None
    return Coordinates(latitude=place.latitude, longitude=place.longitude)


def _order(plan: OrderPlan, world: World, promised: Mapping[str, str]) -> SalesOrder:
    number = plan.notes["olist_order_id"]
    at = _moment(plan.notes["olist_purchased_at"])
    return SalesOrder(
        channel="olist",
        order_id=number,
        number=number[:8],
        placed_at=at,
        updated_at=at,
        currency=world.currency,
        lines=tuple(
            OrderLine(line_id=str(place), sku=line.sku, quantity=Decimal(line.quantity), price=line.price)
            for place, line in enumerate(plan.lines, start=1)
        ),
        ship_to=Address(
            country=plan.place.country,
            city=plan.place.city,
            region=plan.place.region,
            postal_code=plan.place.postal_code,
            coordinates=_coordinates(plan.place),
        ),
        promise_by=_moment(promised[number]) if promised.get(number) else None,
    )


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _WRITTEN).replace(tzinfo=UTC)


def _question(
    order: SalesOrder, plan: OrderPlan, network: Network, offers: Mapping[str, list[Offer]], world: World
) -> Problem:
    skus = [line.sku for line in plan.lines]
    here = [offer for sku in skus for offer in offers.get(sku, ())]
    return Problem(
        order_id=order.order_id,
        currency=world.currency,
        at=order.placed_at,
        wants=tuple(
            Want(line.line_id, line.sku, line.quantity, Decimal(world.items[line.sku].weight_g) or None)
            for line in order.lines
        ),
        nodes=network.only({offer.node for offer in here}),
        offers=here,
        destination=order.ship_to.coordinates if order.ship_to else None,
        country=order.ship_to.country if order.ship_to else None,
        promise_by=deadline(order.promise_by),
    )
