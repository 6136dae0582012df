"""Stock: what each node has, what of it may still be promised, and soft holds that expire.

Available to promise = on hand - committed - reserved - safety, never below zero. Committed are the quantities bound to
the node that its figure does not know of yet. What a figure knows depends on its source (`nets`):

- `shipments` (a count): goods that had left before `as_of` are out of it; all other bound quantities are not.
- `orders` (an availability): orders that had reached the node before `as_of` are out of it; the others are not.

What happened exactly at `as_of` counts as not known, so that a doubt never sells a unit twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    and_,
    case,
    collate,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    true,
    tuple_,
    union_all,
    update,
)

from hub.model.state import BOUND, LineState
from hub.model.stock import Demand, Nets, available_to_promise
from hub.store.tables import allocation, reservation, stock, stock_confirmed
from hub.store.upsert import batches

NOTHING = Decimal(0)
_SAME_NODE = stock_confirmed.c.node == stock.c.node
#: A node and a SKU.
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class StockRow:
    """One source's figure for one SKU at one node; `as_of` is the last time that the source said or confirmed it."""

    node: str
    sku: str
    on_hand: Decimal
    safety: Decimal
    nets: Nets
    status: str
    as_of: datetime
    generation: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Shortage:
    """What could not be reserved: how much was wanted, how much may be promised."""

    node: str
    sku: str
    wanted: Decimal
    available: Decimal


# --- figures ---------------------------------------------------------------------------------------------------------


def levels(tx: Connection, skus: Collection[str]) -> dict[Pair, StockRow]:
    """Return every node's figure for these SKUs, by (node, SKU)."""
    found: dict[Pair, StockRow] = {}
    query = select(stock, stock_confirmed.c.as_of.label("confirmed_at")).outerjoin_from(
        stock, stock_confirmed, _SAME_NODE
    )
    for batch in batches(sorted(set(skus))):
        rows = (_level(row) for row in tx.execute(query.where(stock.c.sku.in_(batch))))
        found.update(((row.node, row.sku), row) for row in rows)
    return found


def of_node(tx: Connection, node: str) -> Iterator[StockRow]:
    """Yield every figure of one node, by SKU."""
    query = select(stock, stock_confirmed.c.as_of.label("confirmed_at")).outerjoin_from(
        stock, stock_confirmed, _SAME_NODE
    )
    return (_level(row) for row in tx.execute(query.where(stock.c.node == node).order_by(stock.c.sku)))


def _level(row: Row[Any]) -> StockRow:
    return StockRow(
        node=row.node,
        sku=row.sku,
        on_hand=row.on_hand,
        safety=row.safety,
        nets=Nets(row.nets),
        status=row.status,
        as_of=max(row.as_of, row.confirmed_at) if row.confirmed_at else row.as_of,
        generation=row.generation,
        updated_at=row.updated_at,
    )


def atp(tx: Connection, skus: Collection[str], now: datetime, *, besides: str = "") -> dict[Pair, Decimal]:
    """Return what may be promised of these SKUs at every node that has a figure, by (node, SKU).

    `besides` leaves one owner's own reservations out: what it holds is there for it to take.
    """
    return {pair: figure for pair, figure, _ in figures(tx, skus, now, besides=besides)}


def figures(
    tx: Connection, skus: Collection[str], now: datetime, *, besides: str = ""
) -> Iterator[tuple[Pair, Decimal, datetime]]:
    """Yield the same, pair by pair, with the time of the row's own figure (a whole node may be confirmed later)."""
    for batch in batches(sorted(set(skus))):
        yield from _figures(tx, batch, now, besides)


def touch(tx: Connection, node: str, after: str, size: int, now: datetime) -> str | None:
    """Make news of the node's next figures, in order of SKU; returns the last SKU, None when there are no more."""
    page = select(stock.c.sku).where(stock.c.node == node, stock.c.sku > after).order_by(stock.c.sku).limit(size)
    skus = tx.execute(page).scalars().all()
    if not skus:
        return None
    within = and_(stock.c.node == node, stock.c.sku > after, stock.c.sku <= skus[-1])
    tx.execute(update(stock).where(within).values(updated_at=now))
    return str(skus[-1])


def available(tx: Connection, pairs: Collection[Pair], now: datetime, *, besides: str = "") -> dict[Pair, Decimal]:
    """Return what may be promised for exactly these pairs; zero where the node has no figure."""
    figures = atp(tx, {sku for _, sku in pairs}, now, besides=besides)
    return {pair: figures.get(pair, NOTHING) for pair in pairs}


def lock(tx: Connection, pairs: Iterable[Pair]) -> None:
    """Let nobody else promise or change these figures until the transaction ends; call it before `available`.

    SQLite has one writer at a time and needs nothing. Rows are locked in one order, so that two transactions never
    wait for each other.
    """
    if tx.dialect.name != "postgresql":
        return
    order = (collate(stock.c.node, "C"), collate(stock.c.sku, "C"))
    for batch in batches(sorted(set(pairs))):
        chosen = select(stock.c.node).where(tuple_(stock.c.node, stock.c.sku).in_(batch))
        tx.execute(chosen.order_by(*order).with_for_update()).all()


