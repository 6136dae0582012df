"""Allocation rows: which quantity of which order line stands in which state, at which node, under which document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    RowMapping,
    Table,
    and_,
    bindparam,
    exists,
    insert,
    select,
    type_coerce,
    update,
)

from hub.model.order import Allocation
from hub.model.state import LineState
from hub.store.tables import allocation, catalogue, stock
from hub.store.upsert import batches

#: Quantities that wait for a person or for stock.
STUCK = frozenset({LineState.BACKORDERED, LineState.UNFILLABLE})


@dataclass(slots=True)
class Portion:
    """One allocation row in hand; `id` is None until it is stored, `changed` says that it must be.

    `sent_at` is when its document reached the node, `cancel_asked_at` when the customer no longer wanted a quantity
    whose document had left, `recall_by` until when the node has to answer the change that asks it back: until then it
    needs no person. `stuck_since` is since when it lacks a source.
    """

    id: int | None
    row: Allocation
    sent_at: datetime | None = None
    shipped_at: datetime | None = None
    cancel_asked_at: datetime | None = None
    recall_by: datetime | None = None
    stuck_since: datetime | None = None
    changed: bool = False


def of_order(tx: Connection, order_id: str, *, lock: bool = False) -> list[Portion]:
    """Return the rows of an order in the order in which they came to be; `lock` as in `of_orders`."""
    return of_orders(tx, [order_id], lock=lock)[order_id]


def of_orders(tx: Connection, order_ids: Collection[str], *, lock: bool = False) -> dict[str, list[Portion]]:
    """Return the rows of these orders, by order, in the order in which they came to be.

    `lock` keeps runners from releasing them until the transaction ends, so that no change is lost.
    """
    found: dict[str, list[Portion]] = {order_id: [] for order_id in order_ids}
    for batch in batches(sorted(found)):
        query = select(allocation).where(allocation.c.order_id.in_(batch)).order_by(allocation.c.id)
        for row in tx.execute(query.with_for_update() if lock else query).mappings():
            found[row["order_id"]].append(_portion(row))
    return found


def order_of(tx: Connection, portion_id: int) -> str | None:
    """Return our id of the order that a row belongs to, or None."""
    return tx.execute(select(allocation.c.order_id).where(allocation.c.id == portion_id)).scalar_one_or_none()


def save(tx: Connection, portions: Mapping[str, Iterable[Portion]], now: datetime) -> bool:
    """Store the rows that are new or changed, given by order, and return whether there were any."""
    dirty = [(key, each) for key, rows in portions.items() for each in rows if each.changed or each.id is None]
    for each in (each for _, each in dirty if each.row.state in STUCK):  # tried in vain in between: stuck all the same
        each.stuck_since = each.stuck_since or now
    changed = [_values(each) | {"key": each.id, "updated_at": now} for _, each in dirty if each.id is not None]
    fresh = [(key, each) for key, each in dirty if each.id is None]
    if changed:
        tx.execute(update(allocation).where(allocation.c.id == bindparam("key")), changed)
    if fresh:
        rows = [_values(each) | {"order_id": key, "updated_at": now} for key, each in fresh]
        made = insert(allocation).returning(allocation.c.id, sort_by_parameter_order=True)
        for (_, portion), portion_id in zip(fresh, tx.execute(made, rows).scalars(), strict=True):
            portion.id = portion_id
    for _, portion in dirty:
        portion.changed = False
    return bool(dirty)


def release(tx: Connection, document: str, now: datetime) -> int:
    """Move what waits under a document to released, because the node has the document now; returns how many rows."""
    where = and_(allocation.c.document == document, allocation.c.state == LineState.ALLOCATED.value)
    values = {"state": LineState.RELEASED.value, "sent_at": now, "updated_at": now}
    return int(tx.execute(update(allocation).where(where).values(values)).rowcount)


def give_up_recall(tx: Connection, document: str, now: datetime) -> int:
    """Let a person see to what a document's change was to ask back; returns how many rows."""
    where = and_(allocation.c.document == document, allocation.c.recall_by.is_not(None))
    return int(tx.execute(update(allocation).where(where).values(recall_by=None, updated_at=now)).rowcount)


#: How the reason of a quantity begins that a person has closed.
CLOSED = "closed: "


#: How long a feed's short transaction may have been under way, unseen, when an order was routed beside it.
_UNSEEN = timedelta(seconds=5)


def orders_with_news(tx: Connection, now: datetime) -> list[str]:
    """Return the orders, by id, that lack a source for a quantity and whose SKU has had news since.

    News is a stock figure or a catalogue entry: goods without a price cannot be bought either. The stock of a node that
    has refused the quantity, and still does, is none. Where transactions run beside each other (not in SQLite) news of
    the last seconds before the routing counts too: it had not seen them.
    """
    stuck = allocation.c.state.in_([state.value for state in STUCK])
    priced = select(allocation.c.order_id).where(stuck, exists().where(_news_in(tx, catalogue)))
    found = set(tx.execute(priced).scalars())
    told = select(allocation, stock.c.node.label("told_by")).join(stock, _news_in(tx, stock)).where(stuck)
    for row in tx.execute(told).mappings():
        if row["order_id"] not in found and row["told_by"] not in _refused_by(row, now):
            found.add(row["order_id"])
    return sorted(found)


def _refused_by(row: RowMapping, now: datetime) -> frozenset[str]:
    return _portion(row).row.refused_by(now) if row["excluded"] else frozenset()


def _news_in(tx: Connection, table: Table) -> ColumnElement[bool]:
    routed = allocation.c.updated_at
    seen = routed if tx.dialect.name == "sqlite" else type_coerce(routed, DateTime(timezone=True)) - _UNSEEN
    return and_(table.c.sku == allocation.c.sku, table.c.updated_at > seen)


def seen(tx: Connection, order_id: str, now: datetime) -> None:
    """Note that what an order lacks a source for was looked at again and stays as it is."""
    stuck = allocation.c.order_id == order_id, allocation.c.state.in_([state.value for state in STUCK])
    tx.execute(update(allocation).where(*stuck).values(updated_at=now))


def _values(portion: Portion) -> dict[str, Any]:
    row = portion.row
    return {
        "line_id": row.line_id,
        "sku": row.sku,
        "quantity": row.quantity,
        "state": row.state.value,
        "node": row.node,
        "document": row.document,
        "excluded": sorted(row.excluded),
        "excluded_until": {node: until.isoformat() for node, until in sorted(row.excluded_until.items())} or None,
        "promised_at": row.promised_at,
        "reason": row.reason,
        "sent_at": portion.sent_at,
        "shipped_at": portion.shipped_at,
        "cancel_asked_at": portion.cancel_asked_at,
        "recall_by": portion.recall_by,
        "stuck_since": portion.stuck_since if row.state in STUCK else None,
    }


def _portion(row: RowMapping) -> Portion:
    return Portion(
        id=row["id"],
        row=Allocation(
            line_id=row["line_id"],
            sku=row["sku"],
            quantity=row["quantity"],
            state=LineState(row["state"]),
            node=row["node"],
            document=row["document"],
            excluded=frozenset(row["excluded"]),
            excluded_until=row["excluded_until"] or {},
            promised_at=row["promised_at"],
            reason=row["reason"],
        ),
        sent_at=row["sent_at"],
        shipped_at=row["shipped_at"],
        cancel_asked_at=row["cancel_asked_at"],
        recall_by=row["recall_by"],
        stuck_since=row["stuck_since"],
    )
