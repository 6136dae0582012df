"""Stock by SKU and node as a page shows it: what is there, bound, kept back, sellable, how old, and from which file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from hub.services.desk import Desk
from hub.services.inventory import fresh
from hub.store.stock import levels as levels_of
from hub.store.tables import allocation, feed, message, stock

_BOUND = ("allocated", "released", "acknowledged")


@dataclass(frozen=True, slots=True)
class StockLine:
    """One SKU at one node; `withheld` says why nothing of it is sold although there is some."""

    sku: str
    node: str
    on_hand: Decimal
    bound: Decimal
    safety: Decimal
    sellable: Decimal
    as_of: datetime
    status: str
    withheld: str
    source: str
    source_id: int | None


def page(
    tx: Connection, desk: Desk, *, text: str = "", node: str = "", after: tuple[str, str] | None = None, limit: int = 60
) -> list[StockLine]:
    """Return stock lines by SKU and node, after the given pair; `text` is how the SKU begins."""
    rows = tx.execute(_query(text, node, after, limit)).mappings().all()
    skus = sorted({row["sku"] for row in rows})
    promised = fresh.promised(tx, desk, skus, desk.clock.now())
    levels = levels_of(tx, skus)
    bound, sources = _bound(tx, skus, {row["node"] for row in rows}), _sources(tx, {row["generation"] for row in rows})
    lines = []
    for row in rows:
        pair = row["node"], row["sku"]
        name, number = sources.get(row["generation"], ("", None))
        lines.append(
            StockLine(
                sku=row["sku"],
                node=row["node"],
                on_hand=row["on_hand"],
                bound=bound.get(pair, Decimal(0)),
                safety=row["safety"],
                sellable=promised.available.get(pair, Decimal(0)),
                as_of=levels[pair].as_of,
                status=row["status"],
                withheld=promised.withheld.get(pair, ""),
                source=name,
                source_id=number,
            )
        )
    return lines


def _query(text: str, node: str, after: tuple[str, str] | None, limit: int) -> Select[Any]:
    query = select(stock).order_by(stock.c.sku, stock.c.node).limit(limit)
    if text:
        query = query.where(stock.c.sku >= text, stock.c.sku < f"{text}\N{REPLACEMENT CHARACTER}")
    if node:
        query = query.where(stock.c.node == node)
    if after:
        later = and_(stock.c.sku == after[0], stock.c.node > after[1])
        query = query.where(or_(stock.c.sku > after[0], later))
    return query


def _bound(tx: Connection, skus: list[str], nodes: set[str]) -> dict[tuple[str, str], Decimal]:
    query = select(allocation.c.node, allocation.c.sku, allocation.c.quantity).where(
        allocation.c.node.in_(sorted(nodes)), allocation.c.sku.in_(skus), allocation.c.state.in_(_BOUND)
    )
    sums: dict[tuple[str, str], Decimal] = {}
    for node, sku, quantity in tx.execute(query):
        sums[node, sku] = sums.get((node, sku), Decimal(0)) + quantity
    return sums


def _sources(tx: Connection, generations: set[int]) -> dict[int, tuple[str, int | None]]:
    """Return the document that each feed generation came from, and the message's id."""
    query = (
        select(feed.c.id, message.c.name, message.c.id.label("message"))
        .join(message, message.c.id == feed.c.message_id)
        .where(feed.c.id.in_(sorted(generations)))
    )
    return {row["id"]: (row["name"], row["message"]) for row in tx.execute(query).mappings()}