# --- reservations ----------------------------------------------------------------------------------------------------


def reserve(
    tx: Connection, owner: str, wants: Iterable[Demand], now: datetime, expires_at: datetime
) -> tuple[Shortage, ...]:
    """Hold all of these quantities for the owner until they expire, or none of them.

    Returns what is short; nothing is short when it is held. Checking and holding are one step: whoever asks at the
    same time waits.
    """
    wanted: dict[Pair, Decimal] = defaultdict(Decimal)
    for want in wants:
        wanted[want.node, want.sku] += want.quantity
    lock(tx, wanted)
    free = available(tx, wanted, now)
    short = [Shortage(*pair, wanted[pair], free[pair]) for pair in wanted if free[pair] < wanted[pair]]
    if wanted and not short:
        rows = [
            {"node": node, "sku": sku, "quantity": quantity, "owner": owner, "expires_at": expires_at}
            for (node, sku), quantity in wanted.items()
        ]
        tx.execute(insert(reservation), rows)
    return tuple(short)


def release(tx: Connection, owner: str) -> int:
    """Give back everything that the owner holds; returns how many reservations ended."""
    return int(tx.execute(delete(reservation).where(reservation.c.owner == owner)).rowcount)


def release_expired(tx: Connection, now: datetime) -> int:
    """Remove reservations whose time is over, which nobody counts any more; returns how many."""
    return int(tx.execute(delete(reservation).where(reservation.c.expires_at <= now)).rowcount)


# --- the arithmetic --------------------------------------------------------------------------------------------------


def _figures(
    tx: Connection, skus: Sequence[str], now: datetime, besides: str
) -> Iterator[tuple[Pair, Decimal, datetime]]:
    committed, reserved = _committed(tx, skus), _reserved(tx, skus, now, besides)
    columns = select(stock.c.node, stock.c.sku, stock.c.on_hand, stock.c.safety, stock.c.as_of)
    for node, sku, on_hand, safety, as_of in tx.execute(columns.where(stock.c.sku.in_(skus))):
        pair = node, sku
        yield pair, available_to_promise(on_hand, committed[pair], reserved[pair], safety), as_of


def _committed(tx: Connection, skus: Sequence[str]) -> dict[Pair, Decimal]:
    """Return the bound quantities that the figures do not know of yet."""
    return _summed(tx, union_all(*(_bound(skus, which) for which in _WHICH)))


#: The bound quantities to look at, in three parts that share none, each along an index: else a SKU that sells well
#: would be looked at with all that was ever shipped of it. What happened before a figure is known to it, and nothing
#: happens to a row after `updated_at`, except that a partner may say a later time of shipping.
_LATER = allocation.c.shipped_at > allocation.c.updated_at
_SHIPPED = allocation.c.state == LineState.SHIPPED
_WHICH = (
    allocation.c.state.in_(BOUND - {LineState.SHIPPED}),
    and_(_SHIPPED, allocation.c.updated_at >= stock.c.as_of, func.coalesce(not_(_LATER), true())),
    and_(_SHIPPED, allocation.c.shipped_at >= stock.c.as_of, _LATER),
)


def _bound(skus: Sequence[str], which: ColumnElement[bool]) -> Select[str, str, Decimal]:
    # An outer join, so that SQLite begins at the figures and not at all that is in a state.
    there = and_(allocation.c.node == stock.c.node, allocation.c.sku == stock.c.sku, which)
    return (
        select(allocation.c.node, allocation.c.sku, allocation.c.quantity)
        .select_from(stock.outerjoin(allocation, there).outerjoin(stock_confirmed, _SAME_NODE))
        .where(stock.c.sku.in_(skus), _unknown_to_the_figure())
    )


def _unknown_to_the_figure() -> ColumnElement[bool]:
    reached = func.coalesce(allocation.c.sent_at, allocation.c.shipped_at)  # what has left was surely asked for
    known_at = case((stock.c.nets == Nets.ORDERS, reached), else_=allocation.c.shipped_at)
    since_confirmed = or_(stock_confirmed.c.as_of.is_(None), known_at >= stock_confirmed.c.as_of)
    return or_(known_at.is_(None), and_(known_at >= stock.c.as_of, since_confirmed))


def _reserved(tx: Connection, skus: Sequence[str], now: datetime, besides: str) -> dict[Pair, Decimal]:
    held = and_(reservation.c.expires_at > now, reservation.c.owner != besides)
    columns = select(reservation.c.node, reservation.c.sku, reservation.c.quantity)
    return _summed(tx, columns.where(reservation.c.sku.in_(skus), held))


def _summed(
    tx: Connection, query: Select[str, str, Decimal] | CompoundSelect[str, str, Decimal]
) -> dict[Pair, Decimal]:
    """Add up here and not in SQL: SQLite keeps exact numbers as text."""
    sums: dict[Pair, Decimal] = defaultdict(Decimal)
    for node, sku, quantity in tx.execute(query):
        if quantity is not None:
            sums[node, sku] += quantity
    return sums
