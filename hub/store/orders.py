"""Sales orders as rows: the channel's newest version whole, our own hold and cancellation, the rolled-up status."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, bindparam, func, select, tuple_, update

from hub.model.order import PLACE_MARK, Gate, SalesOrder
from hub.model.state import OrderStatus
from hub.store.tables import sales_order
from hub.store.upsert import batches, insert

_LATER = and_(sales_order.c.due_at.is_not(None), sales_order.c.status == OrderStatus.OPEN.value)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order: `doc` is what the channel said last, `hold` and `cancelled_why` are our own words and outrank it.

    `gates` are the steps of workflows that keep it back, or did; at `due_at` it has to be looked at by itself.
    """

    id: str
    status: OrderStatus
    doc: SalesOrder
    hold: str | None
    cancelled_why: str | None
    created_at: datetime
    updated_at: datetime
    gates: tuple[Gate, ...] = ()
    due_at: datetime | None = None


def add(tx: Connection, orders: Mapping[str, SalesOrder], status: OrderStatus, now: datetime) -> frozenset[str]:
    """Write new orders down by our ids, and return the ids of those that were new indeed.

    The others were written by somebody else in the meantime, under another id.
    """
    rows = [
        {
            "id": order_id,
            "channel": order.channel,
            "channel_order": order.order_id,
            "status": status.value,
            "placed_at": order.placed_at,
            "created_at": now,
            **_of_document(order, now),
        }
        for order_id, order in orders.items()
    ]
    if not rows:
        return frozenset()
    query = insert(tx, sales_order).on_conflict_do_nothing().returning(sales_order.c.id)
    return frozenset(tx.execute(query, rows).scalars())


def get(tx: Connection, order_id: str, *, lock: bool = False) -> OrderRow | None:
    """Return the order with our id, or None; `lock` keeps others from changing it until the transaction ends."""
    return _one(tx, sales_order.c.id == order_id, lock=lock)


def of_channel(
    tx: Connection, channel: str, channel_orders: Collection[str], *, lock: bool = False
) -> dict[str, OrderRow]:
    """Return the orders with these ids of the channel, by the channel's id; `lock` as in `get`."""
    found: dict[str, OrderRow] = {}
    for batch in batches(sorted(set(channel_orders))):
        query = select(sales_order).where(sales_order.c.channel == channel, sales_order.c.channel_order.in_(batch))
        rows = tx.execute(query.order_by(sales_order.c.id).with_for_update() if lock else query).mappings()
        found.update((row["channel_order"], _row(row)) for row in rows)
    return found


def of_places(tx: Connection, channel: str, channel_order: str) -> list[str]:
    """Return the channel's ids of the orders that one of its orders came as, one for each place (`4711@12`)."""
    named = f"{channel_order}{PLACE_MARK}"
    query = select(sales_order.c.channel_order).where(
        sales_order.c.channel == channel, sales_order.c.channel_order.startswith(named, autoescape=True)
    )
    return sorted(each for each in tx.execute(query).scalars() if each.startswith(named))


def changed_since(tx: Connection, channel: str, since: datetime) -> list[OrderRow]:
    """Return the orders that the channel placed or changed since then, as far as we know, the oldest change first."""
    query = select(sales_order).where(sales_order.c.channel == channel, sales_order.c.source_updated_at >= since)
    return [_row(row) for row in tx.execute(query.order_by(sales_order.c.source_updated_at)).mappings()]


def find(tx: Connection, reference: str) -> list[OrderRow]:
    """Return the orders that people may mean: our id, else the channel's id, else the number on the customer's mail."""
    for column in (sales_order.c.id, sales_order.c.channel_order, sales_order.c.number):
        query = select(sales_order).where(column == reference).order_by(sales_order.c.id).limit(20)
        rows = tx.execute(query).mappings().all()
        if rows:
            return [_row(row) for row in rows]
    if reference.isdigit():
        return find(tx, f"#{reference}")
    return []


def replace_document(tx: Connection, order_id: str, order: SalesOrder, now: datetime) -> None:
    """Put the channel's newer version in the place of the older one."""
    tx.execute(update(sales_order).where(sales_order.c.id == order_id).values(_of_document(order, now)))


