"""Whole stock feeds on their way into the table: in bulk, and writing only what differs.

One statement compares and writes some thousand rows; values travel as text that both databases read alike. The number
of the feed is its generation, and stands on every row that it changed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, and_, delete, func, insert, or_, select, text, update

from hub.store import feed_sql
from hub.store.columns import utc_text
from hub.store.newest import newest_of_each
from hub.store.seen import Naming
from hub.store.tables import feed, message, stock, stock_confirmed
from hub.store.upsert import insert as upserting

#: How a feed ends whose figures count.
_TAKEN = ("applied", "suspended")
_NEWEST = newest_of_each(feed, ("connection", "document"), "started_at")
_NEWEST_FIRST = feed.c.started_at.desc(), feed.c.id.desc()


class Level(NamedTuple):
    """One figure of a feed, as the database takes it: numbers and times as text."""

    node: str
    sku: str
    on_hand: str
    safety: str
    status: str
    as_of: str


# --- the feed itself -------------------------------------------------------------------------------------------------


def begin(tx: Connection, connection: str, document: str, message_id: int, now: datetime) -> int:
    """Write down that a feed begins and return its generation; an interrupted one of the same message is closed."""
    same = and_(feed.c.connection == connection, feed.c.document == document, feed.c.message_id == message_id)
    tx.execute(update(feed).where(same, feed.c.state == "applying").values(state="failed", ended_at=now))
    values = {"connection": connection, "document": document, "message_id": message_id, "state": "applying"}
    counts = {"rows": 0, "changed": 0, "parked": 0, "started_at": now}
    return int(tx.execute(insert(feed).values(values | counts).returning(feed.c.id)).scalar_one())


def end(tx: Connection, generation: int, state: str, counts: tuple[int, int, int], now: datetime) -> None:
    """Write down how a feed ended: `applied`, `suspended`, `held` or `failed`; and its rows, changed and parked."""
    rows, changed, parked = counts
    values = {"state": state, "rows": rows, "changed": changed, "parked": parked, "ended_at": now}
    tx.execute(update(feed).where(feed.c.id == generation).values(values))


def rows_of_last(tx: Connection, connection: str, document: str) -> int:
    """Return how many readable rows the last feed of a flow held that was applied as a whole; 0 when there was none."""
    same = and_(feed.c.connection == connection, feed.c.document == document, feed.c.state == "applied")
    found = tx.execute(select(feed.c.rows - feed.c.parked).where(same).order_by(*_NEWEST_FIRST).limit(1)).scalar()
    return int(found or 0)


def last_taken(tx: Connection) -> dict[tuple[str, str], datetime]:
    """Return when the figures of each flow (connection, document) were last taken over; without those that never were.

    A feed that failed, is held for a person or has no row that could be read is none: the figures in force are as old
    as they were.
    """
    each = feed.alias("each")
    flow = and_(each.c.connection == feed.c.connection, each.c.document == feed.c.document)
    taken = select(each.c.ended_at).where(flow, _is_taken(each)).order_by(each.c.started_at.desc()).limit(1)
    query = select(feed.c.connection, feed.c.document, taken.scalar_subquery().label("at"))
    found = tx.execute(query.where(feed.c.id.in_(select(_NEWEST.c.id))))
    return {(row.connection, row.document): row.at for row in found if row.at is not None}


def last_taken_of(tx: Connection, connection: str) -> datetime | None:
    """Return when figures of a partner were last taken over, of whichever flow; None when they never were."""
    query = select(func.max(feed.c.ended_at)).where(feed.c.connection == connection, _is_taken(feed))
    return tx.execute(query).scalar()


def _is_taken(row: FromClause) -> ColumnElement[bool]:
    return and_(row.c.state.in_(_TAKEN), or_(row.c.parked == 0, row.c.rows > row.c.parked))


def expire(tx: Connection, before: datetime) -> int:
    """Forget feeds that ended before this moment, but the newest of each flow and state; returns how many.

    The last one that was applied is what the next snapshot is compared with, whatever failed or was held since.
    """
    newest = select(func.max(feed.c.id)).group_by(feed.c.connection, feed.c.document, feed.c.state)
    return int(tx.execute(delete(feed).where(feed.c.ended_at < before, feed.c.id.not_in(newest))).rowcount)


def hold(tx: Connection, connection: str) -> None:
    """Keep other feeds of the same partner out until the transaction ends; SQLite has one writer anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:who, 0))"), {"who": f"feed/{connection}"})


