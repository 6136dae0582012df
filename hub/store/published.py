"""What each channel was told last: the figures that are on their way to it or have arrived."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, delete, select, true, union, update

from hub.model.state import DeliveryState
from hub.store.tables import allocation, delivery, reservation, stock, stock_published
from hub.store.upsert import batches, insert

#: A SKU and a channel's location.
Place = tuple[str, str]
#: In place of a delivery's number: the channel got the figure, but did not take it.
_NOT_TAKEN = 0
#: Deliveries that ended without telling the channel anything.
_TOLD_NOTHING = (DeliveryState.PARKED, DeliveryState.CANCELLED, DeliveryState.SUPERSEDED)


def figures(tx: Connection, channel: str, skus: Collection[str]) -> dict[Place, Decimal]:
    """Return what the channel was told last of these SKUs, by (SKU, location)."""
    found: dict[Place, Decimal] = {}
    table = stock_published
    for batch in batches(sorted(set(skus))):
        query = select(table.c.sku, table.c.location, table.c.quantity)
        rows = tx.execute(query.where(table.c.connection == channel, table.c.sku.in_(batch)))
        found.update(((row.sku, row.location), row.quantity) for row in rows)
    return found


def put(tx: Connection, channel: str, told: Mapping[Place, Decimal], delivery_id: int, now: datetime) -> None:
    """Write down what a delivery tells the channel."""
    same = {"connection": channel, "delivery_id": delivery_id, "published_at": now}
    rows = [{"sku": sku, "location": place, "quantity": told[sku, place], **same} for sku, place in sorted(told)]
    statement = insert(tx, stock_published)
    news = {name: statement.excluded[name] for name in ("quantity", "delivery_id", "published_at")}
    if rows:
        tx.execute(statement.on_conflict_do_update(index_elements=["connection", "location", "sku"], set_=news), rows)


def forget(tx: Connection, channel: str) -> int:
    """Forget everything that the channel was told, so that all of it is told again; returns how many figures."""
    return int(tx.execute(delete(stock_published).where(stock_published.c.connection == channel)).rowcount)


def forget_places(tx: Connection, channel: str, places: Collection[Place]) -> None:
    """Forget what the channel was told of these, because it shows something else by now: it is told again."""
    table = stock_published
    for sku, location in sorted(set(places)):
        of_it = (table.c.connection == channel) & (table.c.sku == sku) & (table.c.location == location)
        tx.execute(delete(table).where(of_it))


def forget_undelivered(tx: Connection, channel: str, untaken_before: datetime) -> int:
    """Forget what deliveries never will tell, and what the channel was told before that and did not take.

    Returns how many figures.
    """
    ended = select(delivery.c.id).where(delivery.c.connection == channel, delivery.c.state.in_(_TOLD_NOTHING))
    untaken = (stock_published.c.delivery_id == _NOT_TAKEN) & (stock_published.c.published_at < untaken_before)
    unseen = stock_published.c.delivery_id.in_(ended) | untaken
    where = (stock_published.c.connection == channel) & unseen
    return int(tx.execute(delete(stock_published).where(where)).rowcount)


def mark_untaken(tx: Connection, channel: str, places: Collection[Place], delivery_id: int) -> None:
    """Note what the channel did not take of a delivery: `forget_undelivered` forgets it, until then it is as told.

    A figure that a later delivery tells is left as it is.
    """
    table = stock_published
    of_it = (table.c.connection == channel) & (table.c.delivery_id == delivery_id)
    for sku, location in sorted(set(places)):
        where = of_it & (table.c.sku == sku) & (table.c.location == location)
        tx.execute(update(table).where(where).values(delivery_id=_NOT_TAKEN))


def recently_changed(tx: Connection, since: datetime, limit: int) -> set[str] | None:
    """Return the SKUs whose figures, allocations or reservations may have changed since; None when they are many."""
    changed: set[str] = set()
    for table, recent in (
        (stock, stock.c.updated_at >= since),
        (allocation, allocation.c.updated_at >= since),
        (reservation, true()),
    ):
        rows = tx.execute(select(table.c.sku).where(recent).limit(limit + 1)).scalars().all()
        changed.update(rows)
        if max(len(rows), len(changed)) > limit:
            return None
    return changed


def next_skus(tx: Connection, channel: str, after: str, limit: int) -> Sequence[str]:
    """Return the next SKUs, in order, that have stock somewhere or that the channel was told of."""
    told = select(stock_published.c.sku).distinct().where(stock_published.c.connection == channel)
    kept = select(stock.c.sku).distinct()
    some = [
        query.where(column > after).order_by(column).limit(limit).subquery()
        for query, column in ((kept, stock.c.sku), (told, stock_published.c.sku))
    ]
    both = union(*(select(each.c.sku) for each in some)).subquery()
    return tx.execute(select(both.c.sku).order_by(both.c.sku).limit(limit)).scalars().all()