def set_statuses(tx: Connection, statuses: Mapping[str, OrderStatus], now: datetime) -> None:
    """Write the statuses that were rolled up from the lines, by our ids."""
    rows = [{"key": key, "status": status.value, "updated_at": now} for key, status in statuses.items()]
    if rows:
        tx.execute(update(sales_order).where(sales_order.c.id == bindparam("key")), rows)


def set_plans(tx: Connection, plans: Mapping[str, tuple[Sequence[Gate], datetime | None]]) -> None:
    """Write down, by our ids, the gates of orders and when each has to be looked at by itself.

    That alone is no change of an order: a pre-order is looked at every few minutes.
    """
    rows = [
        {
            "key": key,
            "gates": [gate.model_dump(mode="json") for gate in gates] or None,
            "due_at": due_at,
        }
        for key, (gates, due_at) in plans.items()
    ]
    if rows:
        tx.execute(update(sales_order).where(sales_order.c.id == bindparam("key")), rows)


def due(tx: Connection, now: datetime, limit: int, *, after: OrderRow | None = None) -> list[OrderRow]:
    """Return the orders that have to be looked at by now, the longest due first; those behind `after` if given."""
    query = select(sales_order).where(sales_order.c.due_at <= now).order_by(sales_order.c.due_at, sales_order.c.id)
    if after is not None:
        place = tuple_(sales_order.c.due_at, sales_order.c.id)
        query = query.where(place > (after.due_at, after.id))
    return [_row(row) for row in tx.execute(query.limit(limit)).mappings()]


def count_later(tx: Connection) -> int:
    """Return how many open orders are to be looked at by themselves at some time."""
    query = select(func.count()).select_from(sales_order).where(_LATER)
    return int(tx.execute(query).scalar_one())


def looked_at_later(tx: Connection, limit: int = 20_000) -> list[OrderRow]:
    """Return the open orders that are to be looked at by themselves at some time, the earliest first."""
    query = select(sales_order).where(_LATER)
    return [_row(row) for row in tx.execute(query.order_by(sales_order.c.due_at).limit(limit)).mappings()]


def held_for_a_time(tx: Connection, channel: str, limit: int = 20_000) -> list[OrderRow]:
    """Return the held orders of a channel that go on by themselves at some time, the earliest first."""
    held = and_(sales_order.c.due_at.is_not(None), sales_order.c.status == OrderStatus.HELD.value)
    query = select(sales_order).where(held, sales_order.c.channel == channel)
    return [_row(row) for row in tx.execute(query.order_by(sales_order.c.due_at).limit(limit)).mappings()]


def set_hold(tx: Connection, order_id: str, why: str | None, now: datetime) -> None:
    """Hold the order for a reason of ours, or (None) hold it no longer."""
    tx.execute(update(sales_order).where(sales_order.c.id == order_id).values(hold=why, updated_at=now))


def set_cancelled(tx: Connection, order_id: str, why: str, now: datetime) -> None:
    """Cancel the order for a reason of ours, whatever the channel says later."""
    tx.execute(update(sales_order).where(sales_order.c.id == order_id).values(cancelled_why=why, updated_at=now))


def _of_document(order: SalesOrder, now: datetime) -> dict[str, object]:
    return {
        "number": order.number,
        "source_updated_at": order.updated_at,
        "doc": order.model_dump(mode="json"),
        "updated_at": now,
    }


def _one(tx: Connection, where: ColumnElement[bool], *, lock: bool) -> OrderRow | None:
    query = select(sales_order).where(where)
    row = tx.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return None if row is None else _row(row)


def _row(row: RowMapping) -> OrderRow:
    return OrderRow(
        id=row["id"],
        status=OrderStatus(row["status"]),
        doc=SalesOrder.model_validate(row["doc"]),
        hold=row["hold"],
        cancelled_why=row["cancelled_why"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        gates=tuple(Gate.model_validate(each) for each in row["gates"] or ()),
        due_at=row["due_at"],
    )