# --- its figures -----------------------------------------------------------------------------------------------------


def write_levels(
    tx: Connection, levels: Sequence[Level], nets: str, generation: int, mapping_hash: str, now: datetime
) -> int:
    """Store the figures that are new, or differ and are not older than what is there; returns how many.

    No SKU of a node may be named twice.
    """
    same_for_all = (nets, generation, mapping_hash, utc_text(now))
    if _has_arrays(tx):
        return _at_once(tx, feed_sql.POSTGRESQL_LEVELS, levels, before=same_for_all)
    return _one_by_one(tx, feed_sql.SQLITE_LEVELS, [(*level, *same_for_all) for level in sorted(levels)])


def move_times(tx: Connection, named: Sequence[Naming]) -> None:
    """Say of figures that did not change that they hold at these later times too."""
    if _has_arrays(tx):
        _at_once(tx, feed_sql.POSTGRESQL_TIMES, named)
    else:
        _one_by_one(tx, feed_sql.SQLITE_TIMES, [(as_of, node, sku, as_of) for node, sku, as_of in sorted(named)])


def set_to_zero(tx: Connection, missing: Sequence[Naming], generation: int, now: datetime) -> int:
    """Say that a node has none of these at these times, unless it said something newer; returns how many changed."""
    if _has_arrays(tx):
        return _at_once(tx, feed_sql.POSTGRESQL_ZERO, missing, before=(generation, utc_text(now)))
    rows = [(as_of, generation, utc_text(now), node, sku, as_of) for node, sku, as_of in sorted(missing)]
    return _one_by_one(tx, feed_sql.SQLITE_ZERO, rows)


def in_stock(tx: Connection, node: str, after: str, as_of: datetime, size: int) -> Sequence[str]:
    """Return the next SKUs, in order, that a node has some of by a figure not newer than this."""
    some = (stock.c.on_hand != Decimal(0)) & (stock.c.as_of <= as_of)
    query = select(stock.c.sku).where(stock.c.node == node, stock.c.sku > after, some)
    return tx.execute(query.order_by(stock.c.sku).limit(size)).scalars().all()


def _has_arrays(tx: Connection) -> bool:
    return tx.dialect.name == "postgresql"


def _at_once(tx: Connection, statement: str, rows: Sequence[tuple[str, ...]], before: tuple[Any, ...] = ()) -> int:
    if not rows:
        return 0
    columns = [list(column) for column in zip(*rows, strict=True)]
    return tx.exec_driver_sql(statement, (*before, *columns)).rowcount


def _one_by_one(tx: Connection, statement: str, rows: list[tuple[Any, ...]]) -> int:
    return tx.exec_driver_sql(statement, rows).rowcount if rows else 0


# --- what a whole snapshot confirms ----------------------------------------------------------------------------------


def confirmed(tx: Connection, nodes: Collection[str]) -> dict[str, str]:
    """Return up to when whole snapshots have confirmed these nodes, as sortable text."""
    query = select(stock_confirmed.c.node, stock_confirmed.c.as_of).where(stock_confirmed.c.node.in_(nodes))
    return {row.node: utc_text(row.as_of) for row in tx.execute(query)}


def last_word(tx: Connection, connection: str, document: str, node: str) -> datetime | None:
    """Return when a partner last spoke for a whole node: by a snapshot that confirmed it, or by a delta after that."""
    words = func.coalesce(message.c.dated_at, message.c.received_at)
    applied = and_(feed.c.connection == connection, feed.c.document == document, feed.c.state == "applied")
    query = select(feed.c.id, words).join_from(feed, message, feed.c.message_id == message.c.id).where(applied)
    last = tx.execute(query.order_by(*_NEWEST_FIRST).limit(1)).first()
    whole = select(stock_confirmed.c.generation, stock_confirmed.c.as_of).where(stock_confirmed.c.node == node)
    confirmed_by = tx.execute(whole).first()
    found = [each for each in (confirmed_by, last) if each is not None]
    return max(found, key=lambda each: each[0])[1] if found else None  # a snapshot's own word, where it confirmed


def confirm(tx: Connection, node: str, as_of: datetime, generation: int) -> None:
    """Say that every figure of the node holds at this time; an older word changes nothing."""
    values = {"as_of": as_of, "generation": generation}
    statement = upserting(tx, stock_confirmed).values(node=node, **values)
    newer = stock_confirmed.c.as_of < statement.excluded.as_of
    tx.execute(statement.on_conflict_do_update(index_elements=["node"], set_=values, where=newer))
